//! What operators do by hand: recorded in the transaction that does it, append-only, and never twice.
//!
//! It stands beside the engines because each lets things that it set aside be replayed or discarded.

mod store;

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

pub use store::{actions_on, carrying, record};

/// Who acts, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// A name for the record.
    pub name: String,
    /// Given with what cannot be undone.
    pub reason: Option<String>,
}

/// Where the thing was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// An update of the inbox.
    Inbox,
    /// A message of the outbox.
    Outbox,
    /// A job.
    Jobs,
    /// A provider, or another dependency.
    Providers,
}

impl Queue {
    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Outbox => "outbox",
            Self::Jobs => "jobs",
            Self::Providers => "providers",
        }
    }
}

/// What is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Put back to be tried again.
    Retry,
    /// Given up for good.
    Discard,
    /// A person said what became of it.
    Resolve,
    /// Nothing is submitted to it any more.
    Isolate,
    /// It may be submitted to again.
    Release,
}

impl Verb {
    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Discard => "discard",
            Self::Resolve => "resolve",
            Self::Isolate => "isolate",
            Self::Release => "release",
        }
    }
}

/// What an operator's action came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and recorded.
    Changed(String),
    /// It is so already: nothing was changed, nothing recorded.
    Already(String),
    /// It would do harm.
    Refused(String),
    /// There is no such thing.
    NotFound,
}

/// A recorded action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Who.
    pub operator: String,
    /// What.
    pub action: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// Something that carries a correlation id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// update, message, job, hold, transfer.
    pub what: String,
    /// Its id there.
    pub id: String,
    /// How it stands.
    pub state: String,
    /// Its kind.
    pub kind: String,
    /// When it came to be.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// An action to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// Who, and why.
    pub by: &'a Operator,
    /// What.
    pub verb: Verb,
    /// Where.
    pub queue: Queue,
    /// On what.
    pub item: &'a str,
    /// The thing's own.
    pub correlation: Uuid,
}
