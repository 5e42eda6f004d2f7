//! d) Ledger transfers over few and many wallets, beside pgbench with one bare `UPDATE` each.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use bulwark::base::ids::Ids;
use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, Cause};
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::clock;
use crate::load::as_f64;
use crate::report::{Row, median, thousands};
use crate::stage::Stage;

const CLIENTS: u32 = 16;
pub const CURRENCY: &str = "USD";
const WALLETS: [u64; 3] = [10, 100, 10_000];
/// Far from the users of other parts.
const FIRST_OWNER: u64 = 5_000_000_000;

/// Measures and compares.
pub async fn run(stage: &mut Stage) -> anyhow::Result<Vec<Row>> {
    let ids = Ids::random();
    prepare(stage, 10_000).await?;
    let mut all: Vec<Vec<(f64, f64)>> = vec![Vec::new(); WALLETS.len()];
    let mut singles = all.clone();
    for round in 0..stage.rounds() {
        for (at, wallets) in WALLETS.into_iter().enumerate() {
            stage.database.run("checkpoint").await?;
            let ours = transfers(stage, &ids, wallets, Commit::Transaction).await?;
            stage.database.run("checkpoint").await?;
            let theirs = pgbench(stage, wallets).await?;
            stage.database.run("checkpoint").await?;
            let single = transfers(stage, &ids, wallets, Commit::Statement).await?;
            stage.say(&format!(
                "d {round} {wallets} wallets: {ours:.0}/s, by itself {single:.0}/s, pgbench {theirs:.0}/s"
            ));
            all[at].push((ours, theirs));
            singles[at].push((single, theirs));
        }
    }
    let mut rows = Vec::new();
    for (how, measured) in [
        ("ledger transfers, each in a transaction", &all),
        ("the same, each a statement by itself", &singles),
    ] {
        for (wallets, rounds) in WALLETS.into_iter().zip(measured) {
            rows.push(Row::at_least(
                format!("d: {how}, {wallets} wallets, {CLIENTS} clients"),
                format!(
                    "{}/s",
                    thousands(median(rounds.iter().map(|round| round.0)))
                ),
                format!(
                    "pgbench, one UPDATE: {}/s",
                    thousands(median(rounds.iter().map(|round| round.1)))
                ),
                median(rounds.iter().map(|round| round.0 / round.1)),
                0.5,
            ));
        }
    }
    // What waiting for a row's lock costs, theirs and ours: with many wallets nobody waits.
    let slower =
        |of: fn(&(f64, f64)) -> f64| median(all[2].iter().map(of)) / median(all[0].iter().map(of));
    let (ours, theirs) = (slower(|round| round.0), slower(|round| round.1));
    rows.push(Row::at_most(
        "d: times slower with 10 wallets than with 10,000",
        format!("{ours:.2}"),
        format!("pgbench: {theirs:.2}"),
        ours / theirs,
        1.5,
    ));
    Ok(rows)
}

/// Makes the wallets and the plain rows.
pub async fn prepare(stage: &Stage, wallets: u64) -> anyhow::Result<()> {
    let database = &stage.database;
    database
        .run(&format!(
            "insert into account (kind, owner_id, currency, guarded)
             select 'wallet', {FIRST_OWNER} + n, '{CURRENCY}', true from generate_series(0, {wallets} - 1) n
             on conflict do nothing"
        ))
        .await?;
    database.run("drop table if exists bench_plain").await?;
    database
        .run("create table bench_plain (id bigint primary key, available bigint not null, version bigint not null) with (fillfactor = 80)")
        .await?;
    database
        .run(&format!(
            "insert into bench_plain select n, 0, 0 from generate_series(0, {wallets} - 1) n"
        ))
        .await?;
    database.run("vacuum analyze account").await?;
    database.run("vacuum analyze bench_plain").await?;
    Ok(())
}

/// How a transfer is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// In a transaction around it, as in a handler.
    Transaction,
    /// As one statement that commits by itself, like the peer's.
    Statement,
}

/// Transfers a second, each committed.
pub async fn transfers(
    stage: &Stage,
    ids: &Ids,
    wallets: u64,
    commit: Commit,
) -> anyhow::Result<f64> {
    let pool = PgPoolOptions::new()
        .max_connections(CLIENTS)
        .min_connections(CLIENTS)
        .test_before_acquire(false)
        .connect_with(stage.database.options())
        .await?;
    let count = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    let started = clock::now();
    let (begin, end) = (
        started + stage.time(500, 100),
        started + stage.time(3500, 500),
    );
    for client in 0..u64::from(CLIENTS) {
        let (pool, ids, count) = (pool.clone(), ids.clone(), Arc::clone(&count));
        clients.spawn(async move {
            let mut wallet = client * 7919;
            while clock::now() < end {
                // A stride that visits every wallet and never twice the same in a row.
                wallet = (wallet + 6007) % wallets;
                transfer(&pool, &ids, FIRST_OWNER + wallet, commit).await?;
                let now = clock::now();
                if now >= begin && now < end {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
            anyhow::Ok(())
        });
    }
    while let Some(joined) = clients.join_next().await {
        joined??;
    }
    pool.close().await;
    Ok(as_f64(count.load(Ordering::Relaxed)) / (end - begin).as_secs_f64())
}

async fn transfer(pool: &PgPool, ids: &Ids, owner: u64, commit: Commit) -> anyhow::Result<()> {
    let id = ids.uuid();
    let cause = Cause {
        id,
        idem_key: format!("bench:{id}"),
        note: "bench".to_owned(),
        by_admin: None,
        correlation: id,
    };
    let owner = i64::try_from(owner)?;
    let moved = match commit {
        Commit::Transaction => {
            let mut tx = pool.begin().await?;
            let moved = ledger::grant(&mut tx, owner, CURRENCY, Amount(1), &cause, None).await?;
            tx.commit().await?;
            moved
        }
        Commit::Statement => {
            let mut conn = pool.acquire().await?;
            ledger::grant(&mut conn, owner, CURRENCY, Amount(1), &cause, None).await?
        }
    };
    anyhow::ensure!(moved, "the transfer was known");
    Ok(())
}

async fn pgbench(stage: &Stage, wallets: u64) -> anyhow::Result<f64> {
    let script = std::env::temp_dir().join(format!("bulwark-bench-{}.sql", std::process::id()));
    std::fs::write(
        &script,
        format!(
            "\\set id random(0, {wallets} - 1)\nupdate bench_plain set available = available + 1, version = version + 1 where id = :id;\n"
        ),
    )?;
    let seconds = if stage.quick { 1 } else { 3 };
    let output = Command::new("pgbench")
        .args([
            "-n", "-M", "prepared", "-U", "postgres", "-p", "5432", "-j", "2",
        ])
        .args(["-h", &stage.database.socket_dir()])
        .args(["-c", &CLIENTS.to_string(), "-T", &seconds.to_string()])
        .arg("-f")
        .arg(&script)
        .arg(crate::database::NAME)
        .stdin(Stdio::null())
        .output();
    let output = tokio::time::timeout(Duration::from_secs(60), output)
        .await?
        .context("pgbench, which comes with Postgres, cannot be run")?;
    std::fs::remove_file(&script)?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
        .with_context(|| {
            format!(
                "pgbench said no tps: {text}{}",
                String::from_utf8_lossy(&output.stderr)
            )
        })
}
