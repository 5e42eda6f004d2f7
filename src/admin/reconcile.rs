//! `bulwark reconcile`: compares Telegram's list of Star transactions with the ledger, and books what is missing.

use std::io::Write;

use clap::Args;

use crate::base::redact;
use crate::features::topup::{Reconciler, Report};

/// How it is asked for.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Options {
    /// Only say what would be booked
    #[arg(long)]
    pub dry_run: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Compares and says what differed. False: something differs still.
///
/// # Errors
/// Telegram's or the database's; what was booked before stays.
pub async fn run(
    reconciler: &Reconciler,
    options: Options,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    let report = reconciler
        .run(options.dry_run)
        .await
        .map_err(|error| anyhow::anyhow!("{}", redact::text(&format!("{error:#}"))))?;
    if options.json {
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)?;
    } else {
        print(&report, out)?;
    }
    Ok(report.findings.iter().all(|finding| finding.is_mended))
}

fn print(report: &Report, out: &mut impl Write) -> std::io::Result<()> {
    for finding in &report.findings {
        let user = finding.user.map_or("—".to_owned(), |user| user.to_string());
        let stars = finding
            .stars
            .map_or("—".to_owned(), |stars| stars.to_string());
        let state = if finding.is_mended { "booked" } else { "open" };
        writeln!(
            out,
            "{state:<7} {what:<20} user {user:<12} stars {stars:<7} charge {charge}",
            what = finding.what,
            charge = finding.charge,
        )?;
    }
    writeln!(
        out,
        "{} transactions at Telegram, {} differences.",
        report.transactions,
        report.findings.len()
    )
}
