//! SQL of conversations.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::base::db::interval;

/// The state of `user_id` in `chat_id`, locked until the transaction ends; None if there is none of this `version`.
pub async fn load<S: DeserializeOwned>(
    conn: &mut PgConnection,
    chat_id: i64,
    user_id: i64,
    version: i16,
) -> Result<Option<S>, sqlx::Error> {
    let row = sqlx::query!(
        "select version, state from conversation where chat_id = $1 and user_id = $2 for update",
        chat_id,
        user_id,
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row.filter(|row| row.version == version) else {
        return Ok(None);
    };
    Ok(serde_json::from_value(row.state)
        .inspect_err(|error| tracing::warn!(error = %error, "a stored conversation cannot be read, starting anew"))
        .ok())
}

/// Writes the state.
pub async fn save<S: Serialize + Sync>(
    conn: &mut PgConnection,
    chat_id: i64,
    user_id: i64,
    version: i16,
    state: &S,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into conversation (chat_id, user_id, version, state, updated_at)
         values ($1, $2, $3, $4, coalesce($5::timestamptz, now()))
         on conflict (chat_id, user_id)
         do update set version = excluded.version, state = excluded.state, updated_at = excluded.updated_at",
        chat_id,
        user_id,
        version,
        Json(state) as _,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Back to the beginning.
pub async fn clear(conn: &mut PgConnection, chat_id: i64, user_id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from conversation where chat_id = $1 and user_id = $2",
        chat_id,
        user_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets conversations that nobody went on with for `keep`.
pub async fn purge(
    pool: &PgPool,
    keep: Duration,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let deleted = sqlx::query!(
        "delete from conversation where updated_at < coalesce($2::timestamptz, now()) - $1::interval",
        interval(keep),
        now,
    )
    .execute(pool)
    .await?;
    Ok(deleted.rows_affected())
}

/// When what a user said in a chat was last gone on with.
///
/// # Errors
/// The database's.
pub async fn changed_at(
    pool: &PgPool,
    chat_id: i64,
    user_id: i64,
) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar!(
        "select updated_at from conversation where chat_id = $1 and user_id = $2",
        chat_id,
        user_id
    )
    .fetch_optional(pool)
    .await
}
