//! Light jobs: work without money and without a provider, done many at once.
//!
//! Guarantees
//! * A light job is queued in the caller's transaction, and done in the one that takes it out of the queue: what it
//!   changes in the database happens exactly once, whoever dies and whenever.
//! * Up to a batch is claimed in one statement and finished in one statement. The finish is the first statement of its
//!   transaction and takes only what still has the lease token of the claim: a worker that was frozen and woke up
//!   finishes nothing of what others have done since. The same transaction claims the next batch.
//! * One that fails holds up no other: its batch is undone and done one by one. It is tried again a bounded number of
//!   times, with growing pauses, then set aside as dead with its error. One that kills the process is found likewise: a
//!   try is counted before it begins, and what was in the hands of a dead worker is done one by one.
//! * Of those that are not dead no two have the same unique key.
//!
//! ```text
//! waiting ──claim (lease)──▶ in hand ──finish + effects, one transaction──▶ gone
//!    ▲                         │  │
//!    ├── the lease ran out ────┘  └── failed too often ──▶ dead ──an operator──▶ waiting
//!    └── failed: later, alone ─┘
//! ```
//!
//! If the process dies
//! * before the claim commits, or between claim and finish: the lease runs out and it is claimed anew;
//! * in the finishing transaction: nothing of it has happened; after its commit: all of it.
//!
//! What takes longer than a transaction may, or calls out, is a [job](crate::engine::jobs), not a light one.

mod job;
mod runner;
pub mod shelf;
mod store;

pub use job::{LightJob, LightKind, NewLight};
pub use runner::{LightLimits, LightRunner};
pub use store::{LightCounts, counts, enqueue};
