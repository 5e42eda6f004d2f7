//! What a person may do about a provider, or another dependency: see how it stands, hold it open, release it.
//!
//! Isolated means: no replica submits anything more, within [`SYNC`](super::SYNC); what is under way is asked about and
//! fetched as ever. New orders are refused politely, or go to another provider; those that wait go on waiting, and are
//! refunded when their time in the queue is over. It holds until it is released, over restarts and deploys; a release goes
//! through probes.

use serde::Serialize;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::store::{self, ShownBreaker};
use crate::engine::operator::{self, Act, Operator, Outcome, Queue, Verb};
use crate::providers::breaker::Class;

/// More than any replica's breaker can change between two looks at the shared rows.
const AHEAD: i64 = 1_000;

/// How a dependency stands, by what the replicas told each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BreakerStanding {
    /// A provider's name, or another dependency's.
    pub name: String,
    /// `provider`, `chat`, `payment` or `storage`.
    pub class: String,
    /// Whether calls that do something pass: `closed` (they do), `open`, `half_open` (as probes), `isolated`.
    pub submits: String,
    /// The same of questions; only providers tell them apart.
    pub polls: Option<String>,
    /// When the first probe is let through.
    #[serde(with = "time::serde::rfc3339::option")]
    pub open_until: Option<OffsetDateTime>,
    /// Since when it stands so; None for one that was never called.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
    /// An operator's decision, while it holds.
    pub isolated: Option<Isolated>,
}

/// Who isolated it, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Isolated {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// How everything stands: the `providers` in their order, then what else has a breaker.
///
/// # Errors
/// The database's.
pub async fn standings(
    conn: &mut PgConnection,
    providers: &[String],
) -> Result<Vec<BreakerStanding>, sqlx::Error> {
    let rows = store::shown(conn).await?;
    let find = |name: &str| rows.iter().find(|row| row.breaker == name);
    let mut standings: Vec<BreakerStanding> = providers
        .iter()
        .map(|name| {
            let polls = find(&format!("{name}.polls")).map_or("closed", |row| row.state.as_str());
            let mut standing = standing(name, find(&submits_of(name)));
            standing.class = Class::Provider.name().to_owned();
            standing.polls = Some(polls.to_owned());
            standing
        })
        .collect();
    let others = rows
        .iter()
        .filter(|row| row.class != Class::Provider.name());
    standings.extend(others.map(|row| standing(&row.breaker, Some(row))));
    Ok(standings)
}

fn standing(name: &str, row: Option<&ShownBreaker>) -> BreakerStanding {
    let isolated = row.filter(|row| row.state == "isolated");
    BreakerStanding {
        name: name.to_owned(),
        class: row.map(|row| row.class.clone()).unwrap_or_default(),
        submits: row.map_or_else(|| "closed".to_owned(), |row| row.state.clone()),
        polls: None,
        open_until: row.and_then(|row| row.open_until),
        since: row.map(|row| row.changed_at),
        isolated: isolated.map(|row| Isolated {
            by: row.changed_by.clone().unwrap_or_default(),
            reason: row.reason.clone().unwrap_or_default(),
        }),
    }
}

/// Nothing is submitted to `name` any more: one of the `providers`, or a payment gateway. Recorded; in the caller's
/// transaction.
///
/// # Errors
/// The database's.
pub async fn isolate(
    conn: &mut PgConnection,
    providers: &[String],
    name: &str,
    by: &Operator,
    correlation: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<Outcome, sqlx::Error> {
    let breaker = match breaker_of(conn, providers, name).await? {
        Ok(breaker) => breaker,
        Err(outcome) => return Ok(outcome),
    };
    let reason = by.reason.as_deref();
    if !store::isolate(&mut *conn, &breaker, AHEAD, &by.name, reason, now).await? {
        return Ok(Outcome::Already("already isolated".to_owned()));
    }
    record(conn, Verb::Isolate, name, by, correlation, now).await?;
    let done = "isolated: nothing more is submitted; what is under way is still asked about";
    Ok(Outcome::Changed(done.to_owned()))
}

/// Ends an isolation: a few calls pass as probes, and if they go well, all. Recorded; in the caller's transaction.
///
/// # Errors
/// The database's.
pub async fn release(
    conn: &mut PgConnection,
    providers: &[String],
    name: &str,
    by: &Operator,
    correlation: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<Outcome, sqlx::Error> {
    let breaker = match breaker_of(conn, providers, name).await? {
        Ok(breaker) => breaker,
        Err(outcome) => return Ok(outcome),
    };
    let reason = by.reason.as_deref();
    if !store::release(&mut *conn, &breaker, AHEAD, &by.name, reason, now).await? {
        return Ok(Outcome::Already("not isolated".to_owned()));
    }
    record(conn, Verb::Release, name, by, correlation, now).await?;
    let done = "released: the next calls are probes, and if they go well all others follow";
    Ok(Outcome::Changed(done.to_owned()))
}

fn submits_of(provider: &str) -> String {
    format!("{provider}.submits")
}

/// The name of the breaker that is meant, or why there is none.
async fn breaker_of(
    conn: &mut PgConnection,
    providers: &[String],
    name: &str,
) -> Result<Result<String, Outcome>, sqlx::Error> {
    if providers.iter().any(|known| known == name) {
        return Ok(Ok(submits_of(name)));
    }
    let class = store::class_of(conn, name).await?;
    let class = class.and_then(|stored| Class::ALL.into_iter().find(|one| one.name() == stored));
    Ok(match class {
        // A provider is named without the call, and one that is not configured any more gets nothing anyway.
        None | Some(Class::Provider) => Err(Outcome::NotFound),
        Some(class) if class.can_be_isolated() => Ok(name.to_owned()),
        Some(class) => Err(Outcome::Refused(format!(
            "a {} cannot be isolated: what waits for it would only pile up",
            class.name()
        ))),
    })
}

async fn record(
    conn: &mut PgConnection,
    verb: Verb,
    name: &str,
    by: &Operator,
    correlation: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    let act = Act {
        by,
        verb,
        queue: Queue::Providers,
        item: name,
        correlation,
    };
    operator::record(conn, &act, now).await
}
