//! Feeds a [`Queue`](super::queue::Queue) from its table and works it off.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::queue::{CLASSES, Queue, Waiting};
use crate::base::clock::Clock;
use crate::base::fault::{self, Mutant};
use crate::base::ids::Ids;
use crate::base::supervise::{Shutdown, panic_text};

/// Rows of a class that are read at once.
const FETCH_MAX: usize = 512;
/// Least time between two reads while there is plenty to do.
const READ_PAUSE: Duration = Duration::from_millis(20);

/// What a queue in lanes does with its rows.
#[async_trait]
pub trait LaneWork: Send + Sync + 'static {
    /// For logs.
    fn name(&self) -> &'static str;
    /// Rows of one lane that are held in memory at most; the lane's later ones stay in the table.
    fn lane_rows_max(&self) -> usize {
        usize::MAX
    }
    /// The next rows of the table. Of a lane, either none or its first ones.
    async fn fetch(&self, page: &Page) -> Result<Batch, sqlx::Error>;
    /// The lowest id that may have been read past since the last call, because rows become visible in another order than
    /// they were numbered in: reading goes back to it.
    fn missed(&self) -> Option<i64> {
        None
    }
    /// Rows that another part of this process put into the table, as soon as there are any: they are not looked for
    /// there. Whoever claims a row must refuse one that is not the first of its lane.
    async fn handed(&self) -> Vec<Waiting> {
        std::future::pending().await
    }
    /// If the row must not start yet: until when. Called just before it starts.
    fn hold_back(&self, item: &Waiting) -> Option<Hold>;
    /// Works on one row.
    async fn process(&self, item: Waiting) -> Verdict;
}

/// What is asked of the table: for each class so many rows with an id above the last one seen.
#[derive(Clone, Debug)]
pub struct Page {
    /// The highest id that was seen, for each class.
    pub after: [i64; CLASSES],
    /// How many more may be held, for each class.
    pub room: [i64; CLASSES],
    /// Lanes of which no more may be held, for each class.
    pub full: [Vec<i64>; CLASSES],
}

/// What the table had.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The rows.
    pub rows: Vec<Waiting>,
    /// Up to where each class has been seen now.
    pub after: [i64; CLASSES],
    /// Whether there may be more in some class that has room.
    pub more: bool,
}

impl Batch {
    /// The rows of a table that has only the first class, in order of id.
    pub fn of_one_class(rows: Vec<Waiting>, page: &Page) -> Self {
        let mut after = page.after;
        after[0] = rows.last().map_or(after[0], |row| row.id);
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        // No room is no reason to ask again: the other classes always have some.
        let more = page.room[0] > 0 && count >= page.room[0];
        Self { rows, after, more }
    }
}

/// Why a row does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Its lane has to wait.
    Lane(OffsetDateTime),
    /// All of its class and of lower ones have to.
    Class(OffsetDateTime),
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
    seen: [i64; CLASSES],
    flying: JoinSet<(Waiting, Verdict)>,
    processed: usize,
    read_at: Duration,
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
        let mut unread = true;
        loop {
            if self.clock.monotonic() >= poll_at {
                running.seen = [0; CLASSES];
                unread = true;
                poll_at = self.clock.monotonic()
                    + self.limits.poll
                    + self.ids.jitter(self.limits.poll / 4);
            }
            if let Some(id) = self.work.missed() {
                running.seen = running.seen.map(|seen| seen.min(id.saturating_sub(1)));
                unread = true;
            }
            if unread && self.may_read(&running) {
                running.read_at = self.clock.monotonic();
                match self.fill(&mut running).await {
                    Ok(all) => {
                        failing = Duration::ZERO;
                        unread = !all;
                    }
                    Err(error) => {
                        failing =
                            (failing * 2).clamp(Duration::from_millis(100), Duration::from_secs(5));
                        tracing::warn!(queue = self.work.name(), error = %error, "cannot read the queue");
                    }
                }
            }
            self.start(&mut running);
            let until_poll = poll_at.saturating_sub(self.clock.monotonic());
            let until_read = if unread { READ_PAUSE } else { until_poll };
            let wait = self
                .wait_max(&running, until_poll.min(until_read))
                .max(failing);
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(joined) = running.flying.join_next() => {
                    self.finish(&mut running, joined);
                    // Its lane may have more in the table than may be held here.
                    unread |= self.work.lane_rows_max() < usize::MAX;
                }
                rows = self.work.handed() => self.take_in(&mut running, rows, unread),
                () = self.wake.notified() => unread = true,
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
        let mut from_the_beginning = true;
        loop {
            self.fill(&mut running).await?;
            self.start(&mut running);
            match running.flying.join_next().await {
                Some(joined) => {
                    self.finish(&mut running, joined);
                    from_the_beginning = false;
                }
                None if !from_the_beginning => {
                    running.seen = [0; CLASSES];
                    from_the_beginning = true;
                }
                None => {
                    return Ok(Drained {
                        processed: running.processed,
                        next: running.queue.next_wake(),
                    });
                }
            }
        }
    }

    /// With plenty to do there is no hurry: a query for one row costs as much as for many.
    fn may_read(&self, running: &Running) -> bool {
        let held: usize = (0..CLASSES).map(|class| running.queue.len(class)).sum();
        held < self.limits.concurrency_max * 4
            || self.clock.monotonic() >= running.read_at + READ_PAUSE
    }

    /// Each class has room of its own: a flood in one cannot keep the others out. True: read up to the end.
    async fn fill(&self, running: &mut Running) -> Result<bool, sqlx::Error> {
        loop {
            let page = self.page(running);
            if page.room == [0; CLASSES] {
                return Ok(false);
            }
            let batch = self.work.fetch(&page).await?;
            running.seen = batch.after;
            let now = self.clock.steady();
            for row in batch.rows {
                running.queue.offer(row, now);
            }
            if !batch.more {
                return Ok(true);
            }
        }
    }

    /// Behind rows that are still to be read there is no hurry: then these are read with them.
    fn take_in(&self, running: &mut Running, rows: Vec<Waiting>, unread: bool) {
        let now = self.clock.steady();
        for row in rows {
            let class = usize::from(row.priority).min(CLASSES - 1);
            if unread || running.queue.len(class) >= self.limits.buffered_max / CLASSES {
                running.seen[class] = running.seen[class].min(row.id.saturating_sub(1));
            } else {
                running.queue.offer(row, now);
            }
        }
    }

    fn page(&self, running: &Running) -> Page {
        let each = self.limits.buffered_max / CLASSES;
        let room = std::array::from_fn(|class| {
            let space = each.saturating_sub(running.queue.len(class));
            // From the beginning the rows that are held come first: they are passed in one step, not a few at a time.
            let rows = match (space, running.seen[class]) {
                (0, _) => 0,
                (_, 0) => each,
                (space, _) => space.min(FETCH_MAX),
            };
            i64::try_from(rows).unwrap_or(0)
        });
        let mut full: [Vec<i64>; CLASSES] = Default::default();
        for (lane, urgency) in running.queue.full(self.work.lane_rows_max()) {
            // A more urgent row behind what is held must still be seen.
            for lanes in full.iter_mut().skip(urgency) {
                lanes.push(lane);
            }
        }
        Page {
            after: running.seen,
            room,
            full,
        }
    }

    /// How many classes may start something: the last places are kept for the more urgent ones.
    fn open_classes(&self, flying: usize) -> usize {
        let max = self.limits.concurrency_max;
        let caps = [max, (max - max / 8).max(1), (max / 2).max(1)];
        caps.iter().take_while(|cap| flying < **cap).count()
    }

    fn start(&self, running: &mut Running) {
        loop {
            let open = self.open_classes(running.flying.len());
            let now = self.clock.steady();
            // Only where nothing else keeps the order: the inbox claims no row before the first one of its lane.
            running.queue.from_behind =
                self.work.name() == "outbox" && fault::mutant(Mutant::LaneSwapped);
            let Some(item) = running.queue.take(now, open) else {
                return;
            };
            match self.work.hold_back(&item) {
                None => {}
                Some(Hold::Lane(at)) => {
                    running.queue.hold(item, at);
                    continue;
                }
                Some(Hold::Class(until)) => {
                    running.queue.pause(item, until, now);
                    continue;
                }
            }
            let work = Arc::clone(&self.work);
            let panicked_again_at = self.clock.steady() + Duration::from_secs(5);
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
            Ok((item, Verdict::Done)) => running.queue.done(item.lane, self.clock.steady()),
            Ok((item, Verdict::Again { at })) => running.queue.again(item, at),
            // Panics are caught inside; only a runtime that is going away aborts a task.
            Err(error) => {
                tracing::error!(queue = self.work.name(), error = %error, "a lane was aborted")
            }
        }
    }

    fn wait_max(&self, running: &Running, until_poll: Duration) -> Duration {
        let now = self.clock.steady();
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
            seen: [0; CLASSES],
            flying: JoinSet::new(),
            processed: 0,
            read_at: Duration::ZERO,
        }
    }
}
