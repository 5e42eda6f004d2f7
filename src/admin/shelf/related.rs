//! What else carries the same correlation id, across all engines, and what operators did.

use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::render::{Story, Table, when};
use crate::engine::operator::{self, Queue, Recorded, Trace};
use crate::engine::{inbox, jobs, ledger, outbox};

/// The thing whose story is told.
pub(super) struct Subject<'a> {
    pub(super) queue: Queue,
    pub(super) id: &'a str,
    pub(super) correlation: Uuid,
    pub(super) at: OffsetDateTime,
    /// Of the chat: a user in a private one.
    pub(super) chat_id: i64,
}

/// Adds to a story what operators did and what belongs together.
pub(super) async fn complete(
    pool: &PgPool,
    subject: &Subject<'_>,
    story: &mut Story,
) -> Result<(), anyhow::Error> {
    let done = operator::actions_on(pool, subject.queue, subject.id).await?;
    let same = same_correlation(pool, subject).await?;
    story.tables.push(("Operators", actions_table(&done)));
    story
        .tables
        .push(("With the same correlation id", traces_table(&same)));
    if let Value::Object(fields) = &mut story.json {
        fields.insert("operator_actions".to_owned(), json!(done));
        fields.insert("same_correlation".to_owned(), json!(same));
    }
    Ok(())
}

async fn same_correlation(pool: &PgPool, subject: &Subject<'_>) -> Result<Vec<Trace>, sqlx::Error> {
    let (correlation, at) = (subject.correlation, subject.at);
    let mut found = inbox::shelf::carrying(pool, correlation, at).await?;
    let mut users = vec![subject.chat_id];
    for (job, user_id) in jobs::shelf::carrying(pool, correlation, at).await? {
        found.push(job);
        users.push(user_id);
    }
    found.extend(outbox::shelf::carrying(pool, correlation).await?);
    found.extend(ledger::carrying(pool, correlation, &users).await?);
    let what = match subject.queue {
        Queue::Inbox => "update",
        Queue::Outbox => "message",
        Queue::Jobs => "job",
        Queue::Providers => "provider",
    };
    found.retain(|trace| trace.what != what || trace.id != subject.id);
    found.sort_by_key(|trace| trace.at);
    Ok(found)
}

fn actions_table(done: &[Recorded]) -> Table {
    let rows = done.iter().map(|done| {
        vec![
            when(done.at),
            done.operator.clone(),
            done.action.clone(),
            done.reason.clone().unwrap_or_default(),
        ]
    });
    Table {
        head: &["WHEN", "WHO", "DID", "WHY"],
        rows: rows.collect(),
    }
}

fn traces_table(traces: &[Trace]) -> Table {
    let rows = traces.iter().map(|trace| {
        vec![
            when(trace.at),
            trace.what.clone(),
            trace.id.clone(),
            trace.state.clone(),
            trace.kind.clone(),
        ]
    });
    Table {
        head: &["WHEN", "WHAT", "ID", "STATE", "KIND"],
        rows: rows.collect(),
    }
}
