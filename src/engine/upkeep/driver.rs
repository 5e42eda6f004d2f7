//! Runs the tasks when they are due.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use sqlx::PgPool;

use super::store;
use crate::base::clock::Clock;
use crate::base::fault::{self, Point};
use crate::base::ids::Ids;
use crate::base::supervise::Shutdown;
use crate::engine::task::Task;

/// Longest time that one run may take.
const RUN_MAX: Duration = Duration::from_secs(120);

/// All tasks of this process.
#[derive(Clone)]
pub struct Upkeep {
    pool: PgPool,
    clock: Clock,
    ids: Ids,
    tasks: Vec<Arc<dyn Task>>,
}

impl Upkeep {
    /// Runs `tasks`.
    pub fn new(pool: PgPool, clock: Clock, ids: Ids, tasks: Vec<Arc<dyn Task>>) -> Self {
        Self {
            pool,
            clock,
            ids,
            tasks,
        }
    }

    /// Runs each task that belongs to a start once, in order: it repairs what a crash left.
    pub async fn run_at_start(&self) {
        for task in self.tasks.iter().filter(|task| task.at_start()) {
            self.run_one(task.as_ref()).await;
        }
    }

    /// Runs each task at its times until `shutdown`, one beside the other: a long audit must not keep the repair of what
    /// a dead replica left waiting.
    pub async fn run(self, shutdown: Shutdown) {
        let loops = self
            .tasks
            .iter()
            .map(|task| self.repeat(task.as_ref(), &shutdown));
        join_all(loops).await;
    }

    async fn repeat(&self, task: &dyn Task, shutdown: &Shutdown) {
        let mut wait = self.ids.jitter(task.every());
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.clock.sleep(wait) => {}
            }
            self.run_one(task).await;
            wait = task.every();
        }
    }

    async fn run_one(&self, task: &dyn Task) {
        let started = self.clock.monotonic();
        let result = tokio::time::timeout(RUN_MAX, task.run())
            .await
            .unwrap_or_else(|_| Err(anyhow::anyhow!("took too long")));
        let took_ms =
            i64::try_from((self.clock.monotonic() - started).as_millis()).unwrap_or(i64::MAX);
        let (status, error) = match result {
            Ok(status) => (status, None),
            Err(error) => {
                tracing::warn!(
                    task = task.name(),
                    error = format!("{error:#}"),
                    "an upkeep task failed"
                );
                (Value::Null, Some(format!("{error:#}")))
            }
        };
        fault::reach(Point::UpkeepRan);
        let stored = store::record(
            &self.pool,
            task.name(),
            took_ms,
            &status,
            error.as_deref(),
            self.clock.sql_now(),
        );
        if let Err(error) = stored.await {
            tracing::debug!(task = task.name(), error = %error, "cannot store the status of an upkeep task");
        }
        fault::reach(Point::UpkeepRecorded);
    }
}
