//! Payments in Telegram Stars: which invoices we sent, what was paid, what is to be given back.
//!
//! Guarantees
//! * A charge is recorded once, whoever finds it first: its id is the key, and no row of it ever changes.
//! * A refund is written down before Telegram is asked for it. Of one charge at most one is under way or done.
//! * Nothing here moves money: the rows commit together with the ledger's transfers, and its audit compares them.
//!
//! ```text
//! invoice: open ──a payment──▶ paid           refund: asked ──▶ done      (also straight: Telegram did it)
//!                                                       └────▶ refused   (the money is back in the wallet)
//! ```
//! If the process dies between the intent and Telegram's answer, the refund is due again when its lease has run out;
//! asking twice is harmless, because Telegram refunds a charge once and says so.

mod store;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::money::Amount;

pub use store::{
    NewInvoice, NewPayment, NewRefund, add_invoice, add_payment, add_refund, charge_ids,
    claim_refunds, finish_refund, invoice, is_used, live_refund, mark_paid, next_refund, payment,
    payment_by_short_id, purge, put_refund_back,
};

/// An invoice that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// Also its payload.
    pub id: Uuid,
    /// For whom.
    pub user_id: i64,
    /// Its price.
    pub stars: i64,
    /// What it buys.
    pub amount: Amount,
    /// In which currency.
    pub currency: String,
    /// The draft of an order that waits for it.
    pub draft: Option<String>,
    /// Whether somebody has paid it.
    pub is_paid: bool,
    /// Not to be paid afterwards.
    pub expires_at: OffsetDateTime,
}

/// A payment that went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Telegram's id of it.
    pub charge_id: String,
    /// Ours, for buttons.
    pub short_id: String,
    /// Who paid.
    pub user_id: i64,
    /// How many.
    pub stars: i64,
    /// What was credited.
    pub amount: Amount,
    /// In which currency.
    pub currency: String,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its id.
    pub id: Uuid,
    /// Of which charge.
    pub charge_id: String,
    /// Whether Telegram has still to be asked, or to answer.
    pub is_asked: bool,
    /// What it took from the wallet.
    pub taken: Amount,
    /// The admin who asked for it; None if Telegram did it of its own accord.
    pub admin_id: Option<i64>,
    /// Follows it.
    pub correlation: Uuid,
    /// How often Telegram was asked.
    pub attempts: i32,
}

/// Who came upon a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// Telegram told us.
    Update,
    /// It stood in Telegram's list and not in ours.
    Reconciliation,
}

impl FoundBy {
    fn name(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Reconciliation => "reconciliation",
        }
    }
}

/// How a refund ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The Stars are back with their payer.
    Done,
    /// Telegram keeps them with us.
    Refused,
}

impl Ended {
    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}
