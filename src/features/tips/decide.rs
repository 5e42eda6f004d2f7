//! The buttons under a tip that is asked about, and the terms.

use std::time::Duration;

use super::checks;
use super::settle::give;
use super::store::{self, State};
use super::{speech, told};
use crate::engine::people;
use crate::features::cx::{Cx, Handled};
use crate::features::speech::Args;

/// A question that was left open so long is not what its sender means today.
const ASKED_MAX: Duration = Duration::from_secs(15 * 60);

/// "Send" or "Cancel" was pressed.
pub async fn decide(cx: &mut Cx<'_>, short_id: &str, sends: bool) -> Handled {
    let now = cx.now();
    let Some((tip, is_asked, is_old)) = store::asked(cx.conn, short_id, ASKED_MAX, now).await?
    else {
        return notice(cx, "gone").await;
    };
    if tip.sender_id != cx.user_id {
        return notice(cx, "not-yours").await;
    }
    if !is_asked {
        return notice(cx, "decided").await;
    }
    if !sends || is_old {
        store::turn(cx.conn, tip.id, (State::Asked, State::Cancelled), now).await?;
        let key = if sends { "too-old" } else { "cancelled" };
        let text = speech(cx.language).rich(key, &Args::new());
        return told::edit(cx.conn, cx.env, &tip, text).await;
    }
    checks::amount(cx, tip.amount)?;
    checks::sender(cx).await?;
    let Some(recipient) = people::by_id(cx.conn, tip.recipient_id).await? else {
        return notice(cx, "gone").await;
    };
    checks::recipient(cx, &recipient).await?;
    store::turn(cx.conn, tip.id, (State::Asked, State::Settling), now).await?;
    give(cx, &tip).await
}

/// "I accept" was pressed under the terms.
pub async fn accept_terms(cx: &mut Cx<'_>) -> Handled {
    let (user_id, now) = (cx.user_id, cx.now());
    people::accept_terms(cx.conn, user_id, now).await?;
    tracing::info!(user = user_id, "the terms of tips were accepted");
    notice(cx, "terms-accepted").await
}

async fn notice(cx: &mut Cx<'_>, key: &'static str) -> Handled {
    let text = speech(cx.language).plain(key, &Args::new());
    cx.answer(Some(text), true).await
}
