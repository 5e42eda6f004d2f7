//! What the replicas know together of each provider: how its breakers stand, and which calls were made lately.
//!
//! Guarantees: over all replicas no window of a provider's own rate limit holds more calls than it allows, to the
//! call, by the database's clock; a breaker that trips, recovers or is isolated on one replica does so on all within
//! [`SYNC`]. While the database is away each replica goes by its own judgement and its own count.
//!
//! If the process dies after a call was counted and before it was made, the limit is used a little less for one window.
//! What a breaker had learnt survives all processes: an isolation holds over a deploy.

mod store;

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;

use crate::base::clock::Clock;
use crate::base::supervise::Shutdown;
use crate::providers::{Provider, Step};

/// How often the breakers are compared.
pub const SYNC: Duration = Duration::from_secs(1);

/// The shared knowledge. Cheap to clone.
#[derive(Clone)]
pub struct Vitals {
    pool: PgPool,
    clock: Clock,
    providers: Vec<Arc<dyn Provider>>,
}

impl Vitals {
    /// Of these providers.
    pub fn new(pool: PgPool, clock: Clock, providers: Vec<Arc<dyn Provider>>) -> Self {
        Self {
            pool,
            clock,
            providers,
        }
    }

    /// Compares until `shutdown`.
    pub async fn run(self, shutdown: Shutdown) {
        loop {
            if let Err(error) = self.sync().await {
                tracing::debug!(error = %error, "cannot compare the breakers");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.clock.sleep(SYNC) => {}
            }
        }
    }

    /// Takes over what others found, and tells them what we found.
    ///
    /// # Errors
    /// The database's.
    pub async fn sync(&self) -> Result<(), sqlx::Error> {
        let rows = store::breakers(&self.pool).await?;
        for provider in &self.providers {
            for (call, breaker) in provider.breakers() {
                let name = format!("{}.{call}", provider.name());
                let stored = rows.iter().find(|row| row.breaker == name);
                if let Some(stored) = stored {
                    breaker.adopt(&stored.row());
                }
                let ours = breaker.row();
                if ours.epoch > stored.map_or(0, |row| row.row().epoch) {
                    store::write_breaker(&self.pool, &name, &ours, self.clock.sql_now()).await?;
                }
            }
        }
        Ok(())
    }

    /// If this call must not be made now: how long to wait. By what this replica knows, then by the count of all.
    pub async fn hold_back(&self, provider: &dyn Provider, step: Step) -> Option<Duration> {
        if let Some(wait) = provider.hold_back(step) {
            return Some(wait);
        }
        let (calls_max, window) = provider.calls_max(step)?;
        let name = format!("{}.{}", provider.name(), name_of(step));
        let now = self.clock.sql_now();
        match store::take_call(&self.pool, &name, calls_max, window, now).await {
            Ok(None) => None,
            Ok(Some(wait)) => {
                provider.give_back(step);
                Some(wait)
            }
            Err(error) => {
                tracing::debug!(error = %error, "cannot count a call together, going by our own count");
                None
            }
        }
    }
}

/// Stored: append only.
fn name_of(step: Step) -> &'static str {
    match step {
        Step::Submit => "submit",
        Step::Poll => "poll",
        Step::Download => "download",
    }
}
