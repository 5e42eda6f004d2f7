//! SQL of the admins' audit.

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// What an admin did.
pub(super) struct Act<'a> {
    pub(super) admin_id: i64,
    pub(super) action: &'a str,
    pub(super) target: &'a str,
    pub(super) detail: &'a Value,
    pub(super) correlation: Uuid,
}

pub(super) async fn record(
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
