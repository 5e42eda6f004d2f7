//! Claims light jobs, does them, finishes them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sqlx::{PgConnection, PgPool};

use super::job::{LightJob, LightKind};
use super::store;
use crate::base::clock::Clock;
use crate::base::db;
use crate::base::fault::{self, Point};
use crate::base::ids::Ids;
use crate::base::supervise::{Shutdown, panic_text};
use crate::engine::wake::Wake;

/// Tries of one before it is set aside.
const TRIES_MAX: i16 = 6;
/// Before the second try; each pause is three times as long as the one before: half an hour in all.
const PAUSE: Duration = Duration::from_secs(5);
const ERROR_CHARS_MAX: usize = 500;

/// The bounds of one runner.
#[derive(Clone, Copy, Debug)]
pub struct LightLimits {
    /// Claimed and finished in one statement.
    pub batch_max: usize,
    /// Batches in hand at once.
    pub workers: usize,
    /// How long what a dead worker had in hand rests. No heartbeat: a batch is locked by the transaction that does it.
    pub lease: Duration,
    /// How often the table is read although nobody woke us.
    pub poll: Duration,
}

impl Default for LightLimits {
    fn default() -> Self {
        Self {
            batch_max: 500,
            workers: 2,
            lease: Duration::from_secs(6),
            poll: Duration::from_secs(1),
        }
    }
}

/// Why a batch was not done.
#[derive(Debug, thiserror::Error)]
enum BatchError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("{0:#}")]
    Kind(anyhow::Error),
}

/// Works light jobs off until told to stop.
pub struct LightRunner {
    pool: PgPool,
    clock: Clock,
    ids: Ids,
    kinds: Vec<Arc<dyn LightKind>>,
    names: Vec<String>,
    limits: LightLimits,
    wake: Wake,
}

impl LightRunner {
    /// Does the light jobs of these kinds and leaves others to replicas that know them. `wake` is to be notified after a
    /// commit that queued some; without it they are found by polling.
    pub fn new(
        pool: PgPool,
        clock: Clock,
        ids: Ids,
        kinds: Vec<Arc<dyn LightKind>>,
        limits: LightLimits,
        wake: Wake,
    ) -> Self {
        Self {
            names: kinds.iter().map(|kind| kind.name().to_owned()).collect(),
            pool,
            clock,
            ids,
            kinds,
            limits,
            wake,
        }
    }

    /// Runs until `shutdown`; batches in hand are finished first.
    pub async fn run(&self, shutdown: Shutdown) {
        join_all((0..self.limits.workers).map(|_| self.work(&shutdown))).await;
    }

    async fn work(&self, shutdown: &Shutdown) {
        let mut failing = Duration::ZERO;
        while !shutdown.is_cancelled() {
            let pause = match self.burst(shutdown).await {
                Ok(_) => {
                    failing = Duration::ZERO;
                    self.limits.poll + self.ids.jitter(self.limits.poll / 4)
                }
                Err(error) => {
                    tracing::warn!(error = %error, "cannot work on light jobs");
                    failing =
                        (failing * 2).clamp(Duration::from_millis(200), Duration::from_secs(5));
                    failing
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.wake.notified(), if failing.is_zero() => {}
                () = self.clock.sleep(pause) => {}
            }
        }
    }

    /// Works off what is due; how many. What production does continuously.
    ///
    /// # Errors
    /// The database's.
    pub async fn drain(&self) -> Result<usize, sqlx::Error> {
        self.burst(&Shutdown::new()).await
    }

    /// Batch after batch until none is due: each but the first is claimed in the transaction that finishes the one
    /// before, so that a batch costs one commit.
    async fn burst(&self, shutdown: &Shutdown) -> Result<usize, sqlx::Error> {
        let (lease, now) = (self.limits.lease, self.clock.sql_now());
        fault::reach(Point::LightClaiming);
        let mut jobs = store::claim(&self.pool, &self.names, self.batch_max(), lease, now).await?;
        if !jobs.is_empty() {
            fault::reach(Point::LightClaimed);
        }
        let mut done = 0;
        while !jobs.is_empty() {
            done += jobs.len();
            if jobs.len() == self.limits.batch_max {
                // There may be more: another worker may be asleep.
                self.wake.local().notify_one();
            }
            let is_last = shutdown.is_cancelled();
            jobs = self
                .advance(jobs, if is_last { 0 } else { self.batch_max() })
                .await?;
        }
        Ok(done)
    }

    fn batch_max(&self) -> i64 {
        i64::try_from(self.limits.batch_max).unwrap_or(i64::MAX)
    }

    /// Claims one batch and does it; how many there were.
    ///
    /// # Errors
    /// The database's; what was claimed is claimed anew when its lease is over.
    pub async fn step(&self) -> Result<usize, sqlx::Error> {
        let (lease, now) = (self.limits.lease, self.clock.sql_now());
        let jobs = store::claim(&self.pool, &self.names, self.batch_max(), lease, now).await?;
        let count = jobs.len();
        self.advance(jobs, 0).await?;
        Ok(count)
    }

    /// Does what was claimed, and claims up to `next_max` others.
    async fn advance(
        &self,
        jobs: Vec<LightJob>,
        next_max: i64,
    ) -> Result<Vec<LightJob>, sqlx::Error> {
        let (repeated, fresh): (Vec<_>, Vec<_>) = jobs.into_iter().partition(LightJob::is_repeated);
        // Those that may be what kills workers come before others are claimed, whose leases would run meanwhile.
        for job in &repeated {
            self.repeat(job).await?;
        }
        match self.do_all(&fresh, next_max).await {
            Ok(next) => return Ok(next),
            Err(BatchError::Database(error)) if db::is_transient(&error) => return Err(error),
            Err(error) if fresh.len() > 1 => {
                tracing::warn!(error = %error, count = fresh.len(), "a batch of light jobs failed, doing them one by one");
                for job in &fresh {
                    self.do_alone(job).await?;
                }
            }
            Err(error) => self.failed(&fresh, &error).await?,
        }
        if next_max == 0 {
            return Ok(Vec::new());
        }
        let (lease, now) = (self.limits.lease, self.clock.sql_now());
        store::claim(&self.pool, &self.names, next_max, lease, now).await
    }

    /// Somebody began it and did not finish: it may be what kills workers, so it is done alone, and counted first.
    async fn repeat(&self, job: &LightJob) -> Result<(), sqlx::Error> {
        let now = self.clock.sql_now();
        if job.attempts >= TRIES_MAX {
            let error = "no try of it came to an end";
            return self.bury(job, error).await;
        }
        fault::reach(Point::LightRepeating);
        if !store::begin_again(&self.pool, job, self.limits.lease, now).await? {
            return Ok(());
        }
        fault::reach(Point::LightRepeated);
        let job = LightJob {
            attempts: job.attempts + 1,
            ..job.clone()
        };
        self.do_alone(&job).await
    }

    async fn do_alone(&self, job: &LightJob) -> Result<(), sqlx::Error> {
        let job = std::slice::from_ref(job);
        match self.do_all(job, 0).await {
            Ok(_) => Ok(()),
            Err(BatchError::Database(error)) if db::is_transient(&error) => Err(error),
            Err(error) => self.failed(job, &error).await,
        }
    }

    /// Finishes and does what is still ours, and claims the next, in one transaction.
    async fn do_all(&self, jobs: &[LightJob], next_max: i64) -> Result<Vec<LightJob>, BatchError> {
        let (lease, now) = (self.limits.lease, self.clock.sql_now());
        // One alone, or those that nobody had before: all have the same token.
        let token = jobs.first().map_or(0, |job| job.lease_token);
        let same: Vec<i64> = jobs
            .iter()
            .filter(|job| job.lease_token == token)
            .map(|job| job.id)
            .collect();
        let mut tx = self.pool.begin().await?;
        let (mut ours, next) =
            store::finish_and_claim(&mut tx, &same, token, &self.names, next_max, lease, now)
                .await?;
        let lost = jobs.len() - ours.len();
        if lost > 0 {
            tracing::warn!(lost, "leases of light jobs were lost");
        }
        ours.sort_unstable();
        if !ours.is_empty() {
            fault::reach(Point::LightWorking);
        }
        for kind in self.kinds.iter().filter(|_| !ours.is_empty()) {
            let name = kind.name();
            // Nearly always a batch is all of one kind, and all ours.
            if lost == 0 && jobs.iter().all(|job| job.kind == name) {
                run(kind.as_ref(), &mut tx, jobs).await?;
                break;
            }
            let is_its = |job: &&LightJob| job.kind == name && ours.binary_search(&job.id).is_ok();
            let its: Vec<LightJob> = jobs.iter().filter(is_its).cloned().collect();
            if !its.is_empty() {
                run(kind.as_ref(), &mut tx, &its).await?;
            }
        }
        if !jobs.is_empty() {
            fault::reach(Point::LightFinishing);
        }
        tx.commit().await?;
        if !jobs.is_empty() {
            fault::reach(Point::LightFinished);
        }
        Ok(next)
    }

    async fn failed(&self, jobs: &[LightJob], error: &BatchError) -> Result<(), sqlx::Error> {
        let error: String = error.to_string().chars().take(ERROR_CHARS_MAX).collect();
        for job in jobs {
            if job.attempts >= TRIES_MAX {
                self.bury(job, &error).await?;
                continue;
            }
            tracing::warn!(job = job.id, kind = %job.kind, attempts = job.attempts, %error, "a light job failed");
            let tries = u32::from(job.attempts.clamp(1, TRIES_MAX).unsigned_abs());
            let pause = PAUSE * 3_u32.pow(tries - 1);
            let now = self.clock.sql_now();
            store::put_back(&self.pool, job, &error, pause, false, now).await?;
        }
        Ok(())
    }

    async fn bury(&self, job: &LightJob, error: &str) -> Result<(), sqlx::Error> {
        tracing::error!(job = job.id, kind = %job.kind, correlation = %job.correlation, error, "a light job is set aside");
        let now = self.clock.sql_now();
        store::put_back(&self.pool, job, error, Duration::ZERO, true, now).await
    }
}

async fn run(
    kind: &dyn LightKind,
    conn: &mut PgConnection,
    jobs: &[LightJob],
) -> Result<(), BatchError> {
    match AssertUnwindSafe(kind.run(conn, jobs)).catch_unwind().await {
        Ok(result) => result.map_err(|error| match error.downcast::<sqlx::Error>() {
            Ok(error) => BatchError::Database(error),
            Err(error) => BatchError::Kind(error),
        }),
        Err(panic) => Err(BatchError::Kind(anyhow::anyhow!(
            "it panicked: {}",
            panic_text(&*panic)
        ))),
    }
}
