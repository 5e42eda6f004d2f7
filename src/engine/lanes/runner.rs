//! Feeds a [`Queue`](super::queue::Queue) from its table and works it off.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::queue::{CLASSES, Queue, Waiting};
use super::work::{Hold, LaneWork, Page, Verdict};
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::supervise::{Shutdown, panic_text};

/// Rows of a class that are read at once.
const FETCH_MAX: usize = 512;
/// Least time between two reads while there is plenty to do.
const READ_PAUSE: Duration = Duration::from_millis(20);

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
    /// Classes that had no more room: the table may have more of them than was seen.
    behind: [bool; CLASSES],
    flying: JoinSet<(Waiting, Verdict)>,
    processed: usize,
    read_at: Duration,
    /// The table has what was read past.
    is_stale: bool,
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
            if (unread && self.may_read(&running)) || self.runs_low(&running) {
                running.read_at = self.clock.monotonic();
                match self.fill(&mut running).await {
                    Ok(()) => {
                        failing = Duration::ZERO;
                        unread = false;
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
                    unread |= self.work.lane_rows_max() < usize::MAX || std::mem::take(&mut running.is_stale);
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

    /// Whether little is left of a class of which the table has more than could be held.
    fn runs_low(&self, running: &Running) -> bool {
        let low = self.room_of_each() / 2;
        (0..CLASSES).any(|class| running.behind[class] && running.queue.len(class) <= low)
    }

    fn room_of_each(&self) -> usize {
        self.limits.buffered_max / CLASSES
    }

    /// Reads up to the end, or until there is no more room. Each class has its own: a flood in one cannot keep the others
    /// out.
    async fn fill(&self, running: &mut Running) -> Result<(), sqlx::Error> {
        loop {
            let page = self.page(running);
            running.behind = page.room.map(|rows| rows == 0);
            if running.behind == [true; CLASSES] {
                return Ok(());
            }
            let batch = self.work.fetch(&page).await?;
            running.seen = batch.after;
            let now = self.clock.steady();
            for row in batch.rows {
                running.queue.offer(row, now);
            }
            if !batch.more {
                return Ok(());
            }
        }
    }

    /// Behind rows that are still to be read there is no hurry: then these are read with them.
    fn take_in(&self, running: &mut Running, rows: Vec<Waiting>, unread: bool) {
        let now = self.clock.steady();
        for row in rows {
            let class = usize::from(row.priority).min(CLASSES - 1);
            let behind = unread || running.behind[class];
            if behind || running.queue.len(class) >= self.room_of_each() {
                running.seen[class] = running.seen[class].min(row.id.saturating_sub(1));
            } else {
                running.queue.offer(row, now);
            }
        }
    }

    fn page(&self, running: &Running) -> Page {
        let each = self.room_of_each();
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
            running.queue.from_behind = self.work.takes_last();
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
            Ok((item, Verdict::Elsewhere)) => running.queue.forget(item.lane),
            Ok((item, Verdict::Passed)) => {
                running.queue.forget(item.lane);
                running.seen = [0; CLASSES];
                running.is_stale = true;
            }
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
            behind: [false; CLASSES],
            flying: JoinSet::new(),
            processed: 0,
            read_at: Duration::ZERO,
            is_stale: false,
        }
    }
}
