//! SQL of the outbox.

mod claims;
mod halts;
mod outcomes;
mod waiting;

pub(super) use claims::{
    Again, Claimed, Neighbour, Unclaimed, absorb, bury, claim, extend, finish, neighbours, park,
    put_back, unclaimed,
};
pub(super) use halts::{flooded, halted_for};
pub(super) use outcomes::report_dead;
pub use outcomes::{
    DeadLetter, DeadLetters, OutboxCounts, REPORT, Settled, counts, purge, settled,
};
pub(super) use waiting::{LANE_ROWS_MAX, chat_of_lane, drop_unreachable, migrate, waiting};
pub use waiting::{enqueue, enqueue_to_each, release_owed, withdraw};
