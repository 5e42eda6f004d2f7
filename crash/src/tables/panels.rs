//! Orders at a panel, as the service recorded them.

use sqlx::FromRow;
use sqlx::postgres::PgPool;
use uuid::Uuid;

use super::Sql;
use crate::promoters::PANEL;

/// A job that asked for a refill.
#[derive(Clone, Debug, FromRow)]
pub struct Refill {
    pub state: String,
    pub external_id: Option<String>,
    /// The panel's number of the order.
    pub of: Option<String>,
}

/// All that have ended.
pub async fn refills(pool: &PgPool) -> Sql<Vec<Refill>> {
    sqlx::query_as(
        "select state, external_id, provider_snapshot->'params'->>'order' as of from job_history
         where provider = $1 and kind = 'storefront_refill'",
    )
    .bind(PANEL)
    .fetch_all(pool)
    .await
}

/// Where the message stands that shows how an order goes: order, chat, number.
pub async fn shown(pool: &PgPool) -> Sql<Vec<(Uuid, i64, i64)>> {
    sqlx::query_as(
        "select o.id, m.chat_id, m.message_id from storefront_order o join sent_message m on m.message_ref = o.progress_ref",
    )
    .fetch_all(pool)
    .await
}

/// Has the panel asked about all of its orders now.
pub async fn nudge_panel_jobs(pool: &PgPool) -> Sql<u64> {
    let nudged = sqlx::query(
        "update job set run_at = now() where provider = $1 and state = 'running' and run_at > now()",
    )
    .bind(PANEL)
    .execute(pool)
    .await?;
    Ok(nudged.rows_affected())
}
