//! Runs durable queues in lanes: items of one lane one after another in order of id, lanes in parallel.
//!
//! Guarantees: at most one item of a lane is in flight in this process; a lane that waits (a retry, a pause) never
//! holds up another; memory is bounded, the rest of the queue stays in the table.
//!
//! ```text
//!            offer                 take                 Done → next item, or the lane is dropped
//! table ───────────▶ ready ────────────────▶ busy ────┤
//!                      ▲                              Again{at} → waiting ──(at)──▶ ready
//!                      └──────────────────────────────────────────────────────────────┘
//! ```
//! If the process dies, nothing is lost: this is only a view of the table, which is read anew at start and re-read
//! from its beginning at every poll, so that a row committed out of order, or one whose wake-up was lost, is found.

mod queue;
mod runner;

pub use queue::Waiting;
pub use runner::{Drained, LaneWork, Limits, Runner, Verdict};
