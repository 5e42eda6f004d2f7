//! SQL of the shared knowledge of providers.

use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;

use crate::base::db::interval;
use crate::providers::breaker::BreakerRow;

pub(super) struct StoredBreaker {
    pub(super) breaker: String,
    epoch: i64,
    state: String,
    open_until: Option<OffsetDateTime>,
}

impl StoredBreaker {
    pub(super) fn row(&self) -> BreakerRow {
        BreakerRow {
            epoch: self.epoch.unsigned_abs(),
            state: self.state.clone(),
            open_until: self.open_until,
        }
    }
}

pub(super) async fn breakers(pool: &PgPool) -> Result<Vec<StoredBreaker>, sqlx::Error> {
    sqlx::query_as!(
        StoredBreaker,
        "select breaker, epoch, state, open_until from provider_breaker"
    )
    .fetch_all(pool)
    .await
}

/// Only if it is newer: of two replicas that changed at once the first one's word stands.
pub(super) async fn write_breaker(
    pool: &PgPool,
    breaker: &str,
    row: &BreakerRow,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into provider_breaker as b (breaker, epoch, state, open_until, changed_at)
         values ($1, $2, $3, $4, coalesce($5::timestamptz, now()))
         on conflict (breaker) do update
         set epoch = excluded.epoch, state = excluded.state, open_until = excluded.open_until, changed_at = excluded.changed_at
         where b.epoch < excluded.epoch",
        breaker,
        i64::try_from(row.epoch).unwrap_or(i64::MAX),
        row.state,
        row.open_until,
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Counts a call of which there may be `calls_max` in any `window`. None: it was counted; else how long to wait.
/// By the clock after the row's lock: a call that had to wait for it is not counted as an earlier one.
pub(super) async fn take_call(
    pool: &PgPool,
    call: &str,
    calls_max: usize,
    window: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Option<Duration>, sqlx::Error> {
    let calls_max = i64::try_from(calls_max.max(1)).unwrap_or(i64::MAX);
    let taken = sqlx::query_scalar!(
        r#"insert into provider_calls as c (call, made) values ($1, array[coalesce($4::timestamptz, clock_timestamp())])
           on conflict (call) do update
           set made = array(select m from unnest(c.made) m where m > coalesce($4::timestamptz, clock_timestamp()) - $3::interval)
                      || coalesce($4::timestamptz, clock_timestamp())
           where (select count(*) from unnest(c.made) m
                  where m > coalesce($4::timestamptz, clock_timestamp()) - $3::interval) < $2
           returning 1 as "taken!""#,
        call,
        calls_max,
        interval(window),
        now,
    )
    .fetch_optional(pool)
    .await?;
    if taken.is_some() {
        return Ok(None);
    }
    let wait_us = sqlx::query_scalar!(
        r#"select coalesce(extract(epoch from min(m) + $2::interval - coalesce($3::timestamptz, clock_timestamp())) * 1000000, 0)::bigint as "us!"
           from provider_calls c, unnest(c.made) m
           where c.call = $1 and m > coalesce($3::timestamptz, clock_timestamp()) - $2::interval"#,
        call,
        interval(window),
        now,
    )
    .fetch_one(pool)
    .await?;
    let wait = Duration::from_micros(u64::try_from(wait_us).unwrap_or(0));
    Ok(Some(wait.max(Duration::from_millis(20))))
}
