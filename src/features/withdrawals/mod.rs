//! Withdrawals: a user asks to be paid outside, admins decide, somebody pays and says so.
//!
//! ```text
//! /withdraw ─▶ method ─▶ whom to pay ─▶ amount ─▶ summary ─Confirm─▶ requested, money on hold
//!                ⇄ back                                                 │ take it back
//! admins: card ─▶ approve ─▶ (export) ─▶ paid + reference     │ reject + reason
//! ```
//! What is on offer stands in the catalogue (`[withdrawals]`). Every step is [`step`], whoever makes it: the state, the money,
//! the audit and everybody's messages in one transaction. Whom to pay is shown to admins only, who ask for it one by one,
//! which is audited; in lists and to users it is masked.

mod admin;
mod batch;
mod cards;
mod draft;
mod questions;
mod request;
mod settle;
mod sums;

use fluent_templates::static_loader;

use crate::features::cx::{Cx, Handled, Stop};
use crate::features::press::{WithdrawPress, WithdrawalAct};
use crate::features::speech::{Args, Language, Speech};

pub use admin::list;
pub use batch::csv;
pub use cards::masked_payee;
pub use draft::{is_awaited, put_away};
pub use questions::{begin, message};
pub use settle::{Actor, Step, Stepped, step};

static_loader! {
    static TEXTS = {
        locales: "./src/features/withdrawals/texts",
        fallback_language: "en",
    };
}

/// Every text of this feature.
pub fn speech(language: Language) -> Speech<'static> {
    Speech::new(&*TEXTS, language)
}

/// A button was pressed.
pub async fn press(cx: &mut Cx<'_>, press: WithdrawPress) -> Handled {
    if !cx.env.money.is_on() {
        return refuse(cx, "refused-off", Args::new());
    }
    match press {
        WithdrawPress::Begin => begin(cx).await,
        WithdrawPress::Method { draft, method } => questions::choose(cx, &draft, method).await,
        WithdrawPress::Back { draft } => questions::back(cx, &draft).await,
        WithdrawPress::Most { draft } => questions::most(cx, &draft).await,
        WithdrawPress::Confirm { draft } => request::confirm(cx, &draft).await,
        WithdrawPress::Discard { draft } => questions::discard(cx, &draft).await,
        WithdrawPress::Act {
            id,
            act: WithdrawalAct::Cancel,
        } => request::cancel(cx, &id).await,
        WithdrawPress::Act { .. }
        | WithdrawPress::List { .. }
        | WithdrawPress::Export
        | WithdrawPress::Paid { .. }
            if !cx.is_admin() =>
        {
            refuse(cx, "admins-only", Args::new())
        }
        WithdrawPress::Act { id, act } => admin::act(cx, &id, act).await,
        WithdrawPress::List { page } => list(cx, page).await,
        WithdrawPress::Export => batch::export(cx).await,
        WithdrawPress::Paid { batch } => batch::ask_reference(cx, &batch).await,
    }
}

fn refuse<T>(cx: &Cx<'_>, key: &str, args: Args) -> Handled<T> {
    Err(Stop::Refused(Box::new(
        speech(cx.language).rich(key, &args),
    )))
}
