//! SQL of the jobs.

mod artifacts;
mod claims;
mod endings;
mod files;
mod history;
mod line;
mod pairs;
mod queries;
mod questions;

pub use artifacts::{append_chunk, begin_artifact, complete_artifact, purge_artifacts};
pub(super) use artifacts::{chunk, open_artifact};
pub(super) use claims::{
    Room, begin_submit, claim, extend, find_hint, leave_evidence, mark_running, mark_unknown,
    passing_failures, record_attempt, rest,
};
pub use endings::cancel;
pub(super) use endings::{end, fault, is_cancel_requested, mark_unstoppable, note_counts, rescue};
pub use files::{NewFile, keep_file};
pub use history::{DeliveredAt, delivered, forget_params};
pub(super) use history::{delete_old, drop_weeks, make_weeks};
pub(super) use line::{fronts, lately, mark_told, position};
pub use pairs::{OrderedJob, OrderedPair, jobs_of_pair, ordered_pairs};
pub(super) use queries::next_due;
pub use queries::{
    JobCounts, attempts_of, counts, enqueue, find_by_callback, record_callback, snooze,
};
pub(super) use questions::{
    ask, clues, job_with_task, keep_note, lock_state, nobodys, note_duplicate, reopen, say,
    take_back,
};
pub use questions::{close_question, live, question, question_named, task_of};
