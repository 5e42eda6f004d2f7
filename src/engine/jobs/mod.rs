//! Jobs: slow work at a provider, done once, ended for certain.
//!
//! Guarantees
//! * A job is submitted at most once (G5): the row says `submitting` *before* the request leaves. If its answer is
//!   lost, the job is `unknown`: it waits for evidence (a callback that names the task, the answer of a person who is asked
//!   after a while) and is never sent again.
//! * What ends a job runs in one transaction whose first statement removes the row under the lease token of the
//!   worker. A worker that was frozen and woke up finds no row and rolls everything back.
//! * Every job ends within its deadline: with results, with a failure, timed out or cancelled; the [`JobKind`] that
//!   owns it settles the money in the same transaction.
//! * A user may take a job back. What was not begun never will be, and its money is released by whoever ended it: the
//!   canceller or the worker, one of them by the row's lock. What a provider has taken on is stopped if it can be; else
//!   it goes on, and is paid for if it succeeds.
//! * Results are fetched before the job ends, and kept until they are delivered.
//! * Work that is done in units may end in part: its owner learns how many units were not delivered, and the history keeps it.
//! * Jobs start in the order of their rank: users take turns, priorities age. One provider's slowness, limits or backlog
//!   never hold up another's jobs. Who waits is told their place, and how long it takes where that was measured.
//! * What a dead replica had in hand goes on after its lease, the period of rescue and a poll: within nine seconds.
//! * A step on which our own code fails is tried a bounded number of times; then the job is set aside as `stuck`, its
//!   money still held, and an admin is told. After the mend it goes on from where it was.
//! * No job is ever queued for a service that is not its provider's ([`EnqueueError::ForeignService`]).
//! * A job is worked by its immutable snapshot alone: a changed catalogue never touches it.
//!
//! ```text
//! queued ──▶ submitting ──task id──▶ running ──▶ succeeded │ partial │ failed │ timed_out   (job_history)
//!   │ ▲          │  │                  ▲ │ ▲
//!   │ └─surely───┘  └─answer lost──▶ unknown └─ polled again later
//!   │  not sent                        └─ a person says so, or no evidence in time ──▶ failed
//!   └──▶ cancelled
//! any of them ──a step of ours fails five times in a row──▶ stuck ──an operator──▶ where it was
//! ```
//!
//! If the process dies
//! * while a job is queued, or between its claim and `submitting`: the lease runs out and it is claimed anew;
//! * in `submitting`: rescue makes it `unknown`;
//! * while polling or downloading: the lease runs out, the next worker asks again; half-stored results are purged;
//! * before the ending transaction commits: as before it; after it: the outbox has the result.

mod artifact;
mod ask;
mod evidence;
mod faults;
mod finish;
mod history;
mod job;
mod leases;
mod line;
mod outcome;
mod question;
mod rescue;
mod runner;
pub mod shelf;
mod steps;
mod store;
mod submit;

pub use artifact::ArtifactStore;
pub use artifact::OpenArtifact;
pub use history::History;
pub use job::{
    Artifact, CancelOutcome, Ending, EnqueueError, Enqueued, ExpectedCost, Job, JobEvent, JobKind,
    NewJob, Snapshot, SnoozeOutcome, Unique, media_placeholder,
};
pub use line::{Line, Lines, Wait, line};
pub use question::{Answered, Doubt, Question, Said, Verdict, answer};
pub use rescue::Rescue;
pub use runner::{JobLimits, JobRunner, Jobs, Links};
pub use store::{
    DeliveredAt, JobCounts, OrderedJob, OrderedPair, attempts_of, cancel, close_question, counts,
    delivered, enqueue, find_by_callback, forget_params, jobs_of_pair, live, ordered_pairs,
    question, question_named, record_callback, snooze, task_of,
};
pub use store::{NewFile, keep_file};
pub use store::{append_chunk, begin_artifact, complete_artifact, purge_artifacts};
