//! What waits and how long, for Prometheus; and the metrics' own listener.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use metrics::gauge;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;

use super::breakers;
use crate::base::clock::Clock;
use crate::base::supervise::Shutdown;
use crate::engine::task::Task;
use crate::engine::{inbox, jobs, light, outbox};
use crate::http::metrics::{
    DEAD_LETTERS, JOBS_STUCK, JOBS_UNKNOWN, POOL, QUARANTINED, QUEUE_OLDEST, QUEUE_PENDING, settle,
};
use crate::http::routes::metrics_router;
use crate::http::server::{self, ServerLimits};
use crate::providers::Provider;
use crate::providers::breaker::Breakers;

/// Reads the queues and sets the gauges.
pub(super) struct Gauges {
    pool: PgPool,
    clock: Clock,
    providers: Vec<Arc<dyn Provider>>,
    breakers: Breakers,
}

impl Gauges {
    pub(super) fn new(
        pool: PgPool,
        clock: Clock,
        providers: Vec<Arc<dyn Provider>>,
        breakers: Breakers,
    ) -> Self {
        Self {
            pool,
            clock,
            providers,
            breakers,
        }
    }
}

#[async_trait]
impl Task for Gauges {
    fn name(&self) -> &'static str {
        "gauges"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(15)
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        settle();
        breakers::show(&self.providers, &self.breakers);
        let now = self.clock.sql_now();
        let updates = inbox::counts(&self.pool, now).await?;
        let messages = outbox::counts(&self.pool, now).await?;
        let jobs = jobs::counts(&self.pool, now).await?;
        let light = light::counts(&self.pool, now).await?;
        for (queue, pending, oldest_s) in [
            ("inbox", updates.pending, updates.oldest_pending_s),
            ("outbox", messages.pending, messages.oldest_pending_s),
            (
                "jobs",
                jobs.queued + jobs.running + jobs.unknown,
                jobs.oldest_s,
            ),
            ("light", light.due, light.oldest_due_s),
        ] {
            gauge!(QUEUE_PENDING, "queue" => queue).set(as_f64(pending));
            gauge!(QUEUE_OLDEST, "queue" => queue).set(as_f64(oldest_s));
        }
        gauge!(QUARANTINED).set(as_f64(updates.quarantined));
        gauge!(DEAD_LETTERS).set(as_f64(messages.dead));
        gauge!(JOBS_STUCK, "weight" => "paid").set(as_f64(jobs.stuck));
        gauge!(JOBS_STUCK, "weight" => "light").set(as_f64(light.dead));
        gauge!(JOBS_UNKNOWN).set(as_f64(jobs.unknown));
        gauge!(POOL, "state" => "open").set(f64::from(self.pool.size()));
        gauge!(POOL, "state" => "idle").set(f64::from(
            u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX),
        ));
        Ok(
            json!({ "inbox": updates.pending, "outbox": messages.pending, "jobs": jobs.queued + jobs.running }),
        )
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge does not need the last digit of a number beyond 2^52"
)]
fn as_f64(count: i64) -> f64 {
    count as f64
}

/// Serves the metrics on a listener of their own until `shutdown`.
pub(super) async fn serve(listener: TcpListener, shutdown: Shutdown) {
    let limits = ServerLimits {
        connections_max: 16,
        ..ServerLimits::default()
    };
    server::serve(
        listener,
        metrics_router(),
        limits,
        shutdown,
        Duration::from_secs(1),
    )
    .await;
}
