//! Providers: the outside services that do the work.
//!
//! A provider is a module here that implements [`Provider`], and a line in [`kinds`]. It knows neither
//! database nor features. What it must guarantee, checked for each by one conformance suite:
//! * [`Provider::submit`] makes at most one request that creates work, and tells truthfully whether that request may
//!   have arrived: [`ProviderError::Ambiguous`] when in doubt, [`ProviderError::Transient`] only if it surely did not.
//! * A task that was taken on is never given up by [`Provider::poll`]: whatever goes wrong, asking again is possible.
//! * [`Provider::download`] fetches from nowhere inside our own network, and passes on media only.
//! * Nothing that it returns holds a key, a token or a signed address, except where a field says so.
//! * It never waits for its own breaker or rate limit: [`Provider::hold_back`] says how long, the job waits.
//!
//! [`breaker`], [`rate`], [`fetch`], `gate` and [`redaction`] are what providers are built from.

pub mod breaker;
#[cfg(test)]
mod conformance;
mod error;
pub mod fetch;
mod gate;
mod grace;
pub mod kie;
pub mod kinds;
mod listing;
pub mod panel;
pub mod payments;
pub mod rate;
pub mod redaction;
mod refusal;
pub mod replicate;
pub mod settlement;
mod signature;
mod standing;
pub mod transcript;
mod verdict;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use error::{FailureReason, ProviderError};
pub use listing::{Listed, Listing};
pub use standing::{AccountState, Balance, Standing};

/// For a provider that does not say how much it can do at once.
const TASKS_MAX: u32 = 100;

/// In place of a service: what the order that `params` name as `order` lost since it was done is to be delivered again.
/// Only for providers whose services say that they can.
pub const REFILL: &str = "$refill";

/// Work to be done.
#[derive(Clone, Debug)]
pub struct SubmitRequest {
    /// The provider's own name of the service.
    pub service: String,
    /// The provider's input object; media are addresses already.
    pub params: Value,
    /// Where the provider may say that it is done.
    pub callback_url: Option<String>,
    /// For logs.
    pub correlation: Uuid,
}

/// Work that the provider has taken on.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// Its id there.
    pub external_id: String,
    /// The answer, redacted.
    pub answer: Value,
}

/// How the work stands.
#[derive(Clone, Debug)]
pub struct Polled {
    /// In our terms.
    pub state: PollState,
    /// The answer, redacted.
    pub answer: Value,
}

/// How work at a provider stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollState {
    /// Not begun.
    Waiting,
    /// Under way.
    Running {
        /// 0 to 100, if the provider says.
        progress_percent: Option<u8>,
    },
    /// Under way, at a provider that counts.
    Counting(Counts),
    /// Done.
    Succeeded {
        /// Where the results are, for a while.
        results: Vec<ResultUrl>,
    },
    /// Done, all of it, elsewhere: there is nothing to fetch.
    Delivered(Counts),
    /// Ended before all of it was done; the rest never will be.
    Partial {
        /// Units that were not delivered.
        remains: u64,
        /// What there was before the first of them.
        start: Option<i64>,
    },
    /// Ended without a result.
    Failed {
        /// What a user may be told.
        reason: FailureReason,
        /// The provider's code.
        code: String,
    },
}

/// How far work is that is done in units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What there was before the first unit: members of a channel, views of a post.
    pub start: Option<i64>,
    /// Units to come.
    pub remains: Option<u64>,
}

/// What is noted before a submit leaves, to be compared with if its answer is lost. Kept with the job, so that it outlives
/// this process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubmitNote {
    /// What the work is done on, where there may be only one at a time for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The provider's own.
    pub before: Value,
}

/// What is known of a submit whose answer was lost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clues {
    /// What was noted before it left; None if it left before there were notes.
    pub note: Option<SubmitNote>,
    /// Work of ours that the provider took, or gave money back for, since then: each moved our balance.
    pub others_since: u64,
    /// Submits of ours from about that time of which nobody knows yet whether they arrived: what speaks for the arrival of one
    /// may speak for another.
    pub others_open: u64,
    /// It refused other work since then, because there is some for the same target already.
    pub refused_as_duplicate: bool,
    /// The newest task of ours there from before it.
    pub task_before: Option<String>,
}

/// In what a provider says what a task took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// In a currency.
    Money,
    /// In units of its own, whose price is another matter.
    Credits,
}

/// What speaks for or against the arrival of a submit whose answer was lost. For people: a guess, and never acted upon.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What it looks like.
    pub arrived: Arrived,
    /// Work there that may be this. What other jobs have is left out by who asks.
    pub candidates: Vec<String>,
    /// What it looks so by.
    pub seen: Value,
}

/// Whether a submit arrived, as far as anybody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrived {
    /// It looks like it.
    Likely,
    /// It does not look like it.
    Unlikely,
    /// Nobody can tell.
    Unclear,
}

/// Where a result can be fetched from.
#[derive(Clone, PartialEq, Eq)]
pub struct ResultUrl {
    /// May be signed: never logged.
    pub url: String,
}

impl std::fmt::Debug for ResultUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResultUrl(..)")
    }
}

/// A result being fetched.
pub struct Download {
    /// Its media type, checked against what we pass on.
    pub mime: String,
    /// In bytes, if known.
    pub len: Option<u64>,
    /// The bytes; ends with an error if it breaks off or grows beyond the limit.
    pub body: BoxStream<'static, std::io::Result<Bytes>>,
}

/// What a callback claims. Only a hint: the result is fetched before money moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackHint {
    /// The work it speaks of.
    pub external_id: Option<String>,
    /// Whether a signature was there and right.
    pub verified: bool,
}

/// Why a callback is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The signature is wrong.
    #[error("bad signature")]
    BadSignature,
    /// Too old or from the future.
    #[error("stale timestamp")]
    Stale,
    /// Not in the form that this provider uses.
    #[error("malformed")]
    Malformed,
}

/// Every name under which a task that a person calls `id` may have been written down by [`Provider::task_named`].
pub fn task_names(id: &str) -> Vec<String> {
    let older = kie::FAMILIES.map(|family| format!("{family}:{id}"));
    std::iter::once(id.to_owned()).chain(older).collect()
}

/// An outside service that does slow work.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Its name in the catalogue, in stored jobs and in addresses; never changes.
    fn name(&self) -> &str;
    /// Makes the one request that creates work.
    async fn submit(&self, request: &SubmitRequest) -> Result<Submitted, ProviderError>;
    /// Asks how the work stands. Safe to repeat.
    async fn poll(&self, external_id: &str) -> Result<Polled, ProviderError>;
    /// How many tasks one question may be about. More than one: [`Provider::poll_many`] asks about them in one call, which
    /// counts as one for [`Provider::hold_back`].
    fn polls_together(&self) -> usize {
        1
    }
    /// Asks how several tasks stand, at most [`Provider::polls_together`]; the answers are in the order of the ids. Safe to
    /// repeat.
    async fn poll_many(&self, external_ids: &[&str]) -> Vec<Result<Polled, ProviderError>> {
        let mut answers = Vec::with_capacity(external_ids.len());
        for external_id in external_ids {
            answers.push(self.poll(external_id).await);
        }
        answers
    }
    /// What to note before this request is sent, in case that its answer is lost. Creates nothing.
    async fn note(&self, _request: &SubmitRequest) -> Option<SubmitNote> {
        None
    }
    /// What speaks for or against the arrival of a request, whose answer was lost. Creates nothing.
    async fn evidence(&self, _clues: &Clues) -> Option<Evidence> {
        None
    }
    /// Whether there is such a task at all. Safe to repeat. Unlike [`Provider::poll`] it has no patience with what is not
    /// there yet: a person named it, perhaps wrongly.
    async fn knows(&self, external_id: &str) -> Result<bool, ProviderError> {
        self.poll(external_id).await.map(|_| true)
    }
    /// Whether a task can be stopped. Where it cannot, users are not offered what would not be done.
    fn can_cancel(&self) -> bool {
        false
    }
    /// Asks it to stop a task. Safe to repeat. An error leaves open whether it will.
    async fn cancel(&self, _external_id: &str) -> Result<Stopped, ProviderError> {
        Ok(Stopped::TooLate)
    }
    /// How a task of `service` that somebody names, a callback or a person, is called here. Of such an answer: itself.
    fn task_named(&self, _service: &str, id: &str) -> String {
        id.to_owned()
    }
    /// How long to wait before the next question, after the work has run for `running_for`.
    fn next_poll(&self, running_for: Duration) -> Duration;
    /// How long work may take at most.
    fn deadline(&self) -> Duration;
    /// Checks a callback's form and signature. `headers` have lower-case names.
    fn verify_callback(
        &self,
        headers: &[(&str, &[u8])],
        body: &[u8],
    ) -> Result<CallbackHint, CallbackError>;
    /// Opens a result for reading.
    async fn download(&self, url: &ResultUrl) -> Result<Download, ProviderError>;
    /// What is left of our funds there; None: there is no account that could be empty.
    async fn balance(&self) -> Result<Option<Balance>, ProviderError>;
    /// Everything that it sells now; None: it has no list. Asking again is harmless.
    async fn listing(&self) -> Result<Option<Listing>, ProviderError> {
        Ok(None)
    }
    /// Whether this has the form of an id of one of its services: what has not is another provider's.
    fn is_service_id(&self, _id: &str) -> bool {
        true
    }
    /// Whether its last word on a task of this service says what that took, and in what.
    fn tells_cost(&self, _service: &str) -> Option<Told> {
        None
    }
    /// What is known of our account there.
    fn account(&self) -> AccountState {
        AccountState::Good
    }
    /// If a call must not be made now (an open breaker, a rate limit): how long to wait. Counts the call otherwise.
    fn hold_back(&self, step: Step) -> Option<Duration>;
    /// Gives back what [`Provider::hold_back`] allowed, if the call is not made after all.
    fn give_back(&self, _step: Step) {}
    /// Its own limit of this kind of call, over all replicas: so many in any window of this length.
    fn calls_max(&self, _step: Step) -> Option<(usize, Duration)> {
        None
    }
    /// Its breakers, for the replicas to share, by names that never change.
    fn breakers(&self) -> Vec<(&'static str, &breaker::Breaker)> {
        Vec::new()
    }
    /// How many tasks it may have under way at once, over all replicas.
    fn tasks_max(&self) -> u32 {
        TASKS_MAX
    }
    /// How many submits [`Provider::hold_back`] would let pass right now; the other jobs stay queued, in order. A look
    /// only: counts nothing.
    fn submits_now(&self) -> usize {
        usize::MAX
    }
    /// Whether new orders should be refused for now: an open breaker, or no funds there.
    fn is_unavailable(&self) -> bool;
}

/// What a provider answers to the wish that a task be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It has no result and costs nothing.
    Yes,
    /// It will see to it. How the task ends, with which part delivered, a later question tells.
    Asked,
    /// It goes on, or is done.
    TooLate,
}

/// Which call is about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Creates work.
    Submit,
    /// Asks about it.
    Poll,
    /// Fetches a result.
    Download,
}
