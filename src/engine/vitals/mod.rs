//! What the replicas know together of each provider: how its breakers stand, and which calls were made lately.
//!
//! Guarantees: over all replicas no window of a provider's own rate limit holds more calls than it allows, to the
//! call, by the database's clock; a breaker that trips, recovers or is isolated on one replica does so on all within
//! [`SYNC`]. While the database is away each replica goes by its own judgement and its own count.
//!
//! If the process dies after a call was counted and before it was made, the limit is used a little less for one window.
//! What a breaker had learnt survives all processes: an isolation holds over a deploy.
//!
//! Calls that are repeated after a passing trouble are a share of all calls at most ([`RetryBudget`]).

mod isolation;
mod store;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;

use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::supervise::Shutdown;
use crate::providers::breaker::{Breaker, Breakers, Class, Health, RetryBudget};
use crate::providers::{Provider, Step};

pub use isolation::{BreakerStanding, Isolated, isolate, release, standings};

/// How often the breakers are compared.
pub const SYNC: Duration = Duration::from_secs(1);

/// The shared knowledge. Cheap to clone.
#[derive(Clone)]
pub struct Vitals {
    pool: PgPool,
    clock: Clock,
    providers: Vec<Arc<dyn Provider>>,
    others: Option<Breakers>,
    database: Option<Arc<Breaker>>,
    budgets: Arc<HashMap<String, RetryBudget>>,
}

impl Vitals {
    /// Of these providers.
    pub fn new(pool: PgPool, clock: Clock, providers: Vec<Arc<dyn Provider>>) -> Self {
        Self {
            pool,
            clock,
            providers,
            others: None,
            database: None,
            budgets: Arc::default(),
        }
    }

    /// And of everything else that has a breaker, the database itself among it.
    #[must_use]
    pub fn and_of(self, others: Breakers) -> Self {
        Self {
            database: Some(others.make(Class::Database, "database")),
            others: Some(others),
            ..self
        }
    }

    /// With at most `percent` of the submits to each provider repeated ones.
    #[must_use]
    pub fn repeating(self, percent: u32, ids: &Ids) -> Self {
        let budget = || RetryBudget::new(percent, self.clock.clone(), ids.clone());
        let names = self.providers.iter().map(|one| one.name().to_owned());
        let budgets = names.map(|name| (name, budget())).collect();
        Self {
            budgets: Arc::new(budgets),
            ..self
        }
    }

    /// Compares until `shutdown`.
    pub async fn run(self, shutdown: Shutdown) {
        loop {
            let synced = self.sync().await;
            if let Some(database) = &self.database {
                let health = if synced.is_ok() {
                    Health::Well
                } else {
                    Health::Ill
                };
                database.end(database.begin(), health);
            }
            if let Err(error) = synced {
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
                self.compare(&rows, &name, Class::Provider, breaker).await?;
            }
        }
        let others = self.others.as_ref().map(Breakers::all).unwrap_or_default();
        for other in others.iter().filter(|other| !other.class.is_advisory()) {
            self.compare(&rows, other.name, other.class, &other.breaker)
                .await?;
        }
        Ok(())
    }

    async fn compare(
        &self,
        rows: &[store::StoredBreaker],
        name: &str,
        class: Class,
        breaker: &Breaker,
    ) -> Result<(), sqlx::Error> {
        let stored = rows.iter().find(|row| row.breaker == name);
        if let Some(stored) = stored {
            breaker.adopt(&stored.row());
        }
        let ours = breaker.row();
        // What never changed is written as well, once: it is how a command knows that it is there.
        let is_news = stored.is_none_or(|row| ours.epoch > row.row().epoch);
        if is_news {
            let now = self.clock.sql_now();
            store::write_breaker(&self.pool, name, class.name(), &ours, now).await?;
        }
        Ok(())
    }

    /// If a submit that failed in a passing way must not be repeated now: how long to wait. Counts it otherwise.
    pub fn repeat_later(&self, provider: &dyn Provider) -> Option<Duration> {
        self.budgets.get(provider.name())?.repeat()
    }

    /// A submit is made for the first time: a share of those may be repeated.
    pub fn first_try(&self, provider: &dyn Provider) {
        if let Some(budget) = self.budgets.get(provider.name()) {
            budget.first();
        }
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
