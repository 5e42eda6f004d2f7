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
