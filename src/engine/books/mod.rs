//! What the books are judged by beside the movements themselves: what ended jobs cost us, what is left at providers, what
//! a period came to, and what the comparisons of each night found.
//!
//! Guarantees
//! * What a job cost is written once, after it ended, and never changes: from what its provider said of it, else from its
//!   immutable snapshot; what nobody knows is kept as unknown, not as nothing.
//! * A statement is made of one consistent picture, and of movements alone: each of its numbers is the sum of transfers
//!   that [`transfers`] lists. What is owed at the end of a day is what is owed now, less what has moved since.
//!
//! Costs are carried over by upkeep, from the jobs that ended since it last did so; if the process dies, the next run does
//! what is left. The history of jobs is kept for days after that.

mod costs;
mod statement;
mod store;

use time::{Date, OffsetDateTime};
use uuid::Uuid;

pub use costs::Costs;
pub use statement::{By, Cost, Line, Statement, statement};
pub use store::{
    balance_since, carry_costs, made, note_balance, reconciliations, spent, transfers, was_made,
};

/// What was left at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// When it was asked for.
    pub at: OffsetDateTime,
    /// In the unit in which it is asked for.
    pub balance: i64,
}

/// What jobs that were submitted to a provider in a time say that they cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// In each unit, millionths.
    pub known: Vec<(String, i64)>,
    /// Jobs of which nobody knows what they cost.
    pub unknown: i64,
    /// Jobs that have not ended: they may be paid for already.
    pub live: i64,
}

/// What a night's comparisons came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Night {
    /// Which.
    pub night: Date,
    /// What was compared.
    pub status: serde_json::Value,
    /// Findings that a person has to look at.
    pub findings: i32,
    /// When.
    pub ran_at: OffsetDateTime,
}

/// One movement, with what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// What it was.
    pub kind: String,
    /// How much, minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: String,
    /// From which kind of account.
    pub from_kind: String,
    /// Whose; 0 is the house.
    pub from_owner: i64,
    /// To which kind of account.
    pub to_kind: String,
    /// Whose; 0 is the house.
    pub to_owner: i64,
    /// The service that it pays.
    pub service: Option<String>,
    /// Who did that.
    pub provider: Option<String>,
}
