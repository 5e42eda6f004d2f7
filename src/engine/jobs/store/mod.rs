//! SQL of the jobs.

mod artifacts;
mod claims;
mod queries;

pub use artifacts::purge_artifacts;
pub(super) use artifacts::{append_chunk, begin_artifact, chunk, complete_artifact, open_artifact};
pub(super) use claims::{
    Room, begin_submit, claim, end, extend, find_hint, leave_evidence, mark_running, mark_unknown,
    record_attempt, rescue, snooze,
};
pub(super) use queries::next_due;
pub use queries::{
    JobCounts, attempts_of, cancel_queued, counts, enqueue, find_by_callback, purge,
    queue_position, record_callback,
};
