//! Several replicas on one database: even shares, order and exactly-once while shards move, wake-ups.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bulwark::base::clock::{Clock, ManualClock};
use bulwark::base::ids::Ids;
use bulwark::base::supervise::Supervisor;
use bulwark::engine::inbox::{
    self, AdmissionLimits, Dispatch, DispatchLimits, HandleError, Handling, NewUpdate,
    StoredUpdate, UpdateHandler,
};
use bulwark::engine::lanes::{Limits, Runner};
use bulwark::engine::shards::{self, LEASE, RENEW, Shards};
use bulwark::engine::wake::{Queue, Wakes};
use bytes::Bytes;
use sqlx::{Executor as _, PgConnection, PgPool, Row as _};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::database;
use crate::world::START;

fn replica(pool: &PgPool, clock: &Clock, name: u128) -> Shards {
    Shards::new(pool.clone(), clock.clone(), Uuid::from_u128(name))
}

/// Several renewals by all, in turn, as time passes.
async fn renew_all(clock: &ManualClock, replicas: &[&Shards]) {
    for _ in 0..3 {
        for replica in replicas {
            replica.renew().await.expect("the database");
        }
        clock.advance(RENEW);
    }
    for replica in replicas {
        replica.renew().await.expect("the database");
    }
}

fn shares(replicas: &[&Shards]) -> Vec<usize> {
    let mut all: Vec<i16> = replicas
        .iter()
        .flat_map(|replica| replica.owned())
        .collect();
    all.sort_unstable();
    let whole: Vec<i16> = (0..shards::COUNT).collect();
    assert_eq!(all, whole, "each shard is one replica's");
    replicas
        .iter()
        .map(|replica| replica.owned().len())
        .collect()
}

#[tokio::test]
async fn live_replicas_hold_even_shares_and_a_dead_ones_move_on() {
    let pool = database::fresh_pool().await;
    let (clock, manual) = Clock::manual(START);
    let [a, b, c] = [1, 2, 3].map(|name| replica(&pool, &clock, name));
    renew_all(&manual, &[&a]).await;
    assert_eq!(shares(&[&a]), [64]);
    renew_all(&manual, &[&a, &b]).await;
    assert_eq!(shares(&[&a, &b]), [32, 32]);
    let before = a.owned();
    renew_all(&manual, &[&a, &b, &c]).await;
    let thirds = shares(&[&a, &b, &c]);
    assert!(
        thirds.iter().all(|share| (20..=22).contains(share)),
        "{thirds:?}"
    );
    assert!(
        a.owned().iter().all(|shard| before.contains(shard)),
        "what stays within the share does not move"
    );

    // b dies without a word. Its shards are with the others before ten seconds have passed.
    manual.advance(LEASE);
    assert!(
        b.owned().is_empty(),
        "a replica that cannot renew stops by itself"
    );
    renew_all(&manual, &[&a, &c]).await;
    assert!(LEASE + 3 * RENEW < Duration::from_secs(10));
    assert_eq!(shares(&[&a, &c]), [32, 32]);

    // c stops in good order: nothing has to run out.
    c.release().await.expect("the database");
    a.renew().await.expect("the database");
    assert_eq!(shares(&[&a]), [64]);
    assert_eq!(a.replicas().load(std::sync::atomic::Ordering::Relaxed), 1);
}

/// Writes down what it handles, in the transaction that it is given; now and then it fails or takes its time.
struct Scribe;

#[async_trait]
impl UpdateHandler for Scribe {
    type Refusal = Infallible;

    async fn refuse(
        &self,
        _: &mut PgConnection,
        _: &StoredUpdate,
        refusal: Infallible,
    ) -> Result<(), HandleError> {
        match refusal {}
    }

    async fn handle(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
    ) -> Result<Handling<Infallible>, HandleError> {
        conn.execute(sqlx::AssertSqlSafe(format!(
            "insert into handled (update_id) values ({}); select pg_sleep(random() * 0.004)",
            update.update_id
        )))
        .await?;
        if update.attempts == 0 && update.update_id % 17 == 0 {
            return Err(HandleError::Retry(anyhow::anyhow!("the first try fails")));
        }
        Ok(Handling::Kept { has_jobs: false })
    }

    async fn apologise(&self, _: &mut PgConnection, _: &StoredUpdate) -> Result<(), HandleError> {
        Ok(())
    }

    fn committed(&self, _: bool) {}
}

const CHATS: i64 = 12;
const UPDATES: i64 = 168;

async fn fill(pool: &PgPool, clock: &Clock) {
    let wakes = Wakes::new(Uuid::from_u128(9));
    let limits = AdmissionLimits {
        updates_max: 4096,
        bytes_max: 1 << 20,
    };
    let (receiver, writer) = inbox::channel(
        pool.clone(),
        clock.clone(),
        Ids::seeded(7),
        wakes.of(Queue::Inbox),
        limits,
    );
    let supervisor = Supervisor::default();
    let mut writer = Some(writer);
    supervisor.service("writer", move |shutdown| {
        let writer = writer.take();
        async move {
            if let Some(writer) = writer {
                writer.run(shutdown).await;
            }
        }
    });
    for update_id in 1..=UPDATES {
        let update = NewUpdate {
            update_id,
            lane: update_id % CHATS,
            kind: "message".to_owned(),
            payload: Bytes::from_static(b"{}"),
            correlation: Uuid::from_u128(update_id.unsigned_abs().into()),
            shed: false,
        };
        receiver.receive(update).await.expect("stored");
    }
    supervisor.stop(Duration::from_secs(5)).await;
}

fn dispatcher(
    pool: &PgPool,
    clock: &Clock,
    shards: &Shards,
    wake: Arc<Notify>,
    poll: Duration,
) -> Runner<Dispatch<Scribe>> {
    let dispatch = Dispatch::new(
        pool.clone(),
        clock.clone(),
        Ids::random(),
        shards.clone(),
        Arc::new(Scribe),
        DispatchLimits::default(),
    );
    let limits = Limits {
        concurrency_max: 6,
        buffered_max: 64,
        poll,
    };
    Runner::new(
        Arc::new(dispatch),
        clock.clone(),
        Ids::random(),
        wake,
        limits,
    )
}

async fn handled(pool: &PgPool) -> Vec<i64> {
    let rows = pool
        .fetch_all("select update_id from handled order by n")
        .await;
    let rows = rows.expect("rows");
    rows.iter().map(|row| row.get(0)).collect()
}

fn insert(update_id: i64, lane: i64) -> sqlx::AssertSqlSafe<String> {
    let shard = shards::of_lane(lane);
    sqlx::AssertSqlSafe(format!(
        "insert into inbox_update (update_id, lane, shard, kind, correlation, payload, received_at)
         values ({update_id}, {lane}, {shard}, 'message', gen_random_uuid(), '{{}}', now())"
    ))
}

#[tokio::test]
async fn an_update_that_becomes_visible_late_is_not_overtaken() {
    let pool = database::fresh_pool().await;
    pool.execute("create table handled (update_id bigint, n bigint generated always as identity)")
        .await
        .expect("a table");
    let clock = Clock::system();
    let leases = replica(&pool, &clock, 1);
    assert_eq!(leases.renew().await.expect("the database"), 64);
    let wake = Arc::new(Notify::new());
    let hour = Duration::from_secs(3600);
    let runner = dispatcher(&pool, &clock, &leases, Arc::clone(&wake), hour);
    let supervisor = Supervisor::default();
    supervisor.service("dispatcher", {
        let runner = Arc::new(runner);
        move |shutdown| {
            let runner = Arc::clone(&runner);
            async move { runner.run(shutdown).await }
        }
    });
    let until_handled = async |count: usize| loop {
        // On a machine that has much to do this may take longer than a lease lasts.
        leases.renew().await.expect("the database");
        wake.notify_one();
        clock.sleep(Duration::from_millis(5)).await;
        let ids = handled(&pool).await;
        if ids.len() >= count {
            break ids;
        }
    };
    let chat = 5;
    let mut late = pool.begin().await.expect("a transaction");
    late.execute(insert(1, chat)).await.expect("numbered first");
    pool.execute(insert(2, chat + 1)).await.expect("stored");
    assert_eq!(until_handled(1).await, [2], "the runner has read on");
    late.commit().await.expect("stored");
    pool.execute(insert(3, chat)).await.expect("stored");
    let ids = tokio::time::timeout(Duration::from_secs(20), until_handled(3)).await;
    assert_eq!(ids.expect("nothing waits for the poll"), [2, 1, 3]);
    supervisor.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn two_replicas_that_both_think_a_lane_theirs_keep_its_order_and_handle_each_update_once() {
    let pool = database::fresh_pool().await;
    pool.execute("create table handled (update_id bigint, n bigint generated always as identity)")
        .await
        .expect("a table");
    let clock = Clock::system();
    fill(&pool, &clock).await;
    // The same worker twice: each holds a lease on everything, which is what a frozen replica believes when it wakes.
    let leases = [1, 1].map(|name| replica(&pool, &clock, name));
    let [one, other] = leases.each_ref().map(|lease| {
        dispatcher(
            &pool,
            &clock,
            lease,
            Arc::default(),
            Duration::from_millis(50),
        )
    });
    loop {
        for lease in &leases {
            assert_eq!(lease.renew().await.expect("the database"), 64);
        }
        let (one, other) = tokio::join!(one.drain(), other.drain());
        one.and(other).expect("the database");
        let counts = inbox::counts(&pool, None).await.expect("counts");
        assert_eq!(counts.quarantined, 0);
        if counts.pending == 0 {
            break;
        }
    }
    let mut lanes: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for update_id in handled(&pool).await {
        lanes.entry(update_id % CHATS).or_default().push(update_id);
    }
    for (lane, ids) in lanes {
        let expected: Vec<i64> = (1..=UPDATES).filter(|id| id % CHATS == lane).collect();
        assert_eq!(ids, expected, "lane {lane}");
    }
}

#[tokio::test]
async fn a_commit_here_wakes_the_queue_there() {
    let options = database::fresh().await;
    let route = database::route(options);
    let pool = route.pool(&bulwark::base::db::PoolLimits::default());
    let clock = Clock::system();
    let [here, there] = [1, 2].map(|name| Wakes::new(Uuid::from_u128(name)));
    let replicas = replica(&pool, &clock, 1).replicas();
    replicas.store(2, std::sync::atomic::Ordering::Relaxed);
    let supervisor = Supervisor::default();
    let (wakes, direct, time) = (there.clone(), route.direct().clone(), clock.clone());
    supervisor.service("in", move |shutdown| {
        wakes.clone().listen(direct.clone(), time.clone(), shutdown)
    });
    let (wakes, time) = (here.clone(), clock.clone());
    supervisor.service("out", move |shutdown| {
        wakes
            .clone()
            .tell(pool.clone(), time.clone(), Arc::clone(&replicas), shutdown)
    });
    // Nobody says when the listener stands, so the news is told until it is heard.
    let heard = there.of(Queue::Jobs);
    let told = async {
        let mut again = tokio::time::interval(Duration::from_millis(30));
        loop {
            again.tick().await;
            here.of(Queue::Jobs).notify();
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), async {
        tokio::select! {
            () = heard.notified() => {}
            () = told => {}
        }
    });
    in_time.await.expect("the other replica hears it");
    supervisor.stop(Duration::from_secs(5)).await;
}
