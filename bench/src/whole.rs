//! b) Whole updates: taken in, handled in a transaction, answered by a row of the outbox; and the way to Telegram of a
//! single one when nothing else is going on.

use std::time::Duration;

use anyhow::Context as _;

use crate::clock;
use crate::ledger::CURRENCY;
use crate::load::{self, Connection, Plan, Requests as _};
use crate::report::{Row, median, thousands};
use crate::server::{Kind, Server};
use crate::stage::Stage;
use crate::updates::{FIRST_STRANGER, STRANGERS, Texts, USERNAME};

/// The Telegram id of the first person that the service knows.
const FIRST_REGULAR: u64 = 5_000_000_000;
/// So few that they write several times while it is measured, and so many that none is shed for it.
const REGULARS: u64 = 20_000;

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// People that the service has seen before.
    Regulars,
    /// Everybody for the first time: each is noted, gets a wallet and the gift for newcomers in it.
    Newcomers,
}

impl Writers {
    fn texts(self) -> Texts {
        let (first_user, users) = match self {
            Self::Regulars => (FIRST_REGULAR, REGULARS),
            Self::Newcomers => (FIRST_STRANGER, STRANGERS),
        };
        Texts::new("a red bicycle", first_user, users)
    }
}

/// Measures and compares.
pub async fn run(stage: &mut Stage) -> anyhow::Result<Vec<Row>> {
    let (mut rates, mut commits, mut paths) = (Vec::new(), Vec::new(), Vec::new());
    let mut newcomers = Vec::new();
    for round in 0..stage.rounds() {
        let greeted = from_backlog(stage, Writers::Newcomers).await?;
        let rate = from_backlog(stage, Writers::Regulars).await?;
        stage.database.reset().await?;
        introduce(stage).await?;
        let commit_ms = commit(stage).await?;
        let path = idle_path(stage).await?;
        stage.say(&format!(
            "b {round}: {rate:.0}/s, of newcomers {greeted:.0}/s; a commit {commit_ms:.2} ms, idle path p50 {:.2} p99 {:.2} ms",
            path.p50_ms, path.p99_ms
        ));
        newcomers.push(greeted);
        rates.push(rate);
        commits.push(commit_ms);
        paths.push(path);
    }
    let rate = median(rates);
    let p50 = median(paths.iter().map(|path| path.p50_ms));
    let p99 = median(paths.iter().map(|path| path.p99_ms));
    let pairs = paths.iter().zip(&commits);
    let ratio = median(pairs.map(|(path, commit_ms)| path.p50_ms / commit_ms));
    Ok(vec![
        Row::bound(
            "b: whole updates from a backlog, one replica",
            format!("{}/s", thousands(rate)),
            "≥ 1,500/s",
            rate >= 1500.0,
        ),
        Row::plain(
            "b: the same, each of somebody new who gets a wallet and a gift",
            format!("{}/s", thousands(median(newcomers))),
            String::new(),
        ),
        Row::at_most(
            "b: idle, from the webhook to the call at Telegram",
            format!("p50 {p50:.2} ms, p99 {p99:.2} ms"),
            format!("one commit: p50 {:.2} ms", median(commits)),
            ratio,
            3.0,
        ),
    ])
}

async fn from_backlog(stage: &Stage, writers: Writers) -> anyhow::Result<f64> {
    stage.database.reset().await?;
    introduce(stage).await?;
    fill(stage, writers).await?;
    drain(stage).await
}

/// Notes the regulars, and gives them wallets, as their first messages would have.
async fn introduce(stage: &Stage) -> anyhow::Result<()> {
    let people = format!("generate_series({FIRST_REGULAR}, {FIRST_REGULAR} + {REGULARS} - 1) id");
    let database = &stage.database;
    database
        .run(&format!(
            "insert into chat (id, kind, created_at) select id, 'private', now() from {people}"
        ))
        .await?;
    database
        .run(&format!(
            "insert into app_user (id, username, first_name, telegram_language, created_at, seen_at)
             select id, '{USERNAME}', 'Somebody', 'en', now(), now() from {people}"
        ))
        .await?;
    database
        .run(&format!(
            "insert into account (kind, owner_id, currency, guarded) select 'wallet', id, '{CURRENCY}', true from {people}"
        ))
        .await?;
    // As autovacuum does some minutes after such a change.
    database.run("analyze chat, app_user, account").await?;
    Ok(())
}

/// Has the intake store a backlog.
pub async fn fill(stage: &Stage, writers: Writers) -> anyhow::Result<()> {
    let server = stage.server(Kind::Intake).await?;
    let plan = Plan {
        address: server.address,
        connections: 128,
        warm_up: Duration::from_millis(1),
        measured: stage.time(1500, 200),
        threads: stage.cores.load.len(),
    };
    load::run(plan, |_| Box::new(writers.texts()), || ()).await?;
    server.stop().await
}

/// Updates that the whole service works off in a second, while nothing new comes.
pub async fn drain(stage: &Stage) -> anyhow::Result<f64> {
    const PENDING: &str = "select count(*) from inbox_update where state = 0";
    let database = &stage.database;
    let all = database.number(PENDING).await?;
    anyhow::ensure!(all > 0, "there is no backlog");
    let server = stage.server(Kind::Bulwark).await?;
    let started = clock::now();
    let deadline = started + Duration::from_secs(30);
    // The first ones warm up.
    let mut first = (all, started);
    while first.0 > all - all / 20 - 1 {
        tokio::time::sleep(stage.time(100, 10)).await;
        first = (database.number(PENDING).await?, clock::now());
        anyhow::ensure!(clock::now() < deadline, "the backlog is not worked off");
    }
    let end = clock::now() + stage.time(4000, 500);
    let mut last = first;
    while last.0 > 0 && clock::now() < end {
        // Seldom: counting a backlog takes milliseconds of what is measured.
        tokio::time::sleep(stage.time(500, 20)).await;
        last = (database.number(PENDING).await?, clock::now());
    }
    let messages = database
        .number("select count(*) from outbox_message")
        .await?;
    anyhow::ensure!(messages > 0, "the handlers answered nothing");
    server.stop().await?;
    let done = u64::try_from(first.0 - last.0)?;
    Ok(load::as_f64(done) / (last.1 - first.1).as_secs_f64())
}

/// How long one bare commit takes when nothing else is going on, p50, milliseconds.
async fn commit(stage: &Stage) -> anyhow::Result<f64> {
    let database = &stage.database;
    database
        .run("create table if not exists bench_commit (n bigint)")
        .await?;
    let mut times = Vec::new();
    for _ in 0..if stage.quick { 10 } else { 100 } {
        let started = clock::now();
        database.run("insert into bench_commit values (1)").await?;
        times.push((clock::now() - started).as_secs_f64() * 1000.0);
    }
    Ok(median(times))
}

struct Path {
    p50_ms: f64,
    p99_ms: f64,
}

async fn idle_path(stage: &mut Stage) -> anyhow::Result<Path> {
    let server: Server = stage.server(Kind::Bulwark).await?;
    let mut connection = Connection::open(server.address).await?;
    let mut texts = Writers::Regulars.texts();
    let mut latency = load::histogram()?;
    for count in 0..if stage.quick { 12 } else { 150 } {
        // Slower than the pace of 30 messages a second, and out of step with any timer.
        tokio::time::sleep(Duration::from_millis(45 + count % 7)).await;
        while stage.telegram.messages.try_recv().is_ok() {}
        let started = clock::now();
        let answer = connection.ask(texts.next()).await?;
        anyhow::ensure!(answer.status == 200, "answered {}", answer.status);
        let came = tokio::time::timeout(Duration::from_secs(10), stage.telegram.messages.recv());
        let (at, _) = came
            .await
            .context("no message came")?
            .context("the stand-in for Telegram is gone")?;
        if count >= 3 {
            latency.saturating_record(clock::micros(at - started));
        }
    }
    server.stop().await?;
    let at = |quantile| load::as_f64(latency.value_at_quantile(quantile)) / 1000.0;
    Ok(Path {
        p50_ms: at(0.5),
        p99_ms: at(0.99),
    })
}
