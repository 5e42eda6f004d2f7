//! Sends the rows of the outbox: claim, call, record. No transaction is open during the call.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;

use super::deliver::{Delivered, Deliverer, FileStore};
use super::guard::Guard;
use super::merge::merged;
use super::message::{Action, OnUnknown, Payload, Stored};
use super::outcome::Failure;
use super::pacing::{FLOOD_WINDOW, FLOODED_CHATS_MAX, Pacing, PacingLimits, Wait, Weight};
use super::store::{self, Claimed, DeadLetter, DeadLetters, Unclaimed};
use crate::base::clock::Clock;
use crate::base::db::is_transient;
use crate::base::fault::{self, Mutant, Point};
use crate::base::ids::Ids;
use crate::engine::lanes::{Batch, Hold, LaneWork, Page, Verdict, Waiting};
use crate::engine::shards::Shards;
use crate::engine::wake::Wake;
use crate::providers::breaker::Breaker;
use crate::telegram::Client;

/// A claim lasts this long and is extended while the call runs, so a slow answer of Telegram is waited for, and a dead
/// sender's row is free no later than its shards are.
const LEASE: Duration = Duration::from_secs(5);
const HEARTBEAT: Duration = Duration::from_millis(1_500);
/// A call begins only with this much of the lease left: what was frozen since the claim is somebody else's by now.
const LEASE_LEFT: Duration = Duration::from_secs(2);
/// Tries of which it is unknown whether they arrived, the sender's own death in the middle of one included.
pub(super) const UNKNOWNS_MAX: i16 = 6;
/// Notices that become one message at most.
const MERGED_MAX: i64 = 50;

/// Told what Telegram's answers mean for others, in the transaction that records them.
#[async_trait]
pub trait OutboxEvents: Send + Sync + 'static {
    /// A message will not be delivered.
    async fn dead_letter(
        &self,
        conn: &mut PgConnection,
        letter: &DeadLetter,
    ) -> Result<(), sqlx::Error>;
    /// What the operators should know of dead letters since the last report: the commonest causes first.
    async fn report(
        &self,
        conn: &mut PgConnection,
        letters: &[DeadLetters],
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
    pub(super) pool: PgPool,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    shards: Shards,
    deliverer: Deliverer,
    pub(super) events: Arc<dyn OutboxEvents>,
    pacing: Mutex<Pacing>,
    live_replicas: Arc<AtomicUsize>,
    wake: Wake,
    has_asked: AtomicBool,
    guard: Guard,
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
            live_replicas: Arc::new(AtomicUsize::new(1)),
            wake: Wake::default(),
            has_asked: AtomicBool::new(false),
            guard: Guard::default(),
        }
    }

    /// Calls only while this breaker lets them pass.
    #[must_use]
    pub fn behind(self, breaker: Arc<Breaker>) -> Self {
        let guard = Guard(Some(breaker));
        Self { guard, ..self }
    }

    /// Shares the overall pace with as many replicas as this says at any time, 0 counting as 1; `wake` reaches theirs.
    #[must_use]
    pub fn among(mut self, live_replicas: Arc<AtomicUsize>, wake: Wake) -> Self {
        self.live_replicas = live_replicas;
        self.wake = wake;
        self
    }

    async fn attempt(&self, item: Waiting) -> Result<Verdict, sqlx::Error> {
        let (now, chat_id) = (self.clock.sql_now(), store::chat_of_lane(&item));
        let call_before = self.clock.monotonic() + LEASE - LEASE_LEFT;
        fault::reach(Point::MessageClaiming);
        let Some(mut row) =
            store::claim(&self.pool, item.id, chat_id, LEASE, self.takes_last(), now).await?
        else {
            self.refund(&item);
            return Ok(
                match store::unclaimed(&self.pool, item.id, chat_id, now).await? {
                    Unclaimed::Leased(left) => self.again_in(left + Duration::from_millis(20)),
                    Unclaimed::Passed => Verdict::Passed,
                    Unclaimed::Gone => Verdict::Done,
                },
            );
        };
        fault::reach(Point::MessageClaimed);
        if row.merge_key.is_some() && !row.was_sending && !self.take_neighbours(&mut row).await? {
            return Ok(Verdict::Done);
        }
        let Stored::Known(Payload::V1 { action, on_unknown }) = &row.payload.0 else {
            return self.unreadable(&row).await;
        };
        let span = tracing::error_span!("message", id = row.id, kind = action.name(), correlation = %row.correlation);
        self.send(&row, action, *on_unknown, call_before)
            .instrument(span)
            .await
    }

    /// Adds the notices that wait behind this one to it, in one transaction. False: the lease is lost.
    async fn take_neighbours(&self, row: &mut Claimed) -> Result<bool, sqlx::Error> {
        let Stored::Known(own) = &row.payload.0 else {
            return Ok(true);
        };
        let now = self.clock.sql_now();
        let mut tx = self.pool.begin().await?;
        let neighbours = store::neighbours(&mut tx, row, MERGED_MAX, now).await?;
        let Some((payload, ids)) = merged(own, &neighbours) else {
            return Ok(true);
        };
        if !store::absorb(&mut tx, row, &payload, &ids, now).await? {
            return Ok(false);
        }
        fault::reach(Point::MessageMerging);
        tx.commit().await?;
        fault::reach(Point::MessageMerged);
        tracing::debug!(id = row.id, count = ids.len(), "notices merged");
        row.payload.0 = Stored::Known(payload);
        Ok(true)
    }

    async fn send(
        &self,
        row: &Claimed,
        action: &Action,
        on_unknown: OnUnknown,
        call_before: Duration,
    ) -> Result<Verdict, sqlx::Error> {
        if row.expired {
            return self
                .record(row, action, Delivered::nothing("expired"))
                .await;
        }
        if row.was_sending && on_unknown == OnUnknown::GiveUp {
            return self
                .bury(row, action.name(), "unknown whether an earlier try arrived")
                .await;
        }
        if row.was_sending && row.unknowns >= UNKNOWNS_MAX {
            return self
                .bury(row, action.name(), "every try was cut short")
                .await;
        }
        if self.clock.monotonic() > call_before {
            return self.unsent(row).await;
        }
        let call = self
            .deliverer
            .deliver(row.chat_id, action, row.known_message_id);
        let call = self.guard.around(call);
        let called = self.with_heartbeat(row, call).await;
        fault::reach(Point::MessageAnswered);
        match called {
            None => {
                tracing::warn!(
                    "the lease was lost during the call, another sender has the message"
                );
                Ok(Verdict::Done)
            }
            Some(answer) => {
                if let Err(error) = &answer {
                    self.heed(row, error);
                }
                let failure = |error| Failure {
                    action,
                    on_unknown,
                    error,
                };
                self.insist(|| async {
                    match &answer {
                        Ok(delivered) => self.record(row, action, *delivered).await,
                        Err(error) => self.failed(row, failure(error)).await,
                    }
                })
                .await
            }
        }
    }

    /// Writes down what Telegram said, for as long as the database is away: an answer that is forgotten would be a
    /// message sent twice. Nobody else can take the row meanwhile, and if somebody does later, the lease shows it.
    async fn insist<F: Future<Output = Result<Verdict, sqlx::Error>>>(
        &self,
        write: impl Fn() -> F,
    ) -> Result<Verdict, sqlx::Error> {
        let mut pause = Duration::from_millis(50);
        loop {
            match write().await {
                Err(error) if is_transient(&error) && !self.pool.is_closed() => {
                    tracing::warn!(error = %error, "cannot write Telegram's answer down, trying again");
                    self.clock.sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
                done => return done,
            }
        }
    }

    /// Extends the lease for as long as the call takes; None if it is lost, and the call is given up. After a freeze the
    /// lease is looked at first: a call may be one of several that the message takes.
    async fn with_heartbeat<T>(&self, row: &Claimed, call: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(call);
        loop {
            tokio::select! {
                biased;
                () = self.clock.sleep(HEARTBEAT) => {
                    match store::extend(&self.pool, row, LEASE, self.clock.sql_now()).await {
                        Ok(true) => {}
                        Ok(false) => return None,
                        Err(error) => {
                            tracing::warn!(error = %error, "cannot extend the lease of a message");
                        }
                    }
                    fault::reach(Point::MessageExtended);
                }
                result = &mut call => return Some(result),
            }
        }
    }

    pub(super) fn pacing(&self) -> std::sync::MutexGuard<'_, Pacing> {
        self.pacing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All replicas count the chats that were told to wait together, and halt together.
    pub(super) async fn tell_of_flood(
        &self,
        chat_id: i64,
        pause: Duration,
    ) -> Result<(), sqlx::Error> {
        let chats = i64::try_from(FLOODED_CHATS_MAX).unwrap_or(i64::MAX);
        let now = self.clock.sql_now();
        let halted = store::flooded(&self.pool, chat_id, pause, FLOOD_WINDOW, chats, now).await?;
        if let Some(left) = halted {
            tracing::warn!(
                ?left,
                "Telegram asks several chats to wait, all sending halts"
            );
            self.pacing().heard_of_halt(left, self.clock.monotonic());
            self.wake.notify();
        }
        Ok(())
    }

    /// Asked with every read of the table: a replica that has work to do reads it, and one that has none need not know.
    async fn hear_of_halt(&self) -> Result<(), sqlx::Error> {
        let is_first = !self.has_asked.swap(true, Ordering::Relaxed);
        if !is_first && self.replicas() == 1 {
            return Ok(());
        }
        if let Some(left) = store::halted_for(&self.pool, self.clock.sql_now()).await? {
            self.pacing().heard_of_halt(left, self.clock.monotonic());
        }
        Ok(())
    }

    fn replicas(&self) -> usize {
        self.live_replicas.load(Ordering::Relaxed).max(1)
    }

    /// The row had gone before it was sent (coalesced, merged, taken by another): the next need not wait for it.
    fn refund(&self, item: &Waiting) {
        self.guard.give_back();
        let chat_id = store::chat_of_lane(item);
        let now = self.clock.monotonic();
        self.pacing()
            .refund(chat_id, weight(item), self.replicas(), now);
    }
}

fn weight(item: &Waiting) -> Weight {
    match item.priority {
        0 => Weight::Answer,
        1 => Weight::Message,
        _ => Weight::Notification,
    }
}

#[async_trait]
impl LaneWork for Sender {
    fn name(&self) -> &'static str {
        "outbox"
    }

    fn lane_rows_max(&self) -> usize {
        usize::try_from(store::LANE_ROWS_MAX).unwrap_or(usize::MAX)
    }

    async fn fetch(&self, page: &Page) -> Result<Batch, sqlx::Error> {
        let shards = self.shards.owned();
        if shards.is_empty() {
            return Ok(Batch {
                rows: Vec::new(),
                after: page.after,
                more: false,
            });
        }
        self.hear_of_halt().await?;
        store::waiting(&self.pool, &shards, page, &self.clock).await
    }

    fn takes_last(&self) -> bool {
        fault::mutant(Mutant::LaneSwapped)
    }

    fn hold_back(&self, item: &Waiting) -> Option<Hold> {
        let chat_id = store::chat_of_lane(item);
        // What has gone to another replica is only forgotten, and takes no turn.
        if !self.shards.owns(chat_id) {
            return None;
        }
        // Rounded up: a wait of less than a tick would be asked for again and again.
        let at = |wait| self.clock.steady() + wait + Duration::from_millis(1);
        if let Some(wait) = self.guard.admit() {
            return Some(Hold::Class(at(wait)));
        }
        let now = self.clock.monotonic();
        let admitted = self
            .pacing()
            .admit(chat_id, weight(item), self.replicas(), now);
        let held = match admitted {
            Ok(()) => return None,
            Err(Wait::Chat(wait)) => Hold::Lane(at(wait)),
            Err(Wait::All(wait)) => Hold::Class(at(wait)),
        };
        self.guard.give_back();
        Some(held)
    }

    async fn process(&self, item: Waiting) -> Verdict {
        // Another replica has the lane now, and reads the row from the table.
        if !self.shards.owns(store::chat_of_lane(&item)) {
            return Verdict::Elsewhere;
        }
        self.attempt(item).await.unwrap_or_else(|error| {
            tracing::warn!(id = item.id, error = %error, "the database is away, the message waits");
            self.again_in(Duration::from_millis(500))
        })
    }
}
