//! SQL of the shard leases.

use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::db::interval;

/// What a renewal found.
pub(super) struct Renewed {
    pub(super) shards: Vec<i16>,
    pub(super) replicas: i64,
}

/// Says that `worker` lives, and counts those that do.
async fn beat(
    pool: &PgPool,
    worker: Uuid,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with gone as (
               delete from replica where seen_at < coalesce($3::timestamptz, now()) - interval '1 hour'),
           mine as (
               insert into replica (worker, started_at, seen_at)
               values ($1, coalesce($3::timestamptz, now()), coalesce($3::timestamptz, now()))
               on conflict (worker) do update set seen_at = excluded.seen_at)
           select count(*) + 1 as "live!" from replica
           where worker <> $1 and seen_at > coalesce($3::timestamptz, now()) - $2::interval"#,
        worker,
        interval(lease),
        now,
    )
    .fetch_one(pool)
    .await
}

/// Renews our shards and takes free ones, up to an even share; what is above it is given up.
pub(super) async fn renew(
    pool: &PgPool,
    worker: Uuid,
    count: i16,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Renewed, sqlx::Error> {
    let replicas = beat(pool, worker, lease, now).await?;
    // Rounded up: with a share rounded down some shards would belong to nobody.
    let share = (i64::from(count) + replicas - 1) / replicas;
    // The inner select locks; a row that another replica is just taking is left to it. Ours come first, so that an
    // even share keeps the lanes it has.
    let shards = sqlx::query_scalar!(
        r#"with reachable as (
               select shard, owner from lane_shard
               where owner = $1 or owner is null or lease_until < coalesce($4::timestamptz, now())
               order by shard for update skip locked),
           ranked as (
               select shard, owner = $1 as mine,
                      row_number() over (order by (owner = $1) desc nulls last, shard) <= $2 as keep
               from reachable),
           changed as (
               update lane_shard l
               set owner = case when keep then $1 end,
                   lease_until = case when keep then coalesce($4::timestamptz, now()) + $3 end
               from ranked where l.shard = ranked.shard and (keep or mine)
               returning l.shard, l.owner)
           select shard as "shard!" from changed where owner = $1"#,
        worker,
        share,
        interval(lease),
        now,
    )
    .fetch_all(pool)
    .await?;
    Ok(Renewed { shards, replicas })
}

pub(super) async fn release(pool: &PgPool, worker: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with gone as (delete from replica where worker = $1)
         update lane_shard set owner = null, lease_until = null where owner = $1",
        worker
    )
    .execute(pool)
    .await?;
    Ok(())
}
