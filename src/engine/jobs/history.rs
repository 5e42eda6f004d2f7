//! The past by weeks: each is a table of its own, made ahead and dropped when it is too old, so that the table of live
//! jobs stays small and forgetting leaves no dead rows behind. A week that nobody made costs nothing but a later move.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::store;
use crate::base::clock::Clock;
use crate::engine::task::Task;

const AHEAD: Duration = Duration::from_secs(28 * 24 * 3600);
const BATCH_ROWS: i64 = 5_000;

/// Makes the weeks to come and drops those that are too old.
#[derive(Debug)]
pub struct History {
    pool: PgPool,
    clock: Clock,
    keep: Duration,
}

impl History {
    /// Ended jobs are kept for `keep`, and until their week is over.
    pub fn new(pool: PgPool, clock: Clock, keep: Duration) -> Self {
        Self { pool, clock, keep }
    }
}

#[async_trait]
impl Task for History {
    fn name(&self) -> &'static str {
        "job_history"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(600)
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let (pool, now) = (&self.pool, self.clock.sql_now());
        Ok(json!({
            "weeks_made": store::make_weeks(pool, AHEAD, now).await?,
            "weeks_dropped": store::drop_weeks(pool, self.keep, now).await?,
            "deleted": store::delete_old(pool, self.keep, BATCH_ROWS, now).await?,
        }))
    }
}
