//! c) Light jobs that do nothing, claimed one by one and in batches, beside a bare `SKIP LOCKED` loop over the same table;
//! and how soon one is picked up when nothing else is going on.
#![expect(clippy::disallowed_methods, reason = "the peer is two bare statements")]

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use bulwark::base::clock::Clock;
use bulwark::base::ids::Ids;
use bulwark::base::supervise::Supervisor;
use bulwark::engine::light::{LightJob, LightKind, LightLimits, LightRunner, NewLight, enqueue};
use bulwark::engine::wake::Wake;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{PgConnection, Row as _};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock;
use crate::load::{self, as_f64};
use crate::report::{Row, median, thousands};
use crate::stage::Stage;

const KIND: &str = "bench";
const BATCH: usize = 500;
/// Of either side, with a connection each.
const WORKERS: usize = 4;

/// Does nothing, and says when.
struct Nothing(Option<mpsc::UnboundedSender<std::time::Instant>>);

#[async_trait]
impl LightKind for Nothing {
    fn name(&self) -> &'static str {
        KIND
    }

    async fn run(&self, _: &mut PgConnection, _: &[LightJob]) -> Result<(), anyhow::Error> {
        if let Some(began) = &self.0 {
            began.send(clock::now())?;
        }
        Ok(())
    }
}

/// Measures and compares.
pub async fn run(stage: &mut Stage) -> anyhow::Result<Vec<Row>> {
    let pool = PgPoolOptions::new()
        .max_connections(u32::try_from(WORKERS)? + 1)
        .min_connections(u32::try_from(WORKERS)? + 1)
        .test_before_acquire(false)
        .connect_with(stage.database.options())
        .await?;
    let mut batched = Vec::new();
    let mut single = Vec::new();
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    for round in 0..stage.rounds() {
        for (batch, all) in [(BATCH, &mut batched), (1, &mut single)] {
            let count = match (batch, stage.quick) {
                (1, true) => 200,
                (1, false) => 6_000,
                (_, true) => 4_000,
                (_, false) => 200_000,
            };
            fill(stage, count).await?;
            let ours = ours(stage, &pool, batch).await?;
            fill(stage, count).await?;
            let bare = bare(stage, &pool, batch).await?;
            let rates = (as_f64(count) / ours, as_f64(count) / bare);
            stage.say(&format!(
                "c {round} by {batch}: {:.0}/s, bare {:.0}/s",
                rates.0, rates.1
            ));
            all.push(rates);
        }
        let picked = pick_up(stage, &pool).await?;
        stage.say(&format!(
            "c {round} pick-up p50 {:.2} ms, p99 {:.2} ms",
            picked.0, picked.1
        ));
        p50.push(picked.0);
        p99.push(picked.1);
    }
    pool.close().await;
    let (p50, p99) = (median(p50), median(p99));
    Ok(vec![
        row(format!("c: jobs in batches of {BATCH}"), &batched, 0.8),
        row("c: jobs one by one".to_owned(), &single, 0.9),
        Row::bound(
            "c: from commit to the start of an idle queue's job",
            format!("p50 {p50:.2} ms, p99 {p99:.2} ms"),
            "p99 < 10 ms",
            p99 < 10.0,
        ),
    ])
}

fn row(figure: String, rates: &[(f64, f64)], goal: f64) -> Row {
    let middle = |of: fn(&(f64, f64)) -> f64| thousands(median(rates.iter().map(of)));
    Row::at_least(
        format!("{figure}, {WORKERS} workers"),
        format!("{}/s", middle(|rates| rates.0)),
        format!("bare SKIP LOCKED loop: {}/s", middle(|rates| rates.1)),
        median(rates.iter().map(|(ours, bare)| ours / bare)),
        goal,
    )
}

async fn fill(stage: &Stage, count: u64) -> anyhow::Result<()> {
    let database = &stage.database;
    database.run("truncate light_job").await?;
    database
        .run(&format!(
            "insert into light_job (kind, run_at, payload, correlation, created_at)
             select '{KIND}', now(), '{{}}', gen_random_uuid(), now() from generate_series(1, {count})"
        ))
        .await?;
    database.run("vacuum analyze light_job").await?;
    database.run("checkpoint").await?;
    Ok(())
}

fn runner(pool: &PgPool, batch: usize, kind: Nothing, wake: Wake) -> LightRunner {
    LightRunner::new(
        pool.clone(),
        Clock::system(),
        Ids::random(),
        vec![Arc::new(kind)],
        LightLimits {
            batch_max: batch,
            ..LightLimits::default()
        },
        wake,
    )
}

/// Seconds until the table is empty.
async fn ours(stage: &Stage, pool: &PgPool, batch: usize) -> anyhow::Result<f64> {
    let runner = Arc::new(runner(pool, batch, Nothing(None), Wake::default()));
    let mut workers = JoinSet::new();
    let started = clock::now();
    for _ in 0..WORKERS {
        let runner = Arc::clone(&runner);
        workers.spawn(async move { runner.drain().await });
    }
    while let Some(joined) = workers.join_next().await {
        joined??;
    }
    let took = clock::now() - started;
    emptied(stage).await?;
    Ok(took.as_secs_f64())
}

/// The same for a loop that claims and deletes, and knows of no leases, tries or kinds.
async fn bare(stage: &Stage, pool: &PgPool, batch: usize) -> anyhow::Result<f64> {
    let mut workers = JoinSet::new();
    let started = clock::now();
    for _ in 0..WORKERS {
        let pool = pool.clone();
        workers.spawn(async move {
            loop {
                let claimed = sqlx::query(
                    "update light_job set lease_until = now() + interval '6 s'
                     where id = any (array(
                         select id from light_job
                         where not is_dead and run_at <= now() and (lease_until is null or lease_until < now())
                         order by run_at, id limit $1 for update skip locked))
                     returning id",
                )
                .bind(i64::try_from(batch)?)
                .fetch_all(&pool)
                .await?;
                if claimed.is_empty() {
                    return anyhow::Ok(());
                }
                let ids: Vec<i64> = claimed.iter().map(|row| row.get(0)).collect();
                sqlx::query("delete from light_job where id = any ($1)")
                    .bind(ids)
                    .execute(&pool)
                    .await?;
            }
        });
    }
    while let Some(joined) = workers.join_next().await {
        joined??;
    }
    let took = clock::now() - started;
    emptied(stage).await?;
    Ok(took.as_secs_f64())
}

async fn emptied(stage: &Stage) -> anyhow::Result<()> {
    let left = stage
        .database
        .number("select count(*) from light_job")
        .await?;
    anyhow::ensure!(left == 0, "{left} jobs are left");
    Ok(())
}

/// From the commit that queues a job to its start, p50 and p99, milliseconds.
async fn pick_up(stage: &Stage, pool: &PgPool) -> anyhow::Result<(f64, f64)> {
    let (began, mut starts) = mpsc::unbounded_channel();
    let wake = Wake::default();
    let runner = Arc::new(runner(pool, BATCH, Nothing(Some(began)), wake.clone()));
    let supervisor = Supervisor::default();
    supervisor.service("light jobs", move |shutdown| {
        let runner = Arc::clone(&runner);
        async move { runner.run(shutdown).await }
    });
    let ids = Ids::random();
    let mut latency = load::histogram()?;
    for count in 0..if stage.quick { 10 } else { 200 } {
        // Out of step with any timer.
        tokio::time::sleep(Duration::from_millis(11 + count % 7)).await;
        let job = NewLight {
            kind: KIND,
            run_at: None,
            unique_key: None,
            payload: serde_json::Value::Null,
            correlation: ids.uuid(),
        };
        let mut tx = pool.begin().await?;
        enqueue(&mut tx, &[job], None).await?;
        tx.commit().await?;
        let committed = clock::now();
        wake.notify();
        let began = tokio::time::timeout(Duration::from_secs(10), starts.recv());
        let at = began
            .await
            .context("it is not picked up")?
            .context("the worker is gone")?;
        if count >= 3 {
            latency.saturating_record(clock::micros(at.saturating_duration_since(committed)));
        }
    }
    supervisor.stop(Duration::from_secs(5)).await;
    let at = |quantile| as_f64(latency.value_at_quantile(quantile)) / 1000.0;
    Ok((at(0.5), at(0.99)))
}
