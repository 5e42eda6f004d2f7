//! The commands of an operator, one file each, over the same functions as the service.

pub mod audit;
pub mod check_config;
mod decider;
pub mod healthcheck;
pub mod migrate;
pub mod reconcile;
mod render;
pub mod services;
pub mod shelf;
pub mod statement;
pub mod trace;
pub mod withdrawals;

use std::path::PathBuf;

use sqlx::PgPool;

use crate::base::db::PoolLimits;
use crate::catalog::Catalog;
use crate::config::{Database, Env, Providers, problem_list};

/// The database that the environment names.
fn pool(env: &Env) -> Result<PgPool, anyhow::Error> {
    let database = Database::from_env(env)
        .map_err(|problems| anyhow::anyhow!("{}", problem_list(&problems)))?;
    let limits = PoolLimits {
        connections_max: 2,
        ..PoolLimits::default()
    };
    Ok(database.route()?.pool(&limits))
}

/// The catalogue that the environment names.
fn catalog(env: &Env) -> Result<Catalog, anyhow::Error> {
    let path = env.get("CATALOG_PATH").map(PathBuf::from);
    let names = Providers::names_in(env);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Catalog::load(path.as_deref(), &names).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the catalogue is not right\n{}", lines.join("\n"))
    })
}
