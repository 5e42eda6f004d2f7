//! Queueing, callbacks, questions about jobs, and retention.

use std::time::Duration;

use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::claims;
use crate::base::db::interval;
use crate::engine::jobs::job::{EnqueueError, Enqueued, NewJob, Snapshot, SnoozeOutcome, Unique};
use crate::providers::CallbackHint;

/// Head start of a priority over the next one: so long does a job of the lower one wait behind new ones of the higher.
const PRIORITY_STEP: Duration = Duration::from_secs(5 * 60);
/// A user's next queued job stands so far behind their last, in a queue of others.
const TURN: Duration = Duration::from_secs(30);
/// However many they have queued, none stands further behind than this.
const TURNS_MAX: Duration = Duration::from_secs(3600);

/// A holder of the key may end between two looks; so often in a row it does not.
const UNIQUE_TRIES_MAX: usize = 5;

/// Queues a job in the caller's transaction. One with the same unique key that is just being queued, or just ending,
/// in another transaction is waited for.
///
/// # Errors
/// [`EnqueueError::ForeignService`]: nothing was queued, and the caller's transaction must not commit what it did for it.
pub async fn enqueue(
    conn: &mut PgConnection,
    job: &NewJob,
    now: Option<OffsetDateTime>,
) -> Result<Enqueued, EnqueueError> {
    for _ in 0..UNIQUE_TRIES_MAX {
        if insert(&mut *conn, job, now).await? {
            return Ok(Enqueued::Created);
        }
        if let Some(job) = holder(&mut *conn, &job.unique_key).await? {
            return Ok(Enqueued::Existing { job });
        }
        if !belongs(&mut *conn, &job.snapshot).await? {
            return Err(EnqueueError::ForeignService {
                provider: job.snapshot.provider.clone(),
                id: job.snapshot.provider_service.clone(),
            });
        }
    }
    Err(sqlx::Error::RowNotFound.into())
}

/// What begins with `$` is no service but something that every adapter understands in its place.
async fn belongs(conn: &mut PgConnection, snapshot: &Snapshot) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select starts_with($2, '$') or belongs_to_provider($1, $2) as "belongs!""#,
        snapshot.provider,
        snapshot.provider_service,
    )
    .fetch_one(conn)
    .await
}

async fn insert(
    conn: &mut PgConnection,
    job: &NewJob,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "with clock as (
             select coalesce($12::timestamptz, now()) as at, greatest($13, coalesce($12::timestamptz, now())) as due
             where starts_with($18, '$') or belongs_to_provider($9, $18)),
         key as (
             insert into job_key (unique_key, job_id, created_at) select $8, $1, at from clock where $17
             on conflict (unique_key) do nothing returning 1),
         free as (
             select 1 where (select count(*) from key) = 1
                 or not $17 and not exists (select 1 from job_key where unique_key = $8)),
         mine as (select max(rank_at) as last from job where user_id = $3 and state = 'queued' and priority = $5)
         insert into job (id, kind, state, user_id, chat_id, priority, run_at, deadline_at, callback_token, unique_key,
             provider, provider_snapshot, correlation, created_at, updated_at, rank_at)
         select $1, $2, 'queued', $3, $4, $5, due, due + $6, $7, $8, $9, $10, $11, at, at,
             due + $5 * $14::interval + least($16::interval,
                 greatest(interval '0', coalesce(last + $15::interval - due - $5 * $14::interval, interval '0')))
         from clock, free, mine
         on conflict (unique_key) do nothing",
        job.id,
        job.kind,
        job.user_id,
        job.chat_id,
        job.priority,
        interval(Duration::from_secs(job.queue_max_s.into())),
        job.callback_token,
        job.unique_key,
        job.snapshot.provider,
        Json(&job.snapshot) as _,
        job.correlation,
        now,
        job.run_at,
        interval(PRIORITY_STEP),
        interval(TURN),
        interval(TURNS_MAX),
        job.unique == Unique::Ever,
        job.snapshot.provider_service,
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

async fn holder(conn: &mut PgConnection, unique_key: &str) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select id as "id!" from job where unique_key = $1
           union all select job_id from job_key where unique_key = $1 limit 1"#,
        unique_key
    )
    .fetch_optional(conn)
    .await
}

/// Has a queued job rest until `until`, in the caller's transaction.
///
/// # Errors
/// The database's.
pub async fn snooze(
    conn: &mut PgConnection,
    job_id: Uuid,
    until: OffsetDateTime,
    now: Option<OffsetDateTime>,
) -> Result<SnoozeOutcome, sqlx::Error> {
    let rests = sqlx::query_scalar!(
        r#"with it as (
               select id, state = 'queued' and coalesce(lease_until < coalesce($3::timestamptz, now()), true) as is_free
               from job where id = $1 for update),
           rests as (
               update job j set run_at = $2, updated_at = coalesce($3::timestamptz, now()),
                   deadline_at = deadline_at + greatest(interval '0', $2 - greatest(j.run_at, coalesce($3::timestamptz, now())))
               from it where j.id = it.id and it.is_free)
           select is_free as "is_free!" from it"#,
        job_id,
        until,
        now,
    )
    .fetch_optional(conn)
    .await?;
    Ok(match rests {
        Some(true) => SnoozeOutcome::Resting,
        Some(false) => SnoozeOutcome::Begun,
        None => SnoozeOutcome::Gone,
    })
}

/// The job that a callback address belongs to, live or ended, with its provider.
pub async fn find_by_callback(
    pool: &PgPool,
    token: &str,
) -> Result<Option<(Uuid, String)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select id as "id!", provider as "provider!" from job where callback_token = $1
           union all select id, provider from job_history where callback_token = $1 limit 1"#,
        token,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| (row.id, row.provider)))
}

/// Stores what a callback claims and has the job looked at soon.
pub async fn record_callback(
    pool: &PgPool,
    job_id: Uuid,
    hint: &CallbackHint,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query!(
        "insert into job_callback (job_id, external_id, verified, received_at) values ($1, $2, $3, coalesce($4::timestamptz, now()))",
        job_id,
        hint.external_id,
        hint.verified,
        now,
    )
    .execute(&mut *tx)
    .await?;
    claims::adopt(&mut tx, job_id, now).await?;
    tx.commit().await
}

/// What happened to a job, oldest first: step, outcome, redacted answer.
pub async fn attempts_of(
    pool: &PgPool,
    job_id: Uuid,
) -> Result<Vec<(String, String, Option<Value>)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select step, outcome, answer from job_attempt where job_id = $1 order by id limit 200",
        job_id
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.step, row.outcome, row.answer))
        .collect())
}

/// Live jobs by state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobCounts {
    /// Not submitted yet.
    pub queued: i64,
    /// At the provider.
    pub running: i64,
    /// Whether the provider has them is not known.
    pub unknown: i64,
    /// Set aside until a person looks.
    pub stuck: i64,
    /// Age of the oldest, seconds.
    pub oldest_s: i64,
}

/// For metrics and tests. Each number by an index of its own: asked for together, the planner reads the whole table.
pub async fn counts(pool: &PgPool, now: Option<OffsetDateTime>) -> Result<JobCounts, sqlx::Error> {
    sqlx::query_as!(
        JobCounts,
        r#"select (select count(*) from job where state = 'queued') as "queued!",
                  (select count(*) from job where state in ('submitting', 'running', 'unknown')) - unknown.n as "running!",
                  unknown.n as "unknown!",
                  (select count(*) from job where state = 'stuck') as "stuck!",
                  coalesce((select extract(epoch from coalesce($1::timestamptz, now()) - min(created_at))::bigint from job), 0)
                      as "oldest_s!"
           from (select count(*) as n from job where state = 'unknown') unknown"#,
        now,
    )
    .fetch_one(pool)
    .await
}

/// When the next live job is due: one at work, one in the queue; in the past for one that is overdue.
pub(in crate::engine::jobs) async fn next_due(
    pool: &PgPool,
) -> Result<(Option<OffsetDateTime>, Option<OffsetDateTime>), sqlx::Error> {
    let row = sqlx::query!(
        "select min(run_at) filter (where state in ('running', 'unknown')) as at_work,
                min(run_at) filter (where state = 'queued') as queued
         from job"
    )
    .fetch_one(pool)
    .await?;
    Ok((row.at_work, row.queued))
}
