//! Measures Bulwark beside bare lower bounds and peers, in one run on one machine, and prints the table.
//!
//! Figures of one machine at one hour mean little; what counts are the ratios. Ours and theirs are measured in turn,
//! several times, and the middle of the rounds' ratios is printed. The server and Postgres have two cores, the load
//! generator two others.

mod child;
mod clock;
mod database;
mod growth;
mod jobs;
mod ledger;
mod load;
mod machine;
mod proxy;
mod report;
mod server;
mod stage;
mod telegram;
mod updates;
mod webhook;
mod whole;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use database::Database;
use machine::Cores;
use server::Kind;
use stage::Stage;
use telegram::Telegram;

/// As in the service itself; the peers have it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Bulwark beside bare lower bounds and peers.
#[derive(Parser)]
#[command(name = "bulwark-bench", max_term_width = 100)]
struct Cli {
    /// What to measure
    #[arg(value_enum, default_value = "all")]
    what: Vec<What>,
    /// How often everything is measured, ours and theirs in turn
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// One short round of everything: shows that it works, measures nothing
    #[arg(long)]
    quick: bool,
    /// For a profiler: only load this server, for 15 seconds
    #[arg(long)]
    only: Option<Kind>,
    /// With `--only`: how many connections
    #[arg(long, default_value_t = 256, requires = "only")]
    connections: usize,
    /// Where the throwaway database goes: on the kind of disk that you ask about
    #[arg(long, default_value = "/tmp/bulwark-bench")]
    data_dir: PathBuf,
    /// Internal: what this process serves
    #[arg(long, hide = true)]
    child: Option<Kind>,
    /// Internal: the cores of this process
    #[arg(long, hide = true, value_delimiter = ',')]
    child_cores: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Webhook acknowledgements
    A,
    /// Whole updates, and the idle path
    B,
    /// Light jobs
    C,
    /// Ledger transfers
    D,
    /// The range proxy
    E,
    /// Memory, and tables that have grown
    F,
    /// Everything
    All,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.child {
        Some(kind) => machine::pin(None, &cli.child_cores).and_then(|()| child::run(kind)),
        None => measure(&cli),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bulwark-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(cli: &Cli) -> anyhow::Result<()> {
    let cores = Cores::split()?;
    machine::pin(None, &cores.load)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(parts(cli, cores))
}

async fn parts(cli: &Cli, cores: Cores) -> anyhow::Result<()> {
    let database = Database::start(&cli.data_dir, &cores.server).await?;
    println!("{}", machine::description(&cores));
    println!("{}", database.description().await?);
    let mut stage = Stage {
        cores,
        database,
        telegram: Telegram::start().await?,
        quick: cli.quick,
        rounds: cli.rounds,
    };
    let includes = |part| cli.what.contains(&What::All) || cli.what.contains(&part);
    if let Some(kind) = cli.only {
        webhook::only(&stage, kind, cli.connections).await?;
        return stage.database.stop().await;
    }
    let mut rows = Vec::new();
    if includes(What::A) {
        rows.extend(webhook::run(&mut stage).await?);
    }
    if includes(What::B) {
        rows.extend(whole::run(&mut stage).await?);
    }
    if includes(What::C) {
        rows.extend(jobs::run(&mut stage).await?);
    }
    if includes(What::D) {
        rows.extend(ledger::run(&mut stage).await?);
    }
    if includes(What::E) {
        rows.extend(proxy::run(&mut stage).await?);
    }
    if includes(What::F) {
        rows.extend(growth::run(&mut stage).await?);
    }
    println!("\n{}", report::table(&rows));
    stage.database.stop().await
}
