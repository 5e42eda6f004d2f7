//! What admins give and take by hand, and what of it waits for a second admin.
//!
//! Guarantees
//! * What an admin gives in a day is summed under a lock of that admin: two commands at once do not pass the limit together.
//! * A grant that waits is decided once, by another admin than the one who asked, before it expires: one compare-and-set, and
//!   a constraint of the table behind it.
//! * Nothing here moves money: the row commits together with the ledger's transfer, and its audit compares them.
//!
//! ```text
//! (small) ─────────────────▶ done
//! asked ──another admin──┬─▶ done
//!   │                    └─▶ rejected
//!   └─▶ cancelled (by who asked) │ expired
//! ```
//! If the process dies before the commit, it waits still, and the press is handled again.

mod store;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::money::Amount;

pub use store::{Decision, New, add, decide, expire, expired, find, given_since, lock_admin};

/// How a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for another admin.
    Asked,
    /// It has moved.
    Done,
    /// Another admin refused it.
    Rejected,
    /// Who asked for it took it back.
    Cancelled,
    /// Nobody decided in time.
    Expired,
}

impl State {
    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// An unknown name is one of a newer release, with which this one must do nothing.
    fn of_name(name: &str) -> Self {
        match name {
            "asked" => Self::Asked,
            "done" => Self::Done,
            "rejected" => Self::Rejected,
            "cancelled" => Self::Cancelled,
            _ => Self::Expired,
        }
    }
}

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: Uuid,
    /// For buttons.
    pub short_id: String,
    /// Who asked for it.
    pub admin_id: i64,
    /// Whom it is for.
    pub user_id: i64,
    /// Negative: taken from the user.
    pub amount: Amount,
    /// In which currency.
    pub currency: String,
    /// Why.
    pub reason: String,
    /// How it stands.
    pub state: State,
    /// Who decided.
    pub decided_by: Option<i64>,
    /// Until when it can be decided.
    pub expires_at: Option<OffsetDateTime>,
    /// Follows it.
    pub correlation: Uuid,
}
