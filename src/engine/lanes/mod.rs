//! Runs durable queues in lanes: items of one lane one after another in order of id, lanes in parallel.
//!
//! Guarantees: at most one item of a lane is in flight in this process; a lane that waits (a retry, a pause) never
//! holds up another; memory is bounded, the rest of the queue stays in the table.
//!
//! Priorities: the more urgent class starts first, in it the older row, and what waited long gets a share of the
//! starts. Each class has its own room in memory, and only it may take the last places among what is in flight, so
//! that a flood of one is not felt by those above it. Within a lane order is never broken: a row in the way of an
//! urgent one is as urgent.
//!
//! ```text
//!            offer                 take                 Done → next item, or the lane is dropped
//! table ───────────▶ ready ────────────────▶ busy ────┤
//!                      ▲                              Again{at} → waiting ──(at)──▶ ready
//!                      └──────────────────────────────────────────────────────────────┘
//!                                                      Elsewhere, Passed → the lane is forgotten, with all that is held of it
//! ```
//! If the process dies, nothing is lost: this is only a view of the table, which is read anew at start and re-read
//! from its beginning at every poll, so that a row committed out of order, or one whose wake-up was lost, is found.

mod queue;
#[cfg(test)]
mod queue_tests;
mod runner;
#[cfg(test)]
mod runner_tests;
mod work;

pub use queue::{CLASSES, Waiting};
pub use runner::{Drained, Limits, Runner};
pub use work::{Batch, Hold, LaneWork, Page, Verdict};
