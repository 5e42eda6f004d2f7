//! Referrals as their owner sees them: the personal link, who came by it, what it earned, and the way of that to the main
//! wallet.
//!
//! ```text
//! /start ref_<code> ─▶ somebody new is noted as brought in        their payments ─▶ features::rewards ─▶ affiliate wallet
//! /referrals ─▶ link · counts · earnings ─Move─▶ main wallet
//! ```

mod page;

use fluent_templates::static_loader;

use crate::base::fault::{self, Point};
use crate::engine::referrals;
use crate::features::cx::{Cx, Handled};
use crate::features::speech::{Language, Speech};

pub use page::{move_earnings, page};

static_loader! {
    static TEXTS = {
        locales: "./src/features/referrals/texts",
        fallback_language: "en",
    };
}

/// What stands before the code in a link's parameter; Bot API docs, "Deep linking": A-Z, a-z, 0-9, _ and -, at most 64.
const PREFIX: &str = "ref_";
/// Codes of ours have ten characters.
const CODE_CHARS_MAX: usize = 32;

/// Every text of this feature.
pub fn speech(language: Language) -> Speech<'static> {
    Speech::new(&*TEXTS, language)
}

/// `/start` was pressed, perhaps by somebody's link: who was not known before is theirs from now on.
pub async fn attribute(cx: &mut Cx<'_>, parameter: &str) -> Handled {
    let Some(code) = parameter.strip_prefix(PREFIX) else {
        return Ok(());
    };
    let is_code = (1..=CODE_CHARS_MAX).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !cx.is_new || !cx.env.referrals.is_on() || !is_code {
        return Ok(());
    }
    let (user_id, now) = (cx.user_id, cx.now());
    if let Some(referrer) = referrals::attribute(cx.conn, user_id, code, now).await? {
        fault::reach(Point::ReferralNoted);
        tracing::info!(user = user_id, referrer, "somebody came by a link");
    }
    Ok(())
}
