//! Forgets whom withdrawals paid, and whose messages showed what was decided.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::base::clock::Clock;
use crate::config::Payouts;
use crate::engine::task::Task;
use crate::engine::{notices, withdrawals};

const BATCH_ROWS: i64 = 5_000;
/// Whose messages show a thing that somebody decides, and what was exported together.
const KEEP_NOTICES: Duration = Duration::from_secs(180 * 24 * 3600);

/// The recurring clean-up of withdrawals.
pub(super) struct ForgetPayees {
    pool: PgPool,
    clock: Clock,
    keep: Duration,
}

impl ForgetPayees {
    pub(super) fn new(pool: PgPool, clock: Clock, payouts: &Payouts) -> Self {
        Self {
            pool,
            clock,
            keep: payouts.details_retention,
        }
    }
}

#[async_trait]
impl Task for ForgetPayees {
    fn name(&self) -> &'static str {
        "forget_payees"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(600)
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let (pool, now) = (&self.pool, self.clock.sql_now());
        Ok(json!({
            "payees": withdrawals::forget_details(pool, self.keep, BATCH_ROWS, now).await?,
            "batches": withdrawals::purge_batches(pool, KEEP_NOTICES, BATCH_ROWS, now).await?,
            "notices": notices::purge(pool, KEEP_NOTICES, BATCH_ROWS, now).await?,
        }))
    }
}
