//! Withdrawals: who asked to be paid what, and how far it is.
//!
//! Guarantees
//! * A withdrawal goes one way, one step at a time: each step is a compare-and-set on its state under the lock of its row,
//!   and a trigger refuses every other way. Of two who act at once one finds it done.
//! * Nothing here moves money: the rows commit together with the hold and its resolution, and the ledger's audit compares them.
//! * Whom to pay is not part of any log, and is forgotten some time after the end.
//!
//! ```text
//! requested ──▶ approved ──▶ paid          (captured: wallet ▶ payouts, and of that the fee ▶ revenue)
//!     │  └─────────┴───────▶ rejected      (released)
//!     └────────────────────▶ cancelled     (released: the user took it back)
//! ```
//! If the process dies before the commit, the state stands, the money is on hold, and the press is handled again.

mod store;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::money::Amount;

pub use store::{
    Change, Load, New, add, add_batch, batch, change, find, find_all, forget_details, list, load,
    lock_all, purge_batches,
};

/// How far a withdrawal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for an admin's word.
    Requested,
    /// It is to be paid.
    Approved,
    /// It was paid.
    Paid,
    /// An admin refused it.
    Rejected,
    /// The user took it back.
    Cancelled,
}

impl State {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 5] = [
        Self::Requested,
        Self::Approved,
        Self::Paid,
        Self::Rejected,
        Self::Cancelled,
    ];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Paid => "paid",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether one leads to the other.
    pub fn leads_to(self, next: Self) -> bool {
        match self {
            Self::Requested => {
                matches!(next, Self::Approved | Self::Rejected | Self::Cancelled)
            }
            Self::Approved => matches!(next, Self::Paid | Self::Rejected),
            Self::Paid | Self::Rejected | Self::Cancelled => false,
        }
    }

    /// Whether nothing follows.
    pub fn is_end(self) -> bool {
        match self {
            Self::Requested | Self::Approved => false,
            Self::Paid | Self::Rejected | Self::Cancelled => true,
        }
    }

    /// An unknown name is one of a newer release, with which this one must do nothing.
    fn of_name(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == name)
            .unwrap_or(Self::Cancelled)
    }
}

/// Whom to pay, by the ids of the method's fields. It prints as nothing.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Details(pub BTreeMap<String, String>);

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Details({} fields)", self.0.len())
    }
}

/// A withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Also what its hold is for.
    pub id: Uuid,
    /// For buttons and people.
    pub short_id: String,
    /// Whose.
    pub user_id: i64,
    /// Out of which kind of wallet.
    pub wallet_kind: String,
    /// How it is paid: an id of the catalogue.
    pub method: String,
    /// Out of the wallet.
    pub amount: Amount,
    /// Of that, what stays with the house.
    pub fee: Amount,
    /// In which currency.
    pub currency: String,
    /// Whom to pay; None once it is forgotten.
    pub details: Option<Details>,
    /// How far it is.
    pub state: State,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When.
    pub approved_at: Option<OffsetDateTime>,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// When.
    pub ended_at: Option<OffsetDateTime>,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Of the payment.
    pub external_ref: Option<String>,
    /// The user's message that shows how it stands.
    pub message_ref: Uuid,
    /// Follows the request.
    pub correlation: Uuid,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
}

impl Withdrawal {
    /// What arrives.
    pub fn net(&self) -> Amount {
        self.amount - self.fee
    }
}
