//! Topping the wallet up at payment processors, by card or from a bank.
//!
//! ```text
//! /topup ─▶ way to pay ─▶ amount ─▶ intent ─▶ link ─"Pay"─▶ the processor's page ─▶ our page
//!                                     │                          └─ event ─┐
//!                                     └──── looked up now and then ────────┴─▶ transaction agrees? ─▶ credit + receipt
//! ```
//! Handlers touch no network: an intent is a row, and [`Desk`] makes its link, looks up what events and intents speak of, and
//! asks for refunds. A transaction is credited once, keyed by its id, in one transaction with the receipt (`settle`); by what
//! the look-up says, never by what an event claims. [`PaymentComparison`] compares each processor's list with ours.

mod amounts;
mod compare;
mod desk;
mod events;
mod intents;
mod looks;
mod page;
mod pending;
mod refund;
mod refunds;
mod returns;
mod settle;
mod ways;
mod wording;

use crate::features::cx::{Cx, Handled};
use crate::features::press::PayPress;
use crate::features::speech::Args;

pub use amounts::{amount, is_awaited, put_away};
pub use compare::{ComparedPayments, PaymentComparison, PaymentFinding};
pub use desk::Desk;
pub use page::ReturnPage;
pub(super) use refund::{confirm as confirm_refund, find as find_payment, look as look_at_refund};
pub(super) use ways::elsewhere;
pub use ways::ways;

/// A press around payments.
pub async fn pay(cx: &mut Cx<'_>, press: PayPress) -> Handled {
    if !cx.env.payments.switch.is_on() && !matches!(press, PayPress::Stars { .. }) {
        return amounts::refuse(cx, "topup-off", Args::new());
    }
    match press {
        PayPress::Stars { draft } => super::offer::packages(cx, draft.as_deref()).await,
        PayPress::At { way, draft } => amounts::amounts(cx, &way, draft.as_deref()).await,
        PayPress::For { way, amount, draft } => {
            intents::begin(cx, &way, i64::from(amount).into(), draft.as_deref()).await
        }
        PayPress::Other { way, draft } => amounts::ask(cx, &way, draft.as_deref()).await,
        PayPress::Made { intent } => pending::made(cx, &intent).await,
        PayPress::Cancel { intent } => pending::cancel(cx, &intent).await,
        PayPress::RefundWas { payment, made } => refund::was(cx, &payment, made).await,
    }
}
