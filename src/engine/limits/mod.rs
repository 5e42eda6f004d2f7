//! Exact limits, kept in the database: across replicas, and inside the handler's transaction, so that an effect that
//! is rolled back costs nothing.
//!
//! If the process dies before the commit, nothing was counted; afterwards it was counted once.

mod store;

use std::time::Duration;

pub use store::{
    charge, count_daily, give_back_daily, give_back_units, purge, take_daily, take_units,
};

/// A rate with a burst, in units of cost.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Time in which one unit comes back.
    pub every: Duration,
    /// Units that may be spent at once after a rest.
    pub burst: u32,
}

/// Uses of something by a user on a day that were counted elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyUses {
    /// Whose.
    pub user_id: i64,
    /// Of what.
    pub what: String,
    /// How many.
    pub uses: u32,
}

/// What came of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charged {
    /// It was within the rate.
    Taken,
    /// Too fast: after this it will do.
    Limited {
        /// How long to wait.
        wait: Duration,
    },
}
