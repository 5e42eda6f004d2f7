//! Payments at processors: what somebody wants to pay, what a processor told us, what was paid, what is to be given back.
//!
//! Guarantees
//! * An event whose signature is good is stored before it is answered. It is a hint: what it leads to is looked up.
//! * A transaction is recorded once, whoever finds it first: its id is the key, and no row of it ever changes.
//! * A refund is written down before the processor is asked for it, and that the request leaves before it does. It is sent
//!   once; of one transaction at most one is under way or done.
//! * A part that somebody gave back at the processor is booked once, by the processor's id of it; of a transaction there are
//!   such parts, or a refund of the whole.
//! * Nothing here moves money: the rows commit together with the ledger's transfers, and its audit compares them.
//!
//! ```text
//! intent: new ──a link──▶ open ──a payment──▶ paid      (paid also follows every state below: money comes when it comes)
//!          │               ├──its user──▶ cancelled
//!          └──▶ failed     └──its time──▶ expired
//! refund: asked ──▶ done │ refused (the money is back in the wallet)          (also straight to done: the processor did it)
//! ```
//! If the process dies, what it had in hand is due again when its lease has run out: a link is made anew (the older one leads
//! to the same payment), an event or intent is looked up again, a refund that had left is looked up and not sent.

mod store;

use crate::base::money::Amount;

pub use store::events::{
    Event, add_event, claim_events, finish_event, next_event, purge_events, put_event_back,
};
pub use store::intents::{
    Intent, NewIntent, add_intent, ask, claim_intents, intent, intent_by_reference,
    intent_by_short_id, look_soon, mark_paid, next_intent, open_intents, opened, purge_intents,
    put_intent_back, turn,
};
pub use store::payments::{
    NewPayment, Payment, add_payment, is_used, payment, payment_by_short_id, payments_since,
};
pub use store::questions::{Question, forget_question, put_question, question};
pub use store::rates::rate_id;
pub use store::refunds::{
    NewRefund, Refund, add_refund, claim_refunds, finish_refund, leave_refund, live_refund,
    next_refund, put_refund_back, refund_leaves, refund_stays,
};
pub use store::returns::{NewReturn, Return, add_return, returns};

/// How an intent stands. The names are stored: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for its link.
    New,
    /// It can be paid.
    Open,
    /// It was.
    Paid,
    /// Its user does not want to any more.
    Cancelled,
    /// Its time is over.
    Expired,
    /// No link could be made.
    Failed,
}

impl State {
    const ALL: [(Self, &str); 6] = [
        (Self::New, "new"),
        (Self::Open, "open"),
        (Self::Paid, "paid"),
        (Self::Cancelled, "cancelled"),
        (Self::Expired, "expired"),
        (Self::Failed, "failed"),
    ];

    fn name(self) -> &'static str {
        let known = Self::ALL.iter().find(|(state, _)| *state == self);
        known.map_or("", |(_, name)| name)
    }
}

impl From<String> for State {
    /// One that this version does not know is left alone.
    fn from(name: String) -> Self {
        let known = Self::ALL.iter().find(|(_, known)| *known == name);
        known.map_or(Self::Failed, |(state, _)| *state)
    }
}

/// Who came upon a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// The processor told us.
    Event,
    /// We asked about an intent.
    LookUp,
    /// It stood in the processor's list and not in ours.
    Reconciliation,
}

impl FoundBy {
    fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::LookUp => "look_up",
            Self::Reconciliation => "reconciliation",
        }
    }
}

/// How a refund ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The money is on its way to its payer.
    Done,
    /// It stays with us.
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

/// Somebody's wish to have this much, and what it costs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms<'a> {
    /// For the wallet.
    pub amount: Amount,
    /// In which currency.
    pub currency: &'a str,
    /// To be paid.
    pub price: Amount,
    /// In which currency.
    pub price_currency: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_states_are_append_only() {
        for (state, name) in State::ALL {
            assert_eq!(state.name(), name);
            assert_eq!(State::from(name.to_owned()), state);
        }
        assert_eq!(State::from("of the future".to_owned()), State::Failed);
    }
}
