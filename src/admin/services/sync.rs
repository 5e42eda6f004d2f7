//! `bulwark services sync`: what changed in the providers' lists, and storing it.

use std::collections::HashSet;
use std::io::Write;

use serde::Serialize;
use serde_json::json;

use super::{Desk, Sync};
use crate::catalog::{Catalog, Micros};
use crate::engine::admin_audit::{self, Act};
use crate::engine::routing::{self, Change, Difference, Known, Sold};
use crate::features::assortment::{self, Finding};
use crate::providers::{Listing, Provider};

/// In the audit, in place of an admin of the chat.
const COMMAND_LINE: i64 = 0;
/// So many changes go into a row of the audit.
const AUDITED_MAX: usize = 200;
const NAME_CHARS_MAX: usize = 40;

/// What came of one provider.
#[derive(Debug, Serialize)]
struct Report {
    provider: String,
    #[serde(flatten)]
    state: State,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
enum State {
    /// It has no list.
    NoList,
    /// It did not say.
    Failed { error: String },
    /// It said.
    Read {
        services: usize,
        currency: Option<String>,
        unread: usize,
        changes: Vec<Difference>,
        stored: Stored,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Stored {
    /// It was only looked at.
    NotAsked,
    /// There was nothing to store.
    Same,
    /// It is in force.
    Done,
    /// Too much would be gone.
    Doubtful,
}

pub(super) async fn run(
    desk: &Desk,
    options: &Sync,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    if let Some(unknown) = options
        .providers
        .iter()
        .find(|name| desk.provider(name).is_none())
    {
        anyhow::bail!("{unknown} is not configured: is its key set?");
    }
    let mut reports = Vec::new();
    for provider in &desk.providers {
        let name = provider.name();
        if options.providers.is_empty() || options.providers.iter().any(|wanted| wanted == name) {
            let state = one(desk, provider.as_ref(), options).await?;
            reports.push(Report {
                provider: name.to_owned(),
                state,
            });
        }
    }
    let mut conn = desk.pool.acquire().await?;
    let findings = assortment::inspect(&mut conn, &desk.catalog).await?;
    if options.json {
        let answer = json!({ "providers": reports, "catalog": findings });
        serde_json::to_writer_pretty(&mut *out, &answer)?;
        writeln!(out)?;
    } else {
        print(&desk.catalog, &reports, &findings, options, out)?;
    }
    Ok(reports.iter().all(|report| match &report.state {
        State::NoList => true,
        State::Failed { .. } => false,
        State::Read { stored, .. } => *stored != Stored::Doubtful,
    }))
}

async fn one(desk: &Desk, provider: &dyn Provider, options: &Sync) -> Result<State, anyhow::Error> {
    let listing = match provider.listing().await {
        Ok(Some(listing)) => listing,
        Ok(None) => return Ok(State::NoList),
        Err(error) => {
            return Ok(State::Failed {
                error: error.to_string(),
            });
        }
    };
    let mut tx = desk.pool.begin().await?;
    let known = routing::sold_by(&mut tx, provider.name()).await?;
    let before: Vec<Sold> = known
        .into_iter()
        .filter_map(|known: Known| known.sold)
        .collect();
    let changes = routing::compare(&before, &listing);
    let stored = if !options.apply {
        Stored::NotAsked
    } else if changes.is_empty() {
        Stored::Same
    } else if is_doubtful(&before, &changes) && !options.force {
        Stored::Doubtful
    } else {
        let now = desk.clock.sql_now();
        routing::store_listing(&mut tx, provider.name(), &listing, now).await?;
        audit(desk, &mut tx, provider.name(), &listing, &changes).await?;
        Stored::Done
    };
    tx.commit().await?;
    Ok(State::Read {
        services: listing.services.len(),
        currency: listing.currency,
        unread: listing.unread.len(),
        changes,
        stored,
    })
}

/// Half a list is more often a panel's bad hour than its decision, and would close half the shop.
fn is_doubtful(before: &[Sold], changes: &[Difference]) -> bool {
    let live = before.iter().filter(|sold| sold.gone_at.is_none()).count();
    let is_gone = |difference: &&Difference| difference.changes.contains(&Change::Gone);
    changes.iter().filter(is_gone).count() * 2 > live && live > 0
}

async fn audit(
    desk: &Desk,
    conn: &mut sqlx::PgConnection,
    provider: &str,
    listing: &Listing,
    changes: &[Difference],
) -> Result<(), sqlx::Error> {
    let kept: Vec<&Difference> = changes.iter().take(AUDITED_MAX).collect();
    let detail = json!({
        "operator": desk.operator,
        "services": listing.services.len(),
        "changed": changes.len(),
        "changes": kept,
    });
    let act = Act {
        admin_id: COMMAND_LINE,
        action: "sync_services",
        target: provider,
        detail: &detail,
        correlation: desk.ids.uuid(),
    };
    admin_audit::record(conn, &act, desk.clock.sql_now()).await
}

fn print(
    catalog: &Catalog,
    reports: &[Report],
    findings: &[Finding],
    options: &Sync,
    out: &mut impl Write,
) -> std::io::Result<()> {
    for report in reports {
        let name = &report.provider;
        match &report.state {
            State::NoList => writeln!(
                out,
                "{name}: has no list; what it can do stands in the catalogue alone."
            )?,
            State::Failed { error } => writeln!(out, "{name}: cannot be read now: {error}")?,
            State::Read {
                services,
                currency,
                unread,
                changes,
                stored,
            } => {
                let currency = currency.as_deref().unwrap_or("an unknown currency");
                writeln!(out, "{name}: {services} services, in {currency}.")?;
                if *unread > 0 {
                    writeln!(
                        out,
                        "  {unread} more cannot be read, and are left as they are stored."
                    )?;
                }
                print_changes(catalog, name, changes, out)?;
                match stored {
                    Stored::NotAsked | Stored::Same => {}
                    Stored::Done => writeln!(out, "  Stored: new orders go by it.")?,
                    Stored::Doubtful => writeln!(
                        out,
                        "  Not stored: more than half would be gone. If that is so, say --force."
                    )?,
                }
            }
        }
    }
    if !findings.is_empty() {
        writeln!(out, "\nThe catalogue, by what is stored:")?;
    }
    for Finding {
        service,
        provider,
        id,
        matter,
    } in findings
    {
        writeln!(out, "  {service} at {provider} ({id}) {matter}")?;
    }
    let has_news = |report: &Report| matches!(&report.state, State::Read { changes, .. } if !changes.is_empty());
    if !options.apply && reports.iter().any(has_news) {
        writeln!(out, "\nNothing was stored; --apply does that.")?;
    }
    Ok(())
}

/// What is new is only counted, unless the catalogue sells it: a panel's first list has thousands of lines.
fn print_changes(
    catalog: &Catalog,
    provider: &str,
    changes: &[Difference],
    out: &mut impl Write,
) -> std::io::Result<()> {
    let routes = catalog
        .services
        .iter()
        .filter_map(|service| service.route(provider));
    let ours: HashSet<&str> = routes.map(|route| route.id.as_str()).collect();
    let mut new = 0;
    for difference in changes {
        let is_ours = ours.contains(difference.id.as_str());
        if difference.changes == [Change::New] && !is_ours {
            new += 1;
            continue;
        }
        let name: String = difference.name.chars().take(NAME_CHARS_MAX).collect();
        let what: Vec<String> = difference.changes.iter().map(said).collect();
        let mark = if is_ours { "*" } else { " " };
        writeln!(out, " {mark}{} {name}: {}", difference.id, what.join(", "))?;
    }
    if new > 0 {
        writeln!(out, "  {new} new ones that the catalogue does not sell.")?;
    }
    if changes.is_empty() {
        writeln!(out, "  As it is stored.")?;
    }
    Ok(())
}

fn said(change: &Change) -> String {
    let promise = |what: &str, now: bool| match now {
        true => format!("{what} now possible"),
        false => format!("no {what} any more"),
    };
    match change {
        Change::New => "new".to_owned(),
        Change::Gone => "gone".to_owned(),
        Change::Back => "there again".to_owned(),
        Change::Price { from, to } => {
            let way = if to > from { "up" } else { "down" };
            format!(
                "price {way} from {} to {}",
                Micros(*from).plain(),
                Micros(*to).plain()
            )
        }
        Change::Currency { from, to } => {
            let name = |code: &Option<String>| code.clone().unwrap_or_else(|| "unknown".to_owned());
            format!("currency from {} to {}", name(from), name(to))
        }
        Change::Limits { from, to } => {
            format!("limits from {}–{} to {}–{}", from.0, from.1, to.0, to.1)
        }
        Change::Name { from } => {
            let from: String = from.chars().take(NAME_CHARS_MAX).collect();
            format!("was called {from}")
        }
        Change::Kind { from, to } => format!("order form from {from} to {to}"),
        Change::Refill { now } => promise("refill", *now),
        Change::Cancel { now } => promise("cancel", *now),
    }
}
