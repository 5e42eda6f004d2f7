//! Gathers what belongs to a thing from all engines.

use std::collections::BTreeSet;

use sqlx::PgPool;
use uuid::Uuid;

use super::words::{act, money, received, said, work};
use super::{Happened, Thread, Told};
use crate::admin::render::when;
use crate::base::clock::Clock;
use crate::engine::inbox::shelf as inbox;
use crate::engine::jobs::shelf as jobs;
use crate::engine::outbox::shelf as outbox;
use crate::engine::{admin_audit, ledger, operator};

pub(super) async fn update(pool: &PgPool, id: i64) -> Result<Option<Thread>, sqlx::Error> {
    let update = inbox::find(pool, id).await?;
    Ok(update.map(|update| Thread {
        correlation: update.correlation,
        around: update.received_at,
        users: vec![update.chat_id],
        jobs: Vec::new(),
        facts: vec![
            ("update", update.update_id.to_string()),
            ("state", update.state),
            ("kind", update.kind),
            ("chat", update.chat_id.to_string()),
            ("correlation", update.correlation.to_string()),
        ],
    }))
}

pub(super) async fn message(pool: &PgPool, id: i64) -> Result<Option<Thread>, sqlx::Error> {
    let message = outbox::find(pool, id).await?;
    Ok(message.map(|message| Thread {
        correlation: message.correlation,
        around: message.created_at,
        users: vec![message.chat_id],
        jobs: Vec::new(),
        facts: vec![
            ("message", message.id.to_string()),
            ("state", message.state),
            ("kind", message.kind),
            ("chat", message.chat_id.to_string()),
            ("correlation", message.correlation.to_string()),
        ],
    }))
}

pub(super) async fn job(
    pool: &PgPool,
    clock: &Clock,
    id: Uuid,
) -> Result<Option<Thread>, sqlx::Error> {
    let job = jobs::find(pool, id, clock.sql_now()).await?;
    Ok(job.map(|job| Thread {
        correlation: job.correlation,
        around: job.created_at,
        users: vec![job.user_id],
        jobs: vec![job.id],
        facts: vec![
            ("job", job.id.to_string()),
            ("state", job.state),
            ("service", job.service),
            ("provider", job.provider),
            ("user", job.user_id.to_string()),
            ("correlation", job.correlation.to_string()),
        ],
    }))
}

pub(super) async fn transfer(pool: &PgPool, id: Uuid) -> Result<Option<Thread>, sqlx::Error> {
    let moved = ledger::transfer_by_id(pool, id).await?;
    Ok(moved.map(|moved| Thread {
        correlation: moved.correlation,
        around: moved.began_at,
        users: moved.users.clone(),
        jobs: Vec::new(),
        facts: vec![
            ("transfer", id.to_string()),
            ("kind", moved.kind),
            (
                "amount",
                format!("{} {}, in its smallest unit", moved.amount, moved.currency),
            ),
            ("from", moved.from),
            ("to", moved.to),
            ("at", when(moved.at)),
            ("key", moved.idem_key),
            ("correlation", moved.correlation.to_string()),
        ],
    }))
}

/// All that carries the thread's correlation id.
pub(super) async fn all(
    pool: &PgPool,
    clock: &Clock,
    thread: Thread,
) -> Result<Told, anyhow::Error> {
    let Thread {
        correlation,
        around,
        mut users,
        jobs: known,
        facts,
    } = thread;
    let mut told = Told {
        facts,
        ..Told::default()
    };
    let mut found: BTreeSet<Uuid> = known.into_iter().collect();
    for (job, user) in jobs::carrying(pool, correlation, around).await? {
        users.push(user);
        found.extend(job.id.parse::<Uuid>().ok());
    }
    users.sort_unstable();
    users.dedup();
    let events = ledger::events(pool, correlation, &users).await?;
    // A job may have ended long after: its hold names it.
    found.extend(events.iter().filter_map(|event| event.reference));
    let began = events
        .iter()
        .map(|event| event.at)
        .min()
        .unwrap_or(around)
        .min(around);
    told.happened.extend(events.into_iter().map(money));
    for id in found {
        if let Some(job) = jobs::find(pool, id, clock.sql_now()).await? {
            work(pool, &job, &mut told).await?;
        }
    }
    let updates = inbox::carrying(pool, correlation, began).await?;
    for trace in &updates {
        let id = trace.id.parse().unwrap_or_default();
        if let Some(update) = inbox::find(pool, id).await? {
            received(pool, &update, &users, &mut told).await?;
        }
    }
    if updates.is_empty() {
        let text = "No update of this correlation is kept: it is older than INBOX_RETENTION_DAYS, or nothing from Telegram began this.";
        told.missing.push(text.to_owned());
    }
    for trace in outbox::carrying(pool, correlation).await? {
        let id = trace.id.parse().unwrap_or_default();
        if let Some(message) = outbox::find(pool, id).await? {
            said(&message, &mut told);
        }
    }
    let acts = admin_audit::carrying(pool, correlation).await?;
    told.happened.extend(acts.into_iter().map(act));
    let by_hand = operator::carrying(pool, correlation).await?;
    told.happened
        .extend(by_hand.into_iter().map(|(item, done)| Happened {
            at: done.at,
            what: "operator",
            id: item,
            text: format!(
                "{} by {}: {}",
                done.action,
                done.operator,
                done.reason.unwrap_or_default()
            ),
        }));
    told.happened.sort_by_key(|event| event.at);
    Ok(told)
}
