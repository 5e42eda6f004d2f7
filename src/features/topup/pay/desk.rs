//! Does what payments need of their processors, outside of any transaction: links, look-ups, refunds.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::compare::PaymentComparison;
use super::settle::{Settled, settle};
use crate::base::supervise::Shutdown;
use crate::engine::payments::{self, FoundBy};
use crate::engine::wake::Wake;
use crate::features::cx::Env;
use crate::features::processors;
use crate::features::topup::refunds::failure;
use crate::providers::payments::{Processor, ProcessorError, Standing, Transaction};

/// Longer than a look-up of several calls lasts.
pub(super) const LEASE: Duration = Duration::from_secs(150);
pub(super) const BATCH: i64 = 8;
const POLL: Duration = Duration::from_secs(1);
/// Works payments off.
#[derive(Clone)]
pub struct Desk {
    pub(super) pool: PgPool,
    pub(super) env: Arc<Env>,
    pub(super) processors: Vec<Arc<dyn Processor>>,
    pub(super) messages: Wake,
    pub(super) public_url: String,
}

impl Desk {
    /// `messages` is notified after each commit that tells somebody; payers are led back to `public_url`.
    pub fn new(
        pool: PgPool,
        env: Arc<Env>,
        processors: Vec<Arc<dyn Processor>>,
        messages: Wake,
        public_url: String,
    ) -> Self {
        Self {
            pool,
            env,
            processors,
            messages,
            public_url,
        }
    }

    /// What compares the books of each processor with ours.
    pub fn comparisons(&self) -> Vec<Arc<dyn processors::Processor>> {
        let names = self.processors.iter().map(|known| known.name());
        let all = names.filter_map(|name| self.comparison(name));
        all.map(|one| Arc::new(one) as Arc<dyn processors::Processor>)
            .collect()
    }

    /// What compares the books of this processor with ours.
    pub fn comparison(&self, name: &str) -> Option<PaymentComparison> {
        let processor = Arc::clone(self.processor(name)?);
        Some(PaymentComparison::new(self.clone(), processor))
    }

    /// Whether there is any processor to work with.
    pub fn has_work(&self) -> bool {
        !self.processors.is_empty()
    }

    /// Runs until `shutdown`; what is in hand then is due again when its lease has run out.
    pub async fn run(self, shutdown: Shutdown) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.drain().await {
                tracing::warn!(error = format!("{error:#}"), "cannot work on payments");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.env.clock.sleep(POLL) => {}
            }
        }
    }

    /// Does all that is due; how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn drain(&self) -> Result<usize, anyhow::Error> {
        if !self.env.payments.switch.is_on() {
            return Ok(0);
        }
        let now = self.env.clock.sql_now();
        let events = payments::claim_events(&self.pool, BATCH, LEASE, now).await?;
        let intents = payments::claim_intents(&self.pool, BATCH, LEASE, now).await?;
        let refunds = payments::claim_refunds(&self.pool, BATCH, LEASE, now).await?;
        let done = events.len() + intents.len() + refunds.len();
        // Each by itself: one that fails must not keep the others from what they are due.
        let heard = join_all(events.iter().map(|event| self.hear(event))).await;
        let seen_to = join_all(intents.iter().map(|intent| self.see_to(intent))).await;
        let given_back = join_all(refunds.iter().map(|refund| self.give_back(refund))).await;
        for outcome in heard.into_iter().chain(seen_to).chain(given_back) {
            outcome?;
        }
        Ok(done)
    }

    /// When the next is due.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_due(&self) -> Result<Option<OffsetDateTime>, sqlx::Error> {
        if !self.env.payments.switch.is_on() {
            return Ok(None);
        }
        let event = payments::next_event(&self.pool).await?;
        let intent = payments::next_intent(&self.pool).await?;
        let refund = payments::next_refund(&self.pool).await?;
        Ok([event, intent, refund].into_iter().flatten().min())
    }

    pub(super) fn processor(&self, name: &str) -> Option<&Arc<dyn Processor>> {
        self.processors.iter().find(|known| known.name() == name)
    }

    /// Whether any of them is a payment to us.
    pub(super) async fn settle_all(
        &self,
        conn: &mut PgConnection,
        processor: &'static str,
        found: &[Transaction],
        by: FoundBy,
    ) -> Result<bool, anyhow::Error> {
        let mut is_ours = false;
        for one in found {
            if one.standing != Standing::Successful {
                continue;
            }
            let correlation = self.env.ids.uuid();
            let settled = settle(conn, &self.env, processor, one, by, correlation).await;
            is_ours |= match settled.map_err(failure)? {
                Settled::Now | Settled::Before | Settled::Aside => true,
                Settled::NotOurs => false,
            };
        }
        Ok(is_ours)
    }
}

/// Twice as long after each try.
pub(super) fn backoff(first: Duration, attempts: i32, max: Duration) -> Duration {
    let doubled = u32::try_from(attempts.clamp(0, 20)).unwrap_or(0);
    first.saturating_mul(2_u32.saturating_pow(doubled)).min(max)
}

/// What the processor asks for.
pub(super) fn after(error: &ProcessorError) -> Option<Duration> {
    match error {
        ProcessorError::Unavailable { after, .. } => *after,
        ProcessorError::Refused { .. } | ProcessorError::Lost { .. } => None,
    }
}
