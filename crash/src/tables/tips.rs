//! Tips, as the service recorded them.

use sqlx::FromRow;
use sqlx::postgres::PgPool;
use uuid::Uuid;

use super::Sql;

/// A tip with its money.
#[derive(Clone, Debug, FromRow)]
pub struct Tip {
    pub id: Uuid,
    pub sender_id: i64,
    pub recipient_id: i64,
    pub amount: i64,
    pub state: String,
    /// How the job ended that had it settled outside.
    pub job: Option<String>,
    /// Why, if it failed.
    pub failure: Option<String>,
    pub held: Option<i64>,
    pub captured: Option<i64>,
    pub released: Option<i64>,
}

/// All of them.
pub async fn tips(pool: &PgPool) -> Sql<Vec<Tip>> {
    sqlx::query_as(
        "select t.id, t.sender_id, t.recipient_id, t.amount, t.state, j.state as job, j.failure, h.amount as held, r.captured, r.released
         from tip t
         left join job_history j on j.id = t.id
         left join hold h on h.reference = t.id
         left join hold_resolution r on r.hold_id = h.id
         order by t.created_at",
    )
    .fetch_all(pool)
    .await
}

/// Has the service that settles asked now about all that it has not decided on.
pub async fn nudge_tips(pool: &PgPool) -> Sql<u64> {
    let nudged = sqlx::query(
        "update job set run_at = now() where kind = 'tip' and state = 'running' and run_at > now()",
    )
    .execute(pool)
    .await?;
    Ok(nudged.rows_affected())
}
