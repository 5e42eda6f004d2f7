//! Light jobs: many at once, each once, and what fails holds up no other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bulwark::base::clock::{Clock, ManualClock};
use bulwark::base::ids::Ids;
use bulwark::base::supervise::Shutdown;
use bulwark::engine::light::{self, LightJob, LightKind, LightLimits, LightRunner, NewLight};
use bulwark::engine::wake::Wake;
use serde_json::json;
use sqlx::{Executor as _, PgConnection, PgPool, Row as _};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::database;
use crate::ledger::id;
use crate::world::{START, World};

const KIND: &str = "mark";

/// Writes a mark for each, in the table `mark`; some numbers are poison.
#[derive(Default)]
struct Marks {
    batches: Mutex<Vec<usize>>,
    fails: Option<i64>,
    panics: Option<i64>,
    is_held: AtomicBool,
    entered: AtomicUsize,
    gate: Option<Semaphore>,
    reached: Option<Semaphore>,
}

#[async_trait]
impl LightKind for Marks {
    fn name(&self) -> &'static str {
        KIND
    }

    async fn run(&self, conn: &mut PgConnection, jobs: &[LightJob]) -> Result<(), anyhow::Error> {
        self.entered.fetch_add(1, Ordering::SeqCst);
        if self.is_held.swap(false, Ordering::SeqCst) {
            self.reached.as_ref().expect("a signal").add_permits(1);
            let gate = self.gate.as_ref().expect("a gate");
            gate.acquire().await?.forget();
        }
        for job in jobs {
            let n = job.payload["n"].as_i64().expect("a number");
            let mark = format!("insert into mark values ({n})");
            conn.execute(sqlx::AssertSqlSafe(mark)).await?;
            anyhow::ensure!(self.fails != Some(n), "number {n} is poison");
            assert_ne!(self.panics, Some(n), "poison");
        }
        self.batches.lock().unwrap().push(jobs.len());
        Ok(())
    }
}

struct Rig {
    pool: PgPool,
    clock: Clock,
    time: ManualClock,
    marks: Arc<Marks>,
}

impl Rig {
    async fn new(marks: Marks) -> Self {
        let pool = database::fresh_pool().await;
        pool.execute("create table mark (n bigint)").await.unwrap();
        let (clock, time) = Clock::manual(START);
        Self {
            pool,
            clock,
            time,
            marks: Arc::new(marks),
        }
    }

    fn runner(&self, batch_max: usize) -> LightRunner {
        LightRunner::new(
            self.pool.clone(),
            self.clock.clone(),
            Ids::random(),
            vec![Arc::clone(&self.marks) as _],
            LightLimits {
                batch_max,
                ..LightLimits::default()
            },
            Wake::default(),
        )
    }

    async fn queue(&self, jobs: &[NewLight]) -> u64 {
        let mut conn = self.pool.acquire().await.unwrap();
        light::enqueue(&mut conn, jobs, self.clock.sql_now())
            .await
            .unwrap()
    }

    async fn queue_many(&self, count: i64) {
        let jobs: Vec<NewLight> = (1..=count).map(mark).collect();
        assert_eq!(self.queue(&jobs).await, count.cast_unsigned());
    }

    /// How often each number was marked.
    async fn marked(&self) -> BTreeMap<i64, i64> {
        let sql = "select n, count(*) from mark group by n";
        let rows = self.pool.fetch_all(sql).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn counts(&self) -> (i64, i64) {
        let counts = light::counts(&self.pool, self.clock.sql_now())
            .await
            .unwrap();
        (counts.due, counts.dead)
    }

    fn pass_s(&self, s: u64) {
        self.time.advance(Duration::from_secs(s));
    }
}

fn mark(n: i64) -> NewLight {
    NewLight {
        kind: KIND,
        run_at: None,
        unique_key: None,
        payload: json!({ "n": n }),
        correlation: id(),
    }
}

fn once(numbers: impl IntoIterator<Item = i64>) -> BTreeMap<i64, i64> {
    numbers.into_iter().map(|n| (n, 1)).collect()
}

#[tokio::test]
async fn a_thousand_are_done_in_three_batches_each_once() {
    let rig = Rig::new(Marks::default()).await;
    rig.queue_many(1_000).await;
    assert_eq!(rig.runner(400).drain().await.unwrap(), 1_000);
    assert_eq!(*rig.marks.batches.lock().unwrap(), [400, 400, 200]);
    assert_eq!(rig.marked().await, once(1..=1_000));
    assert_eq!(rig.counts().await, (0, 0));
}

#[tokio::test]
async fn what_fails_is_done_alone_tried_again_and_set_aside() {
    for panics in [false, true] {
        let rig = Rig::new(Marks {
            fails: (!panics).then_some(3),
            panics: panics.then_some(3),
            ..Marks::default()
        })
        .await;
        rig.queue_many(10).await;
        let runner = rig.runner(100);
        runner.drain().await.unwrap();
        let others = once((1..=10).filter(|n| *n != 3));
        assert_eq!(rig.marked().await, others, "the others are done, once");
        assert_eq!(rig.counts().await, (0, 0), "it rests");
        for _ in 0..2_000 {
            rig.pass_s(1);
            runner.drain().await.unwrap();
        }
        assert_eq!(rig.marked().await, others);
        assert_eq!(rig.counts().await, (0, 1), "it is dead");
        let tries = "select attempts::bigint from light_job where error like '%poison%'";
        let tries: i64 = rig.pool.fetch_one(tries).await.unwrap().get(0);
        assert_eq!(tries, 6);
    }
}

#[tokio::test]
async fn what_kills_its_worker_is_found_and_its_neighbours_are_done() {
    let rig = Rig::new(Marks::default()).await;
    rig.queue_many(20).await;
    // A worker claims all and dies; so does each that comes to the seventh alone.
    let claimed =
        "update light_job set lease_token = 1, attempts = 1, lease_until = run_at + interval '6 s'";
    rig.pool.execute(claimed).await.unwrap();
    let seventh = "payload = '{\"n\": 7}'";
    for _ in 0..5 {
        let dies = format!(
            "update light_job set lease_token = lease_token + 1, attempts = attempts + 1 where {seventh}"
        );
        rig.pool.execute(sqlx::AssertSqlSafe(dies)).await.unwrap();
    }
    assert_eq!(rig.runner(100).drain().await.unwrap(), 0, "still leased");
    rig.pass_s(7);
    assert_eq!(rig.runner(100).drain().await.unwrap(), 20);
    assert_eq!(rig.marked().await, once((1..=20).filter(|n| *n != 7)));
    assert_eq!(rig.counts().await, (0, 1));
    assert!(
        rig.marks.batches.lock().unwrap().iter().all(|n| *n == 1),
        "alone"
    );
}

#[tokio::test]
async fn a_worker_that_was_frozen_finishes_nothing_of_what_others_did() {
    let rig = Rig::new(Marks::default()).await;
    rig.queue_many(50).await;
    let runner = rig.runner(100);
    // Its lease ran out while it stood between claim and finish; another has claimed since.
    let stolen = "create function steal() returns trigger language plpgsql as $$ begin
            update light_job set lease_token = lease_token + 1 where (payload ->> 'n')::int % 2 = 0;
            return null; end $$;
        create trigger steal after update on light_job for each statement when (pg_trigger_depth() = 0) execute function steal()";
    rig.pool.execute(stolen).await.unwrap();
    assert_eq!(runner.step().await.unwrap(), 50);
    assert_eq!(rig.marked().await, once((1..=50).filter(|n| n % 2 == 1)));
    rig.pool
        .execute("drop trigger steal on light_job")
        .await
        .unwrap();
    rig.pass_s(7);
    runner.drain().await.unwrap();
    assert_eq!(rig.marked().await, once(1..=50));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_replicas_share_them_even_past_their_leases() {
    let rig = Arc::new(
        Rig::new(Marks {
            is_held: AtomicBool::new(true),
            gate: Some(Semaphore::new(0)),
            reached: Some(Semaphore::new(0)),
            ..Marks::default()
        })
        .await,
    );
    rig.queue_many(2_000).await;
    let mut replicas = JoinSet::new();
    let slow = Arc::clone(&rig);
    replicas.spawn(async move { slow.runner(100).drain().await.unwrap() });
    let reached = rig.marks.reached.as_ref().unwrap();
    reached.acquire().await.unwrap().forget();
    // One batch is in the middle of its transaction when its lease ends: nobody takes it, nor what it claimed next.
    rig.pass_s(60);
    assert_eq!(rig.runner(100).drain().await.unwrap(), 1_800);
    rig.marks.gate.as_ref().unwrap().add_permits(1);
    assert_eq!(replicas.join_all().await, [200]);
    assert_eq!(rig.marked().await, once(1..=2_000));
}

#[tokio::test]
async fn a_key_is_taken_until_its_job_is_done_or_dead() {
    let rig = Rig::new(Marks {
        fails: Some(2),
        ..Marks::default()
    })
    .await;
    let keyed = |n| NewLight {
        unique_key: Some("one".to_owned()),
        ..mark(n)
    };
    assert_eq!(
        rig.queue(&[keyed(1), keyed(3)]).await,
        1,
        "the first of them"
    );
    assert_eq!(rig.queue(&[keyed(3)]).await, 0);
    let runner = rig.runner(10);
    runner.drain().await.unwrap();
    assert_eq!(rig.queue(&[keyed(2)]).await, 1, "it is done");
    for _ in 0..2_000 {
        runner.drain().await.unwrap();
        rig.pass_s(1);
    }
    assert_eq!(rig.counts().await, (0, 1));
    assert_eq!(rig.queue(&[keyed(3)]).await, 1, "it is dead");
    runner.drain().await.unwrap();
    assert_eq!(rig.marked().await, once([1, 3]));
}

#[tokio::test]
async fn those_of_later_and_of_unknown_kinds_wait() {
    let rig = Rig::new(Marks::default()).await;
    let later = NewLight {
        run_at: Some(START + Duration::from_secs(60)),
        ..mark(1)
    };
    let foreign = NewLight {
        kind: "of a newer version",
        ..mark(2)
    };
    rig.queue(&[later, foreign]).await;
    let runner = rig.runner(10);
    assert_eq!(runner.drain().await.unwrap(), 0);
    rig.pass_s(60);
    assert_eq!(runner.drain().await.unwrap(), 1);
    assert_eq!(rig.marked().await, once([1]));
    assert_eq!(rig.counts().await, (1, 0), "another replica knows it");
}

#[tokio::test]
async fn a_wake_up_brings_them_at_once() {
    let rig = Rig::new(Marks {
        is_held: AtomicBool::new(true),
        gate: Some(Semaphore::new(1)),
        reached: Some(Semaphore::new(0)),
        ..Marks::default()
    })
    .await;
    // The clock stands still, so no poll ever comes.
    let (wake, stop) = (Wake::default(), Shutdown::new());
    let runner = LightRunner::new(
        rig.pool.clone(),
        rig.clock.clone(),
        Ids::random(),
        vec![Arc::clone(&rig.marks) as _],
        LightLimits::default(),
        wake.clone(),
    );
    let mut running = JoinSet::new();
    let shutdown = stop.clone();
    running.spawn(async move { runner.run(shutdown).await });
    rig.queue_many(1).await;
    wake.notify();
    let reached = rig.marks.reached.as_ref().unwrap().acquire();
    let reached = tokio::time::timeout(Duration::from_secs(20), reached).await;
    reached.expect("woken").unwrap().forget();
    stop.cancel();
    running.join_next().await.unwrap().unwrap();
    assert_eq!(rig.marked().await, once([1]), "what is in hand is finished");
}

#[tokio::test]
async fn what_users_entered_is_forgotten_after_a_week_and_the_order_is_not() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.orders("a lighthouse in fog").await;
    world.finish().await;
    let known = "select (select count(*) from storefront_order where answers is not null)
        + (select count(*) from job_history where provider_snapshot ? 'params')";
    assert_eq!(world.count(known).await, 2);
    world.advance(Duration::from_secs(7 * 24 * 3600 - 60)).await;
    world.step().await;
    assert_eq!(world.count(known).await, 2);
    world.advance(Duration::from_secs(3600)).await;
    world.step().await;
    assert_eq!(
        world.count(known).await,
        0,
        "forgotten, there and in the job"
    );
    let kept = "select count(*) from storefront_order o join job_history h using (id)
        where h.provider_snapshot ->> 'service' = o.service";
    assert_eq!(world.count(kept).await, 1);
    assert_eq!(world.count("select count(*) from light_job").await, 0);
    anna.presses("Again").await;
    assert!(anna.notice().await.contains("deleted after a week"));
    world.assert_clean().await;
}
