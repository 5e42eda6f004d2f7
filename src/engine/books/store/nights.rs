//! What the comparisons of each night came to.

use serde_json::Value;
use sqlx::PgPool;
use time::{Date, OffsetDateTime};

use crate::engine::books::Night;

/// Whether this night's comparisons were made.
///
/// # Errors
/// The database's.
pub async fn was_made(pool: &PgPool, night: Date) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from reconciliation where night = $1) as "was!""#,
        night
    )
    .fetch_one(pool)
    .await
}

/// Notes what they came to.
///
/// # Errors
/// The database's.
pub async fn made(
    pool: &PgPool,
    night: Date,
    status: &Value,
    findings: i32,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into reconciliation (night, status, findings, ran_at) values ($1, $2, $3, coalesce($4::timestamptz, now()))
         on conflict (night) do update
         set status = excluded.status, findings = excluded.findings, ran_at = excluded.ran_at",
        night,
        status,
        findings,
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The newest nights, newest first.
///
/// # Errors
/// The database's.
pub async fn reconciliations(pool: &PgPool, limit: i64) -> Result<Vec<Night>, sqlx::Error> {
    sqlx::query_as!(
        Night,
        "select night, status, findings, ran_at from reconciliation order by night desc limit $1",
        limit
    )
    .fetch_all(pool)
    .await
}
