//! f) Memory of idle connections and of a backlog; and whether work costs more when the tables have grown.

use std::time::Duration;

use bulwark::base::ids::Ids;

use crate::ledger::Commit;
use crate::load::{Connection, as_f64};
use crate::machine::resident_mb;
use crate::report::{Row, median, thousands};
use crate::server::Kind;
use crate::stage::Stage;
use crate::{ledger, whole};

/// Measures and compares.
pub async fn run(stage: &mut Stage) -> anyhow::Result<Vec<Row>> {
    let mut rows = vec![idle_connections(stage).await?, backlog(stage).await?];
    let rounds = stage.rounds();
    let ids = Ids::random();
    ledger::prepare(stage, 10_000).await?;
    let (mut drained, mut moved) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        stage.database.reset().await?;
        drained.push(measure(stage).await?);
        moved.push(ledger::transfers(stage, &ids, 10_000, Commit::Transaction).await?);
    }
    stage.database.reset().await?;
    let sizes = Sizes::of(stage);
    grow(stage, &sizes).await?;
    let (mut drained_grown, mut moved_grown) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        drained_grown.push(measure(stage).await?);
        moved_grown.push(ledger::transfers(stage, &ids, sizes.wallets, Commit::Transaction).await?);
    }
    let (few, many) = (median(drained), median(drained_grown));
    rows.push(Row::at_most(
        format!(
            "f: cost of a whole update with {} updates and {} jobs in the tables",
            thousands(as_f64(sizes.updates)),
            thousands(as_f64(sizes.jobs))
        ),
        format!("{}/s", thousands(many)),
        format!("empty tables: {}/s", thousands(few)),
        few / many,
        1.3,
    ));
    let (few, many) = (median(moved), median(moved_grown));
    rows.push(Row::at_most(
        format!(
            "f: cost of a transfer with {} wallets",
            thousands(as_f64(sizes.wallets))
        ),
        format!("{}/s", thousands(many)),
        format!("10,000 wallets: {}/s", thousands(few)),
        few / many,
        1.3,
    ));
    stage.database.reset().await?;
    Ok(rows)
}

async fn measure(stage: &Stage) -> anyhow::Result<f64> {
    stage
        .database
        .run("delete from inbox_update where state = 0")
        .await?;
    stage
        .database
        .run("truncate outbox_message, outbox_sent")
        .await?;
    whole::fill(stage, whole::Writers::Newcomers).await?;
    stage.database.run("checkpoint").await?;
    let rate = whole::drain(stage).await?;
    stage.say(&format!("f {rate:.0}/s"));
    Ok(rate)
}

struct Sizes {
    updates: u64,
    jobs: u64,
    wallets: u64,
}

impl Sizes {
    fn of(stage: &Stage) -> Self {
        let each = if stage.quick { 1000 } else { 1 };
        Self {
            updates: 10_000_000 / each,
            jobs: 1_000_000 / each,
            wallets: 1_000_000 / each,
        }
    }
}

async fn grow(stage: &Stage, sizes: &Sizes) -> anyhow::Result<()> {
    let database = &stage.database;
    stage.say("f the tables grow");
    // Ended updates of the last days: below the numbers of those that will come.
    database
        .run(&format!(
            "insert into inbox_update (update_id, lane, shard, kind, state, correlation, payload, received_at, finished_at)
             select n, n % 1000000, n % 64, 'message', 1, gen_random_uuid(), convert_to(repeat('x', 100), 'UTF8'), now(), now()
             from generate_series(1, {}) n",
            sizes.updates
        ))
        .await?;
    // Jobs that wait for their provider: none of them is due while we measure.
    database
        .run(&format!(
            "insert into job (id, kind, state, user_id, chat_id, run_at, callback_token, unique_key, provider, provider_snapshot, correlation, created_at, updated_at)
             select gen_random_uuid(), 'order', 'running', n, n, now() + interval '1 day', 'bench-' || n, 'bench-' || n, 'kie', '{{}}', gen_random_uuid(), now(), now()
             from generate_series(1, {}) n",
            sizes.jobs
        ))
        .await?;
    ledger::prepare(stage, sizes.wallets).await?;
    database.run("vacuum analyze inbox_update").await?;
    database.run("vacuum analyze job").await?;
    database.run("checkpoint").await?;
    Ok(())
}

/// Kept-alive connections that ask for nothing more.
async fn idle_connections(stage: &Stage) -> anyhow::Result<Row> {
    stage.database.reset().await?;
    let server = stage.server(Kind::Bulwark).await?;
    let count: u32 = if stage.quick { 100 } else { 900 };
    let before_mb = resident_mb(server.pid);
    let mut connections = Vec::new();
    for _ in 0..count {
        let mut connection = Connection::open(server.address).await?;
        let answer = connection
            .ask(b"GET /healthz HTTP/1.1\r\nhost: bench\r\n\r\n")
            .await?;
        anyhow::ensure!(answer.status == 200, "answered {}", answer.status);
        connections.push(connection);
    }
    let each_kb = (resident_mb(server.pid) - before_mb) * 1024.0 / f64::from(count);
    drop(connections);
    server.stop().await?;
    Ok(Row::plain(
        "f: memory of an idle connection",
        format!("{each_kb:.0} kB"),
        String::new(),
    ))
}

/// What a backlog adds: the rows stay in the table, only a bounded picture of them is held.
async fn backlog(stage: &Stage) -> anyhow::Result<Row> {
    stage.database.reset().await?;
    let server = stage.server(Kind::Bulwark).await?;
    let without_mb = resident_mb(server.pid);
    server.stop().await?;
    stage.database.reset().await?;
    let wanted = if stage.quick { 2_000 } else { 100_000 };
    let mut rows = 0;
    while rows < wanted {
        whole::fill(stage, whole::Writers::Newcomers).await?;
        rows = stage
            .database
            .number("select count(*) from inbox_update where state = 0")
            .await?;
    }
    let server = stage.server(Kind::Bulwark).await?;
    let mut with_mb: f64 = 0.0;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(if stage.quick { 20 } else { 150 })).await;
        with_mb = with_mb.max(resident_mb(server.pid));
    }
    server.stop().await?;
    Ok(Row::plain(
        format!(
            "f: memory while {} updates wait and are worked off",
            thousands(as_f64(u64::try_from(rows)?))
        ),
        format!("{with_mb:.0} MB"),
        format!("without: {without_mb:.0} MB"),
    ))
}
