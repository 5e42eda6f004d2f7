//! The crash suite: kills the service in every way and checks that nothing is lost, doubled or stuck.
//!
//! `cargo run -p bulwark-crash --release -- --seeds 50` builds the real program with kill points, and for each seed
//! makes a world (the simulator, a Postgres of its own, one or two replicas), lets people order, and kills, freezes and
//! cuts. When all has come to rest, one checker compares what the world saw with what the database says. A seed draws
//! the same faults again.

mod binary;
mod canary;
mod cards;
mod chaos;
mod checker;
mod clock;
mod cluster;
mod cutter;
mod dice;
mod disk;
mod front;
mod inquirers;
mod inviters;
mod journal;
mod mutants;
mod outside;
mod payers;
mod payouts;
mod people;
mod promoters;
mod provoke;
mod refunders;
mod replica;
mod report;
mod rest;
mod run;
mod script;
mod tables;
mod tippers;
mod troubles;
mod world;

use std::process::ExitCode;

use bulwark::base::fault::Point;
use clap::Parser;

/// What to do.
#[derive(Clone, Debug, Parser)]
#[command(name = "bulwark-crash", about, max_term_width = 100)]
pub struct Options {
    /// Worlds to go through
    #[arg(long, default_value_t = 4)]
    seeds: u64,
    /// The first of them; to see one again, this with --seeds 1
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Processes killed in each world
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// Worlds at the same time
    #[arg(long, default_value_t = 4)]
    worlds: usize,
    /// Aim at these points first, by name
    #[arg(long, value_parser = point)]
    point: Vec<Point>,
    /// Begin no new world after so many minutes
    #[arg(long)]
    minutes: Option<u64>,
    /// A bounded run, as for each change: few worlds, some points
    #[arg(long)]
    quick: bool,
    /// Put each known mistake into the service instead, and see that the checker finds it
    #[arg(long)]
    mutants: bool,
    /// With --mutants: only these, by name; `none` is the control
    #[arg(long)]
    mutant: Vec<String>,
    /// Keep the logs of all worlds, not only of those with violations
    #[arg(long)]
    keep: bool,
}

fn point(name: &str) -> Result<Point, String> {
    Point::named(name).ok_or_else(|| format!("there is no point {name}"))
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let result = runtime
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run::all(options)));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("crash suite: {error:#}");
            ExitCode::FAILURE
        }
    }
}
