//! `bulwark audit`: looks at all of the books, and says what does not balance.

use std::io::Write;

use clap::Args;
use serde_json::json;
use sqlx::PgPool;

use crate::base::db::PoolLimits;
use crate::config::{Database, Env, problem_list};
use crate::engine::ledger::AuditReport;

/// How it is asked for.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Options {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Audits the books of the database that the environment names. False: something does not balance.
///
/// # Errors
/// What is wrong with the settings; the database's.
pub async fn run(
    env: &Env,
    options: Options,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    let database = Database::from_env(env)
        .map_err(|problems| anyhow::anyhow!("{}", problem_list(&problems)))?;
    let limits = PoolLimits {
        connections_max: 1,
        ..PoolLimits::default()
    };
    on(&database.route()?.pool(&limits), options, out).await
}

/// As [`run`], on this database.
///
/// # Errors
/// The database's.
pub async fn on(
    pool: &PgPool,
    options: Options,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    let mut conn = pool.acquire().await?;
    let report = AuditReport::make(&mut conn).await?;
    if options.json {
        let findings: Vec<_> = report
            .findings
            .iter()
            .map(|finding| json!({ "check": finding.check, "subject": finding.subject }))
            .collect();
        serde_json::to_writer_pretty(&mut *out, &json!({ "findings": findings }))?;
        writeln!(out)?;
    } else {
        for finding in &report.findings {
            writeln!(out, "{}: not so for {}", finding.check, finding.subject)?;
        }
        writeln!(out, "{} findings.", report.findings.len())?;
    }
    Ok(report.findings.is_empty())
}
