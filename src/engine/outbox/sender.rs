//! Sends the rows of the outbox: claim, call, record. No transaction is open during the call.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use tracing::Instrument as _;

use super::deliver::{Delivered, Deliverer, FileStore};
use super::message::{Action, OnUnknown, Payload};
use super::pacing::{Pacing, PacingLimits, Weight};
use super::store::{self, Claimed, DeadLetter};
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::redact;
use crate::engine::lanes::{LaneWork, Verdict, Waiting};
use crate::engine::shards::Shards;
use crate::telegram::{CallError, Client};

/// A claim lasts this long and is extended while the call runs: short, so that a dead sender's row is taken over soon.
const LEASE: Duration = Duration::from_secs(8);
const HEARTBEAT: Duration = Duration::from_secs(3);
/// Tries that Telegram answered with something that will hardly change.
const ATTEMPTS_MAX: i16 = 6;
/// What could not be sent for this long because Telegram was away is a dead letter.
const AGE_MAX: Duration = Duration::from_secs(48 * 3600);
const UNAUTHORIZED_PAUSE: Duration = Duration::from_secs(30);

/// Told what Telegram's answers mean for others, in the transaction that records them.
#[async_trait]
pub trait OutboxEvents: Send + Sync + 'static {
    /// A message will not be delivered.
    async fn dead_letter(
        &self,
        conn: &mut PgConnection,
        letter: &DeadLetter,
    ) -> Result<(), sqlx::Error>;
    /// Nothing can be sent to the chat any more.
    async fn unreachable(&self, conn: &mut PgConnection, chat_id: i64) -> Result<(), sqlx::Error>;
    /// The group goes on under another id.
    async fn migrated(
        &self,
        conn: &mut PgConnection,
        from: i64,
        to: i64,
    ) -> Result<(), sqlx::Error>;
}

/// The outbox as a queue in lanes.
pub struct Sender {
    pool: PgPool,
    clock: Clock,
    ids: Ids,
    shards: Shards,
    deliverer: Deliverer,
    events: Arc<dyn OutboxEvents>,
    pacing: Mutex<Pacing>,
}

impl Sender {
    /// Sends the lanes of `shards` with `client`.
    #[expect(
        clippy::too_many_arguments,
        reason = "built in one place, each argument of its own type"
    )]
    pub fn new(
        pool: PgPool,
        clock: Clock,
        ids: Ids,
        shards: Shards,
        client: Client,
        files: Arc<dyn FileStore>,
        events: Arc<dyn OutboxEvents>,
        limits: PacingLimits,
    ) -> Self {
        let deliverer = Deliverer { client, files };
        let pacing = Mutex::new(Pacing::new(limits));
        Self {
            pool,
            clock,
            ids,
            shards,
            deliverer,
            events,
            pacing,
        }
    }

    async fn attempt(&self, item: Waiting) -> Result<Verdict, sqlx::Error> {
        let now = self.clock.sql_now();
        let Some(row) = store::claim(&self.pool, item.id, LEASE, now).await? else {
            return Ok(match store::leased_until(&self.pool, item.id).await? {
                Some(until) => Verdict::Again {
                    at: until + Duration::from_millis(20),
                },
                None => Verdict::Done,
            });
        };
        let Payload::V1 { action, on_unknown } = &row.payload.0;
        let span = tracing::error_span!("message", id = row.id, kind = action.name(), correlation = %row.correlation);
        self.send(&row, action, *on_unknown).instrument(span).await
    }

    async fn send(
        &self,
        row: &Claimed,
        action: &Action,
        on_unknown: OnUnknown,
    ) -> Result<Verdict, sqlx::Error> {
        if row.expired {
            return self
                .record(
                    row,
                    action,
                    Delivered {
                        message_id: None,
                        outcome: "expired",
                    },
                )
                .await;
        }
        if row.was_sending && on_unknown == OnUnknown::GiveUp {
            return self
                .bury(row, action, "unknown whether an earlier try arrived")
                .await;
        }
        let call = self
            .deliverer
            .deliver(row.chat_id, action, row.known_message_id);
        match self.with_heartbeat(row, call).await {
            Ok(delivered) => self.record(row, action, delivered).await,
            Err(error) => self.failed(row, action, on_unknown, error).await,
        }
    }

    /// Extends the lease for as long as the call takes.
    async fn with_heartbeat<T>(&self, row: &Claimed, call: impl Future<Output = T>) -> T {
        tokio::pin!(call);
        loop {
            tokio::select! {
                biased;
                result = &mut call => return result,
                () = self.clock.sleep(HEARTBEAT) => {
                    if let Err(error) = store::extend(&self.pool, row, LEASE, self.clock.sql_now()).await {
                        tracing::warn!(error = %error, "cannot extend the lease of a message");
                    }
                }
            }
        }
    }

    async fn record(
        &self,
        row: &Claimed,
        action: &Action,
        delivered: Delivered,
    ) -> Result<Verdict, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let (kind, now) = (action.name(), self.clock.sql_now());
        if store::finish(
            &mut tx,
            row,
            kind,
            delivered.message_id,
            delivered.outcome,
            now,
        )
        .await?
        {
            tx.commit().await?;
            tracing::debug!(
                outcome = delivered.outcome,
                message_id = delivered.message_id,
                "message done"
            );
        } else {
            tracing::warn!("the lease of a sent message was lost, it may be sent twice");
        }
        Ok(Verdict::Done)
    }

    async fn failed(
        &self,
        row: &Claimed,
        action: &Action,
        on_unknown: OnUnknown,
        error: CallError,
    ) -> Result<Verdict, sqlx::Error> {
        match error {
            CallError::FloodWait { retry_after_s } => {
                let pause = Duration::from_secs(retry_after_s.max(1).into());
                tracing::warn!(retry_after_s, "Telegram asks to wait");
                self.pacing()
                    .flooded(row.chat_id, pause, self.clock.monotonic());
                self.again(row, "flood", pause, false).await
            }
            CallError::Unauthorized => {
                tracing::error!("Telegram does not accept the bot's token, all messages wait");
                self.pacing()
                    .halt(UNAUTHORIZED_PAUSE, self.clock.monotonic());
                self.again(row, "unauthorized", UNAUTHORIZED_PAUSE, false)
                    .await
            }
            CallError::Transient { .. }
                if u64::try_from(row.age_s).unwrap_or(0) < AGE_MAX.as_secs() =>
            {
                tracing::warn!(error = %error, attempts = row.attempts, "Telegram is away, the message waits");
                let delay = backoff(row.attempts, &self.ids);
                self.again(row, &error.to_string(), delay, true).await
            }
            CallError::Unknown { .. }
                if on_unknown == OnUnknown::SendAgain && row.attempts < ATTEMPTS_MAX =>
            {
                tracing::warn!(error = %error, "the answer was lost, the message is sent again");
                let delay = backoff(row.attempts, &self.ids);
                self.again(row, &error.to_string(), delay, true).await
            }
            CallError::Blocked | CallError::ChatGone => {
                tracing::info!("the user cannot be reached, the message is dropped");
                let mut tx = self.pool.begin().await?;
                self.events.unreachable(&mut tx, row.chat_id).await?;
                store::finish(
                    &mut tx,
                    row,
                    action.name(),
                    None,
                    "dropped",
                    self.clock.sql_now(),
                )
                .await?;
                tx.commit().await?;
                Ok(Verdict::Done)
            }
            CallError::Migrated { to_chat_id } => {
                tracing::info!(to_chat_id, "the group moved");
                let mut tx = self.pool.begin().await?;
                store::migrate(&mut tx, row.chat_id, to_chat_id).await?;
                self.events
                    .migrated(&mut tx, row.chat_id, to_chat_id)
                    .await?;
                tx.commit().await?;
                Ok(Verdict::Done)
            }
            CallError::NotModified => {
                self.record(
                    row,
                    action,
                    Delivered {
                        message_id: None,
                        outcome: "unchanged",
                    },
                )
                .await
            }
            CallError::MessageGone | CallError::CallbackTooOld => {
                self.record(
                    row,
                    action,
                    Delivered {
                        message_id: None,
                        outcome: "dropped",
                    },
                )
                .await
            }
            CallError::Transient { .. }
            | CallError::Unknown { .. }
            | CallError::BadEntities { .. }
            | CallError::TooLong
            | CallError::MediaRefused { .. }
            | CallError::Rejected { .. } => self.bury(row, action, &error.to_string()).await,
        }
    }

    async fn again(
        &self,
        row: &Claimed,
        error: &str,
        delay: Duration,
        costs_attempt: bool,
    ) -> Result<Verdict, sqlx::Error> {
        store::put_back(
            &self.pool,
            row,
            delay,
            error,
            costs_attempt,
            self.clock.sql_now(),
        )
        .await?;
        Ok(Verdict::Again {
            at: self.clock.now() + delay,
        })
    }

    async fn bury(
        &self,
        row: &Claimed,
        action: &Action,
        error: &str,
    ) -> Result<Verdict, sqlx::Error> {
        let error = redact::text(error).into_owned();
        let mut tx = self.pool.begin().await?;
        if store::bury(&mut tx, row, &error).await? {
            let letter = DeadLetter {
                id: row.id,
                chat_id: row.chat_id,
                kind: action.name(),
                correlation: row.correlation,
                error,
            };
            self.events.dead_letter(&mut tx, &letter).await?;
            tx.commit().await?;
            tracing::error!(error = %letter.error, "message became a dead letter");
        }
        Ok(Verdict::Done)
    }

    fn pacing(&self) -> std::sync::MutexGuard<'_, Pacing> {
        self.pacing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 500 ms doubled with each attempt, at most a minute, half of it at random.
fn backoff(attempts: i16, ids: &Ids) -> Duration {
    let doubled = Duration::from_millis(500)
        * 2_u32.saturating_pow(attempts.clamp(0, 8).unsigned_abs().into());
    let base = doubled.min(Duration::from_secs(60)) / 2;
    base + ids.jitter(base)
}

#[async_trait]
impl LaneWork for Sender {
    fn name(&self) -> &'static str {
        "outbox"
    }

    async fn fetch(&self, after: i64, limit: i64) -> Result<Vec<Waiting>, sqlx::Error> {
        let shards = self.shards.owned();
        if shards.is_empty() {
            return Ok(Vec::new());
        }
        store::waiting(&self.pool, &shards, after, limit).await
    }

    fn hold_back(&self, item: &Waiting) -> Option<OffsetDateTime> {
        let weight = match item.priority {
            0 => Weight::Answer,
            1 => Weight::Message,
            _ => Weight::Notification,
        };
        let chat_id = store::chat_of_lane(item);
        let wait = self
            .pacing()
            .admit(chat_id, weight, self.clock.monotonic())?;
        // Rounded up: a wait of less than a tick would be asked for again and again.
        Some(self.clock.now() + wait + Duration::from_millis(1))
    }

    async fn process(&self, item: Waiting) -> Verdict {
        self.attempt(item).await.unwrap_or_else(|error| {
            tracing::warn!(id = item.id, error = %error, "the database is away, the message waits");
            Verdict::Again {
                at: self.clock.now() + Duration::from_millis(500),
            }
        })
    }
}
