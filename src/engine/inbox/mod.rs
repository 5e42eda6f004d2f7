//! The inbox: what Telegram delivered, durable before it is acknowledged, handled once and in order per chat.
//!
//! Guarantees
//! * [`Receiver::receive`] returns `Ok` only after the update is committed (G1). Many waiting updates share one
//!   `INSERT` and one commit; a few such batches overlap, but never two with updates of one lane.
//! * The handler's effects and the row's `done` commit together or not at all (G2); the first statement of that
//!   transaction claims the row, so a second handler finds nothing to do.
//! * A lane's updates are handled in order of arrival (G3): a row is not claimed while an earlier one of its lane waits,
//!   whoever read it. A failing update is retried a bounded number of times and
//!   then quarantined with its error, and its chat goes on. A panic and a handler that does not come back count as
//!   failures; an update that cannot be read is quarantined at once.
//!
//! ```text
//! pending ──handler committed──▶ done
//!    │ ▲
//!    │ └─ failed, attempts left (not before …)
//!    └─ failed for the last time ──▶ quarantined ──an admin replays──▶ pending
//! shed: over the flood limit; kept as a record, never handled
//! ```
//!
//! If the process dies
//! * before the batch commits: nothing was acknowledged, Telegram delivers again;
//! * after the commit, before the answer: Telegram delivers again, `ON CONFLICT` finds the row: answered as stored;
//! * while a handler runs: its transaction rolls back, the row is pending, the next owner of the shard handles it;
//! * after the handler's commit: the row is done, its outbox rows and jobs wait in their tables.

mod admission;
mod dispatch;
mod receive;
pub mod shelf;
mod store;
mod write;

pub use admission::AdmissionLimits;
pub use dispatch::{Dispatch, DispatchLimits, HandleError, Handling, UpdateHandler};
pub use receive::{
    BATCHES_MAX, BatchWriter, COMMIT_TIMEOUT, NewUpdate, Receipt, ReceiveError, Receiver, channel,
};
pub use store::{InboxCounts, StoredUpdate, counts, purge};
pub use write::Arrivals;
