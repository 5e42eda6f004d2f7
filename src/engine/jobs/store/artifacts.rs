//! Results, in chunks: a file of any size passes through constant memory.

use std::time::Duration;

use sqlx::{PgExecutor, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::db::interval;

/// Begins a file that we keep, of whatever `job_id` names.
///
/// # Errors
/// The database's.
pub async fn begin_artifact(
    executor: impl PgExecutor<'_>,
    id: Uuid,
    job_id: Uuid,
    position: i16,
    mime: &str,
    file_name: &str,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into artifact (id, job_id, position, mime, file_name, created_at)
         values ($1, $2, $3, $4, $5, coalesce($6::timestamptz, now()))",
        id,
        job_id,
        position,
        mime,
        file_name,
        now,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Adds its next chunk.
///
/// # Errors
/// The database's.
pub async fn append_chunk(
    executor: impl PgExecutor<'_>,
    id: Uuid,
    n: i32,
    bytes: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into artifact_chunk (artifact_id, n, bytes) values ($1, $2, $3)",
        id,
        n,
        bytes
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Ends it: from now on it can be read.
///
/// # Errors
/// The database's.
pub async fn complete_artifact(
    executor: impl PgExecutor<'_>,
    id: Uuid,
    size_bytes: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update artifact set size_bytes = $2 where id = $1",
        id,
        size_bytes
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Media type, file name and size of a complete result.
pub(in crate::engine::jobs) async fn open_artifact(
    pool: &PgPool,
    id: Uuid,
) -> Result<Option<(String, String, i64)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select mime, file_name, size_bytes as "size_bytes!" from artifact where id = $1 and size_bytes is not null"#,
        id
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| (row.mime, row.file_name, row.size_bytes)))
}

pub(in crate::engine::jobs) async fn chunk(
    pool: &PgPool,
    id: Uuid,
    n: i32,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        "select bytes from artifact_chunk where artifact_id = $1 and n = $2",
        id,
        n
    )
    .fetch_optional(pool)
    .await
}

/// Deletes results older than `keep`, at most `limit`.
pub async fn purge_artifacts(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let deleted = sqlx::query!(
        "delete from artifact where id in (
             select id from artifact where created_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(deleted.rows_affected())
}
