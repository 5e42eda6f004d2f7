//! Feeds a [`Queue`](super::queue::Queue) from its table and works it off.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::queue::{Queue, Waiting};
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::supervise::{Shutdown, panic_text};

/// What a queue in lanes does with its rows.
#[async_trait]
pub trait LaneWork: Send + Sync + 'static {
    /// For logs.
    fn name(&self) -> &'static str;
    /// Rows with an id above `after`, in order of id, at most `limit`.
    async fn fetch(&self, after: i64, limit: i64) -> Result<Vec<Waiting>, sqlx::Error>;
    /// If the row must not start yet: the time when it may. Called just before it starts.
    fn hold_back(&self, item: &Waiting) -> Option<OffsetDateTime>;
    /// Works on one row.
    async fn process(&self, item: Waiting) -> Verdict;
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has left the queue, by our hand or another's.
    Done,
    /// It stays at the head of its lane and is tried again then.
    Again {
        /// When.
        at: OffsetDateTime,
    },
}

/// The bounds of one runner.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Lanes in flight at once.
    pub concurrency_max: usize,
    /// Rows held in memory.
    pub buffered_max: usize,
    /// How often the table is read although nobody woke us.
    pub poll: Duration,
}

/// What [`Runner::drain`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Rows worked on.
    pub processed: usize,
    /// When the next row that waits may start.
    pub next: Option<OffsetDateTime>,
}

/// Works off one queue until told to stop.
#[derive(Debug)]
pub struct Runner<W> {
    work: Arc<W>,
    clock: Clock,
    ids: Ids,
    wake: Arc<Notify>,
    limits: Limits,
}

struct Running {
    queue: Queue,
    cursor: i64,
    flying: JoinSet<(Waiting, Verdict)>,
    processed: usize,
}

impl<W: LaneWork> Runner<W> {
    /// `wake` shortens the wait for the next poll.
    pub fn new(work: Arc<W>, clock: Clock, ids: Ids, wake: Arc<Notify>, limits: Limits) -> Self {
        Self {
            work,
            clock,
            ids,
            wake,
            limits,
        }
    }

    /// Runs until `shutdown`, then lets what is in flight finish.
    pub async fn run(&self, shutdown: Shutdown) {
        let mut running = Running::new();
        let mut failing = Duration::ZERO;
        let mut poll_at = self.clock.monotonic();
        loop {
            if self.clock.monotonic() >= poll_at {
                running.cursor = 0;
                poll_at = self.clock.monotonic()
                    + self.limits.poll
                    + self.ids.jitter(self.limits.poll / 4);
            }
            match self.fill(&mut running).await {
                Ok(()) => failing = Duration::ZERO,
                Err(error) => {
                    failing =
                        (failing * 2).clamp(Duration::from_millis(100), Duration::from_secs(5));
                    tracing::warn!(queue = self.work.name(), error = %error, "cannot read the queue");
                }
            }
            self.start(&mut running);
            let until_poll = poll_at.saturating_sub(self.clock.monotonic());
            let wait = self.wait_max(&running, until_poll).max(failing);
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(joined) = running.flying.join_next() => self.finish(&mut running, joined),
                () = self.wake.notified() => {}
                () = self.clock.sleep(wait) => {}
            }
        }
        while let Some(joined) = running.flying.join_next().await {
            self.finish(&mut running, joined);
        }
    }

    /// Works until nothing is left that may start now. What production does continuously, as one step.
    pub async fn drain(&self) -> Result<Drained, sqlx::Error> {
        let mut running = Running::new();
        loop {
            running.cursor = 0;
            self.fill(&mut running).await?;
            self.start(&mut running);
            match running.flying.join_next().await {
                Some(joined) => self.finish(&mut running, joined),
                None => {
                    return Ok(Drained {
                        processed: running.processed,
                        next: running.queue.next_wake(),
                    });
                }
            }
        }
    }

    async fn fill(&self, running: &mut Running) -> Result<(), sqlx::Error> {
        loop {
            let space = self.limits.buffered_max.saturating_sub(running.queue.len());
            if space == 0 {
                return Ok(());
            }
            let limit = i64::try_from(space.min(512)).unwrap_or(512);
            let rows = self.work.fetch(running.cursor, limit).await?;
            let count = rows.len();
            for row in rows {
                running.cursor = running.cursor.max(row.id);
                running.queue.offer(row);
            }
            if i64::try_from(count).unwrap_or(limit) < limit {
                return Ok(());
            }
        }
    }

    fn start(&self, running: &mut Running) {
        while running.flying.len() < self.limits.concurrency_max {
            let Some(item) = running.queue.take(self.clock.now()) else {
                return;
            };
            if let Some(at) = self.work.hold_back(&item) {
                running.queue.again(item, at);
                continue;
            }
            let work = Arc::clone(&self.work);
            let panicked_again_at = self.clock.now() + Duration::from_secs(5);
            running.flying.spawn(async move {
                let process = AssertUnwindSafe(work.process(item)).catch_unwind();
                let verdict = process.await.unwrap_or_else(|panic| {
                    tracing::error!(
                        queue = work.name(),
                        id = item.id,
                        panic = panic_text(&*panic),
                        "processing panicked"
                    );
                    Verdict::Again {
                        at: panicked_again_at,
                    }
                });
                (item, verdict)
            });
        }
    }

    fn finish(
        &self,
        running: &mut Running,
        joined: Result<(Waiting, Verdict), tokio::task::JoinError>,
    ) {
        running.processed += 1;
        match joined {
            Ok((item, Verdict::Done)) => running.queue.done(item.lane),
            Ok((item, Verdict::Again { at })) => {
                running.queue.done(item.lane);
                running.queue.again(item, at);
            }
            // Panics are caught inside; only a runtime that is going away aborts a task.
            Err(error) => {
                tracing::error!(queue = self.work.name(), error = %error, "a lane was aborted")
            }
        }
    }

    fn wait_max(&self, running: &Running, until_poll: Duration) -> Duration {
        let now = self.clock.now();
        match running.queue.next_wake() {
            Some(at) if at <= now => Duration::from_millis(1),
            Some(at) => (at - now).unsigned_abs().min(until_poll),
            None => until_poll,
        }
    }
}

impl Running {
    fn new() -> Self {
        Self {
            queue: Queue::default(),
            cursor: 0,
            flying: JoinSet::new(),
            processed: 0,
        }
    }
}
