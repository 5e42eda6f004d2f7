//! SQL of the jobs under a person's eyes.

use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Attempt, Filter, JobState, KeptCallback, KeptJob};
use crate::engine::jobs::job::{Job, Snapshot};
use crate::engine::operator::Trace;
use crate::providers::Counts;

/// The newest that pass the filter, newest first.
///
/// # Errors
/// The database's.
pub async fn list(
    pool: &PgPool,
    filter: &Filter,
    now: Option<OffsetDateTime>,
) -> Result<Vec<KeptJob>, sqlx::Error> {
    select(pool, None, filter, now).await
}

/// One job, live or ended.
///
/// # Errors
/// The database's.
pub async fn find(
    pool: &PgPool,
    id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<Option<KeptJob>, sqlx::Error> {
    let any = Filter {
        states: Vec::new(),
        chat_id: None,
        since: None,
        limit: 1,
    };
    Ok(select(pool, Some(id), &any, now).await?.into_iter().next())
}

async fn select(
    pool: &PgPool,
    id: Option<Uuid>,
    filter: &Filter,
    now: Option<OffsetDateTime>,
) -> Result<Vec<KeptJob>, sqlx::Error> {
    let states: Vec<String> = filter
        .states
        .iter()
        .filter_map(|state| state.stored())
        .map(str::to_owned)
        .collect();
    let attention = filter.states.contains(&JobState::Attention);
    sqlx::query_as!(
        KeptJob,
        r#"with clock as (select coalesce($7::timestamptz, now()) as at),
           live as (select j.*, coalesce(j.deadline_at < clock.at - interval '1 minute', false) as overdue from job j, clock)
           (select id as "id!", kind as "kind!", state as "state!", overdue as "overdue!", user_id as "user_id!",
                   chat_id as "chat_id!", provider as "provider!", coalesce(provider_snapshot ->> 'service', '?') as "service!",
                   attempts as "attempts!", polls as "polls!", null::text as failure, error as "error?", external_id,
                   created_at as "created_at!", submitted_at, run_at as "run_at?", deadline_at as "deadline_at?",
                   null::timestamptz as "finished_at?", correlation as "correlation!",
                   start_count, remains, (provider_snapshot ->> 'units')::bigint as units
            from live
            where (id = $1 or $1 is null and (state = any($2) or $3 and (overdue or state in ('unknown', 'stuck'))))
              and ($4::bigint is null or chat_id = $4) and ($5::timestamptz is null or created_at >= $5)
            order by created_at desc limit $6)
           union all
           (select h.id, h.kind, h.state, false, h.user_id, h.chat_id, h.provider, coalesce(h.provider_snapshot ->> 'service', '?'),
                   h.attempts, h.polls, h.failure, null, h.external_id, h.created_at, h.submitted_at, null, null, h.finished_at, h.correlation,
                   h.start_count, h.remains, (h.provider_snapshot ->> 'units')::bigint
            from job_history h, clock
            where (h.id = $1 or $1 is null and (h.state = any($2) or $3 and h.state in ('failed', 'timed_out')
                                               and h.finished_at > clock.at - interval '1 day'))
              and ($4::bigint is null or h.chat_id = $4) and ($5::timestamptz is null or h.created_at >= $5)
            order by h.created_at desc limit $6)
           order by 14 desc limit $6"#,
        id,
        &states,
        attention,
        filter.chat_id,
        filter.since,
        filter.limit,
        now,
    )
    .fetch_all(pool)
    .await
}

/// What the worker reads, as stored.
///
/// # Errors
/// The database's.
pub async fn snapshot(pool: &PgPool, id: Uuid) -> Result<Option<Value>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select provider_snapshot as "snapshot!" from job where id = $1
           union all select provider_snapshot from job_history where id = $1 limit 1"#,
        id
    )
    .fetch_optional(pool)
    .await
}

/// The newest 200 steps of a job, oldest first.
///
/// # Errors
/// The database's.
pub async fn attempts(pool: &PgPool, id: Uuid) -> Result<Vec<Attempt>, sqlx::Error> {
    let mut newest = sqlx::query_as!(
        Attempt,
        "select at, step, outcome, answer from job_attempt where job_id = $1 order by id desc limit 200",
        id
    )
    .fetch_all(pool)
    .await?;
    newest.reverse();
    Ok(newest)
}

/// Callbacks that came for it within its time, oldest first.
///
/// # Errors
/// The database's.
pub async fn callbacks(
    pool: &PgPool,
    id: Uuid,
    created_at: OffsetDateTime,
) -> Result<Vec<KeptCallback>, sqlx::Error> {
    sqlx::query_as!(
        KeptCallback,
        "select received_at, external_id, verified from job_callback
         where received_at between $2 and $2 + interval '2 days' and job_id = $1 order by id limit 100",
        id,
        created_at,
    )
    .fetch_all(pool)
    .await
}

/// Jobs with this correlation id, with their users; ended ones within two days of `around`.
///
/// # Errors
/// The database's.
pub async fn carrying(
    pool: &PgPool,
    correlation: Uuid,
    around: OffsetDateTime,
) -> Result<Vec<(Trace, i64)>, sqlx::Error> {
    let days = time::Duration::days(2);
    let (from, to) = (around - days, around + days);
    let rows = sqlx::query!(
        r#"select id as "id!", state as "state!", coalesce(provider_snapshot ->> 'service', kind) as "kind!",
                  created_at as "created_at!", user_id as "user_id!"
           from job where correlation = $1
           union all
           select id, state, coalesce(provider_snapshot ->> 'service', kind), created_at, user_id
           from job_history where correlation = $1 and finished_at between $2 and $3
           order by 4 limit 100"#,
        correlation,
        from,
        to,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let job = Trace {
                what: "job".to_owned(),
                id: row.id.to_string(),
                state: row.state,
                kind: row.kind,
                at: row.created_at,
            };
            (job, row.user_id)
        })
        .collect())
}

pub(super) struct Locked {
    pub(super) id: Uuid,
    pub(super) state: String,
    pub(super) correlation: Uuid,
    /// A worker holds a live lease.
    pub(super) in_hand: bool,
    pub(super) due: bool,
}

pub(super) async fn lock(
    conn: &mut PgConnection,
    id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<Option<Locked>, sqlx::Error> {
    sqlx::query_as!(
        Locked,
        r#"select id, state, correlation,
                  coalesce(lease_until > coalesce($2::timestamptz, now()), false) as "in_hand!",
                  run_at <= coalesce($2::timestamptz, now()) as "due!"
           from job where id = $1 for update"#,
        id,
        now,
    )
    .fetch_optional(conn)
    .await
}

pub(super) async fn make_due(
    conn: &mut PgConnection,
    id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update job set run_at = least(run_at, coalesce($2::timestamptz, now())) where id = $1",
        id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets a parked job go on, with time to end: while it was parked its deadline may have passed. What was parked in the middle of its submit may have been sent: it is unknown.
pub(super) async fn unpark(
    conn: &mut PgConnection,
    id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update job
         set state = case when coalesce(stuck_from, 'submitting') = 'submitting' then 'unknown' else stuck_from end,
             stuck_from = null, faults = 0, lease_token = lease_token + 1, lease_until = null,
             run_at = coalesce($2::timestamptz, now()), updated_at = coalesce($2::timestamptz, now()),
             deadline_at = greatest(deadline_at, coalesce($2::timestamptz, now()) + interval '10 minutes')
         where id = $1 and state = 'stuck'",
        id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes the job from whoever has it: the first thing in the transaction that ends it.
pub(super) async fn seize(conn: &mut PgConnection, id: Uuid) -> Result<Job, sqlx::Error> {
    let row = sqlx::query!(
        r#"update job set lease_token = lease_token + 1, lease_until = null, worker = null where id = $1
           returning id, kind, state, user_id, chat_id, lease_token, attempts, polls, submitted_at, deadline_at,
                     external_id, callback_token, provider, provider_snapshot as "snapshot: Json<Snapshot>",
                     correlation, created_at, faults, cancel_requested_at is not null as "is_cancel_requested!",
                     start_count, remains"#,
        id,
    )
    .fetch_one(conn)
    .await?;
    Ok(Job {
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
    })
}

pub(super) async fn is_cancelled(pool: &PgPool, id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from job_history where id = $1 and state = 'cancelled') as "is!""#,
        id
    )
    .fetch_one(pool)
    .await
}

pub(super) async fn is_named(
    conn: &mut PgConnection,
    id: Uuid,
    external_id: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce((select external_id = $2 and verified from job_callback
                            where job_id = $1 and external_id is not null
                            order by verified desc, id desc limit 1), false) as "is!""#,
        id,
        external_id,
    )
    .fetch_one(conn)
    .await
}

/// Evidence like a callback's; the job is looked at now.
pub(super) async fn name_task(
    conn: &mut PgConnection,
    id: Uuid,
    external_id: &str,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into job_callback (job_id, external_id, verified, received_at)
         values ($1, $2, true, coalesce($3::timestamptz, now()))",
        id,
        external_id,
        now,
    )
    .execute(&mut *conn)
    .await?;
    make_due(conn, id, now).await
}
