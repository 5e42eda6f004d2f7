//! SQL of shared news.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Notice;
use crate::base::db::interval;

/// Writes down that a message tells a chat of `subject`, in the transaction that sends it. A later one takes its place.
///
/// # Errors
/// The database's.
pub async fn note(
    conn: &mut PgConnection,
    subject: Uuid,
    notice: Notice,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into shared_notice (subject, chat_id, message_ref, created_at)
         values ($1, $2, $3, coalesce($4::timestamptz, now()))
         on conflict (subject, chat_id) do update set message_ref = excluded.message_ref",
        subject,
        notice.chat_id,
        notice.message_ref,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The messages that tell of `subject`.
///
/// # Errors
/// The database's.
pub async fn of(conn: &mut PgConnection, subject: Uuid) -> Result<Vec<Notice>, sqlx::Error> {
    sqlx::query_as!(
        Notice,
        "select chat_id, message_ref from shared_notice where subject = $1 order by chat_id limit 100",
        subject
    )
    .fetch_all(conn)
    .await
}

/// Forgets those that are older than `keep`.
///
/// # Errors
/// The database's.
pub async fn purge(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let purged = sqlx::query!(
        "delete from shared_notice where (subject, chat_id) in (
             select subject, chat_id from shared_notice
             where created_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(purged.rows_affected())
}
