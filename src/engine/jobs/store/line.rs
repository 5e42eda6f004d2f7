//! SQL of the line: who stands where, what moves it, what was said of it.

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::claims::JobRow;
use crate::engine::jobs::job::{Job, Snapshot};
use crate::engine::jobs::line::{Lately, Line, Spread, Told, Waiting};

/// Of so many jobs that ended last, at most a day ago.
const SAMPLES: i64 = 30;
/// Further ahead nobody counts.
const POSITION_MAX: i64 = 1_000;

/// How many queued jobs of its provider are before this one, a thousand at most, and since when, in seconds, the first
/// of them might have begun. None if it is not in the queue any more, or not due.
pub(in crate::engine::jobs) async fn position(
    conn: &mut PgConnection,
    job_id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<Option<(i64, f64, String, String)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select (select count(*) from (
                     select 1 from job o
                     where o.state = 'queued' and o.provider = j.provider and (o.rank_at, o.id) < (j.rank_at, j.id)
                     limit $2) ahead) as "before!",
                  (select extract(epoch from coalesce($3::timestamptz, now()) - f.created_at)::float8 from job f
                   where f.state = 'queued' and f.provider = j.provider order by f.rank_at, f.id limit 1) as "standing_s!",
                  j.provider, coalesce(j.provider_snapshot ->> 'service', '') as "service!"
           from job j where j.id = $1 and j.state = 'queued' and j.run_at <= coalesce($3::timestamptz, now())"#,
        job_id,
        POSITION_MAX,
        now,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.before, row.standing_s, row.provider, row.service)))
}

/// What was measured lately of a provider and of one of its services.
pub(in crate::engine::jobs) async fn lately(
    conn: &mut PgConnection,
    provider: &str,
    service: &str,
    now: Option<OffsetDateTime>,
) -> Result<Lately, sqlx::Error> {
    let row = sqlx::query!(
        r#"with clock as (select coalesce($3::timestamptz, now()) as at),
           own as (
             select extract(epoch from h.finished_at - h.submitted_at)::float8 as s
             from (select finished_at, submitted_at from job_history, clock
                   where state = 'succeeded' and provider_snapshot ->> 'service' = $2
                     and finished_at > clock.at - interval '1 day' and finished_at <= clock.at
                   order by finished_at desc limit $4) h),
           any_ as (
             select extract(epoch from h.finished_at - h.submitted_at)::float8 as s
             from (select finished_at, submitted_at from job_history, clock
                   where state = 'succeeded' and provider = $1
                     and finished_at > clock.at - interval '1 day' and finished_at <= clock.at
                   order by finished_at desc limit $4) h)
           select (select count(s) from own) as "own_count!", (select count(s) from any_) as "any_count!",
                  (select percentile_cont(0.25) within group (order by s) from own) as own_low,
                  (select percentile_cont(0.75) within group (order by s) from own) as own_high,
                  (select percentile_cont(0.25) within group (order by s) from any_) as any_low,
                  (select percentile_cont(0.75) within group (order by s) from any_) as any_high,
                  (select count(*) from job where provider = $1 and state in ('submitting', 'running', 'unknown')) as "at_work!",
                  (select extract(epoch from clock.at - max(submitted_at))::float8 from job
                   where provider = $1 and state in ('submitting', 'running', 'unknown')) as last_start_s
           from clock"#,
        provider,
        service,
        now,
        SAMPLES,
    )
    .fetch_one(conn)
    .await?;
    Ok(Lately {
        at_work: row.at_work,
        last_start_s: row.last_start_s,
        any: Spread::of(row.any_count, row.any_low, row.any_high),
        own: Spread::of(row.own_count, row.own_low, row.own_high),
    })
}

/// The first of each provider's queue, in order. One that was claimed before was due before, though it rests now.
pub(in crate::engine::jobs) async fn fronts(
    pool: &PgPool,
    providers: &[String],
    each_max: i64,
    now: Option<OffsetDateTime>,
) -> Result<Vec<Waiting>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select j.id as "id!", p.name as "provider!", j.service as "service!", j.before as "before!", j.told_before, j.told_wait_s,
                  j.told_at, extract(epoch from coalesce($3::timestamptz, now()) - j.told_at)::float8 as told_s,
                  extract(epoch from coalesce($3::timestamptz, now()) - j.created_at)::float8 as "waited_s!", j.is_due as "is_due!"
           from unnest($1::text[]) as p (name) cross join lateral (
               select id, coalesce(provider_snapshot ->> 'service', '') as service, told_before, told_wait_s, told_at, created_at,
                      run_at <= coalesce($3::timestamptz, now()) or lease_token > 0 as is_due,
                      row_number() over (order by rank_at, id) - 1 as before
               from job where provider = p.name and state = 'queued' order by rank_at, id limit $2) j"#,
        providers,
        each_max,
        now,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting {
            id: row.id,
            provider: row.provider,
            service: row.service,
            before: row.before,
            waited_s: row.waited_s,
            is_due: row.is_due,
            told_at: row.told_at,
            told: row.told_before.zip(row.told_s).map(|(before, age_s)| Told {
                before: before.into(),
                wait_s: row.told_wait_s,
                age_s,
            }),
        })
        .collect())
}

/// Notes what its user is told, if nobody has told them anything since `told_at`; the job then.
pub(in crate::engine::jobs) async fn mark_told(
    conn: &mut PgConnection,
    job_id: Uuid,
    line: &Line,
    told_at: Option<OffsetDateTime>,
    now: Option<OffsetDateTime>,
) -> Result<Option<Job>, sqlx::Error> {
    let row = sqlx::query_as!(
        JobRow,
        r#"update job set told_before = $2, told_wait_s = $3, told_at = coalesce($5::timestamptz, now())
           where id = $1 and state = 'queued' and told_at is not distinct from $4
           returning id, kind, state, user_id, chat_id, lease_token, attempts, polls, submitted_at, deadline_at,
                     external_id, callback_token, provider, provider_snapshot as "snapshot: Json<Snapshot>",
                     correlation, created_at, faults, cancel_requested_at is not null as "is_cancel_requested!",
                     start_count, remains"#,
        job_id,
        i32::try_from(line.before).unwrap_or(i32::MAX),
        line.wait.map(|wait| i32::try_from(wait.to_s).unwrap_or(i32::MAX)),
        told_at,
        now,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Job::from))
}
