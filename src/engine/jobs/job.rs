//! What a job is, and what its owner is told of it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::line::Line;
use crate::base::money::Amount;
use crate::providers::{Counts, FailureReason};

const MEDIA_KEY: &str = "$telegram_file";

/// A job to be queued.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Chosen by the caller, so that a hold can name it.
    pub id: Uuid,
    /// The [`JobKind`] that owns it.
    pub kind: &'static str,
    /// Whose it is.
    pub user_id: i64,
    /// Where the result goes.
    pub chat_id: i64,
    /// 0 is served first; each step costs a head start of five minutes, so that nothing waits for ever.
    pub priority: i16,
    /// Not before this; None: at once. It stands in no line until then.
    pub run_at: Option<OffsetDateTime>,
    /// Names the job for whoever might queue it again.
    pub unique_key: String,
    /// For how long nobody else may.
    pub unique: Unique,
    /// What the worker reads.
    pub snapshot: Snapshot,
    /// The unguessable part of the callback address.
    pub callback_token: String,
    /// Longest time in the queue once it may begin, in seconds.
    pub queue_max_s: u32,
    /// The update that caused it.
    pub correlation: Uuid,
}

/// For how long a unique key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// As long as ended jobs are kept: what was done is not done again.
    Ever,
    /// Until its job ends, however: one at a time.
    WhileAlive,
}

/// All that a worker may know of the order; immutable once the job exists. Versions are added, never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Version of this shape.
    pub v: u8,
    /// The provider's name.
    pub provider: String,
    /// The provider's own name of the service.
    pub provider_service: String,
    /// The service's id in the catalogue.
    pub service: String,
    /// What the user pays.
    pub price: Amount,
    /// The provider's input, with a [`media_placeholder`] for each file.
    pub params: Value,
    /// What kind of file comes out.
    pub result: String,
    /// How long it usually takes, in seconds.
    pub estimate_s: u32,
    /// The language in which the user is spoken to.
    pub language: String,
    /// How many units the price is for, where the work is done in units and may end in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<u64>,
    /// Whether it may be stopped while its provider works on it, if the provider can.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub stoppable: bool,
    /// What the chosen route was to cost us when it was ordered, as far as that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<ExpectedCost>,
}

/// What work is expected to cost us, in money.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedCost {
    /// Code of the currency.
    pub currency: String,
    /// All of it, millionths of the currency; None: nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micros: Option<i64>,
    /// One of the provider's credits, the same; None: it counts in money, or nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_micros: Option<i64>,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_yes(value: &bool) -> bool {
    *value
}

/// How a user's file stands in [`Snapshot::params`]: an address is made of it when the job is submitted, so that it is
/// fresh, and no signed address is ever stored.
pub fn media_placeholder(file_id: &str) -> Value {
    serde_json::json!({ MEDIA_KEY: file_id })
}

/// Replaces every [`media_placeholder`] in `params` by what `link` makes of its file.
pub(super) fn fill_media(params: &mut Value, link: &dyn Fn(&str) -> String) {
    match params {
        Value::Array(items) => items.iter_mut().for_each(|item| fill_media(item, link)),
        Value::Object(object) => {
            if let Some(address) = object.get(MEDIA_KEY).and_then(Value::as_str).map(link) {
                *params = Value::String(address);
            } else {
                object
                    .values_mut()
                    .for_each(|value| fill_media(value, link));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A job under the lease of a worker.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: Uuid,
    /// Its owner.
    pub kind: String,
    /// As stored.
    pub state: String,
    /// Whose it is.
    pub user_id: i64,
    /// Where the result goes.
    pub chat_id: i64,
    /// What proves that the lease is ours.
    pub lease_token: i64,
    /// Submits so far.
    pub attempts: i16,
    /// Questions so far.
    pub polls: i32,
    /// When the provider took it.
    pub submitted_at: Option<OffsetDateTime>,
    /// When it ends at the latest.
    pub deadline_at: Option<OffsetDateTime>,
    /// Its id at the provider.
    pub external_id: Option<String>,
    /// The unguessable part of its callback address.
    pub callback_token: String,
    /// The provider's name.
    pub provider: String,
    /// What the worker reads.
    pub snapshot: Snapshot,
    /// Follows it everywhere.
    pub correlation: Uuid,
    /// When it was queued.
    pub created_at: OffsetDateTime,
    /// Steps in a row that our own code could not finish.
    pub faults: i16,
    /// Its user does not want it any more.
    pub is_cancel_requested: bool,
    /// How far it was when it was last asked about, where the provider counts.
    pub counts: Counts,
}

/// What became of a job to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It waits now.
    Created,
    /// One with its unique key was there before: live, or ended if the key is taken for ever.
    Existing {
        /// Its id.
        job: Uuid,
    },
}

/// Why a job is not queued.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// The service is not one of the provider's: whoever made the snapshot mixed two providers up. Our bug, and an alarm:
    /// sent, it would order something else, or nothing, for the user's money.
    #[error("{provider} has no service `{id}`: it must not be ordered there")]
    ForeignService {
        /// The provider's name.
        provider: String,
        /// The id that is not one of its own.
        id: String,
    },
    /// The database's.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What became of the wish to have a job rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnoozeOutcome {
    /// It begins then at the earliest. It keeps its place in the order, and the time that it may wait.
    Resting,
    /// A worker has it in hand, or the provider: too late.
    Begun,
    /// It has ended before.
    Gone,
}

/// What became of the wish to take a job back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It had not begun, and has ended: the caller settles its money, in the same transaction.
    Ended,
    /// A worker has it in hand. It ends as cancelled if it has not begun or can be stopped; else it goes on.
    Requested,
    /// The provider is at work and cannot be stopped: it goes on.
    Unstoppable,
    /// It has ended before.
    Gone,
}

/// A result that we keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Its key.
    pub id: Uuid,
    /// Its media type.
    pub mime: String,
    /// Its size.
    pub size_bytes: u64,
    /// Where it came from.
    pub url: String,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With results.
    Succeeded(Vec<Artifact>),
    /// All of it was done elsewhere: there are no results to pass on.
    Delivered(Counts),
    /// Only a part of it was done.
    Partial {
        /// What was ordered.
        units: u64,
        /// What was not delivered: more than nothing, less than all.
        remains: u64,
        /// What there was before the first unit.
        start: Option<i64>,
    },
    /// Without.
    Failed(FailureReason),
    /// It took too long.
    TimedOut,
    /// Its user did not want it any more.
    Cancelled,
}

impl Ending {
    /// The stored state.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Succeeded(_) | Self::Delivered(_) => "succeeded",
            Self::Partial { .. } => "partial",
            Self::Failed(_) => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
        }
    }

    /// The stored reason of a failure.
    pub(super) fn failure(&self) -> Option<&'static str> {
        match self {
            Self::Failed(reason) => Some(reason.code()),
            Self::Succeeded(_)
            | Self::Delivered(_)
            | Self::Partial { .. }
            | Self::TimedOut
            | Self::Cancelled => None,
        }
    }

    /// How far it was at its end, where the provider counts.
    pub(super) fn counts(&self) -> Counts {
        match self {
            Self::Delivered(counts) => *counts,
            Self::Partial { remains, start, .. } => Counts {
                start: *start,
                remains: Some(*remains),
            },
            Self::Succeeded(_) | Self::Failed(_) | Self::TimedOut | Self::Cancelled => {
                Counts::default()
            }
        }
    }
}

/// What the owner of a job is told, in the transaction that makes it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// It still waits; there is news of its place in the line.
    Waiting(Line),
    /// The provider has taken it.
    Started {
        /// Whether it can be asked to stop.
        stoppable: bool,
    },
    /// It goes on.
    Progress {
        /// Whether the provider can be asked to stop.
        stoppable: bool,
        /// 0 to 100, if the provider says.
        percent: Option<u8>,
        /// How far it is, if the provider counts; what it was before stands in [`Job::counts`].
        counts: Counts,
        /// Since the provider took it, in seconds.
        running_s: u64,
    },
    /// Whether the provider has it is not known.
    Unsure,
    /// It is not known after a while either: people are asked. Once more if the provider does not know what they named.
    Undecided {
        /// The task that a person named and the provider does not know.
        wrong_task: Option<String>,
    },
    /// It is set aside: our own code failed on it again and again, and a person has to look.
    Stuck,
    /// It has ended.
    Ended(Ending),
}

/// The owner of a kind of job.
#[async_trait]
pub trait JobKind: Send + Sync + 'static {
    /// Stored with each job; never changes.
    fn name(&self) -> &'static str;
    /// Settles what follows from the event, in the given transaction. An error rolls all of it back.
    async fn on_event(
        &self,
        conn: &mut PgConnection,
        job: &Job,
        event: &JobEvent,
    ) -> Result<(), anyhow::Error>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn files_become_addresses_wherever_they_stand() {
        let mut params = json!({ "urls": [media_placeholder("a")], "x": { "y": media_placeholder("b") }, "n": 1 });
        fill_media(&mut params, &|file_id| format!("https://host/{file_id}"));
        assert_eq!(
            params,
            json!({ "urls": ["https://host/a"], "x": { "y": "https://host/b" }, "n": 1 })
        );
    }
}
