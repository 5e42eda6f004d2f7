//! How a reconciliation is told to people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use super::providers::ProviderLine;
use super::report::{Entry, Report, State, minute};
use crate::admin::render::{Table, say};
use crate::base::money::Currency;
use crate::engine::books::Night;
use crate::engine::ledger::OpenFinding;

/// Findings shown without `--verbose`.
const SHOWN_MAX: usize = 20;

/// What `--fix` is about to do.
pub(super) fn plan(report: &Report, currency: &Currency, out: &mut impl Write) -> io::Result<()> {
    let mendable: Vec<&Entry> = report
        .findings
        .iter()
        .filter(|entry| entry.state == State::Mendable)
        .collect();
    if mendable.is_empty() {
        return writeln!(out, "Nothing that a movement could mend.\n");
    }
    writeln!(out, "About to be done:")?;
    for entry in mendable {
        if entry.movements.is_empty() {
            let who = entry
                .user
                .map(|user| format!(" of user {user}"))
                .unwrap_or_default();
            let text = format!("book the {}{who}: {}", entry.what, entry.amount);
            say(&entry.subject, &text, out)?;
        }
        for movement in &entry.movements {
            say(&entry.subject, &movement.text(currency), out)?;
        }
    }
    writeln!(out)
}

/// Everything, at most so much as people read.
pub(super) fn report(
    report: &Report,
    verbose: bool,
    currency: &Currency,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut checks: BTreeMap<(&str, &str), BTreeMap<&str, usize>> = BTreeMap::new();
    for entry in &report.findings {
        let states = checks.entry((&entry.source, &entry.what)).or_default();
        *states.entry(entry.state.name()).or_default() += 1;
    }
    if !checks.is_empty() {
        let rows = checks.iter().map(|((source, what), states)| {
            let states: Vec<String> = states
                .iter()
                .map(|(state, n)| format!("{n} {state}"))
                .collect();
            vec![(*source).to_owned(), states.join(", "), (*what).to_owned()]
        });
        let table = Table {
            head: &["SOURCE", "FINDINGS", "WHAT"],
            rows: rows.collect(),
        };
        table.print(0, out)?;
        writeln!(out)?;
    }
    let shown = if verbose { usize::MAX } else { SHOWN_MAX };
    for entry in report.findings.iter().take(shown) {
        finding(entry, verbose, currency, out)?;
    }
    if report.findings.len() > shown {
        writeln!(
            out,
            "… and {} more; --verbose shows all.",
            report.findings.len() - shown
        )?;
    }
    for line in &report.processors {
        writeln!(
            out,
            "{}: {} transactions there, {} differences.",
            line.processor, line.transactions, line.differences
        )?;
    }
    if verbose || report.providers.iter().any(|line| line.went.is_some()) {
        providers(&report.providers, out)?;
    }
    let open = report
        .findings
        .iter()
        .filter(|entry| entry.state != State::Mended)
        .count();
    let mended = report.findings.len() - open;
    writeln!(
        out,
        "{} findings, {mended} mended, {open} left.",
        report.findings.len()
    )
}

fn finding(
    entry: &Entry,
    verbose: bool,
    currency: &Currency,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut text = format!("{}: {}", entry.state.name(), entry.what);
    if let Some(user) = entry.user {
        text = format!("{text}, user {user}");
    }
    if !entry.amount.is_empty() {
        text = format!("{text}, {}", entry.amount);
    }
    say(&entry.subject, &text, out)?;
    if verbose || entry.state == State::Mendable {
        for movement in &entry.movements {
            writeln!(out, "  {}", movement.text(currency))?;
        }
    }
    if !entry.advice.is_empty() {
        say("  to do", &entry.advice, out)?;
    }
    Ok(())
}

fn providers(lines: &[ProviderLine], out: &mut impl Write) -> io::Result<()> {
    let number = |number: Option<i64>| number.map_or("?".to_owned(), |number| number.to_string());
    let rows = lines.iter().map(|line| {
        let mut text = line.verdict.text().to_owned();
        if line.jobs_unknown > 0 {
            text = format!("{text}; {} jobs of unknown cost", line.jobs_unknown);
        }
        if line.jobs_live > 0 {
            text = format!("{text}; {} under way", line.jobs_live);
        }
        vec![
            line.provider.clone(),
            line.unit.clone(),
            line.since.map(minute).unwrap_or_default(),
            number(line.balance_then),
            number(line.balance_now),
            number(line.went),
            line.believed.to_string(),
            text,
        ]
    });
    let table = Table {
        head: &[
            "PROVIDER", "UNIT", "SINCE", "THEN", "NOW", "WENT", "JOBS", "",
        ],
        rows: rows.collect(),
    };
    table.print(0, out)
}

/// What the last nights came to, and what the recurring audit knows.
pub(super) fn status(
    nights: &[Night],
    findings: &[OpenFinding],
    count: i64,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), anyhow::Error> {
    if is_json {
        let nights = nights.iter().map(|night| {
            json!({ "night": night.night.to_string(), "ran_at": night.ran_at.to_string(),
                    "findings": night.findings, "status": night.status })
        });
        let open = findings.iter().map(|it| {
            json!({ "check": it.check, "subject": it.subject, "since": it.first_seen_at.to_string() })
        });
        let all = json!({ "nights": nights.collect::<Vec<_>>(), "open": open.collect::<Vec<_>>(), "open_count": count });
        serde_json::to_writer_pretty(&mut *out, &all)?;
        writeln!(out)?;
        return Ok(());
    }
    if nights.is_empty() {
        writeln!(out, "No night was compared yet.")?;
    } else {
        let rows = nights.iter().map(|night| {
            vec![
                night.night.to_string(),
                minute(night.ran_at),
                night.findings.to_string(),
                night.status.to_string(),
            ]
        });
        let table = Table {
            head: &["NIGHT", "RAN", "FINDINGS", "STATUS"],
            rows: rows.collect(),
        };
        table.print(0, out)?;
    }
    writeln!(out, "{count} findings of the recurring audit are open.")?;
    for finding in findings {
        let text = format!(
            "{} (since {})",
            finding.check,
            minute(finding.first_seen_at)
        );
        say(&finding.subject, &text, out)?;
    }
    Ok(())
}
