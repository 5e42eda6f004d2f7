//! `bulwark services`: the providers' lists against what is stored, and what is stored against catalogue, jobs and history.

mod check;
mod costs;
mod sync;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use sqlx::PgPool;

use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::redact;
use crate::catalog::Catalog;
use crate::providers::Provider;

/// What is asked for.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Read every provider's list and show what changed; with --apply store it, so that orders go by it
    Sync(Sync),
    /// Find service ids that are not their provider's: in the catalogue, in jobs and in the history
    Check(Check),
}

/// `bulwark services sync`.
#[derive(Args, Clone, Debug, Default)]
pub struct Sync {
    /// Store what the lists say now
    #[arg(long)]
    pub(super) apply: bool,
    /// Store a list even if more than half of what is stored is gone from it
    #[arg(long, requires = "apply")]
    pub(super) force: bool,
    /// Only this provider; may be given several times [default: all that are configured]
    #[arg(long = "provider", value_name = "NAME")]
    pub(super) providers: Vec<String>,
    /// As JSON, with every change
    #[arg(long)]
    pub(super) json: bool,
}

/// `bulwark services check`.
#[derive(Args, Clone, Debug, Default)]
pub struct Check {
    /// Also name every pair that was looked at, with cost and margin
    #[arg(long)]
    pub(super) verbose: bool,
    /// Write what was found to this file, as CSV, with one line for each job
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// What the commands work with.
pub struct Desk {
    /// The database.
    pub pool: PgPool,
    /// The time.
    pub clock: Clock,
    /// Identifiers.
    pub ids: Ids,
    /// What is on sale.
    pub catalog: Arc<Catalog>,
    /// Those that are configured.
    pub providers: Vec<Arc<dyn Provider>>,
    /// All that a catalogue may name.
    pub names: Vec<String>,
    /// What one credit of a provider costs us, by its name, in millionths of the catalogue's currency, where somebody said.
    pub credit_micros: BTreeMap<String, i64>,
    /// Who acts, for the record.
    pub operator: String,
}

impl Desk {
    /// Carries out a command. False: something is wrong, and the answer says what.
    ///
    /// # Errors
    /// The database's, or the file's that is to be written.
    pub async fn run(
        &self,
        command: &Command,
        out: &mut (impl Write + Send),
    ) -> Result<bool, anyhow::Error> {
        let done = match command {
            Command::Sync(options) => sync::run(self, options, out).await,
            Command::Check(options) => check::run(self, options, out).await,
        };
        done.map_err(|error| anyhow::anyhow!("{}", redact::text(&format!("{error:#}"))))
    }

    fn provider(&self, name: &str) -> Option<&dyn Provider> {
        let mut providers = self.providers.iter();
        providers
            .find(|provider| provider.name() == name)
            .map(AsRef::as_ref)
    }
}
