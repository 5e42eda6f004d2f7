//! Claims due jobs and takes each one step further.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::task::JoinSet;
use tracing::Instrument as _;
use uuid::Uuid;

use super::artifact::ArtifactStore;
use super::finish::StepError;
use super::job::{Job, JobKind};
use super::leases::Leases;
use super::store::{self, Room};
use crate::base::clock::Clock;
use crate::base::fault::{self, Point};
use crate::base::ids::Ids;
use crate::base::supervise::Shutdown;
use crate::engine::vitals::Vitals;
use crate::engine::wake::Wake;
use crate::providers::Provider;

/// Least rest after a claim, or four times what it took: every commit of a handler wakes the queue, a claim costs as much
/// for one job as for many, and among very many jobs at work it is slow.
const READ_PAUSE: Duration = Duration::from_millis(20);

/// The bounds of one runner.
#[derive(Clone, Copy, Debug)]
pub struct JobLimits {
    /// Jobs of one provider in hand at once: so many to be submitted, so many to be asked about.
    pub concurrency_max: usize,
    /// A lease without a heartbeat; extended four times as often. With the period of [`Rescue`](super::Rescue) and
    /// `poll` it bounds how long the jobs of a dead replica rest.
    pub lease: Duration,
    /// How often the table is read although nobody woke us.
    pub poll: Duration,
    /// Largest result that is passed on; Telegram takes uploads up to 50 MB.
    pub result_bytes_max: u64,
    /// How long an unknown submit waits for evidence.
    pub unknown_max: Duration,
    /// After what part of it people are asked; None: nobody is there to be asked.
    pub unknown_ask: Option<Duration>,
    /// Longest time of one step; far longer than any call or download may take.
    pub step_max: Duration,
}

impl Default for JobLimits {
    fn default() -> Self {
        Self {
            concurrency_max: 16,
            lease: Duration::from_secs(6),
            poll: Duration::from_millis(500),
            result_bytes_max: 49_000_000,
            unknown_max: Duration::from_secs(10 * 60),
            unknown_ask: None,
            step_max: Duration::from_secs(15 * 60),
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
    pub wake: Wake,
    /// A job's transaction made messages.
    pub messages: Wake,
}

impl Jobs {
    /// `wake` is notified by those who queue jobs, `messages` after each commit that may have made messages.
    pub fn new(clock: Clock, wake: Wake, messages: Wake) -> Self {
        Self {
            clock,
            wake,
            messages,
        }
    }

    pub(super) fn committed(&self) {
        self.messages.notify();
    }
}

/// Works on jobs until told to stop.
pub struct JobRunner {
    pub(super) pool: PgPool,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    pub(super) worker: Uuid,
    pub(super) providers: Vec<Arc<dyn Provider>>,
    pub(super) vitals: Vitals,
    pub(super) kinds: Vec<Arc<dyn JobKind>>,
    pub(super) links: Arc<dyn Links>,
    pub(super) artifacts: ArtifactStore,
    pub(super) limits: JobLimits,
    pub(super) jobs: Jobs,
    pub(super) leases: Leases,
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
        let vitals = Vitals::new(pool.clone(), clock.clone(), providers.clone());
        let leases = Leases::new(clock.clone(), limits.lease);
        Self {
            pool,
            clock,
            ids,
            worker,
            providers,
            vitals,
            kinds,
            links,
            artifacts,
            limits,
            jobs,
            leases,
        }
    }

    /// The same, with this knowledge of the providers.
    #[must_use]
    pub fn knowing(self, vitals: Vitals) -> Self {
        Self { vitals, ..self }
    }

    /// What the replicas know together of the providers; somebody has to run it.
    pub fn vitals(&self) -> Vitals {
        self.vitals.clone()
    }

    /// Runs until `shutdown`, then lets the steps in hand finish, under leases that are extended until the end.
    pub async fn run(self: Arc<Self>, shutdown: Shutdown) {
        // Beside the work, not between its steps: a slow claim must not cost the leases of what is in hand.
        tokio::select! {
            () = self.work(&shutdown) => {}
            () = self.beat() => {}
        }
    }

    async fn work(self: &Arc<Self>, shutdown: &Shutdown) {
        let mut flying: JoinSet<()> = JoinSet::new();
        let mut poll_at = Duration::ZERO;
        let mut rested_at = Duration::ZERO;
        let mut failing = Duration::ZERO;
        loop {
            if self.clock.monotonic() >= poll_at {
                let read_at = self.clock.monotonic();
                let mut pause = self.limits.poll + self.ids.jitter(self.limits.poll / 4);
                match self.claim_into(&mut flying).await {
                    Ok(()) => failing = Duration::ZERO,
                    Err(error) => {
                        failing =
                            (failing * 2).clamp(Duration::from_millis(200), Duration::from_secs(5));
                        pause = pause.max(failing);
                        tracing::warn!(error = %error, "cannot read the jobs");
                    }
                }
                let now = self.clock.monotonic();
                rested_at = now + READ_PAUSE.max((now - read_at) * 4);
                poll_at = now + pause;
            }
            let wait = poll_at.saturating_sub(self.clock.monotonic());
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(joined) = flying.join_next() => {
                    complain(joined);
                    poll_at = poll_at.min(self.clock.monotonic() + Duration::from_millis(20));
                }
                () = self.jobs.wake.notified() => poll_at = poll_at.min(rested_at),
                () = self.clock.sleep(wait) => {}
            }
        }
        while let Some(joined) = flying.join_next().await {
            complain(joined);
        }
    }

    async fn beat(&self) {
        loop {
            self.clock.sleep(self.limits.lease / 4).await;
            self.heartbeat().await;
        }
    }

    /// Extends the leases of all that is in hand. One that is not ours any more is forgotten.
    pub async fn heartbeat(&self) {
        let held = self.leases.all();
        if held.is_empty() {
            return;
        }
        let (jobs, tokens): (Vec<Uuid>, Vec<i64>) = held.iter().copied().unzip();
        let (asked_at, now) = (self.leases.asked_at(), self.clock.sql_now());
        match store::extend(&self.pool, &jobs, &tokens, self.limits.lease, now).await {
            Ok(extended) => {
                fault::reach(Point::JobsExtended);
                let lost = self.leases.extended(&held, &extended, asked_at);
                if lost > 0 {
                    // Also a step that ended in this very moment: its row is gone.
                    tracing::debug!(lost, "leases are not ours any more");
                }
            }
            Err(error) => tracing::warn!(error = %error, "cannot extend the leases of jobs"),
        }
    }

    /// Takes every job that is due one step further, until none is due. What production does continuously.
    pub async fn drain(self: &Arc<Self>) -> Result<usize, sqlx::Error> {
        let mut steps = 0;
        loop {
            match self.step_once().await? {
                0 => return Ok(steps),
                more => steps += more,
            }
        }
    }

    /// Claims once and takes each job of that claim one step further; how many there were.
    ///
    /// # Errors
    /// The database's.
    pub async fn step_once(&self) -> Result<usize, sqlx::Error> {
        let jobs = self.claim().await?;
        let claimed = jobs.len();
        for group in self.grouped(jobs) {
            self.steps(&group).await;
        }
        Ok(claimed)
    }

    /// When to look again, if all that could be done now is done.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_due(&self) -> Result<Option<time::OffsetDateTime>, sqlx::Error> {
        let (at_work, queued) = store::next_due(&self.pool).await?;
        // One in the queue that is due and was not taken waits for room.
        let queued = queued.map(|at| at.max(self.clock.now() + self.limits.poll));
        Ok([at_work, queued].into_iter().flatten().min())
    }

    async fn claim(&self) -> Result<Vec<Job>, sqlx::Error> {
        let rooms: Vec<Room<'_>> = self
            .providers
            .iter()
            .map(|provider| self.room(provider.as_ref()))
            .collect();
        let asked_at = self.leases.asked_at();
        fault::reach(Point::JobsClaiming);
        let jobs = store::claim(
            &self.pool,
            self.worker,
            &rooms,
            count(self.limits.concurrency_max),
            self.limits.lease,
            self.clock.sql_now(),
        )
        .await?;
        if !jobs.is_empty() {
            fault::reach(Point::JobsClaimed);
        }
        for job in &jobs {
            self.leases.take(job, asked_at);
        }
        Ok(jobs)
    }

    /// Each provider has places of its own, and its polls do not wait for its submits.
    fn room<'p>(&self, provider: &'p dyn Provider) -> Room<'p> {
        let (starts, others) = self.leases.in_hand(provider.name());
        let places = self.limits.concurrency_max;
        // Where one question is about many, as many are claimed for it.
        let asked = places.max(provider.polls_together());
        Room {
            provider: provider.name(),
            polls: count(asked.saturating_sub(others)),
            starts: count(
                places
                    .saturating_sub(starts)
                    .min(provider.submits_now().saturating_sub(starts)),
            ),
            tasks_max: i64::from(provider.tasks_max()) - count(starts),
        }
    }

    async fn claim_into(self: &Arc<Self>, flying: &mut JoinSet<()>) -> Result<(), sqlx::Error> {
        for group in self.grouped(self.claim().await?) {
            let runner = Arc::clone(self);
            flying.spawn(async move { runner.steps(&group).await });
        }
        Ok(())
    }

    async fn steps(&self, group: &[Job]) {
        match group {
            [job] => self.step_by(job, self.advance(job)).await,
            several => self.ask_together(several).await,
        }
    }

    /// A step of a job, with what follows if it fails.
    pub(super) async fn step_by(
        &self,
        job: &Job,
        step: impl Future<Output = Result<(), StepError>>,
    ) {
        let span = tracing::error_span!(
            "job",
            id = %job.id,
            provider = %job.provider,
            service = %job.snapshot.service,
            correlation = %job.correlation
        );
        async {
            match self.bounded(step).await {
                Ok(()) => {}
                Err(StepError::LeaseLost) => {
                    tracing::warn!("the lease was lost, this step counts for nothing");
                }
                Err(StepError::Database(error)) => {
                    tracing::warn!(error = %error, "the database is away, the job waits");
                }
                Err(StepError::Owner(error)) => self.fault(job, &error).await,
            }
        }
        .instrument(span)
        .await;
        self.leases.leave(job);
    }
}

fn complain(joined: Result<(), tokio::task::JoinError>) {
    // Panics are caught inside; only a runtime that is going away aborts a task.
    if let Err(error) = joined {
        tracing::error!(error = %error, "a step of a job was aborted");
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
