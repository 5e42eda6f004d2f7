//! Hands each lane's updates in order to the handler, each in one transaction.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;

use super::store::{self, StoredUpdate};
use super::write::Arrivals;
use crate::base::clock::Clock;
use crate::base::db;
use crate::base::fault::{self, Mutant, Point};
use crate::base::ids::Ids;
use crate::base::redact;
use crate::base::supervise::panic_text;
use crate::engine::lanes::{Batch, Hold, LaneWork, Page, Verdict, Waiting};
use crate::engine::shards::Shards;

/// Why an update could not be handled. The first two are retried; they differ in how loud they are.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// Something else is unwell (a lock, the database): try again.
    #[error("try again: {0}")]
    Retry(anyhow::Error),
    /// Our own mistake.
    #[error("bug: {0}")]
    Bug(anyhow::Error),
    /// It is not what its kind must be. Reading it again would end the same way: it is set aside at once.
    #[error("the update cannot be read: {0}")]
    Unreadable(String),
}

impl From<sqlx::Error> for HandleError {
    fn from(error: sqlx::Error) -> Self {
        if db::is_transient(&error) {
            Self::Retry(error.into())
        } else {
            Self::Bug(error.into())
        }
    }
}

/// What handling an update came to.
#[derive(Debug)]
pub enum Handling<R> {
    /// Its effects stay.
    Kept {
        /// Whether jobs are among them.
        has_jobs: bool,
    },
    /// Its effects are undone, and the refusal is told in a transaction of its own. A savepoint for each update would cost
    /// all of them two more round trips.
    Refused(R),
}

/// What is done with an update. All effects go through the given transaction.
#[async_trait]
pub trait UpdateHandler: Send + Sync + 'static {
    /// Why something is refused, and what is said.
    type Refusal: Send;
    /// Handles one update; the caller commits, or rolls back what is refused.
    async fn handle(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
    ) -> Result<Handling<Self::Refusal>, HandleError>;
    /// Tells of the refusal; the caller commits.
    async fn refuse(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
        refusal: Self::Refusal,
    ) -> Result<(), HandleError>;
    /// Tells the user that their update was set aside; called in the transaction that quarantines it.
    async fn apologise(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
    ) -> Result<(), HandleError>;
    /// Called after a commit that may have made messages, and jobs if so.
    fn committed(&self, has_jobs: bool);
}

/// The bounds of a dispatcher.
#[derive(Clone, Copy, Debug)]
pub struct DispatchLimits {
    /// Tries before an update is quarantined.
    pub attempts_max: i16,
    /// A handler that takes longer is stopped and its transaction rolled back.
    pub handler_timeout: Duration,
}

impl Default for DispatchLimits {
    fn default() -> Self {
        Self {
            attempts_max: 5,
            handler_timeout: Duration::from_secs(20),
        }
    }
}

/// The inbox as a queue in lanes.
pub struct Dispatch<H> {
    pool: PgPool,
    clock: Clock,
    ids: Ids,
    shards: Shards,
    arrivals: Arrivals,
    handler: Arc<H>,
    limits: DispatchLimits,
}

impl<H: UpdateHandler> Dispatch<H> {
    /// Dispatches the lanes of `shards` to `handler`.
    pub fn new(
        pool: PgPool,
        clock: Clock,
        ids: Ids,
        shards: Shards,
        handler: Arc<H>,
        limits: DispatchLimits,
    ) -> Self {
        Self {
            pool,
            clock,
            ids,
            shards,
            arrivals: Arrivals::none(),
            handler,
            limits,
        }
    }

    /// Goes back for what this process stores, which becomes visible out of order.
    #[must_use]
    pub fn following(self, arrivals: Arrivals) -> Self {
        Self { arrivals, ..self }
    }

    async fn attempt(&self, item: Waiting) -> Result<Attempt, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let Some(update) = store::claim(&mut tx, item.id, self.clock.sql_now()).await? else {
            let first = store::first_of_lane(&mut tx, item.lane).await?;
            return Ok(match first.filter(|first| *first <= item.id) {
                Some(first) => Attempt::Early { first },
                None => Attempt::Gone,
            });
        };
        fault::reach(Point::UpdateClaimed);
        // At the level of errors, so that no filter takes the correlation id from the lines inside.
        let span = tracing::error_span!(
            "update",
            update_id = update.update_id,
            kind = %update.kind,
            correlation = %update.correlation
        );
        let handled = if fault::mutant(Mutant::DoneWithoutEffects) {
            Ok(Handling::Kept { has_jobs: false })
        } else {
            self.guarded(self.handler.handle(&mut tx, &update))
                .instrument(span.clone())
                .await
        };
        let handled = match handled {
            Ok(Handling::Refused(refusal)) => {
                tx.rollback().await?;
                tx = self.pool.begin().await?;
                let claimed = store::claim(&mut tx, item.id, self.clock.sql_now()).await?;
                if claimed.is_none() {
                    return Ok(Attempt::Gone);
                }
                self.guarded(self.handler.refuse(&mut tx, &update, refusal))
                    .instrument(span.clone())
                    .await
                    .map(|()| false)
            }
            Ok(Handling::Kept { has_jobs }) => Ok(has_jobs),
            Err(error) => Err(error),
        };
        match handled {
            Ok(has_jobs) => {
                fault::reach(Point::UpdateCommitting);
                tx.commit().await?;
                fault::reach(Point::UpdateCommitted);
                self.handler.committed(has_jobs);
                Ok(Attempt::Done)
            }
            Err(error) => {
                tx.rollback().await?;
                fault::reach(Point::UpdateRolledBack);
                Ok(Attempt::Failed(Box::new(update), error, span))
            }
        }
    }

    /// A handler that panics or does not come back fails like any other, so that its tries are counted.
    async fn guarded<T>(
        &self,
        handling: impl Future<Output = Result<T, HandleError>>,
    ) -> Result<T, HandleError> {
        let caught = AssertUnwindSafe(handling).catch_unwind();
        match tokio::time::timeout(self.limits.handler_timeout, caught).await {
            Ok(Ok(handled)) => handled,
            Ok(Err(panic)) => Err(HandleError::Bug(anyhow::anyhow!(
                "the handler panicked: {}",
                panic_text(&*panic)
            ))),
            Err(_) => Err(HandleError::Bug(anyhow::anyhow!(
                "the handler took too long"
            ))),
        }
    }

    /// Counts the failure; after the last one the update is set aside and the user told, in one transaction.
    async fn record_failure(
        &self,
        update: &StoredUpdate,
        error: &HandleError,
    ) -> Result<Verdict, sqlx::Error> {
        let attempts = update.attempts + 1;
        // A panic may quote what it choked on, and Postgres takes no NUL.
        let text = redact::text(&format!("{error:#}")).replace('\0', "");
        let last = match error {
            HandleError::Retry(_) | HandleError::Bug(_) => {
                attempts >= self.limits.attempts_max || fault::mutant(Mutant::NoRetry)
            }
            HandleError::Unreadable(_) => true,
        };
        let mut tx = self.pool.begin().await?;
        if last {
            if !store::quarantine(&mut tx, update.seq, &text, self.clock.sql_now()).await? {
                // Another replica has handled it since, or set it aside: nothing is to be sorry for, or somebody was.
                return Ok(Verdict::Done);
            }
            let apology = self.handler.apologise(&mut tx, update);
            if let Err(error) = self.guarded(apology).await {
                tracing::error!(error = %error, "cannot apologise for a quarantined update");
                tx.rollback().await?;
                tx = self.pool.begin().await?;
                store::quarantine(&mut tx, update.seq, &text, self.clock.sql_now()).await?;
            }
            fault::reach(Point::UpdateQuarantining);
            tx.commit().await?;
            fault::reach(Point::UpdateQuarantined);
            self.handler.committed(false);
            tracing::error!(error = %text, attempts, "update quarantined");
            return Ok(Verdict::Done);
        }
        let delay = backoff(attempts, &self.ids);
        store::postpone(&mut tx, update.seq, &text, delay, self.clock.sql_now()).await?;
        fault::reach(Point::UpdatePostponing);
        tx.commit().await?;
        fault::reach(Point::UpdatePostponed);
        match error {
            HandleError::Retry(_) => {
                tracing::warn!(error = %text, attempts, "update will be tried again")
            }
            HandleError::Bug(_) | HandleError::Unreadable(_) => {
                tracing::error!(error = %text, attempts, "update failed, will be tried again")
            }
        }
        Ok(Verdict::Again {
            at: self.clock.steady() + delay,
        })
    }
}

enum Attempt {
    Done,
    Gone,
    /// This row of its lane comes first.
    Early {
        first: i64,
    },
    Failed(Box<StoredUpdate>, HandleError, tracing::Span),
}

/// 200 ms doubled with each attempt, at most 10 s, half of it at random.
fn backoff(attempts: i16, ids: &Ids) -> Duration {
    let doubled = Duration::from_millis(200)
        * 2_u32.saturating_pow(attempts.clamp(0, 10).unsigned_abs().into());
    let base = doubled.min(Duration::from_secs(10)) / 2;
    base + ids.jitter(base)
}

#[async_trait]
impl<H: UpdateHandler> LaneWork for Dispatch<H> {
    fn name(&self) -> &'static str {
        "inbox"
    }

    async fn fetch(&self, page: &Page) -> Result<Batch, sqlx::Error> {
        let shards = self.shards.owned();
        let rows = if shards.is_empty() {
            Vec::new()
        } else {
            store::pending(
                &self.pool,
                &shards,
                page.after[0],
                page.room[0],
                &self.clock,
            )
            .await?
        };
        Ok(Batch::of_one_class(rows, page))
    }

    fn missed(&self) -> Option<i64> {
        self.arrivals.take()
    }

    async fn handed(&self) -> Vec<Waiting> {
        self.arrivals.handed().await
    }

    fn hold_back(&self, _: &Waiting) -> Option<Hold> {
        None
    }

    async fn process(&self, item: Waiting) -> Verdict {
        // Another replica has the lane now, and reads the row from the table.
        if !self.shards.owns(item.lane) {
            return Verdict::Done;
        }
        let outcome = match self.attempt(item).await {
            Ok(Attempt::Done | Attempt::Gone) => return Verdict::Done,
            Ok(Attempt::Early { first }) => {
                // Both are read again, in order.
                self.arrivals.note(first);
                return Verdict::Done;
            }
            Ok(Attempt::Failed(update, error, span)) => {
                self.record_failure(&update, &error).instrument(span).await
            }
            Err(error) => Err(error),
        };
        outcome.unwrap_or_else(|error| {
            tracing::warn!(seq = item.id, error = %error, "the database is away, the update waits");
            Verdict::Again {
                at: self.clock.steady() + Duration::from_millis(500),
            }
        })
    }
}
