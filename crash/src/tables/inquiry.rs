//! Submits whose answer was lost, and what admins said of them.

use sqlx::FromRow;
use sqlx::postgres::PgPool;
use uuid::Uuid;

use super::Sql;

/// A question that nobody has answered.
#[derive(Clone, Debug, FromRow)]
pub struct OpenQuestion {
    /// Its name in buttons.
    pub short_id: String,
    pub job_id: Uuid,
    pub provider: String,
    pub callback_token: String,
    /// What the order is for, at a panel.
    pub link: Option<String>,
    /// The short id of the order, or of the tip.
    pub order: String,
    /// It was asked a moment ago.
    pub is_fresh: bool,
}

/// All of them, about submits that can be on their way no more: whoever is frozen is woken before.
pub async fn open_questions(pool: &PgPool) -> Sql<Vec<OpenQuestion>> {
    sqlx::query_as(
        "select q.short_id, q.job_id, j.provider, j.callback_token, j.provider_snapshot->'params'->>'link' as link,
                coalesce(o.short_id, t.short_id) as \"order\", q.asked_at > now() - interval '30 seconds' as is_fresh
         from job_question q join job j on j.id = q.job_id
         left join storefront_order o on o.id = j.id left join tip t on t.id = j.id
         where q.answer is null and q.closed_at is null and j.submitted_at < now() - interval '25 seconds'
         order by q.asked_at",
    )
    .fetch_all(pool)
    .await
}

/// Lets the time pass after which admins are asked about submits whose answer was lost: all, or that of one order.
pub async fn age_lost(pool: &PgPool, only: Option<&str>) -> Sql<u64> {
    let aged = sqlx::query(
        "update job j set submitted_at = submitted_at - interval '1 minute', run_at = now()
         where state = 'unknown' and submitted_at > now() - interval '40 seconds'
           and not exists (select from job_question q where q.job_id = j.id)
           and ($1::text is null or exists (select from storefront_order o where o.id = j.id and o.short_id = $1))",
    )
    .bind(only)
    .execute(pool)
    .await?;
    Ok(aged.rows_affected())
}

/// The same for tips whose answer was lost.
pub async fn age_lost_tips(pool: &PgPool) -> Sql<u64> {
    let aged = sqlx::query(
        "update job j set submitted_at = submitted_at - interval '1 minute', run_at = now()
         where kind = 'tip' and state = 'unknown' and submitted_at > now() - interval '40 seconds'
           and not exists (select from job_question q where q.job_id = j.id)",
    )
    .execute(pool)
    .await?;
    Ok(aged.rows_affected())
}

/// A question and what came of it.
#[derive(Clone, Debug, FromRow)]
pub struct AskedAbout {
    pub job_id: Uuid,
    /// It is about a tip, not about an order.
    pub is_tip: bool,
    pub answer: Option<String>,
    pub task: Option<String>,
    pub answered_by: Option<i64>,
    pub is_closed: bool,
    pub state: Option<String>,
    pub failure: Option<String>,
    pub external_id: Option<String>,
}

/// All of them.
pub async fn questions(pool: &PgPool) -> Sql<Vec<AskedAbout>> {
    sqlx::query_as(
        "select q.job_id, exists (select from tip t where t.id = q.job_id) as is_tip, q.answer, q.task, q.answered_by,
                q.closed_at is not null as is_closed, j.state, j.failure, j.external_id
         from job_question q
         left join job_history j on j.id = q.job_id order by q.asked_at",
    )
    .fetch_all(pool)
    .await
}

/// An answer as the audit has it.
#[derive(Clone, Debug, FromRow)]
pub struct Resolve {
    pub job_id: String,
    pub admin_id: i64,
    pub verdict: String,
    pub task: Option<String>,
}

/// All of them.
pub async fn resolves(pool: &PgPool) -> Sql<Vec<Resolve>> {
    sqlx::query_as(
        "select target as job_id, admin_id, detail->>'verdict' as verdict, detail->>'task' as task
         from admin_audit where action = 'resolve' order by id",
    )
    .fetch_all(pool)
    .await
}

/// The messages in which admins were asked: job, admin, number.
pub async fn asked_in(pool: &PgPool) -> Sql<Vec<(Uuid, i64, i64)>> {
    sqlx::query_as(
        "select i.job_id, m.chat_id, m.message_id from inquiry_message i join sent_message m on m.message_ref = i.message_ref",
    )
    .fetch_all(pool)
    .await
}
