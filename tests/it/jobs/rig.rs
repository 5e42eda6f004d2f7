//! A job engine without the rest: scripted providers, an owner that moves real money, one clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bulwark::base::clock::{Clock, ManualClock};
use bulwark::base::ids::Ids;
use bulwark::base::money::Amount;
use bulwark::engine::jobs::{
    self, CancelOutcome, Ending, Enqueued, Job, JobEvent, JobKind, JobLimits, JobRunner, Jobs,
    Links, NewJob, Rescue, Snapshot, Unique,
};
use bulwark::engine::ledger;
use bulwark::engine::task::Task as _;
use bulwark::engine::wake::Wake;
use bulwark::providers::Provider as _;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::scripted::Scripted;
use crate::database;
use crate::ledger::{CURRENCY, cause, id};
use crate::world::START;

pub const PRICE: i64 = 10;
pub const KIND: &str = "test";

/// Captures the hold of a job that succeeded, releases it otherwise.
#[derive(Default)]
pub struct Owner {
    pub failing: AtomicBool,
    pub panicking: AtomicBool,
    /// Users who were told of their place.
    pub waiting: AtomicUsize,
}

#[async_trait]
impl JobKind for Owner {
    fn name(&self) -> &'static str {
        KIND
    }

    async fn on_event(
        &self,
        conn: &mut PgConnection,
        job: &Job,
        event: &JobEvent,
    ) -> Result<(), anyhow::Error> {
        anyhow::ensure!(!self.failing.load(Ordering::SeqCst), "a bug of the owner");
        assert!(!self.panicking.load(Ordering::SeqCst), "a bug of the owner");
        if matches!(event, JobEvent::Waiting(_)) {
            self.waiting.fetch_add(1, Ordering::SeqCst);
        }
        let JobEvent::Ended(ending) = event else {
            return Ok(());
        };
        let hold = ledger::hold_of(conn, job.id).await?.expect("a hold");
        if matches!(ending, Ending::Succeeded(_)) {
            let cause = cause(format!("capture:{}", job.id));
            ledger::capture(conn, hold.id, hold.amount, &cause, None).await?;
        } else {
            let cause = cause(format!("release:{}", job.id));
            ledger::release(conn, hold.id, &cause, None).await?;
        }
        Ok(())
    }
}

struct NoLinks;

impl Links for NoLinks {
    fn media(&self, file_id: &str) -> String {
        file_id.to_owned()
    }

    fn callback(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

/// One database and one clock; any number of runners.
pub struct Rig {
    pub pool: PgPool,
    pub clock: Clock,
    pub time: ManualClock,
    pub providers: Vec<Arc<Scripted>>,
    pub owner: Arc<Owner>,
    pub limits: JobLimits,
}

impl Rig {
    pub async fn new(providers: &[&'static str]) -> Self {
        let (clock, time) = Clock::manual(START);
        Self {
            pool: database::fresh_pool().await,
            clock,
            time,
            providers: providers.iter().map(|name| Scripted::new(name)).collect(),
            owner: Arc::default(),
            limits: JobLimits {
                lease: Duration::from_secs(12),
                ..JobLimits::default()
            },
        }
    }

    /// A runner as a process of its own would have it.
    pub fn runner(&self) -> Arc<JobRunner> {
        let providers = self.providers.iter().map(|p| Arc::clone(p) as _).collect();
        Arc::new(JobRunner::new(
            self.pool.clone(),
            self.clock.clone(),
            Ids::random(),
            id(),
            providers,
            vec![Arc::clone(&self.owner) as _],
            Arc::new(NoLinks),
            self.limits,
            Jobs::new(self.clock.clone(), Wake::default(), Wake::default()),
        ))
    }

    /// A job of the first provider, with its money set aside.
    pub async fn order(&self, user_id: i64) -> Uuid {
        self.order_with(user_id, |_| {}).await
    }

    pub async fn order_with(&self, user_id: i64, change: impl FnOnce(&mut NewJob)) -> Uuid {
        let mut job = self.job(user_id);
        change(&mut job);
        let mut tx = self.pool.begin().await.unwrap();
        let (grant, hold) = (
            cause(format!("grant:{}", job.id)),
            cause(format!("hold:{}", job.id)),
        );
        let price = Amount(PRICE);
        ledger::grant(&mut tx, user_id, CURRENCY, price, &grant, None)
            .await
            .unwrap();
        ledger::hold(&mut tx, user_id, CURRENCY, price, job.id, &hold, None)
            .await
            .unwrap();
        let made = jobs::enqueue(&mut tx, &job, self.clock.sql_now()).await;
        assert_eq!(made.unwrap(), Enqueued::Created);
        tx.commit().await.unwrap();
        job.id
    }

    pub fn job(&self, user_id: i64) -> NewJob {
        let id = id();
        NewJob {
            id,
            kind: KIND,
            user_id,
            chat_id: user_id,
            priority: 1,
            run_at: None,
            unique_key: format!("test:{id}"),
            unique: Unique::Ever,
            snapshot: Snapshot {
                cost: None,
                v: 1,
                provider: self.providers[0].name().to_owned(),
                provider_service: "model".to_owned(),
                service: "text-to-image".to_owned(),
                price: Amount(PRICE),
                params: Value::Null,
                result: "image".to_owned(),
                estimate_s: 10,
                language: "en".to_owned(),
                units: None,
                stoppable: true,
            },
            callback_token: id.to_string(),
            queue_max_s: 1_800,
            correlation: id,
        }
    }

    /// Takes a job back as a handler does: who ends it settles it.
    pub async fn cancel(&self, job: Uuid) -> CancelOutcome {
        let mut tx = self.pool.begin().await.unwrap();
        let outcome = jobs::cancel(&mut tx, job, self.clock.sql_now())
            .await
            .unwrap();
        if outcome == CancelOutcome::Ended {
            let hold = ledger::hold_of(&mut tx, job).await.unwrap().unwrap();
            let cause = cause(format!("release:{job}"));
            ledger::release(&mut tx, hold.id, &cause, None)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        outcome
    }

    pub fn rescue_task(&self) -> Rescue {
        let (pool, clock) = (self.pool.clone(), self.clock.clone());
        Rescue::new(pool, clock, Wake::default(), self.limits.lease)
    }

    pub async fn rescue(&self) -> i64 {
        let done = self.rescue_task().run().await.unwrap();
        done["rescued"].as_i64().unwrap()
    }

    pub fn pass_s(&self, seconds: u64) {
        self.time.advance(Duration::from_secs(seconds));
    }

    /// Works everything off, however long it takes.
    pub async fn finish(&self) {
        let runner = self.runner();
        for _ in 0..1_000 {
            self.rescue().await;
            runner.drain().await.unwrap();
            if self.live().await == 0 {
                return;
            }
            self.pass_s(1);
        }
        panic!("the jobs do not end");
    }

    pub async fn live(&self) -> i64 {
        let counts = jobs::counts(&self.pool, self.clock.sql_now())
            .await
            .unwrap();
        counts.queued + counts.running + counts.unknown
    }

    /// One column of whole numbers.
    pub async fn column(&self, sql: &str) -> Vec<i64> {
        let rows = self.pool.fetch_all(AssertSqlSafe(sql.to_owned())).await;
        rows.unwrap().iter().map(|row| row.get(0)).collect()
    }

    pub async fn execute(&self, sql: &str) -> u64 {
        let done = self.pool.execute(AssertSqlSafe(sql.to_owned())).await;
        done.unwrap().rows_affected()
    }

    /// Has every session tell what it counted.
    pub async fn settle_statistics(&self) {
        let mut conns = Vec::new();
        for _ in 0..16 {
            let mut conn = self.pool.acquire().await.unwrap();
            conn.execute("select pg_stat_force_next_flush()")
                .await
                .unwrap();
            conns.push(conn);
        }
    }

    /// What a user has: available and held.
    pub async fn wallet(&self, user_id: i64) -> (i64, i64) {
        let mut conn = self.pool.acquire().await.unwrap();
        let wallet = ledger::wallet(&mut conn, user_id, CURRENCY).await.unwrap();
        (wallet.available.0, wallet.held.0)
    }

    pub async fn assert_books_balance(&self) {
        assert_eq!(crate::ledger::findings(&self.pool).await, []);
    }

    pub fn submits(&self) -> usize {
        self.providers[0].submits.load(Ordering::SeqCst)
    }
}
