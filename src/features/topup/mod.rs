//! Topping the wallet up, and giving money back: with Telegram Stars here, at payment processors in [`mod@pay`].
//!
//! ```text
//! /topup ─▶ packages ─▶ invoice ─Pay─▶ question (10 s) ─▶ payment ─▶ credit + receipt ─▶ the order that waited
//! /refund <charge> ─▶ confirm ─▶ money out of the wallet + intent ─▶ Telegram ─▶ done │ refused: money back
//! ```
//! A question before a payment is answered by intake ([`Checkouts`]). A payment is credited in the handler's transaction,
//! keyed by its charge. A refund is asked for by [`Refunds`], outside of any transaction, until Telegram says yes or no.
//! [`Reconciler`] compares Telegram's own list with ours and mends what is missing here.

mod checkout;
mod credit;
mod offer;
mod pay;
mod reconcile;
mod refund;
mod refunds;

use async_trait::async_trait;
use fluent_templates::static_loader;

use crate::features::speech::{Language, Speech};
use crate::telegram::CallError;

pub use checkout::Checkouts;
pub use credit::{paid, refunded};
pub use offer::send_invoice;
pub use pay::{
    ComparedPayments, Desk, PaymentComparison, PaymentFinding, ReturnPage, amount, is_awaited, pay,
    put_away, ways,
};
pub use reconcile::{Finding, Reconciler, Report};
pub use refund::{cancel_refund, confirm_refund, refund};
pub use refunds::Refunds;

static_loader! {
    static TEXTS = {
        locales: "./src/features/topup/texts",
        fallback_language: "en",
    };
}

/// Every text of this feature.
pub fn speech(language: Language) -> Speech<'static> {
    Speech::new(&*TEXTS, language)
}

/// What Telegram does with Stars beside taking them.
#[async_trait]
pub trait StarsApi: Send + Sync + 'static {
    /// Gives a payment back; harmless if it was given back before.
    async fn refund(&self, user_id: i64, charge_id: &str) -> Result<(), CallError>;
    /// Telegram's list of transactions, oldest first.
    async fn transactions(&self, offset: u64, limit: u64) -> Result<Vec<Transaction>, CallError>;
}

/// A line of Telegram's list; Bot API docs, "StarTransaction".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The charge; a refund has the id of its payment.
    pub id: String,
    /// How many Stars.
    pub stars: i64,
    /// Where they went.
    pub direction: Direction,
    /// The user who paid or was paid; None for everything that is no payment of an invoice.
    pub payer: Option<i64>,
    /// What the invoice carried.
    pub payload: String,
}

/// Where Stars went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the bot.
    In,
    /// From the bot.
    Out,
}
