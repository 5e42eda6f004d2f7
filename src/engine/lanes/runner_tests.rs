//! The runner over a table in memory, while no time passes: what it does, no poll has caused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use time::macros::datetime;
use tokio::sync::Notify;

use super::*;
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::supervise::Shutdown;

const ROWS: i64 = 5_000;
const LANES: i64 = 700;

#[derive(Default)]
struct Table {
    rows: BTreeMap<i64, i64>,
    reads: usize,
    done: Vec<Waiting>,
}

struct Work {
    table: Mutex<Table>,
    all_done: Shutdown,
}

#[async_trait]
impl LaneWork for Work {
    fn name(&self) -> &'static str {
        "table"
    }

    async fn fetch(&self, page: &Page) -> Result<Batch, sqlx::Error> {
        let mut table = self.table.lock().expect("whole");
        table.reads += 1;
        let room = usize::try_from(page.room[0]).expect("a number of rows");
        let unseen = table.rows.range(page.after[0] + 1..).take(room);
        let rows = unseen.map(|(id, lane)| Waiting {
            id: *id,
            lane: *lane,
            priority: 0,
            not_before: None,
        });
        Ok(Batch::of_one_class(rows.collect(), page))
    }

    fn hold_back(&self, _: &Waiting) -> Option<Hold> {
        None
    }

    async fn process(&self, item: Waiting) -> Verdict {
        let mut table = self.table.lock().expect("whole");
        table.rows.remove(&item.id);
        table.done.push(item);
        if table.rows.is_empty() {
            self.all_done.cancel();
        }
        Verdict::Done
    }
}

#[tokio::test]
async fn a_backlog_is_worked_off_in_order_without_waiting_for_a_poll() {
    let (clock, _standing) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
    let work = Arc::new(Work {
        table: Mutex::new(Table {
            rows: (1..=ROWS).map(|id| (id, id * 7 % LANES)).collect(),
            ..Table::default()
        }),
        all_done: Shutdown::new(),
    });
    let limits = Limits {
        concurrency_max: 8,
        buffered_max: 900,
        poll: Duration::from_secs(1),
    };
    let wake = Arc::new(Notify::new());
    let runner = Runner::new(Arc::clone(&work), clock, Ids::seeded(1), wake, limits);
    let running = runner.run(work.all_done.clone());
    tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .expect("all of it is worked off although the clock stands still");
    let table = work.table.lock().expect("whole");
    assert_eq!(table.done.len(), usize::try_from(ROWS).expect("a few"));
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    for row in &table.done {
        let before = last.insert(row.lane, row.id);
        assert!(before < Some(row.id), "{row:?} came after {before:?}");
    }
    // A third of the places is for this class; half of them must be empty before more is read.
    let reads_max = usize::try_from(ROWS).expect("a few") / 150 * 2;
    assert!(table.reads <= reads_max, "{} reads", table.reads);
}

/// A table of one lane whose first rows are not seen at first, and where only the first row can be claimed.
struct Hidden {
    table: Mutex<Table>,
    /// What the first read does not show.
    hidden: i64,
    /// So many rows are refused because another replica has the lane.
    elsewhere: Mutex<usize>,
    all_done: Shutdown,
}

impl Hidden {
    fn of(rows: i64, hidden: i64, elsewhere: usize) -> Arc<Self> {
        Arc::new(Self {
            table: Mutex::new(Table {
                rows: (1..=rows).map(|id| (id, 7)).collect(),
                ..Table::default()
            }),
            hidden,
            elsewhere: Mutex::new(elsewhere),
            all_done: Shutdown::new(),
        })
    }

    fn done(&self) -> Vec<i64> {
        let table = self.table.lock().expect("whole");
        table.done.iter().map(|row| row.id).collect()
    }
}

#[async_trait]
impl LaneWork for Hidden {
    fn name(&self) -> &'static str {
        "hidden"
    }

    async fn fetch(&self, page: &Page) -> Result<Batch, sqlx::Error> {
        let mut table = self.table.lock().expect("whole");
        table.reads += 1;
        let hidden = if table.reads == 1 { self.hidden } else { 0 };
        let from = page.after[0].max(hidden) + 1;
        let rows = table.rows.range(from..).map(|(id, lane)| Waiting {
            id: *id,
            lane: *lane,
            priority: 0,
            not_before: None,
        });
        Ok(Batch::of_one_class(rows.collect(), page))
    }

    fn hold_back(&self, _: &Waiting) -> Option<Hold> {
        None
    }

    async fn process(&self, item: Waiting) -> Verdict {
        let mut elsewhere = self.elsewhere.lock().expect("whole");
        if *elsewhere > 0 {
            *elsewhere -= 1;
            return Verdict::Elsewhere;
        }
        let mut table = self.table.lock().expect("whole");
        if table.rows.first_key_value().map(|(id, _)| *id) != Some(item.id) {
            return Verdict::Passed;
        }
        table.rows.remove(&item.id);
        table.done.push(item);
        if table.rows.is_empty() {
            self.all_done.cancel();
        }
        Verdict::Done
    }
}

fn runner_of(work: &Arc<Hidden>) -> Runner<Hidden> {
    let (clock, _standing) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
    let limits = Limits {
        concurrency_max: 8,
        buffered_max: 900,
        poll: Duration::from_secs(1),
    };
    let wake = Arc::new(Notify::new());
    Runner::new(Arc::clone(work), clock, Ids::seeded(1), wake, limits)
}

#[tokio::test]
async fn a_row_that_was_not_seen_goes_before_those_that_were() {
    let work = Hidden::of(40, 3, 0);
    let runner = runner_of(&work);
    let running = runner.run(work.all_done.clone());
    tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .expect("the lane is read anew although the clock stands still");
    assert_eq!(work.done(), (1..=40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_lane_that_comes_back_goes_on_with_its_first_row() {
    let work = Hidden::of(40, 0, 1);
    runner_of(&work).drain().await.expect("a table in memory");
    assert_eq!(work.done(), (1..=40).collect::<Vec<_>>());
}
