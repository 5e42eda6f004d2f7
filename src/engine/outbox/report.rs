//! Tells the admins of dead letters: one summary for however many, and not again for some minutes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::sender::OutboxEvents;
use super::store;
use crate::base::clock::Clock;
use crate::engine::task::Task;

/// Time between two reports at least.
const GAP: Duration = Duration::from_secs(300);
/// Causes that a report names.
const CAUSES_MAX: i64 = 5;

/// The recurring report. Two replicas that run it at once report each letter once: marking it and enqueueing the
/// report are one transaction.
pub struct DeadLetterReport {
    pool: PgPool,
    clock: Clock,
    events: Arc<dyn OutboxEvents>,
}

impl DeadLetterReport {
    /// Reports to `events`.
    pub fn new(pool: PgPool, clock: Clock, events: Arc<dyn OutboxEvents>) -> Self {
        Self {
            pool,
            clock,
            events,
        }
    }
}

#[async_trait]
impl Task for DeadLetterReport {
    fn name(&self) -> &'static str {
        "dead letters"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(30)
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let now = self.clock.sql_now();
        let mut tx = self.pool.begin().await?;
        let letters = store::report_dead(&mut tx, GAP, CAUSES_MAX, now).await?;
        if !letters.is_empty() {
            self.events.report(&mut tx, &letters).await?;
        }
        tx.commit().await?;
        Ok(json!({ "reported": letters.first().map_or(0, |cause| cause.total) }))
    }
}
