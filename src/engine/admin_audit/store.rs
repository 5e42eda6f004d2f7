//! SQL of the admins' audit.

use serde_json::Value;
use sqlx::PgConnection;
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
