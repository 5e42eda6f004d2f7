//! The connections of one process, shared out so that nothing stands before what must not wait.

use sqlx::postgres::PgPool;

use crate::base::db::{PoolLimits, Route};
use crate::engine::inbox;

/// The connections of one process.
pub(super) struct Pools {
    pub(super) work: PgPool,
    pub(super) intake: PgPool,
    pub(super) checkouts: PgPool,
}

/// The intake has connections of its own, so that handlers with a backlog never keep Telegram waiting, and so have
/// questions before payments, which nothing may stand before; together they are at most `connections_max`.
pub(super) fn pools(route: &Route, connections_max: u32) -> Pools {
    let intake = (connections_max / 3).clamp(1, inbox::BATCHES_MAX);
    let limits = PoolLimits {
        connections_max: connections_max.saturating_sub(intake + 1).max(1),
        ..PoolLimits::default()
    };
    // Statements whose batch was given up must not pile up in the database.
    let intake_limits = PoolLimits {
        connections_max: intake,
        statement_timeout: inbox::COMMIT_TIMEOUT,
        acquire_timeout: inbox::COMMIT_TIMEOUT,
        ..limits
    };
    let checkout_limits = PoolLimits {
        connections_max: 1,
        ..intake_limits
    };
    Pools {
        work: route.pool(&limits),
        intake: route.pool(&intake_limits),
        checkouts: route.pool(&checkout_limits),
    }
}
