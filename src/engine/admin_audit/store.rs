//! SQL of the admins' audit.

use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// What an admin did.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// Who.
    pub admin_id: i64,
    /// What, in a word.
    pub action: &'a str,
    /// To whom or what.
    pub target: &'a str,
    /// The particulars.
    pub detail: &'a Value,
    /// Follows the update.
    pub correlation: Uuid,
}

/// Writes it down.
pub async fn record(
    conn: &mut PgConnection,
    act: &Act<'_>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into admin_audit (admin_id, action, target, detail, correlation, at)
         values ($1, $2, $3, $4, $5, coalesce($6::timestamptz, now()))",
        act.admin_id,
        act.action,
        act.target,
        act.detail,
        act.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What an admin has done.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// Who; 0 is somebody at the command line.
    pub admin_id: i64,
    /// What, in a word.
    pub action: String,
    /// To whom or what.
    pub target: String,
    /// The particulars.
    pub detail: Value,
    /// When.
    pub at: OffsetDateTime,
}

/// What admins did with this correlation id, oldest first.
///
/// # Errors
/// The database's.
pub async fn carrying(pool: &PgPool, correlation: Uuid) -> Result<Vec<Done>, sqlx::Error> {
    sqlx::query_as!(
        Done,
        "select admin_id, action, target, detail, at from admin_audit where correlation = $1 order by id limit 100",
        correlation
    )
    .fetch_all(pool)
    .await
}

/// The newest that admins did to one thing or person, newest first.
///
/// # Errors
/// The database's.
pub async fn about(pool: &PgPool, target: &str, limit: i64) -> Result<Vec<Done>, sqlx::Error> {
    sqlx::query_as!(
        Done,
        "select admin_id, action, target, detail, at from admin_audit where target = $1 order by id desc limit $2",
        target,
        limit
    )
    .fetch_all(pool)
    .await
}
