//! Carries over what ended jobs cost, before their history is dropped.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::store;
use crate::base::clock::Clock;
use crate::engine::task::Task;

/// The recurring carry-over.
#[derive(Debug)]
pub struct Costs {
    pool: PgPool,
    clock: Clock,
}

impl Costs {
    /// Of the jobs behind `pool`.
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        Self { pool, clock }
    }
}

#[async_trait]
impl Task for Costs {
    fn name(&self) -> &'static str {
        "job_costs"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// Nobody waits for it.
    fn at_start(&self) -> bool {
        false
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let carried = store::carry_costs(&self.pool, self.clock.sql_now()).await?;
        Ok(json!({ "carried": carried }))
    }
}
