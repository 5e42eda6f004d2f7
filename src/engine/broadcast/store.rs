//! SQL of broadcasts.

use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Audience, Broadcast, State};
use crate::engine::outbox::{self, Action};

/// How the message is held: versions are added, never changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "v")]
enum Content {
    #[serde(rename = "1")]
    V1 { action: Action },
}

/// A broadcast that is about to be written.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Its key.
    pub id: Uuid,
    /// Stands in callback data.
    pub short_id: &'a str,
    /// Who writes it.
    pub admin_id: i64,
    /// Where its progress will be shown.
    pub chat_id: i64,
    /// In which language.
    pub language: &'a str,
    /// The message that will show it.
    pub progress_ref: Uuid,
    /// Of the update.
    pub correlation: Uuid,
}

/// The next message of the admin will be its content; an earlier one that was not written is forgotten.
pub async fn compose(
    conn: &mut PgConnection,
    new: &New<'_>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    forget_composing(&mut *conn, new.admin_id).await?;
    sqlx::query!(
        "insert into broadcast (id, short_id, admin_id, chat_id, language, state, progress_ref, correlation, created_at)
         values ($1, $2, $3, $4, $5, 'composing', $6, $7, coalesce($8::timestamptz, now()))",
        new.id,
        new.short_id,
        new.admin_id,
        new.chat_id,
        new.language,
        new.progress_ref,
        new.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The admin does something else.
pub async fn forget_composing(conn: &mut PgConnection, admin_id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from broadcast where admin_id = $1 and state = 'composing'",
        admin_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether the admin's next message in the chat is one.
pub async fn is_composing(
    conn: &mut PgConnection,
    admin_id: i64,
    chat_id: i64,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select 1 from broadcast where admin_id = $1 and chat_id = $2 and state = 'composing') as "is!""#,
        admin_id,
        chat_id,
    )
    .fetch_one(conn)
    .await
}

/// A message that waits for the admin's word.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Stands in callback data.
    pub short_id: String,
    /// Who would receive it.
    pub total: i64,
}

/// The message of the broadcast that `admin_id` composes; None if there is none.
pub async fn draft(
    conn: &mut PgConnection,
    admin_id: i64,
    action: Action,
    audience: &Audience,
) -> Result<Option<Draft>, sqlx::Error> {
    let total = count(&mut *conn, audience).await?;
    sqlx::query_as!(
        Draft,
        "update broadcast set state = 'draft', content = $2, total = $3, audience = $4
         where admin_id = $1 and state = 'composing' returning short_id, total",
        admin_id,
        Json(Content::V1 { action }) as _,
        total,
        audience.name,
    )
    .fetch_optional(conn)
    .await
}

/// Changes who receives a draft; None if it is none any more.
pub async fn readdress(
    conn: &mut PgConnection,
    short_id: &str,
    audience: &Audience,
) -> Result<Option<Draft>, sqlx::Error> {
    let total = count(&mut *conn, audience).await?;
    sqlx::query_as!(
        Draft,
        "update broadcast set audience = $2, only_tags = $3, except_tags = $4, total = $5
         where short_id = $1 and state = 'draft' returning short_id, total",
        short_id,
        audience.name,
        &audience.only_tags,
        &audience.except_tags,
        total,
    )
    .fetch_optional(conn)
    .await
}

/// Throws a draft away; false if it is none any more.
pub async fn discard(conn: &mut PgConnection, short_id: &str) -> Result<bool, sqlx::Error> {
    let gone = sqlx::query!(
        "delete from broadcast where short_id = $1 and state = 'draft'",
        short_id
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected() == 1)
}

/// Sets a draft going; false if it is none any more.
pub async fn start(
    conn: &mut PgConnection,
    short_id: &str,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let started = sqlx::query!(
        "update broadcast set state = 'running', shown_at = coalesce($2::timestamptz, now())
         where short_id = $1 and state = 'draft'",
        short_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(started.rows_affected() == 1)
}

/// Makes no more messages until [`resume`]; false if it does not run.
pub async fn pause(conn: &mut PgConnection, short_id: &str) -> Result<bool, sqlx::Error> {
    let paused = sqlx::query!(
        "update broadcast set state = 'paused' where short_id = $1 and state = 'running'",
        short_id
    )
    .execute(conn)
    .await?;
    Ok(paused.rows_affected() == 1)
}

/// Goes on; false if it is not paused. The time of the pause does not count for its rate.
pub async fn resume(
    conn: &mut PgConnection,
    short_id: &str,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let resumed = sqlx::query!(
        "update broadcast
         set state = 'running', shown_at = coalesce($2::timestamptz, now()), shown_done = sent + blocked + failed,
             failed_in_a_row = 0
         where short_id = $1 and state = 'paused'",
        short_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(resumed.rows_affected() == 1)
}

/// Stops it for good and takes out what nobody began to send; false if it is over already.
pub async fn cancel(
    conn: &mut PgConnection,
    short_id: &str,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let in_flight = sqlx::query_scalar!(
        "update broadcast set state = 'cancelled', finished_at = coalesce($2::timestamptz, now())
         where short_id = $1 and state in ('running', 'paused') returning in_flight",
        short_id,
        now,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(in_flight) = in_flight else {
        return Ok(false);
    };
    outbox::withdraw(conn, &in_flight, now).await?;
    Ok(true)
}

/// How many would receive it now.
async fn count(conn: &mut PgConnection, audience: &Audience) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from chat left join app_user person on person.id = chat.id
           cross join lateral (
               select lower(split_part(replace(coalesce(person.language, person.telegram_language, 'en'), '_', '-'), '-', 1)) as tag
           ) spoken
           where chat.kind = 'private' and chat.blocked_at is null
             and (cardinality($1::text[]) = 0 or spoken.tag = any($1)) and spoken.tag <> all($2::text[])"#,
        &audience.only_tags,
        &audience.except_tags,
    )
    .fetch_one(conn)
    .await
}

/// The next who receive it, in order of id.
pub(super) async fn recipients(
    conn: &mut PgConnection,
    audience: &Audience,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "select chat.id from chat left join app_user person on person.id = chat.id
         cross join lateral (
             select lower(split_part(replace(coalesce(person.language, person.telegram_language, 'en'), '_', '-'), '-', 1)) as tag
         ) spoken
         where chat.kind = 'private' and chat.blocked_at is null and chat.id > $3
           and (cardinality($1::text[]) = 0 or spoken.tag = any($1)) and spoken.tag <> all($2::text[])
         order by chat.id limit $4",
        &audience.only_tags,
        &audience.except_tags,
        after,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// What is under way or not yet counted.
pub(super) async fn active(pool: &PgPool) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select id from broadcast where state = 'running' or in_flight <> '{}' order by created_at"
    )
    .fetch_all(pool)
    .await
}

/// The row, unless another replica is at work on it or there is nothing to do any more.
pub(super) async fn lock(
    conn: &mut PgConnection,
    id: Uuid,
) -> Result<Option<Broadcast>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id, short_id, chat_id, language, state, content as "content: Json<serde_json::Value>", audience,
                  only_tags, except_tags, cursor, total, sent, blocked, failed, failed_in_a_row, in_flight, progress_ref, shown_at,
                  shown_done, rate_per_s, correlation
           from broadcast where id = $1 and (state = 'running' or in_flight <> '{}') for update skip locked"#,
        id
    )
    .fetch_optional(conn)
    .await
    .map(|row| row.map(Broadcast::from))
}

/// A broadcast by what stands in callback data; locked, so that its numbers hold.
pub async fn find(
    conn: &mut PgConnection,
    short_id: &str,
) -> Result<Option<Broadcast>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id, short_id, chat_id, language, state, content as "content: Json<serde_json::Value>", audience,
                  only_tags, except_tags, cursor, total, sent, blocked, failed, failed_in_a_row, in_flight, progress_ref, shown_at,
                  shown_done, rate_per_s, correlation
           from broadcast where short_id = $1 for update"#,
        short_id
    )
    .fetch_optional(conn)
    .await
    .map(|row| row.map(Broadcast::from))
}

/// Writes what a step changed.
pub(super) async fn save(
    conn: &mut PgConnection,
    broadcast: &Broadcast,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update broadcast
         set state = case when $2 then 'done' when $13 then 'paused' else state end,
             finished_at = case when $2 then coalesce($3::timestamptz, now()) else finished_at end,
             cursor = $4, total = $5, sent = $6, blocked = $7, failed = $8, in_flight = $9, shown_at = $10,
             shown_done = $11, rate_per_s = $12, failed_in_a_row = $14
         where id = $1",
        broadcast.id,
        broadcast.state == State::Done,
        now,
        broadcast.cursor,
        broadcast.total,
        broadcast.sent,
        broadcast.blocked,
        broadcast.failed,
        &broadcast.in_flight,
        broadcast.shown_at,
        broadcast.shown_done,
        broadcast.rate_per_s,
        broadcast.state == State::Paused,
        broadcast.failed_in_a_row,
    )
    .execute(conn)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    short_id: String,
    chat_id: i64,
    language: String,
    state: String,
    content: Option<Json<serde_json::Value>>,
    audience: String,
    only_tags: Vec<String>,
    except_tags: Vec<String>,
    cursor: i64,
    total: i64,
    sent: i64,
    blocked: i64,
    failed: i64,
    failed_in_a_row: i32,
    in_flight: Vec<i64>,
    progress_ref: Uuid,
    shown_at: Option<OffsetDateTime>,
    shown_done: i64,
    rate_per_s: Option<f64>,
    correlation: Uuid,
}

impl From<Row> for Broadcast {
    fn from(row: Row) -> Self {
        let content = row.content.and_then(|Json(content)| {
            serde_json::from_value(content)
                .inspect_err(
                    |error| tracing::error!(error = %error, "a stored broadcast cannot be read"),
                )
                .ok()
        });
        Self {
            id: row.id,
            short_id: row.short_id,
            chat_id: row.chat_id,
            language: row.language,
            state: State::of_code(&row.state),
            action: content.map(|Content::V1 { action }| action),
            audience: Audience {
                name: row.audience,
                only_tags: row.only_tags,
                except_tags: row.except_tags,
            },
            cursor: row.cursor,
            total: row.total,
            sent: row.sent,
            blocked: row.blocked,
            failed: row.failed,
            failed_in_a_row: row.failed_in_a_row,
            in_flight: row.in_flight,
            progress_ref: row.progress_ref,
            shown_at: row.shown_at,
            shown_done: row.shown_done,
            rate_per_s: row.rate_per_s,
            correlation: row.correlation,
        }
    }
}
