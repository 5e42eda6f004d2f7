//! SQL of the past: its weeks, and what leaves with them.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::db::interval;

/// Makes the weeks of ended jobs and of steps from now until `ahead`; how many there were not yet.
pub(in crate::engine::jobs) async fn make_weeks(
    pool: &PgPool,
    ahead: Duration,
    now: Option<OffsetDateTime>,
) -> Result<i32, sqlx::Error> {
    let mut made = 0;
    for (table, column) in [("job_history", "finished_at"), ("job_attempt", "at")] {
        made += sqlx::query_scalar!(
            r#"select weeks_make($1, $2, coalesce($4::timestamptz, now()), coalesce($4::timestamptz, now()) + $3::interval) as "made!""#,
            table,
            column,
            interval(ahead),
            now,
        )
        .fetch_one(pool)
        .await?;
    }
    Ok(made)
}

/// Drops the weeks that ended before `keep` ago; how many.
pub(in crate::engine::jobs) async fn drop_weeks(
    pool: &PgPool,
    keep: Duration,
    now: Option<OffsetDateTime>,
) -> Result<i32, sqlx::Error> {
    let mut dropped = 0;
    for table in ["job_history", "job_attempt"] {
        dropped += sqlx::query_scalar!(
            r#"select weeks_drop($1, coalesce($3::timestamptz, now()) - $2::interval) as "dropped!""#,
            table,
            interval(keep),
            now,
        )
        .fetch_one(pool)
        .await?;
    }
    Ok(dropped)
}

/// Deletes what is older than `keep` and stands in no week: what came while its week was not made, callbacks, and keys
/// of jobs that are gone; at most `limit` of each. How many.
pub(in crate::engine::jobs) async fn delete_old(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let keep = interval(keep);
    let history = sqlx::query!(
        "delete from job_history_rest where ctid = any (array(
             select ctid from job_history_rest where finished_at < coalesce($3::timestamptz, now()) - $1::interval limit $2))",
        keep,
        limit,
        now,
    )
    .execute(pool)
    .await?;
    let attempts = sqlx::query!(
        "delete from job_attempt_rest where ctid = any (array(
             select ctid from job_attempt_rest where at < coalesce($3::timestamptz, now()) - $1::interval limit $2))",
        keep,
        limit,
        now,
    )
    .execute(pool)
    .await?;
    let callbacks = sqlx::query!(
        "delete from job_callback where id in (
             select id from job_callback where received_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        keep,
        limit,
        now,
    )
    .execute(pool)
    .await?;
    // A job may wait long for its time: its key goes after it.
    let keys = sqlx::query!(
        "delete from job_key where unique_key in (
             select unique_key from job_key k where created_at < coalesce($3::timestamptz, now()) - $1::interval
               and not exists (select 1 from job where job.id = k.job_id)
               and not exists (select 1 from job_history h where h.id = k.job_id)
             order by created_at limit $2)",
        keep,
        limit,
        now,
    )
    .execute(pool)
    .await?;
    let questions = sqlx::query!(
        "delete from job_question where job_id in (
             select job_id from job_question where asked_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        keep,
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(history.rows_affected()
        + questions.rows_affected()
        + attempts.rows_affected()
        + callbacks.rows_affected()
        + keys.rows_affected())
}

/// Where an ended job's work lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveredAt {
    /// The provider's name.
    pub provider: String,
    /// Its id there.
    pub external_id: String,
    /// The provider's own name of the service.
    pub provider_service: String,
}

/// Where the work of a job lies that was done in full; None if it was not, or is too long ago.
///
/// # Errors
/// The database's.
pub async fn delivered(
    conn: &mut PgConnection,
    job_id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<Option<DeliveredAt>, sqlx::Error> {
    // The weeks to come are left out by the second condition.
    sqlx::query_as!(
        DeliveredAt,
        r#"select provider, external_id as "external_id!", provider_snapshot ->> 'provider_service' as "provider_service!"
           from job_history
           where id = $1 and finished_at <= coalesce($2::timestamptz, now()) and state = 'succeeded'
             and external_id is not null limit 1"#,
        job_id,
        now,
    )
    .fetch_optional(conn)
    .await
}

/// Forgets what ended jobs were asked to make, in the caller's transaction: everything else of them stays.
///
/// # Errors
/// The database's.
pub async fn forget_params(
    conn: &mut PgConnection,
    jobs: &[Uuid],
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    // The weeks to come are left out by the second condition.
    let forgotten = sqlx::query!(
        "update job_history set provider_snapshot = provider_snapshot - 'params'
         where id = any($1) and finished_at <= coalesce($2::timestamptz, now()) and provider_snapshot ? 'params'",
        jobs,
        now,
    )
    .execute(conn)
    .await?;
    Ok(forgotten.rows_affected())
}
