//! SQL of upkeep.

use serde_json::Value;
use sqlx::PgPool;
use time::OffsetDateTime;

pub(super) async fn record(
    pool: &PgPool,
    task: &str,
    took_ms: i64,
    status: &Value,
    error: Option<&str>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into upkeep_status (task, ran_at, took_ms, status, error)
         values ($1, coalesce($5::timestamptz, now()), $2, $3, $4)
         on conflict (task) do update
         set ran_at = excluded.ran_at, took_ms = excluded.took_ms, status = excluded.status, error = excluded.error",
        task,
        took_ms,
        status,
        error,
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}
