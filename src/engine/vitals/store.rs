//! SQL of the shared knowledge of providers.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
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

/// Only if it is newer: of two replicas that changed at once the first one's word stands. What an operator said of the
/// state before is over with it.
pub(super) async fn write_breaker(
    pool: &PgPool,
    breaker: &str,
    class: &str,
    row: &BreakerRow,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into provider_breaker as b (breaker, epoch, state, open_until, changed_at, class)
         values ($1, $2, $3, $4, coalesce($5::timestamptz, now()), $6)
         on conflict (breaker) do update
         set epoch = excluded.epoch, state = excluded.state, open_until = excluded.open_until, changed_at = excluded.changed_at,
             class = excluded.class, reason = null, changed_by = null
         where b.epoch < excluded.epoch",
        breaker,
        i64::try_from(row.epoch).unwrap_or(i64::MAX),
        row.state,
        row.open_until,
        now,
        class,
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

/// A breaker for a person to read.
pub(super) struct ShownBreaker {
    pub(super) breaker: String,
    pub(super) class: String,
    pub(super) state: String,
    pub(super) open_until: Option<OffsetDateTime>,
    pub(super) changed_at: OffsetDateTime,
    pub(super) reason: Option<String>,
    pub(super) changed_by: Option<String>,
}

pub(super) async fn shown(conn: &mut PgConnection) -> Result<Vec<ShownBreaker>, sqlx::Error> {
    sqlx::query_as!(
        ShownBreaker,
        "select breaker, class, state, open_until, changed_at, reason, changed_by from provider_breaker order by breaker"
    )
    .fetch_all(conn)
    .await
}

/// What a breaker that is no provider's stands before; None if there is no such.
pub(super) async fn class_of(
    conn: &mut PgConnection,
    breaker: &str,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select class from provider_breaker where breaker = $1",
        breaker
    )
    .fetch_optional(conn)
    .await
}

/// Holds a breaker open until it is released. `ahead` puts it before whatever replicas found out and have not told yet.
/// False: it is isolated already.
pub(super) async fn isolate(
    conn: &mut PgConnection,
    breaker: &str,
    ahead: i64,
    by: &str,
    reason: Option<&str>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let isolated = sqlx::query!(
        "insert into provider_breaker as b (breaker, epoch, state, changed_at, reason, changed_by)
         values ($1, $2, 'isolated', coalesce($5::timestamptz, now()), $4, $3)
         on conflict (breaker) do update
         set epoch = b.epoch + $2, state = 'isolated', open_until = null, changed_at = excluded.changed_at,
             reason = excluded.reason, changed_by = excluded.changed_by
         where b.state <> 'isolated'",
        breaker,
        ahead,
        by,
        reason,
        now,
    )
    .execute(conn)
    .await?;
    Ok(isolated.rows_affected() == 1)
}

/// Ends an isolation, through probes. False: it is not isolated.
pub(super) async fn release(
    conn: &mut PgConnection,
    breaker: &str,
    ahead: i64,
    by: &str,
    reason: Option<&str>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let released = sqlx::query!(
        "update provider_breaker
         set epoch = epoch + $2, state = 'half_open', open_until = null, changed_at = coalesce($5::timestamptz, now()),
             reason = $4, changed_by = $3
         where breaker = $1 and state = 'isolated'",
        breaker,
        ahead,
        by,
        reason,
        now,
    )
    .execute(conn)
    .await?;
    Ok(released.rows_affected() == 1)
}
