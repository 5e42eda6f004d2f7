//! The ledger: every coin is one immutable row away from where it came from.
//!
//! Guarantees (G4)
//! * A movement is one `transfer` row with a debit and a credit account: it balances by construction, and neither
//!   trigger nor grant lets anybody change it.
//! * A hold is resolved exactly once: the primary key of `hold_resolution` is the hold.
//! * No wallet goes below zero: its row is locked, and a CHECK is the last word.
//! * A movement between two wallets counts on both sides: `wallet_version` is the debited wallet's, `credit_version` the
//!   credited one's.
//! * Nobody waits in a circle. What is locked first: the rows of payments, withdrawals or orders, of several all of them in
//!   order; then what is counted of a day (`engine::limits`); then wallets. Of two
//!   wallets of one movement the one with the lower id; of several movements first the payer's main wallet, then the affiliate
//!   wallets of those above. An account that is made is waited for like a lock until its maker commits, so it is made last: a
//!   wallet when the one that pays is locked, those of the house before any money moves ([`open_house`]).
//! * The same idempotency key twice is the same movement once; with other figures it is an error.
//!
//! ```text
//!            hold                    capture (all or part; the rest is released)
//! available ──────▶ held ─────────┬──────────▶ revenue      (or payouts, and of that the fee ──▶ revenue)
//!     ▲                           │
//!     └───────── release ─────────┘
//! grants ──▶ available        corrections ◀──▶ available        stars ◀──▶ available        losses ──▶ stars
//! rewards ◀──▶ available (affiliate)      available ──▶ available (tips, and between one's own wallets)
//! ```
//!
//! A user has up to three wallets ([`WalletKind`]) in a currency. What only names a user means the main one.
//!
//! Every function works inside the caller's transaction. If the process dies before that commits, nothing moved;
//! afterwards all of it did, together with the job or message that it belongs to. A movement is one statement, with the
//! wallet's change and the row: on a connection without a transaction it commits by itself. What that statement does not do
//! (an account is missing, the key is used, there is not enough) is then found out by further ones.

mod accounts;
mod audit;
mod mend;
mod past;
mod rewards;
mod store;

use time::OffsetDateTime;
use uuid::Uuid;

pub use accounts::{House, Payee, Purpose, TransferKind, WalletKey, WalletKind};
pub use audit::{Audit, AuditReport, Finding, OpenFinding, open_findings, settled, untold};
pub use mend::{MendStep, Mended, Mender, PaidBack};
pub use past::{Past, PastFilter, PastKind, Place};
pub use rewards::{RewardBack, RewardCauses, give_reward, take_reward, take_reward_part};
pub use store::{Event, Moving, events, events_of, past, transfer_by_id, wallets_of};
pub use store::{
    capture, capture_to, carrying, correct, grant, grant_to_new, hold, hold_for, hold_of,
    movements, movements_of, open_house, paid_in, release, take_back, top_up, transfer,
    undo_take_back, wallet, wallet_locked, wallet_of, wallet_of_locked, wallets, with_house,
    within_house, write_off,
};

use crate::base::money::Amount;

/// A movement between an account of the house and a wallet.
#[derive(Clone, Copy, Debug)]
pub struct HouseMove<'a> {
    /// What it is.
    pub kind: TransferKind,
    /// On the one side.
    pub house: House,
    /// On the other.
    pub wallet: WalletKey<'a>,
    /// Positive: to the wallet.
    pub amount: Amount,
}

/// A movement between two accounts of the house.
#[derive(Clone, Copy, Debug)]
pub struct InHouse<'a> {
    /// What it is.
    pub kind: TransferKind,
    /// Pays.
    pub from: House,
    /// Receives.
    pub to: House,
    /// The code.
    pub currency: &'a str,
    /// More than nothing.
    pub amount: Amount,
}

/// A movement between two wallets of one currency.
#[derive(Clone, Copy, Debug)]
pub struct Transfer<'a> {
    /// What it is.
    pub kind: TransferKind,
    /// Pays.
    pub from: WalletKey<'a>,
    /// Receives.
    pub to: WalletKey<'a>,
    /// More than nothing.
    pub amount: Amount,
}

/// What a user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Its account.
    pub account_id: i64,
    /// Free to spend.
    pub available: Amount,
    /// Set aside for orders under way.
    pub held: Amount,
    /// How many rows touched it.
    pub version: i64,
}

/// Where a movement comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its id.
    pub id: Uuid,
    /// The same key is the same movement.
    pub idem_key: String,
    /// For the user's list of movements: a service's id, or a reason.
    pub note: String,
    /// The admin who did it, if one did.
    pub by_admin: Option<i64>,
    /// Follows the update or job.
    pub correlation: Uuid,
}

impl Cause {
    /// As it is stored beside the movement.
    fn json(&self) -> serde_json::Value {
        serde_json::json!({ "note": self.note, "admin": self.by_admin })
    }
}

/// A hold on a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: Uuid,
    /// How much.
    pub amount: Amount,
}

/// What a resolution did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// It was open, and is resolved now.
    Now,
    /// It had been resolved in the same way.
    Before,
}

/// A line in a user's list of movements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// When.
    pub at: OffsetDateTime,
    /// What it was.
    pub kind: MovementKind,
    /// Added to (positive) or taken from (negative) what the user can spend.
    pub amount: Amount,
    /// The service's id, or a reason.
    pub note: String,
}

/// The kinds of line in a list of movements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovementKind {
    /// Given by the house.
    Grant,
    /// Taken or given by an admin to mend something.
    Correction,
    /// Set aside for an order under way.
    Hold,
    /// Paid for an order.
    Charge,
    /// Given back: what was set aside for an order that brought nothing.
    Release,
    /// Paid in from outside.
    TopUp,
    /// Taken because what was paid in is given back outside.
    Refund,
    /// From or to another user.
    Tip,
    /// From or to another wallet of the same user.
    Own,
    /// Earned with a referral; or taken back, because the payment behind it was.
    Reward,
    /// Paid out.
    Payout,
}

/// Why the ledger refused.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Not enough to spend: the user's matter.
    #[error("{missing:?} missing, {available:?} available")]
    Insufficient {
        /// How much more is needed.
        missing: Amount,
        /// How much there is.
        available: Amount,
    },
    /// The same key with other figures: our bug.
    #[error("the idempotency key {0} was used for another movement")]
    KeyReused(String),
    /// Another transaction used the key in the same moment: this one must be tried again as a whole, and will find it used.
    #[error("the idempotency key {0} is being used by another transaction")]
    AtTheSameTime(String),
    /// The hold was resolved in another way: our bug.
    #[error("the hold {0} was resolved in another way")]
    ResolvedOtherwise(Uuid),
    /// There is no such hold: our bug.
    #[error("there is no hold {0}")]
    NoSuchHold(Uuid),
    /// From a wallet to itself, or to one of another currency: our bug.
    #[error("there is no way between these two wallets")]
    NoWay,
    /// More than was held, or nothing at all: our bug.
    #[error("{0:?} is not an amount that can be moved")]
    BadAmount(Amount),
    /// A wallet holds less than its open holds: the books are wrong.
    #[error("the account {0} does not hold what its holds say")]
    Corrupt(i64),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}
