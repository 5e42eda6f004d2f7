//! What the comparisons of each night came to.

use serde_json::Value;
use sqlx::{PgConnection, PgPool};
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

/// Notes what they came to, in the transaction that tells of it. False: they were made by another replica meanwhile, which
/// has told of it.
///
/// # Errors
/// The database's.
pub async fn made(
    conn: &mut PgConnection,
    night: Date,
    status: &Value,
    findings: i32,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let noted = sqlx::query!(
        "insert into reconciliation (night, status, findings, ran_at) values ($1, $2, $3, coalesce($4::timestamptz, now()))
         on conflict (night) do nothing",
        night,
        status,
        findings,
        now,
    )
    .execute(conn)
    .await?;
    Ok(noted.rows_affected() == 1)
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
