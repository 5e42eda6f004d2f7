//! Statements that end a job, or give it up.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::db::interval;
use crate::engine::jobs::job::{CancelOutcome, Ending, Job};
use crate::providers::Counts;

/// Ends the job: the first statement of the transaction that ends it. False: the lease is lost, roll back.
pub(in crate::engine::jobs) async fn end(
    conn: &mut PgConnection,
    job: &Job,
    ending: &Ending,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    end_row(conn, job.id, job.lease_token, ending, now).await
}

async fn end_row(
    conn: &mut PgConnection,
    job_id: Uuid,
    lease_token: i64,
    ending: &Ending,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let counts = ending.counts();
    let ended = sqlx::query!(
        "with gone as (delete from job where id = $1 and lease_token = $2 returning *)
         insert into job_history (id, kind, state, user_id, chat_id, attempts, polls, submitted_at, external_id, unique_key,
             callback_token, provider, provider_snapshot, failure, correlation, created_at, finished_at, start_count, remains)
         select id, kind, $3, user_id, chat_id, attempts, polls, submitted_at, external_id, unique_key,
             callback_token, provider, provider_snapshot, $4, correlation, created_at, coalesce($5::timestamptz, now()),
             coalesce($6, start_count), coalesce($7, remains)
         from gone",
        job_id,
        lease_token,
        ending.state(),
        ending.failure(),
        now,
        counts.start,
        counts.remains.map(stored),
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Takes back a job that its user does not want any more, in the caller's transaction. Waits for a worker that is
/// just committing a step of it, so that the answer is true: what is cancelled was not begun, and never will be.
pub async fn cancel(
    conn: &mut PgConnection,
    job_id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<CancelOutcome, sqlx::Error> {
    let Some(job) = sqlx::query!(
        r#"select state, stoppable, lease_token, lease_until >= coalesce($2::timestamptz, now()) as is_leased
           from job where id = $1 for update"#,
        job_id,
        now,
    )
    .fetch_optional(&mut *conn)
    .await?
    else {
        return Ok(CancelOutcome::Gone);
    };
    let is_free = !job.is_leased.unwrap_or(false);
    match job.state.as_str() {
        "queued" if is_free => {
            end_row(conn, job_id, job.lease_token, &Ending::Cancelled, now).await?;
            Ok(CancelOutcome::Ended)
        }
        "running" if !job.stoppable => Ok(CancelOutcome::Unstoppable),
        _ => {
            sqlx::query!(
                "update job set cancel_requested_at = coalesce(cancel_requested_at, $2::timestamptz, now()),
                     run_at = case when state = 'running' then least(run_at, coalesce($2::timestamptz, now())) else run_at end
                 where id = $1",
                job_id,
                now,
            )
            .execute(conn)
            .await?;
            Ok(CancelOutcome::Requested)
        }
    }
}

/// Notes how far a job is, under the lease that the caller has checked in this transaction.
pub(in crate::engine::jobs) async fn note_counts(
    conn: &mut PgConnection,
    job: &Job,
    counts: Counts,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update job set start_count = coalesce($2, start_count), remains = coalesce($3, remains) where id = $1",
        job.id,
        counts.start,
        counts.remains.map(stored),
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn stored(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

/// Whether the job under this lease is not wanted any more.
pub(in crate::engine::jobs) async fn is_cancel_requested(
    pool: &PgPool,
    job: &Job,
) -> Result<bool, sqlx::Error> {
    let requested = sqlx::query_scalar!(
        r#"select cancel_requested_at is not null as "requested!" from job where id = $1 and lease_token = $2"#,
        job.id,
        job.lease_token,
    )
    .fetch_optional(pool)
    .await?;
    Ok(requested.unwrap_or(false))
}

/// The provider will not stop it: nobody asks again. False: the lease is lost.
pub(in crate::engine::jobs) async fn mark_unstoppable(
    pool: &PgPool,
    job: &Job,
) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query!(
        "update job set stoppable = false, cancel_requested_at = null where id = $1 and lease_token = $2",
        job.id,
        job.lease_token,
    )
    .execute(pool)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// A step of ours failed: the job rests for `pause`, and after `faults_max` of them in a row until a person looks.
/// Whether it is set aside now; None: the lease is lost.
pub(in crate::engine::jobs) async fn fault(
    conn: &mut PgConnection,
    job: &Job,
    error: &str,
    pause: Duration,
    faults_max: i16,
    now: Option<OffsetDateTime>,
) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"update job set faults = faults + 1, error = $3, lease_until = null,
               run_at = coalesce($6::timestamptz, now()) + $4, updated_at = coalesce($6::timestamptz, now()),
               stuck_from = case when faults + 1 >= $5 then state end,
               state = case when faults + 1 >= $5 then 'stuck' when state = 'submitting' then 'unknown' else state end
           where id = $1 and lease_token = $2
           returning state = 'stuck' as "stuck!""#,
        job.id,
        job.lease_token,
        error,
        interval(pause),
        i32::from(faults_max),
        now,
    )
    .fetch_optional(conn)
    .await
}

/// Jobs whose submit was cut off by the death of their worker: nobody knows whether it arrived.
pub(in crate::engine::jobs) async fn rescue(
    pool: &PgPool,
    now: Option<OffsetDateTime>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "update job set state = 'unknown', lease_until = null, lease_token = lease_token + 1,
             run_at = coalesce($1::timestamptz, now()), updated_at = coalesce($1::timestamptz, now())
         where state = 'submitting' and lease_until < coalesce($1::timestamptz, now())
         returning id",
        now,
    )
    .fetch_all(pool)
    .await
}
