//! Runs the tasks when they are due.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sqlx::PgPool;

use super::store;
use crate::base::clock::Clock;
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

    /// Runs each task at its times until `shutdown`.
    pub async fn run(self, shutdown: Shutdown) {
        let mut due: Vec<(Duration, &Arc<dyn Task>)> = self
            .tasks
            .iter()
            .map(|task| (self.clock.monotonic() + self.ids.jitter(task.every()), task))
            .collect();
        loop {
            let Some(next) = due.iter_mut().min_by_key(|(at, _)| *at) else {
                return;
            };
            let wait = next.0.saturating_sub(self.clock.monotonic());
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.clock.sleep(wait) => {}
            }
            self.run_one(next.1.as_ref()).await;
            next.0 = self.clock.monotonic() + next.1.every();
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
    }
}
