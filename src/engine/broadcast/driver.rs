//! Keeps the outbox supplied with a few rows of each running broadcast, and counts what became of them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Broadcast, FAILED_IN_A_ROW_MAX, State, store};
use crate::base::clock::Clock;
use crate::base::fault::{self, Point};
use crate::base::supervise::Shutdown;
use crate::engine::outbox::{self, Action, NewMessage, OnUnknown, Priority, Settled};
use crate::engine::wake::Wake;

/// Time between two steps while something is under way, and while nothing is.
const STEP: Duration = Duration::from_millis(500);
const IDLE: Duration = Duration::from_secs(1);
/// Time between two edits of the progress message.
const SHOW: Duration = Duration::from_secs(5);

/// Shows an admin how it goes, in the transaction that counted it.
#[async_trait]
pub trait Announcer: Send + Sync + 'static {
    /// Something has changed.
    async fn progress(
        &self,
        conn: &mut PgConnection,
        broadcast: &Broadcast,
    ) -> Result<(), sqlx::Error>;
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stepped {
    /// Rows made or settled.
    pub worked: usize,
    /// When the next step has something to show.
    pub next: Option<OffsetDateTime>,
}

/// The driver of all broadcasts.
#[derive(Clone)]
pub struct Broadcasts {
    pool: PgPool,
    clock: Clock,
    announcer: Arc<dyn Announcer>,
    messages: Wake,
    in_flight_max: usize,
}

/// Rows of one broadcast in the outbox, in halves of what is sent in a second: enough not to run dry between two steps,
/// and few enough that a pause or a stop takes effect soon.
const IN_FLIGHT_HALF_SECONDS: usize = 5;

impl Broadcasts {
    /// `messages` is notified of new rows in the outbox, which sends at most `per_second` of them.
    pub fn new(
        pool: PgPool,
        clock: Clock,
        announcer: Arc<dyn Announcer>,
        messages: Wake,
        per_second: u32,
    ) -> Self {
        let per_second = usize::try_from(per_second.max(1)).unwrap_or(1);
        Self {
            pool,
            clock,
            announcer,
            messages,
            in_flight_max: (per_second * IN_FLIGHT_HALF_SECONDS).div_ceil(2),
        }
    }

    /// Steps until `shutdown`.
    pub async fn run(self, shutdown: Shutdown) {
        loop {
            let wait = match self.step().await {
                Ok(stepped) if stepped == Stepped::default() => IDLE,
                Ok(_) => STEP,
                Err(error) => {
                    tracing::warn!(error = %error, "cannot drive the broadcasts");
                    IDLE
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.clock.sleep(wait) => {}
            }
        }
    }

    /// Takes every broadcast under way one step further.
    ///
    /// # Errors
    /// The database's.
    pub async fn step(&self) -> Result<Stepped, sqlx::Error> {
        let mut all = Stepped::default();
        for id in store::active(&self.pool).await? {
            let one = self.advance(id).await?;
            all.worked += one.worked;
            all.next = all.next.into_iter().chain(one.next).min();
        }
        if all.worked > 0 {
            self.messages.notify();
        }
        Ok(all)
    }

    async fn advance(&self, id: Uuid) -> Result<Stepped, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let Some(mut broadcast) = store::lock(&mut tx, id).await? else {
            return Ok(Stepped::default());
        };
        let was_in_flight = !broadcast.in_flight.is_empty();
        let was_running = broadcast.state == State::Running;
        let settled = settle(&mut tx, &mut broadcast).await?;
        let made = match (broadcast.state, broadcast.action.clone()) {
            (State::Running, Some(action)) => self.top_up(&mut tx, &mut broadcast, action).await?,
            (State::Running, None) => {
                tracing::warn!(broadcast = %id, "its message was stored by another version, which has to send it");
                return Ok(Stepped::default());
            }
            _ => 0,
        };
        if made > 0 {
            fault::reach(Point::BroadcastMade);
        }
        let at_rest = broadcast.in_flight.is_empty();
        if broadcast.state == State::Running && at_rest {
            broadcast.state = State::Done;
            broadcast.total = broadcast.done();
            tracing::info!(broadcast = %id, sent = broadcast.sent, "broadcast done");
        }
        let now = self.clock.now();
        let due = broadcast.shown_at.map_or(now, |at| at + SHOW);
        let has_stopped = was_running && broadcast.state != State::Running;
        let is_over = has_stopped || at_rest && was_in_flight;
        let has_news = is_over || broadcast.done() != broadcast.shown_done;
        let shows = is_over || has_news && due <= now;
        if shows {
            measure(&mut broadcast, now);
            self.announcer.progress(&mut tx, &broadcast).await?;
        }
        store::save(&mut tx, &broadcast, self.clock.sql_now()).await?;
        fault::reach(Point::BroadcastStepping);
        tx.commit().await?;
        fault::reach(Point::BroadcastStepped);
        Ok(Stepped {
            worked: settled + made + usize::from(shows),
            next: (has_news && !shows).then_some(due),
        })
    }

    /// Makes the rows of the next recipients, as many as may be under way.
    async fn top_up(
        &self,
        conn: &mut PgConnection,
        broadcast: &mut Broadcast,
        action: Action,
    ) -> Result<usize, sqlx::Error> {
        let room = self.in_flight_max.saturating_sub(broadcast.in_flight.len());
        let limit = i64::try_from(room).unwrap_or(0);
        let audience = &broadcast.audience;
        let recipients = store::recipients(conn, audience, broadcast.cursor, limit).await?;
        let message = NewMessage {
            priority: Priority::Low,
            // Better that one misses it than that one is bothered twice.
            on_unknown: OnUnknown::GiveUp,
            ..NewMessage::new(0, broadcast.id, action)
        };
        if let Some(last) = recipients.last() {
            let now = self.clock.sql_now();
            let rows = outbox::enqueue_to_each(conn, &recipients, &message, now).await?;
            broadcast.in_flight.extend(rows);
            broadcast.cursor = *last;
        }
        Ok(recipients.len())
    }
}

/// Counts the rows that have left the outbox. A message that nobody can be sent is not tried on everybody.
async fn settle(conn: &mut PgConnection, broadcast: &mut Broadcast) -> Result<usize, sqlx::Error> {
    let settled = outbox::settled(conn, &broadcast.in_flight).await?;
    for (_, how) in &settled {
        match how {
            Settled::Sent => {
                broadcast.sent += 1;
                broadcast.failed_in_a_row = 0;
            }
            Settled::Blocked => broadcast.blocked += 1,
            Settled::Failed => {
                broadcast.failed += 1;
                broadcast.failed_in_a_row += 1;
            }
            Settled::Withdrawn => {}
        }
    }
    if broadcast.state == State::Running && broadcast.is_refused() {
        broadcast.state = State::Paused;
        tracing::error!(broadcast = %broadcast.id, failed = FAILED_IN_A_ROW_MAX, "a broadcast is refused again and again, it pauses");
    }
    broadcast
        .in_flight
        .retain(|row| settled.iter().all(|(id, _)| id != row));
    Ok(settled.len())
}

/// Notes the rate since it was shown last, half smoothed: what an estimate of the time left is made of.
fn measure(broadcast: &mut Broadcast, now: OffsetDateTime) {
    let done = broadcast.done();
    if let Some(shown_at) = broadcast.shown_at {
        let elapsed = (now - shown_at).as_seconds_f64();
        let count = u32::try_from(done - broadcast.shown_done).unwrap_or(0);
        if elapsed >= 1.0 {
            let rate = f64::from(count) / elapsed;
            let smoothed = broadcast
                .rate_per_s
                .map_or(rate, |old| f64::midpoint(old, rate));
            broadcast.rate_per_s = Some(smoothed);
        }
    }
    broadcast.shown_at = Some(now);
    broadcast.shown_done = done;
}
