//! The command line.

use std::process::ExitCode;

use bulwark::admin::{
    audit, check_config, healthcheck, migrate, reconcile, services, shelf, statement, trace,
    withdrawals,
};
use bulwark::app::{self, books, serve};
use bulwark::config::{Env, Http};
use clap::{Parser, Subcommand};

/// What one worker thread allocates another one often frees, and batches are large: with the system's allocator that
/// costs a quarter of the time of an acknowledgement.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The service behind a Telegram bot that takes money and runs slow jobs.
#[derive(Parser)]
#[command(name = "bulwark", version = bulwark::VERSION, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the bot: sets its webhook itself, migrates, serves until SIGTERM
    Serve,
    /// Try it: database, service, simulated Telegram and providers, and a chat page; nothing to install
    #[cfg(feature = "demo")]
    Demo(bulwark::demo::Options),
    /// Bring the database's schema up to date and exit
    Migrate,
    /// Check environment and catalogue: every problem at once, with what to do
    CheckConfig {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Compare the books with themselves, with payment processors and with what is left at providers; --fix mends
    Reconcile(reconcile::Options),
    /// What days, services, providers or currencies came to: revenue, cost, margin, and what is owed
    Statement(statement::Options),
    /// The whole story of one thing: from update to money to message
    Trace(trace::Options),
    /// Look at all of the books: whether everything balances
    Audit(audit::Options),
    /// Withdrawals: read them, approve or reject them, say that they were paid
    Withdrawals(withdrawals::Options),
    /// What providers sell: compare their lists with what is stored and with the catalogue
    #[command(subcommand)]
    Services(services::Command),
    #[command(flatten)]
    Shelf(shelf::Command),
    /// Ask the service on this machine whether it lives; for containers without curl
    Healthcheck,
}

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let env = Env::process();
    let result = match cli.command {
        Command::Serve => block_on(serve::run(&env)),
        #[cfg(feature = "demo")]
        Command::Demo(options) => block_on(bulwark::demo::run(env, options)),
        Command::Migrate => block_on(migrate::run(&env)),
        Command::CheckConfig { json } => {
            check_config::run(&env, json, &mut std::io::stdout().lock())
                .map_err(anyhow::Error::from)
                .and_then(|good| if good { Ok(()) } else { Err(Said.into()) })
        }
        Command::Reconcile(options) => block_on(async {
            let reconciliation = books::reconciliation(&env)?;
            let good = reconciliation.run(&options, &mut std::io::stdout()).await?;
            if good { Ok(()) } else { Err(Said.into()) }
        }),
        Command::Statement(options) => {
            block_on(async { statement::run(&env, &options, &mut std::io::stdout()).await })
        }
        Command::Trace(options) => block_on(async {
            let found = trace::run(&env, &options, &mut std::io::stdout()).await?;
            if found { Ok(()) } else { Err(Said.into()) }
        }),
        Command::Audit(options) => block_on(async {
            let good = audit::run(&env, options, &mut std::io::stdout()).await?;
            if good { Ok(()) } else { Err(Said.into()) }
        }),
        Command::Withdrawals(options) => block_on(async {
            let good = withdrawals::run(&env, &options, &mut std::io::stdout()).await?;
            if good { Ok(()) } else { Err(Said.into()) }
        }),
        Command::Services(command) => block_on(async {
            let desk = app::services::desk(&env)?;
            let good = desk.run(&command, &mut std::io::stdout()).await?;
            if good { Ok(()) } else { Err(Said.into()) }
        }),
        Command::Shelf(command) => block_on(async {
            let good = shelf::run(&env, &command, &mut std::io::stdout()).await?;
            if good { Ok(()) } else { Err(Said.into()) }
        }),
        Command::Healthcheck => match Http::local_address(&env) {
            Ok(address) => block_on(async { Ok(healthcheck::run(address.port()).await?) }),
            Err(problems) => Err(anyhow::anyhow!(
                "{}",
                bulwark::config::problem_list(&problems)
            )),
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Said>() => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bulwark: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The failure that was printed already.
#[derive(Debug, thiserror::Error)]
#[error("said")]
struct Said;

fn block_on(command: impl Future<Output = Result<(), anyhow::Error>>) -> Result<(), anyhow::Error> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(command)
}
