//! Repairs what the death of a worker left: submits that were cut off.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::store;
use crate::base::clock::Clock;
use crate::base::fault::{self, Mutant, Point};
use crate::engine::task::Task;
use crate::engine::wake::Wake;

/// The recurring repair.
#[derive(Debug)]
pub struct Rescue {
    pool: PgPool,
    clock: Clock,
    wake: Wake,
    every: Duration,
}

impl Rescue {
    /// `wake` is notified when jobs became due. Looks three times in a `lease` of the workers.
    pub fn new(pool: PgPool, clock: Clock, wake: Wake, lease: Duration) -> Self {
        Self {
            pool,
            clock,
            wake,
            every: lease / 3,
        }
    }
}

#[async_trait]
impl Task for Rescue {
    fn name(&self) -> &'static str {
        "rescue_jobs"
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        if fault::mutant(Mutant::RescueSkipped) {
            return Ok(Value::Null);
        }
        fault::reach(Point::RescueStarting);
        let rescued = store::rescue(&self.pool, self.clock.sql_now()).await?;
        if !rescued.is_empty() {
            fault::reach(Point::RescueDone);
        }
        for job in &rescued {
            tracing::warn!(%job, "a submit was cut off; whether it arrived is unknown");
        }
        if !rescued.is_empty() {
            self.wake.notify();
        }
        Ok(json!({ "rescued": rescued.len() }))
    }
}
