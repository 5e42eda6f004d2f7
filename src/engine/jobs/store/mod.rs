//! SQL of the jobs.

mod artifacts;
mod claims;
mod endings;
mod line;
mod queries;

pub use artifacts::purge_artifacts;
pub(super) use artifacts::{append_chunk, begin_artifact, chunk, complete_artifact, open_artifact};
pub(super) use claims::{
    Room, begin_submit, claim, extend, find_hint, leave_evidence, mark_running, mark_unknown,
    record_attempt, snooze,
};
pub use endings::cancel;
pub(super) use endings::{end, fault, is_cancel_requested, mark_unstoppable, rescue};
pub(super) use line::{fronts, lately, mark_told, position};
pub(super) use queries::next_due;
pub use queries::{
    JobCounts, attempts_of, counts, enqueue, find_by_callback, purge, record_callback,
};
