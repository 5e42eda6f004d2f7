//! Every statement that needs or gives a lease.

use std::time::Duration;

use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::db::interval;
use crate::engine::jobs::job::{Job, Snapshot};
use crate::providers::Counts;

pub(super) struct JobRow {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) user_id: i64,
    pub(super) chat_id: i64,
    pub(super) lease_token: i64,
    pub(super) attempts: i16,
    pub(super) polls: i32,
    pub(super) submitted_at: Option<OffsetDateTime>,
    pub(super) deadline_at: Option<OffsetDateTime>,
    pub(super) external_id: Option<String>,
    pub(super) callback_token: String,
    pub(super) provider: String,
    pub(super) snapshot: Json<Snapshot>,
    pub(super) correlation: Uuid,
    pub(super) created_at: OffsetDateTime,
    pub(super) faults: i16,
    pub(super) is_cancel_requested: bool,
    pub(super) start_count: Option<i64>,
    pub(super) remains: Option<i64>,
}

impl From<JobRow> for Job {
    fn from(row: JobRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            state: row.state,
            user_id: row.user_id,
            chat_id: row.chat_id,
            lease_token: row.lease_token,
            attempts: row.attempts,
            polls: row.polls,
            submitted_at: row.submitted_at,
            deadline_at: row.deadline_at,
            external_id: row.external_id,
            callback_token: row.callback_token,
            provider: row.provider,
            snapshot: row.snapshot.0,
            correlation: row.correlation,
            created_at: row.created_at,
            faults: row.faults,
            is_cancel_requested: row.is_cancel_requested,
            counts: Counts {
                start: row.start_count,
                remains: row.remains.map(i64::unsigned_abs),
            },
        }
    }
}

/// How much of a provider's work may be claimed.
#[derive(Clone, Debug)]
pub(in crate::engine::jobs) struct Room<'p> {
    pub(in crate::engine::jobs) provider: &'p str,
    /// Jobs to be asked about.
    pub(in crate::engine::jobs) polls: i64,
    /// Jobs to be submitted.
    pub(in crate::engine::jobs) starts: i64,
    /// Tasks that it may have at once, those of other replicas included.
    pub(in crate::engine::jobs) tasks_max: i64,
}

/// Takes due jobs under a fresh lease: of each provider as many as there is room for, and up to `late_max` whose
/// deadline is over, whatever their provider. The ids go through an array so that the planner, which cannot know the
/// limits, never reads the whole table to join them. Which are due is found by the minute, in which `run_at` lies; those
/// at work are counted up to their limit only, in the order of the index, so that no plan reads the table for them: a
/// claim costs the same however many there are.
pub(in crate::engine::jobs) async fn claim(
    pool: &PgPool,
    worker: Uuid,
    rooms: &[Room<'_>],
    late_max: i64,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Vec<Job>, sqlx::Error> {
    let providers: Vec<String> = rooms.iter().map(|room| room.provider.to_owned()).collect();
    let polls: Vec<i64> = rooms.iter().map(|room| room.polls).collect();
    let starts: Vec<i64> = rooms.iter().map(|room| room.starts).collect();
    let tasks_max: Vec<i64> = rooms.iter().map(|room| room.tasks_max).collect();
    let rows = sqlx::query_as!(
        JobRow,
        r#"with room as (select * from unnest($5::text[], $6::bigint[], $7::bigint[], $8::bigint[]) as r (name, polls, starts, tasks_max)),
           late as (
             select id from job
             where deadline_at <= coalesce($4::timestamptz, now()) and state in ('queued', 'running', 'unknown')
               and (lease_until is null or lease_until < coalesce($4::timestamptz, now()))
             order by deadline_at limit $2 for update skip locked),
           polls as (
             select j.id from room r cross join lateral (
               select id from job
               where provider = r.name and state in ('running', 'unknown') and due_minute <= coalesce($4::timestamptz, now())
                 and run_at <= coalesce($4::timestamptz, now())
                 and (lease_until is null or lease_until < coalesce($4::timestamptz, now()))
               order by due_minute, run_at limit r.polls for update skip locked) j),
           starts as (
             select j.id from room r cross join lateral (
               select id from job
               where provider = r.name and state = 'queued' and run_at <= coalesce($4::timestamptz, now())
                 and (lease_until is null or lease_until < coalesce($4::timestamptz, now()))
               order by rank_at, id
               limit least(r.starts, greatest(0, r.tasks_max - (
                 select count(*) from (
                   select 1 from job w where w.provider = r.name and w.state in ('submitting', 'running', 'unknown')
                   order by w.due_minute limit greatest(0, r.tasks_max)) w)))
               for update skip locked) j)
           update job j
           set lease_token = j.lease_token + 1, lease_until = coalesce($4::timestamptz, now()) + $3, worker = $1
           where j.id = any (array(select id from late union all select id from polls union all select id from starts))
           returning j.id, j.kind, j.state, j.user_id, j.chat_id, j.lease_token, j.attempts, j.polls, j.submitted_at,
                     j.deadline_at, j.external_id, j.callback_token, j.provider,
                     j.provider_snapshot as "snapshot: Json<Snapshot>", j.correlation, j.created_at, j.faults,
                     j.cancel_requested_at is not null as "is_cancel_requested!", j.start_count, j.remains"#,
        worker,
        late_max,
        interval(lease),
        now,
        &providers,
        &polls,
        &starts,
        &tasks_max,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Job::from).collect())
}

/// Extends the leases that are still ours, by their tokens; which they are.
pub(in crate::engine::jobs) async fn extend(
    pool: &PgPool,
    jobs: &[Uuid],
    tokens: &[i64],
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "update job j set lease_until = coalesce($4::timestamptz, now()) + $3
         from unnest($1::uuid[], $2::bigint[]) as ours (id, token)
         where j.id = ours.id and j.lease_token = ours.token and j.lease_until is not null
         returning j.id",
        jobs,
        tokens,
        interval(lease),
        now,
    )
    .fetch_all(pool)
    .await
}

/// Writes the intent down before the request leaves, under a full lease. False: the lease is lost, or the job
/// is not wanted any more.
pub(in crate::engine::jobs) async fn begin_submit(
    pool: &PgPool,
    job: &Job,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let begun = sqlx::query!(
        "update job set state = 'submitting', attempts = attempts + 1,
             lease_until = coalesce($3::timestamptz, now()) + $4,
             submitted_at = coalesce($3::timestamptz, now()), updated_at = coalesce($3::timestamptz, now())
         where id = $1 and lease_token = $2 and state = 'queued' and cancel_requested_at is null",
        job.id,
        job.lease_token,
        now,
        interval(lease),
    )
    .execute(pool)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// The provider has it; found late, it is still asked about. Whose user wants it no more is due at once. False: the lease is
/// lost.
pub(in crate::engine::jobs) async fn mark_running(
    conn: &mut PgConnection,
    job: &Job,
    external_id: &str,
    stoppable: bool,
    next_poll: Duration,
    deadline: Duration,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query!(
        "update job set state = 'running', external_id = $3, stoppable = $7, lease_until = null, faults = 0,
             run_at = coalesce($6::timestamptz, now())
                 + case when $7 and cancel_requested_at is not null then interval '0' else $4 end,
             deadline_at = greatest(coalesce(submitted_at, $6::timestamptz, now()) + $5,
                                    coalesce($6::timestamptz, now()) + $4 + interval '1 minute'),
             updated_at = coalesce($6::timestamptz, now())
         where id = $1 and lease_token = $2 and state in ('submitting', 'unknown')",
        job.id,
        job.lease_token,
        external_id,
        interval(next_poll),
        interval(deadline),
        now,
        stoppable,
    )
    .execute(conn)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// The answer was lost. False: the lease is lost.
pub(in crate::engine::jobs) async fn mark_unknown(
    conn: &mut PgConnection,
    job: &Job,
    look_again: Duration,
    deadline: Duration,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query!(
        "update job set state = 'unknown', lease_until = null, run_at = coalesce($5::timestamptz, now()) + $3,
             deadline_at = coalesce(submitted_at, $5::timestamptz, now()) + $4,
             updated_at = coalesce($5::timestamptz, now())
         where id = $1 and lease_token = $2 and state in ('submitting', 'unknown')",
        job.id,
        job.lease_token,
        interval(look_again),
        interval(deadline),
        now,
    )
    .execute(conn)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// Gives the lease back; the job is due again after `delay`, or at once if its user has asked meanwhile to stop it: panels are
/// asked again after half an hour, and deliver. `surely_unsent` puts a submitting job back into the queue.
pub(in crate::engine::jobs) async fn rest(
    conn: &mut PgConnection,
    job: &Job,
    delay: Duration,
    polled: bool,
    surely_unsent: bool,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let snoozed = sqlx::query!(
        "update job set lease_until = null,
             run_at = coalesce($5::timestamptz, now())
                 + case when state = 'running' and stoppable and cancel_requested_at is not null and not $7
                     then interval '0' else $3 end,
             state = case when $6 and state = 'submitting' then 'queued' else state end,
             polls = polls + case when $4 then 1 else 0 end,
             faults = case when $4 then 0 else faults end, updated_at = coalesce($5::timestamptz, now())
         where id = $1 and lease_token = $2 and (state <> 'submitting' or $6)",
        job.id,
        job.lease_token,
        interval(delay),
        polled,
        now,
        surely_unsent,
        job.is_cancel_requested,
    )
    .execute(conn)
    .await?;
    Ok(snoozed.rows_affected() == 1)
}

/// One step's outcome, for whoever looks into the job. False: the lease is lost.
pub(in crate::engine::jobs) async fn record_attempt(
    conn: &mut PgConnection,
    job: &Job,
    step: &str,
    outcome: &str,
    answer: Option<&Value>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let recorded = sqlx::query!(
        "insert into job_attempt (job_id, step, outcome, answer, at)
         select id, $3, $4, $5, coalesce($6::timestamptz, now()) from job where id = $1 and lease_token = $2",
        job.id,
        job.lease_token,
        step,
        outcome,
        answer,
        now,
    )
    .execute(conn)
    .await?;
    Ok(recorded.rows_affected() == 1)
}

/// How often a step of a job failed in a way that passes: by this, waits before the next try grow.
pub(in crate::engine::jobs) async fn passing_failures(
    pool: &PgPool,
    job_id: Uuid,
    step: &str,
) -> Result<u32, sqlx::Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from job_attempt
           where job_id = $1 and step = $2 and outcome in ('transient', 'failed')"#,
        job_id,
        step,
    )
    .fetch_one(pool)
    .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The provider named the task to us, but the lease was lost meanwhile: whoever has the job now should know.
pub(in crate::engine::jobs) async fn leave_evidence(
    pool: &PgPool,
    job_id: Uuid,
    external_id: &str,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into job_callback (job_id, external_id, verified, received_at)
         values ($1, $2, true, coalesce($3::timestamptz, now()))",
        job_id,
        external_id,
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The task id that a callback named for this job.
pub(in crate::engine::jobs) async fn find_hint(
    pool: &PgPool,
    job_id: Uuid,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select external_id as "external_id!" from job_callback
           where job_id = $1 and external_id is not null order by verified desc, id desc limit 1"#,
        job_id,
    )
    .fetch_optional(pool)
    .await
}

/// A callback came: the job is looked at soon. A worker that holds it goes on undisturbed.
pub(in crate::engine::jobs) async fn adopt(
    conn: &mut PgConnection,
    job_id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update job set run_at = least(run_at, coalesce($2::timestamptz, now()))
         where id = $1 and state in ('running', 'unknown')",
        job_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
