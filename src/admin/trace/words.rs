//! What happened, in words.

use serde_json::Value;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::{Happened, Told};
use crate::admin::render::without_payload;
use crate::engine::admin_audit::Done;
use crate::engine::conversation;
use crate::engine::inbox::shelf::KeptUpdate;
use crate::engine::jobs::shelf::{self as jobs, KeptJob};
use crate::engine::ledger::Event;
use crate::engine::outbox::shelf::KeptMessage;

/// Of what admins wrote down beside an act, what is shown: nothing of people.
const SHOWN_DETAILS: [&str; 16] = [
    "amount",
    "currency",
    "reason",
    "transfer",
    "refund",
    "charge",
    "stars",
    "provider",
    "service",
    "scope",
    "state",
    "check",
    "operator",
    "withdrawal",
    "grant",
    "movements",
];

pub(super) fn money(event: Event) -> Happened {
    Happened {
        at: event.at,
        what: event.what,
        id: event.id.to_string(),
        text: event.text,
    }
}

pub(super) async fn received(
    pool: &PgPool,
    update: &KeptUpdate,
    users: &[i64],
    told: &mut Told,
) -> Result<(), sqlx::Error> {
    taken(update, told);
    for user in users {
        let Some(at) = conversation::changed_at(pool, update.chat_id, *user).await? else {
            continue;
        };
        let is_later = update.finished_at.is_some_and(|finished| at > finished);
        let text = if is_later {
            "it has gone on since"
        } else {
            "as this update left it"
        };
        told.happened.push(Happened {
            at,
            what: "conversation",
            id: String::new(),
            text: format!("of user {user}: {text}"),
        });
    }
    Ok(())
}

pub(super) fn taken(update: &KeptUpdate, told: &mut Told) {
    let id = update.update_id.to_string();
    let mut push = |at: OffsetDateTime, text: String| {
        told.happened.push(Happened {
            at,
            what: "update",
            id: id.clone(),
            text,
        });
    };
    push(update.received_at, format!("received: {}", update.kind));
    if let Some(at) = update.finished_at {
        let error = update
            .error
            .as_deref()
            .map(|error| format!(": {error}"))
            .unwrap_or_default();
        push(
            at,
            format!(
                "{}, tries that failed: {}{error}",
                update.state, update.attempts
            ),
        );
    }
}

pub(super) fn said(message: &KeptMessage, told: &mut Told) {
    let id = message.id.to_string();
    let mut push = |at: OffsetDateTime, text: String| {
        told.happened.push(Happened {
            at,
            what: "message",
            id: id.clone(),
            text,
        });
    };
    push(
        message.created_at,
        format!("{} to chat {}", message.kind, message.chat_id),
    );
    match message.ended_at {
        Some(at) => {
            let there = message
                .message_id
                .map(|id| format!(" as message {id}"))
                .unwrap_or_default();
            push(
                at,
                format!(
                    "{}{there}, tries that failed: {}",
                    message.state, message.attempts
                ),
            );
        }
        None if message.error.is_some() => {
            let error = message.error.as_deref().unwrap_or_default();
            push(message.created_at, format!("{}: {error}", message.state));
        }
        None => {}
    }
}

pub(super) fn begun_and_ended(job: &KeptJob, told: &mut Told) {
    let id = job.id.to_string();
    let mut push = |at: OffsetDateTime, text: String| {
        told.happened.push(Happened {
            at,
            what: "job",
            id: id.clone(),
            text,
        });
    };
    push(
        job.created_at,
        format!("queued: {} at {}", job.service, job.provider),
    );
    if let Some(at) = job.submitted_at {
        let there = job
            .external_id
            .as_deref()
            .map(|id| format!(", task {id} there"))
            .unwrap_or_default();
        push(at, format!("submitted{there}"));
    }
    match job.finished_at {
        Some(at) => {
            let why = job
                .failure
                .as_deref()
                .map(|why| format!(": {why}"))
                .unwrap_or_default();
            push(at, format!("{}{why}", job.state));
        }
        None => push(job.created_at, format!("{} now", job.state)),
    }
}

pub(super) async fn work(pool: &PgPool, job: &KeptJob, told: &mut Told) -> Result<(), sqlx::Error> {
    begun_and_ended(job, told);
    for attempt in jobs::attempts(pool, job.id).await? {
        let answer = attempt
            .answer
            .as_ref()
            .map(|answer| without_payload(answer).to_string());
        let answer: String = answer.unwrap_or_default().chars().take(300).collect();
        told.happened.push(Happened {
            at: attempt.at,
            what: "attempt",
            id: job.id.to_string(),
            text: format!("{}: {} {answer}", attempt.step, attempt.outcome)
                .trim_end()
                .to_owned(),
        });
    }
    for callback in jobs::callbacks(pool, job.id, job.created_at).await? {
        let task = callback.external_id.unwrap_or_default();
        let verified = if callback.verified {
            "verified"
        } else {
            "not verified"
        };
        told.happened.push(Happened {
            at: callback.received_at,
            what: "callback",
            id: job.id.to_string(),
            text: format!("{verified}, of task {task}"),
        });
    }
    Ok(())
}

pub(super) fn act(done: Done) -> Happened {
    let shown: Vec<String> = match &done.detail {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| SHOWN_DETAILS.contains(&name.as_str()))
            .map(|(name, value)| format!("{name} {value}"))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Vec::new()
        }
    };
    let who = if done.admin_id == 0 {
        "at the command line".to_owned()
    } else {
        format!("by admin {}", done.admin_id)
    };
    Happened {
        at: done.at,
        what: "admin",
        id: String::new(),
        text: format!(
            "{} {who}, on {}: {}",
            done.action,
            done.target,
            shown.join(", ")
        ),
    }
}
