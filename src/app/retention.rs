//! Deletes what nobody needs any more, in batches small enough to disturb nobody.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::base::clock::Clock;
use crate::config;
use crate::engine::task::Task;
use crate::engine::{conversation, inbox, jobs, limits, outbox, payments, stars};
use crate::features::cx::{Env, Switch};
use crate::features::tips;

const BATCH_ROWS: i64 = 5_000;
/// A result is kept this long after it was fetched: far longer than its delivery takes.
const KEEP_ARTIFACTS: Duration = Duration::from_secs(3 * 24 * 3600);
/// An invoice that nobody paid, after it ran out.
const KEEP_INVOICES: Duration = Duration::from_secs(30 * 24 * 3600);
/// What somebody wanted to pay and did not, after its time; and what processors told us.
const KEEP_INTENTS: Duration = Duration::from_secs(90 * 24 * 3600);
/// A tip that was asked about and never decided on.
const KEEP_QUESTIONS: Duration = Duration::from_secs(24 * 3600);
/// A conversation that nobody went on with.
const KEEP_CONVERSATIONS: Duration = Duration::from_secs(30 * 24 * 3600);

/// The recurring clean-up of all engines.
pub(super) struct Retention {
    pool: PgPool,
    clock: Clock,
    stars: Switch,
    payments: Switch,
    tips: Switch,
    inbox: Duration,
    outbox: Duration,
}

impl Retention {
    pub(super) fn new(pool: PgPool, env: &Env, limits: &config::Limits) -> Self {
        Self {
            pool,
            clock: env.clock.clone(),
            stars: env.stars.switch.clone(),
            payments: env.payments.switch.clone(),
            tips: env.tips.switch.clone(),
            inbox: limits.inbox_retention,
            outbox: limits.outbox_retention,
        }
    }
}

#[async_trait]
impl Task for Retention {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(600)
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let (pool, now) = (&self.pool, self.clock.sql_now());
        let invoices = if self.stars.is_on() {
            stars::purge(pool, KEEP_INVOICES, BATCH_ROWS, now).await?
        } else {
            0
        };
        let (mut intents, mut events) = (0, 0);
        if self.payments.is_on() {
            intents = payments::purge_intents(pool, KEEP_INTENTS, BATCH_ROWS, now).await?;
            events = payments::purge_events(pool, KEEP_INTENTS, BATCH_ROWS, now).await?;
        }
        let tips = if self.tips.is_on() {
            tips::purge(pool, KEEP_QUESTIONS, BATCH_ROWS, now).await?
        } else {
            0
        };
        Ok(json!({
            "inbox": inbox::purge(pool, self.inbox, BATCH_ROWS, now).await?,
            "outbox": outbox::purge(pool, self.outbox, BATCH_ROWS, now).await?,
            "artifacts": jobs::purge_artifacts(pool, KEEP_ARTIFACTS, BATCH_ROWS, now).await?,
            "conversations": conversation::purge(pool, KEEP_CONVERSATIONS, now).await?,
            "limits": limits::purge(pool, now).await?,
            "tips": tips,
            "invoices": invoices,
            "intents": intents,
            "payment_events": events,
        }))
    }
}
