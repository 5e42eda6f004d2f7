//! A person's story.

use sqlx::PgPool;

use super::Told;
use super::words::{act, begun_and_ended, money, said, taken};
use crate::admin::render::when;
use crate::base::clock::Clock;
use crate::engine::inbox::shelf as inbox;
use crate::engine::jobs::shelf as jobs;
use crate::engine::outbox::shelf as outbox;
use crate::engine::{admin_audit, ledger, people};

/// The newest of everything that concerns a person.
pub(super) async fn tell(
    pool: &PgPool,
    clock: &Clock,
    id: i64,
    limit: i64,
) -> Result<Option<Told>, anyhow::Error> {
    let mut conn = pool.acquire().await?;
    let Some(person) = people::by_id(&mut conn, id).await? else {
        return Ok(None);
    };
    drop(conn);
    let mut facts = vec![
        ("user", id.to_string()),
        ("since", when(person.created_at)),
        ("last seen", when(person.seen_at)),
        ("language", person.language_tag().to_owned()),
    ];
    for wallet in ledger::wallets_of(pool, id).await? {
        facts.push(("wallet", wallet));
    }
    let mut told = Told {
        facts,
        ..Told::default()
    };
    let events = ledger::events_of(pool, id, limit).await?;
    told.happened.extend(events.into_iter().map(money));
    let filter = jobs::Filter {
        states: vec![
            jobs::JobState::Stuck,
            jobs::JobState::Queued,
            jobs::JobState::Submitting,
            jobs::JobState::Running,
            jobs::JobState::Unknown,
            jobs::JobState::Succeeded,
            jobs::JobState::Partial,
            jobs::JobState::Failed,
            jobs::JobState::TimedOut,
            jobs::JobState::Cancelled,
        ],
        chat_id: Some(id),
        since: None,
        limit,
    };
    for job in jobs::list(pool, &filter, clock.sql_now()).await? {
        begun_and_ended(&job, &mut told);
    }
    let filter = inbox::Filter {
        states: inbox::UpdateState::ALL.to_vec(),
        chat_id: Some(id),
        since: None,
        limit,
    };
    for update in inbox::list(pool, &filter).await? {
        taken(&update, &mut told);
    }
    let filter = outbox::Filter {
        states: vec![
            outbox::MessageState::Pending,
            outbox::MessageState::Sending,
            outbox::MessageState::Dead,
            outbox::MessageState::Parked,
            outbox::MessageState::Ended,
        ],
        chat_id: Some(id),
        since: None,
        limit,
    };
    for message in outbox::list(pool, &filter).await? {
        said(&message, &mut told);
    }
    for target in [id.to_string(), format!("user {id}")] {
        let acts = admin_audit::about(pool, &target, limit).await?;
        told.happened.extend(acts.into_iter().map(act));
    }
    told.happened.sort_by_key(|event| event.at);
    told.missing.push(format!(
        "At most {limit} of each kind, the newest; --limit shows more."
    ));
    Ok(Some(told))
}
