//! SQL of events.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::shortened;
use crate::base::db::interval;
use crate::providers::payments::Heard;

/// An event that is to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub processor: String,
    /// The transaction that it speaks of.
    pub transaction_id: Option<String>,
    /// Our reference.
    pub reference: Option<String>,
    /// How often it was looked up.
    pub attempts: i32,
}

/// Stores an event, due at once. False if it was stored before.
pub async fn add_event(
    pool: &PgPool,
    id: Uuid,
    processor: &str,
    digest: &[u8],
    heard: &Heard,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query!(
        "insert into payment_event (id, processor, digest, kind, transaction_id, reference, due_at, received_at)
         select $1, $2, $3, $4, $5, $6, at, at from coalesce($7::timestamptz, now()) at
         on conflict (processor, digest) do nothing",
        id,
        processor,
        digest,
        heard.kind,
        heard.transaction_id,
        heard.reference,
        now,
    )
    .execute(pool)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Takes events that are due in hand for `lease`, after which they are due again.
pub async fn claim_events(
    pool: &PgPool,
    limit: i64,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Vec<Event>, sqlx::Error> {
    sqlx::query_as!(
        Event,
        "update payment_event e set attempts = attempts + 1, due_at = coalesce($3::timestamptz, now()) + $2::interval
         from (select id from payment_event where state = 'waiting' and due_at <= coalesce($3::timestamptz, now())
               order by due_at limit $1 for update skip locked) due
         where e.id = due.id
         returning e.id, processor, transaction_id, reference, attempts",
        limit,
        interval(lease),
        now,
    )
    .fetch_all(pool)
    .await
}

/// When the next event is due.
pub async fn next_event(pool: &PgPool) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar!("select min(due_at) from payment_event where state = 'waiting'")
        .fetch_one(pool)
        .await
}

/// It is seen to, or with `error` given up.
pub async fn finish_event(
    conn: &mut PgConnection,
    id: Uuid,
    error: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update payment_event set state = case when $2::text is null then 'done' else 'given_up' end, error = $2 where id = $1",
        id,
        error.map(shortened),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets an event wait.
pub async fn put_event_back(
    conn: &mut PgConnection,
    id: Uuid,
    delay: Duration,
    error: &str,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update payment_event set due_at = coalesce($4::timestamptz, now()) + $2::interval, error = $3 where id = $1",
        id,
        interval(delay),
        shortened(error),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes events that were seen to longer than `keep` ago.
pub async fn purge_events(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let purged = sqlx::query!(
        "delete from payment_event where id in (
             select id from payment_event where state <> 'waiting'
               and received_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(purged.rows_affected())
}
