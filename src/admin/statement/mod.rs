//! `bulwark statement`: what a time came to, by days, services, providers or currencies, and the movements behind it.

mod transfers;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Date, Duration, OffsetDateTime};

use super::render::Table;
use crate::base::clock::Clock;
use crate::base::csv;
use crate::base::money::{Amount, Currency};
use crate::config::Env;
use crate::engine::books::{self, By, Line, Statement};

/// A longer time is asked for in parts.
const DAYS_MAX: i64 = 400;

/// How it is asked for.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The first day, UTC, such as 2026-01-31 [default: the first of this month]
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub from: Option<Date>,
    /// The last day [default: today]
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub to: Option<Date>,
    /// What is a line
    #[arg(long, value_enum, default_value_t = Grouping::Day)]
    pub by: Grouping,
    /// Every movement behind the numbers instead of the numbers
    #[arg(long)]
    pub transfers: bool,
    /// Into this file, as comma-separated values
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// By what a statement is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Grouping {
    /// Days, UTC
    Day,
    /// The services of the catalogue
    Service,
    /// Who did the work
    Provider,
    /// Currencies
    Currency,
}

fn day(text: &str) -> Result<Date, String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).map_err(|_| "a day looks like 2026-01-31".to_owned())
}

/// Makes the statement from the database that the environment names.
///
/// # Errors
/// What is wrong with the settings or the time; the database's; the file's.
pub async fn run(
    env: &Env,
    options: &Options,
    out: &mut (impl Write + Send),
) -> Result<(), anyhow::Error> {
    let currency = super::catalog(env)?.currency;
    on(
        &super::pool(env)?,
        &Clock::system(),
        &currency,
        options,
        out,
    )
    .await
}

/// As [`run`], on this database.
///
/// # Errors
/// The same.
pub async fn on(
    pool: &PgPool,
    clock: &Clock,
    currency: &Currency,
    options: &Options,
    out: &mut (impl Write + Send),
) -> Result<(), anyhow::Error> {
    let (from, to) = days(options, clock.now())?;
    // Jobs that ended a moment ago are in it.
    books::carry_costs(pool, clock.sql_now()).await?;
    if options.transfers {
        return transfers::list(pool, currency, (from, to), options, out).await;
    }
    let by = match options.by {
        Grouping::Day => By::Day,
        Grouping::Service => By::Service,
        Grouping::Provider => By::Provider,
        Grouping::Currency => By::Currency,
    };
    let statement = books::statement(pool, from, to, by).await?;
    if let Some(path) = &options.csv {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(as_csv(&statement, currency).as_bytes())?;
        file.flush()?;
        writeln!(
            out,
            "{} lines in {}.",
            statement.lines.len(),
            path.display()
        )?;
    } else if options.json {
        serde_json::to_writer_pretty(&mut *out, &as_json(&statement, currency))?;
        writeln!(out)?;
    } else {
        print(&statement, by, currency, out)?;
    }
    Ok(())
}

fn days(options: &Options, now: OffsetDateTime) -> Result<(Date, Date), anyhow::Error> {
    let today = now.to_offset(time::UtcOffset::UTC).date();
    let to = options.to.unwrap_or(today);
    let first = to.replace_day(1).unwrap_or(to);
    let from = options.from.unwrap_or(first);
    anyhow::ensure!(from <= to, "the first day is after the last");
    let days = (to - from).whole_days() + 1;
    anyhow::ensure!(days <= DAYS_MAX, "at most {DAYS_MAX} days at once");
    anyhow::ensure!(to <= today + Duration::DAY, "the last day has not come yet");
    Ok((from, to))
}

/// A number in main units, as programs read it.
fn number(currency: &Currency, code: &str, minor: i64) -> String {
    let exponent = if code == currency.code {
        currency.exponent
    } else {
        0
    };
    let plain = Currency {
        code: String::new(),
        exponent,
        symbol: String::new(),
    };
    plain.plain(Amount(minor))
}

/// What is left of revenue; None if not all costs are known in the currency.
fn margin(line: &Line, currency: &Currency) -> Option<i64> {
    line.is_costed()
        .then(|| line.revenue - line.cost(currency.exponent))
}

/// Of what the costs in other units are.
fn other_costs(line: &Line) -> Vec<String> {
    let others = line.costs.iter().filter(|cost| cost.unit != line.currency);
    others
        .map(|cost| {
            let (whole, rest) = (cost.micros / 1_000_000, cost.micros % 1_000_000);
            let rest = format!("{rest:06}");
            let rest = rest.trim_end_matches('0');
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{whole}{dot}{rest} {}", cost.unit)
        })
        .collect()
}

fn cost_text(line: &Line, currency: &Currency) -> String {
    let mut parts = other_costs(line);
    let own = line.cost(currency.exponent);
    if own != 0 || parts.is_empty() {
        parts.insert(0, number(currency, &line.currency, own));
    }
    if line.uncosted > 0 {
        parts.push(format!("{} unknown", line.uncosted));
    }
    parts.join(" + ")
}

fn margin_text(line: &Line, currency: &Currency) -> String {
    match margin(line, currency) {
        Some(margin) => number(currency, &line.currency, margin),
        None => "unknown".to_owned(),
    }
}

fn as_json(statement: &Statement, currency: &Currency) -> Value {
    let line = |line: &Line| {
        let mut value = json!(line);
        value["cost"] = json!(line.cost(currency.exponent));
        value["is_costed"] = json!(line.is_costed());
        value["margin"] = json!(margin(line, currency));
        value["owed_in_all"] = json!(line.owed_in_all());
        value
    };
    json!({
        "from": statement.from.to_string(),
        "to": statement.to.to_string(),
        "decimals": currency.exponent,
        "lines": statement.lines.iter().map(line).collect::<Vec<_>>(),
        "totals": statement.totals.iter().map(line).collect::<Vec<_>>(),
    })
}

fn as_csv(statement: &Statement, currency: &Currency) -> String {
    let mut ways: Vec<&String> = Vec::new();
    for line in &statement.lines {
        ways.extend(line.money_in.keys().chain(line.money_out.keys()));
    }
    ways.sort();
    ways.dedup();
    let fixed = [
        "key",
        "currency",
        "orders",
        "revenue",
        "cost",
        "cost_elsewhere",
        "jobs_without_cost",
        "margin",
        "payouts",
        "rewards",
        "grants",
        "corrections",
        "losses",
        "owed",
        "held",
    ];
    let mut head: Vec<String> = fixed.map(str::to_owned).to_vec();
    for way in &ways {
        head.extend([format!("in_{way}"), format!("out_{way}")]);
    }
    let mut out = String::new();
    csv::record(&mut out, head);
    for line in &statement.lines {
        let money = |minor: i64| number(currency, &line.currency, minor);
        let mut cells = vec![
            line.key.clone(),
            line.currency.clone(),
            line.orders.to_string(),
            money(line.revenue),
            money(line.cost(currency.exponent)),
            other_costs(line).join(" + "),
            line.uncosted.to_string(),
            margin_text(line, currency),
            money(line.payouts),
            money(line.rewards),
            money(line.grants),
            money(line.corrections),
            money(line.losses),
            money(line.owed_in_all()),
            money(line.held),
        ];
        for way in &ways {
            let of = |map: &std::collections::BTreeMap<String, i64>| map.get(*way).copied();
            cells.push(money(of(&line.money_in).unwrap_or(0)));
            cells.push(money(of(&line.money_out).unwrap_or(0)));
        }
        csv::record(&mut out, cells);
    }
    out
}

fn print(
    statement: &Statement,
    by: By,
    currency: &Currency,
    out: &mut impl Write,
) -> Result<(), anyhow::Error> {
    writeln!(out, "{} to {}, days in UTC", statement.from, statement.to)?;
    table(&statement.lines, by, currency).print(0, out)?;
    for total in &statement.totals {
        let money = |minor: i64| number(currency, &total.currency, minor);
        let mut text = format!(
            "\n{}: {} orders, revenue {}, cost {}, margin {}",
            total.currency,
            total.orders,
            money(total.revenue),
            cost_text(total, currency),
            margin_text(total, currency),
        );
        for (way, amount) in &total.money_in {
            write!(text, "\nin by {way}: {}", money(*amount))?;
        }
        for (way, amount) in &total.money_out {
            write!(text, "\ngiven back by {way}: {}", money(*amount))?;
        }
        write!(
            text,
            "\npaid out {}, rewards {}, grants {}, corrections {}, losses {}",
            money(total.payouts),
            money(total.rewards),
            money(total.grants),
            money(total.corrections),
            money(total.losses),
        )?;
        let owed: Vec<String> = total
            .owed
            .iter()
            .map(|(kind, amount)| format!("{kind} {}", money(*amount)))
            .collect();
        let (owed, held) = (owed.join(", "), money(total.held));
        write!(
            text,
            "\nowed to users at the end: {owed}; of it held for orders {held}"
        )?;
        writeln!(out, "{text}")?;
    }
    if statement.totals.iter().any(|total| !total.is_costed()) {
        let hint = "\nWhere a cost or margin is unknown: `--by service` shows of which services, and `bulwark services check` what to set.";
        writeln!(out, "{hint}")?;
    }
    Ok(())
}

fn table(lines: &[Line], by: By, currency: &Currency) -> Table {
    let is_whole = matches!(by, By::Day | By::Currency);
    let head: &'static [&'static str] = match by {
        By::Day => &[
            "DAY", "CUR", "ORDERS", "REVENUE", "IN", "OUT", "OWED", "HELD", "MARGIN", "COST",
        ],
        By::Currency => &[
            "CURRENCY", "CUR", "ORDERS", "REVENUE", "IN", "OUT", "OWED", "HELD", "MARGIN", "COST",
        ],
        By::Service => &["SERVICE", "CUR", "ORDERS", "REVENUE", "MARGIN", "COST"],
        By::Provider => &["PROVIDER", "CUR", "ORDERS", "REVENUE", "MARGIN", "COST"],
    };
    let rows = lines.iter().map(|line| {
        let money = |minor: i64| number(currency, &line.currency, minor);
        let mut row = vec![
            line.key.clone(),
            line.currency.clone(),
            line.orders.to_string(),
            money(line.revenue),
        ];
        if is_whole {
            row.push(money(line.money_in.values().sum()));
            row.push(money(line.money_out.values().sum::<i64>() + line.payouts));
            row.push(money(line.owed_in_all()));
            row.push(money(line.held));
        }
        row.push(margin_text(line, currency));
        row.push(cost_text(line, currency));
        row
    });
    Table {
        head,
        rows: rows.collect(),
    }
}
