//! SQL of the shard leases.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::types::PgInterval;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::db::interval;

pub(super) async fn renew(
    pool: &PgPool,
    worker: Uuid,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Vec<i16>, sqlx::Error> {
    let lease: PgInterval = interval(lease);
    sqlx::query_scalar!(
        "update lane_shard set owner = $1, lease_until = coalesce($3::timestamptz, now()) + $2
         where shard in (
             select shard from lane_shard
             where owner = $1 or owner is null or lease_until < coalesce($3::timestamptz, now())
             order by shard for update skip locked)
         returning shard",
        worker,
        lease,
        now,
    )
    .fetch_all(pool)
    .await
}

pub(super) async fn release(pool: &PgPool, worker: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update lane_shard set owner = null, lease_until = null where owner = $1",
        worker
    )
    .execute(pool)
    .await?;
    Ok(())
}
