//! SQL of the jobs.

mod artifacts;
mod claims;
mod endings;
mod history;
mod line;
mod queries;

pub use artifacts::purge_artifacts;
pub(super) use artifacts::{append_chunk, begin_artifact, chunk, complete_artifact, open_artifact};
pub(super) use claims::{
    Room, begin_submit, claim, extend, find_hint, leave_evidence, mark_running, mark_unknown,
    record_attempt, rest,
};
pub use endings::cancel;
pub(super) use endings::{end, fault, is_cancel_requested, mark_unstoppable, note_counts, rescue};
pub use history::{DeliveredAt, delivered, forget_params};
pub(super) use history::{delete_old, drop_weeks, make_weeks};
pub(super) use line::{fronts, lately, mark_told, position};
pub(super) use queries::next_due;
pub use queries::{
    JobCounts, attempts_of, counts, enqueue, find_by_callback, record_callback, snooze,
};
