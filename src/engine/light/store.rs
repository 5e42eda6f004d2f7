//! SQL of the light jobs.

use std::time::Duration;

use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::job::{LightJob, NewLight};
use crate::base::db::interval;

/// Queues light jobs in the caller's transaction, in one statement; how many. Those whose key is taken are not.
///
/// # Errors
/// The database's.
pub async fn enqueue(
    conn: &mut PgConnection,
    jobs: &[NewLight],
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let kinds: Vec<String> = jobs.iter().map(|job| job.kind.to_owned()).collect();
    let run_at: Vec<Option<OffsetDateTime>> = jobs.iter().map(|job| job.run_at).collect();
    let keys: Vec<Option<String>> = jobs.iter().map(|job| job.unique_key.clone()).collect();
    let payloads: Vec<Value> = jobs.iter().map(|job| job.payload.clone()).collect();
    let correlations: Vec<Uuid> = jobs.iter().map(|job| job.correlation).collect();
    let queued = sqlx::query!(
        "insert into light_job (kind, run_at, unique_key, payload, correlation, created_at)
         select kind, coalesce(run_at, $6::timestamptz, now()), unique_key, payload, correlation, coalesce($6::timestamptz, now())
         from unnest($1::text[], $2::timestamptz[], $3::text[], $4::jsonb[], $5::uuid[]) as j (kind, run_at, unique_key, payload, correlation)
         on conflict (unique_key) where unique_key is not null and not is_dead do nothing",
        &kinds,
        &run_at as &[Option<OffsetDateTime>],
        &keys as &[Option<String>],
        &payloads,
        &correlations,
        now,
    )
    .execute(conn)
    .await?;
    Ok(queued.rows_affected())
}

/// Takes up to `limit` due ones of `kinds` under a fresh lease. The try of those that nobody had before is counted.
/// A row that was locked stays where it is, so it is found by its place; one that moved before that is left for next time.
pub(super) async fn claim(
    pool: &PgPool,
    kinds: &[String],
    limit: i64,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Vec<LightJob>, sqlx::Error> {
    sqlx::query_as!(
        LightJob,
        "update light_job
         set lease_token = lease_token + 1, lease_until = coalesce($4::timestamptz, now()) + $3, attempts = greatest(attempts, 1)
         where ctid = any (array(
             select ctid from light_job
             where not is_dead and run_at <= coalesce($4::timestamptz, now()) and kind = any($1)
               and (lease_until is null or lease_until < coalesce($4::timestamptz, now()))
             order by run_at, id limit $2 for update skip locked))
         returning id, kind, lease_token, attempts, payload, correlation",
        kinds,
        limit,
        interval(lease),
        now,
    )
    .fetch_all(pool)
    .await
}

/// Takes out of the queue what is still ours, by the token that all of them have, and up to `limit` others under a fresh lease: the first
/// statement of the transaction that does the former. Their ids, and the latter.
pub(super) async fn finish_and_claim(
    conn: &mut PgConnection,
    jobs: &[i64],
    lease_token: i64,
    kinds: &[String],
    limit: i64,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<(Vec<i64>, Vec<LightJob>), sqlx::Error> {
    let rows = sqlx::query!(
        r#"with done as (
             delete from light_job where id = any ($5::bigint[]) and lease_token = $6 returning id),
           next as (
             update light_job
             set lease_token = lease_token + 1, lease_until = coalesce($4::timestamptz, now()) + $3, attempts = greatest(attempts, 1)
             where ctid = any (array(
                 select ctid from light_job
                 where not is_dead and run_at <= coalesce($4::timestamptz, now()) and kind = any($1)
                   and (lease_until is null or lease_until < coalesce($4::timestamptz, now()))
                 order by run_at, id limit $2 for update skip locked))
             returning id, kind, lease_token, attempts, payload, correlation)
           select coalesce((select array_agg(id) from done), '{}') as done, null::bigint as id, null::text as kind,
                  null::bigint as lease_token, null::smallint as attempts, null::jsonb as payload, null::uuid as correlation
           union all select null, id, kind, lease_token, attempts, payload, correlation from next"#,
        kinds,
        limit,
        interval(lease),
        now,
        jobs,
        lease_token,
    )
    .fetch_all(conn)
    .await?;
    let mut done = Vec::new();
    let mut next = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(ids) = row.done else {
            next.push(LightJob {
                id: row.id.unwrap_or_default(),
                kind: row.kind.unwrap_or_default(),
                lease_token: row.lease_token.unwrap_or_default(),
                attempts: row.attempts.unwrap_or_default(),
                payload: row.payload.unwrap_or_default(),
                correlation: row.correlation.unwrap_or_default(),
            });
            continue;
        };
        done = ids;
    }
    Ok((done, next))
}

/// Counts a try before it begins, under a full lease. False: the lease is lost.
pub(super) async fn begin_again(
    pool: &PgPool,
    job: &LightJob,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let begun = sqlx::query!(
        "update light_job set attempts = attempts + 1, lease_until = coalesce($4::timestamptz, now()) + $3
         where id = $1 and lease_token = $2",
        job.id,
        job.lease_token,
        interval(lease),
        now,
    )
    .execute(pool)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// It failed: it is due again after `pause`, or dead.
pub(super) async fn put_back(
    pool: &PgPool,
    job: &LightJob,
    error: &str,
    pause: Duration,
    is_dead: bool,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update light_job set lease_until = null, run_at = coalesce($6::timestamptz, now()) + $4, error = $3, is_dead = $5
         where id = $1 and lease_token = $2",
        job.id,
        job.lease_token,
        error,
        interval(pause),
        is_dead,
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// How many are due, how many are dead, and how long the oldest has been due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LightCounts {
    /// Due, in hand or not.
    pub due: i64,
    /// Set aside.
    pub dead: i64,
    /// Seconds since the oldest was due.
    pub oldest_due_s: i64,
}

/// For metrics and tests.
///
/// # Errors
/// The database's.
pub async fn counts(
    pool: &PgPool,
    now: Option<OffsetDateTime>,
) -> Result<LightCounts, sqlx::Error> {
    sqlx::query_as!(
        LightCounts,
        r#"select (select count(*) from light_job where not is_dead and run_at <= coalesce($1::timestamptz, now())) as "due!",
                  (select count(*) from light_job where is_dead) as "dead!",
                  coalesce((select extract(epoch from coalesce($1::timestamptz, now()) - min(run_at))::bigint from light_job
                            where not is_dead and run_at <= coalesce($1::timestamptz, now())), 0) as "oldest_due_s!""#,
        now,
    )
    .fetch_one(pool)
    .await
}
