//! Rows under a lease: claimed, and finished only while the lease is ours.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::db::{interval, micros};
use crate::engine::outbox::message::{Payload, Stored};

/// A row under our lease.
#[derive(Debug)]
pub(in crate::engine::outbox) struct Claimed {
    pub(in crate::engine::outbox) id: i64,
    pub(in crate::engine::outbox) chat_id: i64,
    pub(in crate::engine::outbox) priority: i16,
    pub(in crate::engine::outbox) lease_token: i64,
    /// This claim included.
    pub(in crate::engine::outbox) attempts: i16,
    /// Tries, this one not included, of which it is unknown whether they arrived.
    pub(in crate::engine::outbox) unknowns: i16,
    /// It was being sent before, and what came of that is unknown.
    pub(in crate::engine::outbox) was_sending: bool,
    pub(in crate::engine::outbox) expired: bool,
    /// By the database's clock.
    pub(in crate::engine::outbox) claimed_at: OffsetDateTime,
    pub(in crate::engine::outbox) message_ref: Option<Uuid>,
    pub(in crate::engine::outbox) known_message_id: Option<i64>,
    pub(in crate::engine::outbox) merge_key: Option<String>,
    pub(in crate::engine::outbox) owed: bool,
    pub(in crate::engine::outbox) payload: Json<Stored>,
    pub(in crate::engine::outbox) correlation: Uuid,
}

/// Takes the row, if it waits in the lane of `chat_id` still, and is the first there: one that was moved belongs behind what
/// waits there, and what a replica holds in memory may lack what another one put back. `in_any_order` is a mistake that the
/// crash suite makes.
pub(in crate::engine::outbox) async fn claim(
    pool: &PgPool,
    id: i64,
    chat_id: i64,
    lease: Duration,
    in_any_order: bool,
    now: Option<OffsetDateTime>,
) -> Result<Option<Claimed>, sqlx::Error> {
    sqlx::query_as!(
        Claimed,
        r#"update outbox_message o
           set state = 1, attempts = o.attempts + 1, lease_token = o.lease_token + 1,
               unknowns = o.unknowns + case when old.state = 1 then 1 else 0 end,
               lease_until = coalesce($3::timestamptz, now()) + $2
           from (select id, state, (select message_id from sent_message s where s.message_ref = m.message_ref) as message_id
                 from outbox_message m where id = $1 and chat_id = $4 for update of m) old
           where o.id = old.id
             and (old.state = 0 or old.state = 1 and o.lease_until < coalesce($3::timestamptz, now()))
             and ($5 or not exists (
                 select 1 from outbox_message earlier
                 where earlier.chat_id = $4 and earlier.id < $1 and earlier.state in (0, 1)
                   and (earlier.priority = 0) = (o.priority = 0)))
           returning o.id, o.chat_id, o.priority, o.lease_token, o.attempts, o.unknowns, old.state = 1 as "was_sending!",
                     coalesce(o.expires_at < coalesce($3::timestamptz, now()), false) as "expired!",
                     coalesce($3::timestamptz, now()) as "claimed_at!",
                     o.message_ref, old.message_id as known_message_id,
                     o.merge_key, o.owed, o.payload as "payload: Json<Stored>", o.correlation"#,
        id,
        interval(lease),
        now,
        chat_id,
        in_any_order,
    )
    .fetch_optional(pool)
    .await
}

/// Why a row could not be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::outbox) enum Unclaimed {
    /// It was sent, merged, replaced or moved.
    Gone,
    /// An earlier row of its lane waits in the table.
    Passed,
    /// Another sender may still be at work on it, for so long; or just was.
    Leased(Duration),
}

/// Looks why a row could not be claimed.
pub(in crate::engine::outbox) async fn unclaimed(
    pool: &PgPool,
    id: i64,
    chat_id: i64,
    now: Option<OffsetDateTime>,
) -> Result<Unclaimed, sqlx::Error> {
    let row = sqlx::query!(
        r#"select (extract(epoch from lease_until - coalesce($3::timestamptz, now())) * 1000000)::bigint as left_us,
                  exists (select 1 from outbox_message earlier
                          where earlier.chat_id = $2 and earlier.id < $1 and earlier.state in (0, 1)
                            and (earlier.priority = 0) = (o.priority = 0)) as "is_passed!"
           from outbox_message o where id = $1 and chat_id = $2 and state in (0, 1)"#,
        id,
        chat_id,
        now,
    )
    .fetch_optional(pool)
    .await?;
    Ok(match row {
        None => Unclaimed::Gone,
        Some(row) if row.is_passed => Unclaimed::Passed,
        Some(row) => Unclaimed::Leased(row.left_us.map_or(Duration::ZERO, micros)),
    })
}

/// False if the lease is not ours any more.
pub(in crate::engine::outbox) async fn extend(
    pool: &PgPool,
    row: &Claimed,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let extended = sqlx::query!(
        "update outbox_message set lease_until = coalesce($4::timestamptz, now()) + $3
         where id = $1 and lease_token = $2 and state = 1",
        row.id,
        row.lease_token,
        interval(lease),
        now,
    )
    .execute(pool)
    .await?;
    Ok(extended.rows_affected() == 1)
}

/// Moves the row to the sent ones if the lease is still ours.
pub(in crate::engine::outbox) async fn finish(
    conn: &mut PgConnection,
    row: &Claimed,
    kind: &str,
    message_id: Option<i64>,
    outcome: &str,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query!(
        "with gone as (
             delete from outbox_message where id = $1 and lease_token = $2 and state = 1
             returning id, chat_id, correlation, attempts, created_at)
         insert into outbox_sent (id, chat_id, kind, correlation, message_id, outcome, attempts, created_at, sent_at)
         select id, chat_id, $3, correlation, $4, $5, attempts, created_at, coalesce($6::timestamptz, now()) from gone",
        row.id,
        row.lease_token,
        kind,
        message_id,
        outcome,
        now,
    )
    .execute(&mut *conn)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    if let (Some(message_ref), Some(message_id)) = (row.message_ref, message_id) {
        sqlx::query!(
            "insert into sent_message (message_ref, chat_id, message_id, sent_at)
             values ($1, $2, $3, coalesce($4::timestamptz, now()))
             on conflict (message_ref) do update set chat_id = $2, message_id = $3",
            message_ref,
            row.chat_id,
            message_id,
            now,
        )
        .execute(conn)
        .await?;
    }
    Ok(true)
}

/// How a row goes back to those that wait.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::outbox) struct Again<'a> {
    pub(in crate::engine::outbox) delay: Duration,
    pub(in crate::engine::outbox) error: &'a str,
    /// Whether it counts as a try.
    pub(in crate::engine::outbox) costs_attempt: bool,
    /// Whether it is unknown what came of it.
    pub(in crate::engine::outbox) is_unknown: bool,
}

/// Gives the row back.
pub(in crate::engine::outbox) async fn put_back(
    pool: &PgPool,
    row: &Claimed,
    again: Again<'_>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update outbox_message
         set state = 0, lease_until = null, error = $4, not_before = coalesce($6::timestamptz, now()) + $3,
             attempts = attempts - case when $5 then 0 else 1 end,
             unknowns = unknowns + case when $7 then 1 else 0 end
         where id = $1 and lease_token = $2 and state = 1",
        row.id,
        row.lease_token,
        interval(again.delay),
        again.error,
        again.costs_attempt,
        now,
        again.is_unknown,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A row that may be merged into one before it.
#[derive(Debug)]
pub(in crate::engine::outbox) struct Neighbour {
    pub(in crate::engine::outbox) id: i64,
    pub(in crate::engine::outbox) payload: Json<Stored>,
}

/// The rows that follow directly on `row` in its chat, have its merge key and were not tried yet; locked.
pub(in crate::engine::outbox) async fn neighbours(
    conn: &mut PgConnection,
    row: &Claimed,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<Vec<Neighbour>, sqlx::Error> {
    sqlx::query_as!(
        Neighbour,
        r#"select id, payload as "payload: Json<Stored>" from outbox_message m
           where chat_id = $1 and id > $2 and state = 0 and merge_key = $3 and priority > 0
             and attempts = 0 and not_before is null and message_ref is null
             and (expires_at is null or expires_at > coalesce($5::timestamptz, now()))
             and not exists (
                 select 1 from outbox_message other
                 where other.chat_id = $1 and other.id > $2 and other.id < m.id
                   and other.state in (0, 1) and other.priority > 0 and other.merge_key is distinct from $3)
           order by id limit $4 for update of m"#,
        row.chat_id,
        row.id,
        row.merge_key,
        limit,
        now,
    )
    .fetch_all(conn)
    .await
}

/// Gives the row the text of its neighbours, which count as done. False if the lease is lost: roll back.
pub(in crate::engine::outbox) async fn absorb(
    conn: &mut PgConnection,
    row: &Claimed,
    merged: &Payload,
    neighbours: &[i64],
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query!(
        "update outbox_message set payload = $3 where id = $1 and lease_token = $2 and state = 1",
        row.id,
        row.lease_token,
        Json(merged) as _,
    )
    .execute(&mut *conn)
    .await?;
    super::waiting::close(conn, neighbours, "merged", now).await?;
    Ok(changed.rows_affected() == 1)
}

/// Keeps the row until its chat can be reached again. False if the lease is lost.
pub(in crate::engine::outbox) async fn park(
    conn: &mut PgConnection,
    row: &Claimed,
) -> Result<bool, sqlx::Error> {
    let parked = sqlx::query!(
        "update outbox_message set state = 4, lease_until = null where id = $1 and lease_token = $2 and state = 1",
        row.id,
        row.lease_token,
    )
    .execute(conn)
    .await?;
    Ok(parked.rows_affected() == 1)
}

pub(in crate::engine::outbox) async fn bury(
    conn: &mut PgConnection,
    row: &Claimed,
    error: &str,
) -> Result<bool, sqlx::Error> {
    let buried = sqlx::query!(
        "update outbox_message set state = 3, lease_until = null, error = $3, reported_at = null
         where id = $1 and lease_token = $2 and state = 1",
        row.id,
        row.lease_token,
        error,
    )
    .execute(conn)
    .await?;
    Ok(buried.rows_affected() == 1)
}
