//! `bulwark migrate`: the schema, and nothing else.

use crate::base::db;
use crate::config::{Database, Env, problem_list};

/// Applies what is missing. Safe beside running replicas: migrations are taken under a lock, and only ever add.
///
/// # Errors
/// The configuration's, the database's.
pub async fn run(env: &Env) -> Result<(), anyhow::Error> {
    let database = Database::from_env(env)
        .map_err(|problems| anyhow::anyhow!("{}", problem_list(&problems)))?;
    db::migrate(&database.route()?).await?;
    println!(
        "The schema is up to date (version {}).",
        db::newest_migration()
    );
    Ok(())
}
