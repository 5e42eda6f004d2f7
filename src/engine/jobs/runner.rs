//! Claims due jobs and takes each one step further.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::Instrument as _;
use uuid::Uuid;

use super::artifact::ArtifactStore;
use super::finish::StepError;
use super::job::{Job, JobKind};
use super::store;
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::supervise::{Shutdown, panic_text};
use crate::providers::Provider;

const HEARTBEAT: Duration = Duration::from_secs(4);

/// The bounds of one runner.
#[derive(Clone, Copy, Debug)]
pub struct JobLimits {
    /// Jobs in hand at once.
    pub concurrency_max: usize,
    /// A lease without a heartbeat.
    pub lease: Duration,
    /// How often the table is read although nobody woke us.
    pub poll: Duration,
    /// Largest result that is passed on; Telegram takes uploads up to 50 MB.
    pub result_bytes_max: u64,
    /// How long an unknown submit waits for evidence.
    pub unknown_max: Duration,
}

impl Default for JobLimits {
    fn default() -> Self {
        Self {
            concurrency_max: 16,
            lease: Duration::from_secs(12),
            poll: Duration::from_millis(500),
            result_bytes_max: 49_000_000,
            unknown_max: Duration::from_secs(10 * 60),
        }
    }
}

/// Makes the addresses that a provider is given.
pub trait Links: Send + Sync + 'static {
    /// Where the provider can fetch a user's file for a while.
    fn media(&self, file_id: &str) -> String;
    /// Where the provider may say that it is done; None if it cannot reach us.
    fn callback(&self, provider: &str, token: &str) -> Option<String>;
}

/// The wake-ups of the engine, for those who queue jobs.
#[derive(Clone, Debug)]
pub struct Jobs {
    pub(super) clock: Clock,
    /// A job was queued or a callback came.
    pub wake: Arc<Notify>,
    /// A job's transaction made messages.
    pub messages: Arc<Notify>,
}

impl Jobs {
    /// `messages` is notified after each commit that may have made messages.
    pub fn new(clock: Clock, messages: Arc<Notify>) -> Self {
        Self {
            clock,
            wake: Arc::default(),
            messages,
        }
    }

    pub(super) fn committed(&self) {
        self.messages.notify_one();
    }
}

/// Works on jobs until told to stop.
pub struct JobRunner {
    pub(super) pool: PgPool,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    pub(super) worker: Uuid,
    pub(super) providers: Vec<Arc<dyn Provider>>,
    pub(super) kinds: Vec<Arc<dyn JobKind>>,
    pub(super) links: Arc<dyn Links>,
    pub(super) artifacts: ArtifactStore,
    pub(super) limits: JobLimits,
    pub(super) jobs: Jobs,
}

impl JobRunner {
    /// `worker` must be fresh for each process.
    #[expect(
        clippy::too_many_arguments,
        reason = "built in one place, each argument of its own type"
    )]
    pub fn new(
        pool: PgPool,
        clock: Clock,
        ids: Ids,
        worker: Uuid,
        providers: Vec<Arc<dyn Provider>>,
        kinds: Vec<Arc<dyn JobKind>>,
        links: Arc<dyn Links>,
        limits: JobLimits,
        jobs: Jobs,
    ) -> Self {
        let artifacts = ArtifactStore::new(pool.clone(), clock.clone(), ids.clone());
        Self {
            pool,
            clock,
            ids,
            worker,
            providers,
            kinds,
            links,
            artifacts,
            limits,
            jobs,
        }
    }

    /// Runs until `shutdown`, then lets the steps in hand finish.
    pub async fn run(self: Arc<Self>, shutdown: Shutdown) {
        let mut flying: JoinSet<Uuid> = JoinSet::new();
        let mut in_hand: HashSet<Uuid> = HashSet::new();
        let mut beat_at = self.clock.monotonic() + HEARTBEAT;
        let mut poll_at = Duration::ZERO;
        let mut failing = Duration::ZERO;
        loop {
            if self.clock.monotonic() >= poll_at {
                let mut pause = self.limits.poll + self.ids.jitter(self.limits.poll / 4);
                match self.claim_into(&mut flying, &mut in_hand).await {
                    Ok(()) => failing = Duration::ZERO,
                    Err(error) => {
                        failing =
                            (failing * 2).clamp(Duration::from_millis(200), Duration::from_secs(5));
                        pause = pause.max(failing);
                        tracing::warn!(error = %error, "cannot read the jobs");
                    }
                }
                poll_at = self.clock.monotonic() + pause;
            }
            let wait = poll_at.min(beat_at).saturating_sub(self.clock.monotonic());
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(joined) = flying.join_next() => {
                    forget(&mut in_hand, joined);
                    poll_at = poll_at.min(self.clock.monotonic() + Duration::from_millis(20));
                }
                () = self.jobs.wake.notified() => poll_at = Duration::ZERO,
                () = self.clock.sleep(wait) => {}
            }
            if self.clock.monotonic() >= beat_at {
                self.heartbeat(&in_hand).await;
                beat_at = self.clock.monotonic() + HEARTBEAT;
            }
        }
        while let Some(joined) = flying.join_next().await {
            forget(&mut in_hand, joined);
        }
    }

    /// Takes every job that is due one step further, until none is due. What production does continuously.
    pub async fn drain(self: &Arc<Self>) -> Result<usize, sqlx::Error> {
        let mut steps = 0;
        loop {
            let jobs = self.claim(self.limits.concurrency_max).await?;
            if jobs.is_empty() {
                return Ok(steps);
            }
            for job in jobs {
                self.step(&job).await;
                steps += 1;
            }
        }
    }

    /// When the next live job is due.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_due(&self) -> Result<Option<time::OffsetDateTime>, sqlx::Error> {
        store::next_due(&self.pool).await
    }

    async fn claim(&self, limit: usize) -> Result<Vec<Job>, sqlx::Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        store::claim(
            &self.pool,
            self.worker,
            limit,
            self.limits.lease,
            self.clock.sql_now(),
        )
        .await
    }

    async fn claim_into(
        self: &Arc<Self>,
        flying: &mut JoinSet<Uuid>,
        in_hand: &mut HashSet<Uuid>,
    ) -> Result<(), sqlx::Error> {
        let free = self.limits.concurrency_max.saturating_sub(flying.len());
        if free == 0 {
            return Ok(());
        }
        for job in self.claim(free).await? {
            in_hand.insert(job.id);
            let runner = Arc::clone(self);
            flying.spawn(async move {
                // Its lease runs out: the job is then claimed anew, or rescued.
                if let Err(panic) = AssertUnwindSafe(runner.step(&job)).catch_unwind().await {
                    tracing::error!(job = %job.id, panic = panic_text(&*panic), "a step of a job panicked");
                }
                job.id
            });
        }
        Ok(())
    }

    async fn heartbeat(&self, in_hand: &HashSet<Uuid>) {
        if in_hand.is_empty() {
            return;
        }
        let jobs: Vec<Uuid> = in_hand.iter().copied().collect();
        let now = self.clock.sql_now();
        if let Err(error) =
            store::extend(&self.pool, self.worker, &jobs, self.limits.lease, now).await
        {
            tracing::warn!(error = %error, "cannot extend the leases of jobs");
        }
    }

    async fn step(&self, job: &Job) {
        let span = tracing::error_span!(
            "job",
            id = %job.id,
            provider = %job.provider,
            service = %job.snapshot.service,
            correlation = %job.correlation
        );
        async {
            match self.advance(job).await {
                Ok(()) => {}
                Err(StepError::LeaseLost) => tracing::warn!("the lease was lost, this step counts for nothing"),
                Err(StepError::Database(error)) => tracing::warn!(error = %error, "the database is away, the job waits"),
                Err(error @ StepError::Owner(_)) => tracing::error!(error = %error, "the job cannot be settled, will be tried again"),
            }
        }
        .instrument(span)
        .await;
    }
}

fn forget(in_hand: &mut HashSet<Uuid>, joined: Result<Uuid, tokio::task::JoinError>) {
    match joined {
        Ok(id) => {
            in_hand.remove(&id);
        }
        // Panics are caught inside; only a runtime that is going away aborts a task.
        Err(error) => tracing::error!(error = %error, "a step of a job was aborted"),
    }
}
