//! SQL of the outbox.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::message::{NewMessage, Payload};
use crate::base::db::interval;
use crate::engine::lanes::Waiting;
use crate::engine::shards;

/// Puts a message into the outbox, in the caller's transaction. It replaces waiting ones with its coalesce key.
pub async fn enqueue(
    conn: &mut PgConnection,
    message: &NewMessage,
    now: Option<OffsetDateTime>,
) -> Result<i64, sqlx::Error> {
    if let Some(key) = message.coalesce_key {
        sqlx::query!(
            "delete from outbox_message where coalesce_key = $1 and state = 0",
            key
        )
        .execute(&mut *conn)
        .await?;
    }
    let payload = Payload::V1 {
        action: message.action.clone(),
        on_unknown: message.on_unknown,
    };
    sqlx::query_scalar!(
        r#"insert into outbox_message
               (chat_id, shard, priority, not_before, expires_at, message_ref, coalesce_key, payload, correlation, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($10::timestamptz, now()))
           returning id"#,
        message.chat_id,
        shards::of_lane(message.chat_id),
        message.priority.code(),
        message.not_before,
        message.expires_at,
        message.message_ref,
        message.coalesce_key,
        Json(payload) as _,
        message.correlation,
        now,
    )
    .fetch_one(conn)
    .await
}

/// Answers to buttons run beside the chat's messages, not behind them: they get a lane of their own.
const ANSWER_LANE: i64 = 1 << 62;

pub(super) async fn waiting(
    pool: &PgPool,
    shards: &[i16],
    after: i64,
    limit: i64,
) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query!(
        "select id, chat_id, priority, not_before from outbox_message
         where state in (0, 1) and id > $1 and shard = any($2) order by id limit $3",
        after,
        shards,
        limit,
    )
    .map(|row| Waiting {
        id: row.id,
        lane: if row.priority == 0 {
            row.chat_id ^ ANSWER_LANE
        } else {
            row.chat_id
        },
        priority: u8::try_from(row.priority).unwrap_or(2),
        not_before: row.not_before,
    })
    .fetch_all(pool)
    .await
}

/// The chat of a lane made by [`waiting`].
pub(super) fn chat_of_lane(item: &Waiting) -> i64 {
    if item.priority == 0 {
        item.lane ^ ANSWER_LANE
    } else {
        item.lane
    }
}

/// A row under our lease.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) id: i64,
    pub(super) chat_id: i64,
    pub(super) lease_token: i64,
    /// This claim included.
    pub(super) attempts: i16,
    /// It was being sent before, and what came of that is unknown.
    pub(super) was_sending: bool,
    pub(super) expired: bool,
    pub(super) age_s: i64,
    pub(super) message_ref: Option<Uuid>,
    pub(super) known_message_id: Option<i64>,
    pub(super) payload: Json<Payload>,
    pub(super) correlation: Uuid,
}

pub(super) async fn claim(
    pool: &PgPool,
    id: i64,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Option<Claimed>, sqlx::Error> {
    sqlx::query_as!(
        Claimed,
        r#"update outbox_message o
           set state = 1, attempts = o.attempts + 1, lease_token = o.lease_token + 1,
               lease_until = coalesce($3::timestamptz, now()) + $2
           from (select id, state, (select message_id from sent_message s where s.message_ref = m.message_ref) as message_id
                 from outbox_message m where id = $1 for update of m) old
           where o.id = old.id
             and (old.state = 0 or old.state = 1 and o.lease_until < coalesce($3::timestamptz, now()))
           returning o.id, o.chat_id, o.lease_token, o.attempts, old.state = 1 as "was_sending!",
                     coalesce(o.expires_at < coalesce($3::timestamptz, now()), false) as "expired!",
                     extract(epoch from coalesce($3::timestamptz, now()) - o.created_at)::bigint as "age_s!",
                     o.message_ref, old.message_id as known_message_id,
                     o.payload as "payload: Json<Payload>", o.correlation"#,
        id,
        interval(lease),
        now,
    )
    .fetch_optional(pool)
    .await
}

/// Until when another sender may still be at work on the row; None if the row is gone.
pub(super) async fn leased_until(
    pool: &PgPool,
    id: i64,
) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar!(
        "select lease_until from outbox_message where id = $1 and state in (0, 1)",
        id
    )
    .fetch_optional(pool)
    .await
    .map(Option::flatten)
}

pub(super) async fn extend(
    pool: &PgPool,
    row: &Claimed,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update outbox_message set lease_until = coalesce($4::timestamptz, now()) + $3
         where id = $1 and lease_token = $2 and state = 1",
        row.id,
        row.lease_token,
        interval(lease),
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Moves the row to the sent ones if the lease is still ours.
pub(super) async fn finish(
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

/// Gives the row back, to be tried after `delay`.
pub(super) async fn put_back(
    pool: &PgPool,
    row: &Claimed,
    delay: Duration,
    error: &str,
    costs_attempt: bool,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update outbox_message
         set state = 0, lease_until = null, error = $4, not_before = coalesce($6::timestamptz, now()) + $3,
             attempts = attempts - case when $5 then 0 else 1 end
         where id = $1 and lease_token = $2 and state = 1",
        row.id,
        row.lease_token,
        interval(delay),
        error,
        costs_attempt,
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A message that could not be delivered.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// Its row.
    pub id: i64,
    /// For whom it was.
    pub chat_id: i64,
    /// What kind of call.
    pub kind: &'static str,
    /// Follows the update or job.
    pub correlation: Uuid,
    /// Why, redacted.
    pub error: String,
}

pub(super) async fn bury(
    conn: &mut PgConnection,
    row: &Claimed,
    error: &str,
) -> Result<bool, sqlx::Error> {
    let buried = sqlx::query!(
        "update outbox_message set state = 3, lease_until = null, error = $3
         where id = $1 and lease_token = $2 and state = 1",
        row.id,
        row.lease_token,
        error,
    )
    .execute(conn)
    .await?;
    Ok(buried.rows_affected() == 1)
}

/// A group became a supergroup: what waits for the old chat goes to the new one.
pub(super) async fn migrate(
    conn: &mut PgConnection,
    from: i64,
    to: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update outbox_message set chat_id = $2, shard = $3, state = 0, lease_until = null, lease_token = lease_token + 1
         where chat_id = $1 and state in (0, 1)",
        from,
        to,
        shards::of_lane(to),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How much waits and how much is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxCounts {
    /// Not sent yet.
    pub pending: i64,
    /// Dead letters.
    pub dead: i64,
    /// Age of the oldest that waits, seconds.
    pub oldest_pending_s: i64,
}

/// For metrics and tests.
pub async fn counts(
    pool: &PgPool,
    now: Option<OffsetDateTime>,
) -> Result<OutboxCounts, sqlx::Error> {
    sqlx::query_as!(
        OutboxCounts,
        r#"select count(*) filter (where state in (0, 1)) as "pending!",
                  count(*) filter (where state = 3) as "dead!",
                  coalesce(extract(epoch from coalesce($1::timestamptz, now())
                      - min(created_at) filter (where state in (0, 1)))::bigint, 0) as "oldest_pending_s!"
           from outbox_message"#,
        now,
    )
    .fetch_one(pool)
    .await
}

/// Deletes records of sent messages older than `keep`, at most `limit` of each kind.
pub async fn purge(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let sent = sqlx::query!(
        "delete from outbox_sent where id in (
             select id from outbox_sent where sent_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    let refs = sqlx::query!(
        "delete from sent_message where message_ref in (
             select message_ref from sent_message where sent_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(sent.rows_affected() + refs.rows_affected())
}
