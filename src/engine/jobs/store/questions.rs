//! SQL of submits whose answers were lost: what was noted before them, what is known since, whom people were asked about.

use std::time::Duration;

use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::claims::JobRow;
use crate::base::db::interval;
use crate::engine::jobs::job::{Job, Snapshot};
use crate::engine::jobs::question::{Doubt, Question, Said, Verdict};
use crate::providers::{Clues, SubmitNote};

/// A submit is on its way no longer than this: what left earlier moved our balance before it was noted, or not at all.
const ON_THEIR_WAY: Duration = Duration::from_secs(120);
/// Tasks of ours at a provider that are looked through for the newest one.
const TASKS_LOOKED_AT: i64 = 500;

/// What is known of a lost submit.
pub(in crate::engine::jobs) async fn clues(pool: &PgPool, job: &Job) -> Result<Clues, sqlx::Error> {
    let row = sqlx::query!(
        r#"select submit_note as "note: Json<SubmitNote>", submit_note ? 'duplicate_at' as is_duplicate
           from job where id = $1"#,
        job.id
    )
    .fetch_optional(pool)
    .await?;
    let since = sqlx::query!(
        r#"select (select count(*) from job
                   where provider = $1 and id <> $2 and submitted_at >= $3 and external_id is not null)
                + (select count(*) from job_history
                   where provider = $1 and finished_at >= $3
                     and (submitted_at >= $3 and external_id is not null or state in ('partial', 'failed', 'cancelled'))) as "others!",
                (select external_id from (
                     (select external_id from job
                      where provider = $1 and external_id ~ '^[0-9]{1,18}$' and submitted_at < $3
                        and state in ('submitting', 'running', 'unknown')
                      order by due_minute desc limit $4)
                     union all
                     (select external_id from job_history
                      where provider = $1 and state = 'succeeded' and external_id ~ '^[0-9]{1,18}$' and submitted_at < $3
                      order by finished_at desc limit $4)) tasks
                 order by external_id::bigint desc limit 1) as newest,
                (select count(*) from job
                 where provider = $1 and id <> $2 and state in ('submitting', 'unknown')
                   and submitted_at >= $3::timestamptz - $5::interval) as "open!""#,
        job.provider,
        job.id,
        job.submitted_at,
        TASKS_LOOKED_AT,
        interval(ON_THEIR_WAY),
    )
    .fetch_one(pool)
    .await?;
    let (note, is_duplicate) = row.map_or((None, None), |row| (row.note, row.is_duplicate));
    Ok(Clues {
        note: note.map(|note| note.0),
        others_since: since.others.unsigned_abs(),
        others_open: since.open.unsigned_abs(),
        refused_as_duplicate: is_duplicate.unwrap_or(false),
        task_before: since.newest,
    })
}

/// The provider refused this job because there is one for the same target: that speaks for those that were lost.
pub(in crate::engine::jobs) async fn note_duplicate(
    conn: &mut PgConnection,
    job: &Job,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update job lost set submit_note = lost.submit_note || jsonb_build_object('duplicate_at', coalesce($2::timestamptz, now()))
         from job refused
         where refused.id = $1 and lost.id <> refused.id and lost.state = 'unknown' and lost.provider = refused.provider
           and lost.submit_note ->> 'target' = refused.submit_note ->> 'target'",
        job.id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Of these tasks at the job's provider, those that no other job has.
pub(in crate::engine::jobs) async fn nobodys(
    pool: &PgPool,
    job: &Job,
    tasks: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select task as "task!" from unnest($2::text[]) with ordinality as t (task, n)
           where not exists (select 1 from job where provider = $1 and external_id = task)
             and not exists (select 1 from job_history where provider = $1 and external_id = task)
           order by n"#,
        job.provider,
        tasks,
    )
    .fetch_all(pool)
    .await
}

/// People are asked about a job, once.
pub(in crate::engine::jobs) async fn ask(
    conn: &mut PgConnection,
    job: &Job,
    short_id: &str,
    doubt: &Doubt,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into job_question (job_id, short_id, evidence, asked_at)
         values ($1, $2, $3, coalesce($4::timestamptz, now())) on conflict (job_id) do nothing",
        job.id,
        short_id,
        Json(doubt) as _,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What people were asked about a job, and said.
///
/// # Errors
/// The database's.
pub async fn question(
    conn: &mut PgConnection,
    job_id: Uuid,
) -> Result<Option<Question>, sqlx::Error> {
    read(conn, Some(job_id), None).await
}

/// The same, by the name that buttons have for it.
///
/// # Errors
/// The database's.
pub async fn question_named(
    conn: &mut PgConnection,
    short_id: &str,
) -> Result<Option<Question>, sqlx::Error> {
    read(conn, None, Some(short_id)).await
}

async fn read(
    conn: &mut PgConnection,
    job_id: Option<Uuid>,
    short_id: Option<&str>,
) -> Result<Option<Question>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select job_id, short_id, evidence as "evidence: Json<Doubt>", asked_at, answer, task, answered_by, answered_at, closed_at
           from job_question where job_id = $1 or short_id = $2"#,
        job_id,
        short_id,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Question {
        job_id: row.job_id,
        short_id: row.short_id,
        doubt: row.evidence.0,
        asked_at: row.asked_at,
        said: row
            .answer
            .zip(row.answered_by)
            .zip(row.answered_at)
            .map(|((answer, by), at)| Said {
                verdict: match (answer.as_str(), row.task) {
                    ("went_through", Some(task)) => Verdict::WentThrough(task),
                    _ => Verdict::NotThere,
                },
                by,
                at,
            }),
        is_closed: row.closed_at.is_some(),
    }))
}

/// The task that a live job has at its provider.
///
/// # Errors
/// The database's.
pub async fn task_of(conn: &mut PgConnection, job_id: Uuid) -> Result<Option<String>, sqlx::Error> {
    let task = sqlx::query_scalar!("select external_id from job where id = $1", job_id)
        .fetch_optional(conn)
        .await?;
    Ok(task.flatten())
}

/// A job that has not ended, whoever works on it.
///
/// # Errors
/// The database's.
pub async fn live(conn: &mut PgConnection, job_id: Uuid) -> Result<Option<Job>, sqlx::Error> {
    let row = sqlx::query_as!(
        JobRow,
        r#"select id, kind, state, user_id, chat_id, lease_token, attempts, polls, submitted_at, deadline_at,
                  external_id, callback_token, provider, provider_snapshot as "snapshot: Json<Snapshot>",
                  correlation, created_at, faults, cancel_requested_at is not null as "is_cancel_requested!",
                  start_count, remains
           from job where id = $1"#,
        job_id,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Job::from))
}

/// The state of a job that an answer is about, under its lock; None if it has ended.
pub(in crate::engine::jobs) async fn lock_state(
    conn: &mut PgConnection,
    job_id: Uuid,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("select state from job where id = $1 for update", job_id)
        .fetch_optional(conn)
        .await
}

/// Writes an answer down. False: there was one before, or the question is closed.
pub(in crate::engine::jobs) async fn say(
    conn: &mut PgConnection,
    job_id: Uuid,
    verdict: &Verdict,
    by: i64,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let (answer, task) = match verdict {
        Verdict::WentThrough(task) => ("went_through", Some(task.as_str())),
        Verdict::NotThere => ("not_there", None),
    };
    let said = sqlx::query!(
        "update job_question set answer = $2, task = $3, answered_by = $4, answered_at = coalesce($5::timestamptz, now())
         where job_id = $1 and answer is null and closed_at is null",
        job_id,
        answer,
        task,
        by,
        now,
    )
    .execute(conn)
    .await?;
    Ok(said.rows_affected() == 1)
}

/// Takes the job from whoever looks at it just now, so that nothing follows from what was known before.
pub(in crate::engine::jobs) async fn take_back(
    conn: &mut PgConnection,
    job_id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update job set lease_token = lease_token + 1, lease_until = null, run_at = least(run_at, coalesce($2::timestamptz, now()))
         where id = $1 and state = 'unknown'",
        job_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The answer was wrong: the question is open again.
pub(in crate::engine::jobs) async fn reopen(
    conn: &mut PgConnection,
    job_id: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update job_question set answer = null, task = null, answered_by = null, answered_at = null where job_id = $1",
        job_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The job has gone on, or ended. What was asked, if anything was and it was not closed before.
///
/// # Errors
/// The database's.
pub async fn close_question(
    conn: &mut PgConnection,
    job_id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<Option<Question>, sqlx::Error> {
    let closed = sqlx::query!(
        "update job_question set closed_at = coalesce($2::timestamptz, now()) where job_id = $1 and closed_at is null",
        job_id,
        now,
    )
    .execute(&mut *conn)
    .await?;
    if closed.rows_affected() == 0 {
        return Ok(None);
    }
    question(conn, job_id).await
}

/// Another job of the same provider that already has this task, by one of its names, or for which it was named and nobody has
/// acted upon that yet. Whoever names tasks of a provider comes one after the other from here on until the transaction ends,
/// each with the lock of the job: of two who name one task for two jobs at once, the second sees what the first one said.
pub(in crate::engine::jobs) async fn job_with_task(
    conn: &mut PgConnection,
    id: Uuid,
    names: &[String],
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('tasks of ' || provider, 0)) from job where id = $1",
        id
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar!(
        r#"with me as (select provider from job where id = $1)
           select j.id as "id!" from job j, me where j.provider = me.provider and j.external_id = any($2) and j.id <> $1
           union all
           select h.id from job_history h, me where h.provider = me.provider and h.external_id = any($2)
           union all
           select u.id from job u, me where u.provider = me.provider and u.state = 'unknown' and u.id <> $1
             and (exists (select 1 from job_question q where q.job_id = u.id and q.task = any($2))
                  or exists (select 1 from job_callback c where c.job_id = u.id and c.external_id = any($2)))
           limit 1"#,
        id,
        names,
    )
    .fetch_optional(conn)
    .await
}

/// The note of a submit, before it leaves; under the lease that the caller has.
pub(in crate::engine::jobs) async fn keep_note(
    pool: &PgPool,
    job: &Job,
    note: &SubmitNote,
) -> Result<bool, sqlx::Error> {
    let note: Value = serde_json::to_value(note).unwrap_or_default();
    let kept = sqlx::query!(
        "update job set submit_note = $3 where id = $1 and lease_token = $2",
        job.id,
        job.lease_token,
        note,
    )
    .execute(pool)
    .await?;
    Ok(kept.rows_affected() == 1)
}
