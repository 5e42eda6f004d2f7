//! Jobs for a person to read, hurry, give up, or say what became of.
//!
//! * A job whose money was settled never runs again: its user can order anew. A live one is only made due now; a stuck
//!   one goes on from the state in which it was parked, and from `submitting` as `unknown`: it may have been sent.
//! * Whether the provider has an `unknown` job a person may find out: named, its task is evidence like a callback's, and
//!   the provider's own answer decides; said not to be there, the job ends.
//! * What ends a job by hand is one transaction: the lease token is bumped first, so that a worker at it finds its lease
//!   lost; its owner settles the money; the action is recorded. Of two operators only one changes anything.

mod settle;
mod store;

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

pub use settle::{SettleError, discard, resolve_as_not_there, resolve_as_task, retry};
pub use store::{attempts, callbacks, carrying, find, list, snapshot};

/// How a job stands, as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// What a person should look at: stuck, unknown or overdue, or ended badly within the last day.
    Attention,
    /// Parked: our own code failed on it again and again.
    Stuck,
    /// Waits for a worker.
    Queued,
    /// Its submit is under way.
    Submitting,
    /// At the provider.
    Running,
    /// Whether the provider has it is not known.
    Unknown,
    /// Delivered.
    Succeeded,
    /// Delivered in part, and paid in part.
    Partial,
    /// Ended without a result.
    Failed,
    /// It took too long.
    TimedOut,
    /// Given up by its user, or by an operator.
    Cancelled,
}

impl JobState {
    /// The stored states among them.
    pub fn stored(self) -> Option<&'static str> {
        match self {
            Self::Attention => None,
            Self::Stuck => Some("stuck"),
            Self::Queued => Some("queued"),
            Self::Submitting => Some("submitting"),
            Self::Running => Some("running"),
            Self::Unknown => Some("unknown"),
            Self::Succeeded => Some("succeeded"),
            Self::Partial => Some("partial"),
            Self::Failed => Some("failed"),
            Self::TimedOut => Some("timed_out"),
            Self::Cancelled => Some("cancelled"),
        }
    }
}

/// Which jobs.
#[derive(Clone, Debug)]
pub struct Filter {
    /// In one of these states.
    pub states: Vec<JobState>,
    /// Of this chat.
    pub chat_id: Option<i64>,
    /// Made since then.
    pub since: Option<OffsetDateTime>,
    /// At most so many, the newest.
    pub limit: i64,
}

/// A job without its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptJob {
    /// Its id.
    pub id: Uuid,
    /// Who owns it.
    pub kind: String,
    /// As stored.
    pub state: String,
    /// Live, and past its deadline by more than a minute.
    pub overdue: bool,
    /// Whose it is.
    pub user_id: i64,
    /// Where the result goes.
    pub chat_id: i64,
    /// The provider's name.
    pub provider: String,
    /// The service's id in the catalogue.
    pub service: String,
    /// Submits.
    pub attempts: i16,
    /// Questions.
    pub polls: i32,
    /// Why it failed.
    pub failure: Option<String>,
    /// What our own code stumbled over last.
    pub error: Option<String>,
    /// Its id at the provider.
    pub external_id: Option<String>,
    /// When it was queued.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When the provider was asked.
    #[serde(with = "time::serde::rfc3339::option")]
    pub submitted_at: Option<OffsetDateTime>,
    /// When it is looked at next.
    #[serde(with = "time::serde::rfc3339::option")]
    pub run_at: Option<OffsetDateTime>,
    /// When it ends at the latest.
    #[serde(with = "time::serde::rfc3339::option")]
    pub deadline_at: Option<OffsetDateTime>,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// Follows it everywhere.
    pub correlation: Uuid,
    /// What there was before the first unit, where the provider counts.
    pub start_count: Option<i64>,
    /// Units to come when it was last asked about, or that never came.
    pub remains: Option<i64>,
    /// Units that are paid for.
    pub units: Option<i64>,
}

/// One step of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attempt {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// submit, poll, download, deadline.
    pub step: String,
    /// What came of it.
    pub outcome: String,
    /// The provider's answer, redacted.
    pub answer: Option<serde_json::Value>,
}

/// A callback that came for a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptCallback {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// The task that it names.
    pub external_id: Option<String>,
    /// Whether its signature was right, or an operator stands for it.
    pub verified: bool,
}
