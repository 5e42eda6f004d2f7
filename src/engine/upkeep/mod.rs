//! Upkeep: recurring tasks that repair, purge and audit.
//!
//! Guarantees: a task takes no input and is idempotent, so it may run at any time, twice, or on two replicas; it runs
//! on a timer and on a nudge, and leaves its status in a row that an operator can read. A task that fails is logged
//! and runs again at its next time; it never stops the others.
//!
//! If the process dies in a task, the next run does what is left.

mod driver;
mod store;

pub use driver::Upkeep;
