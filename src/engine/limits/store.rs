//! SQL of the limits.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::{Date, OffsetDateTime};

use super::{Charged, DailyUses, Rate};
use crate::base::db::interval;

/// Spends `cost` units of `key`'s rate (GCRA). A cost above the burst is never granted.
pub async fn charge(
    conn: &mut PgConnection,
    key: &str,
    cost: u32,
    rate: Rate,
    now: Option<OffsetDateTime>,
) -> Result<Charged, sqlx::Error> {
    // The first insert of a key is not checked by the statement, so what can never fit is refused here.
    if cost > rate.burst {
        return Ok(Charged::Limited {
            wait: rate.every * cost,
        });
    }
    let taken = sqlx::query_scalar!(
        r#"insert into rate_limit as r (key, tat) values ($1, coalesce($4::timestamptz, now()) + $2::interval)
           on conflict (key) do update set tat = greatest(r.tat, coalesce($4::timestamptz, now())) + $2::interval
           where greatest(r.tat, coalesce($4::timestamptz, now())) + $2::interval - coalesce($4::timestamptz, now()) <= $3::interval
           returning 1 as "taken!""#,
        key,
        interval(rate.every * cost),
        interval(rate.every * rate.burst),
        now,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if taken.is_some() {
        return Ok(Charged::Taken);
    }
    let wait_us = sqlx::query_scalar!(
        r#"select greatest(0, extract(epoch from tat + $2::interval - $3::interval - coalesce($4::timestamptz, now())) * 1000000)::bigint as "us!"
           from rate_limit where key = $1"#,
        key,
        interval(rate.every * cost),
        interval(rate.every * rate.burst),
        now,
    )
    .fetch_one(conn)
    .await?;
    Ok(Charged::Limited {
        wait: Duration::from_micros(u64::try_from(wait_us).unwrap_or(0)),
    })
}

/// Takes one of the day's `max` uses. False: there is none left.
pub async fn take_daily(
    conn: &mut PgConnection,
    user_id: i64,
    what: &str,
    max: u32,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    if max == 0 {
        return Ok(false);
    }
    let taken = sqlx::query!(
        "insert into daily_use as d (user_id, what, day, uses) values ($1, $2, (coalesce($4::timestamptz, now()) at time zone 'UTC')::date, 1)
         on conflict (user_id, what, day) do update set uses = d.uses + 1 where d.uses < $3",
        user_id,
        what,
        i32::try_from(max).unwrap_or(i32::MAX),
        now,
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Counts uses that were granted while nobody could ask here, even beyond the day's share.
pub async fn count_daily(
    pool: &PgPool,
    day: Date,
    granted: &[DailyUses],
) -> Result<(), sqlx::Error> {
    let users: Vec<i64> = granted.iter().map(|uses| uses.user_id).collect();
    let whats: Vec<String> = granted.iter().map(|uses| uses.what.clone()).collect();
    let counts: Vec<i32> = granted
        .iter()
        .map(|uses| i32::try_from(uses.uses).unwrap_or(i32::MAX))
        .collect();
    sqlx::query!(
        "insert into daily_use as d (user_id, what, day, uses)
         select u.user_id, u.what, $4, u.uses from unnest($1::bigint[], $2::text[], $3::int[]) as u (user_id, what, uses)
         on conflict (user_id, what, day) do update set uses = d.uses + excluded.uses",
        &users,
        &whats,
        &counts,
        day,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Takes so many `units` of what a user may have of something in a day, at most `max`. False: there are not so many left,
/// and none is taken.
pub async fn take_units(
    conn: &mut PgConnection,
    user_id: i64,
    what: &str,
    units: i64,
    max: i64,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let (Ok(units), Ok(max)) = (i32::try_from(units), i32::try_from(max)) else {
        return Ok(false);
    };
    if units > max {
        return Ok(false);
    }
    let taken = sqlx::query!(
        "insert into daily_use as d (user_id, what, day, uses) values ($1, $2, (coalesce($5::timestamptz, now()) at time zone 'UTC')::date, $3)
         on conflict (user_id, what, day) do update set uses = d.uses + $3 where d.uses <= $4 - $3",
        user_id,
        what,
        units,
        max,
        now,
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Gives back units that were taken at `taken_at`: they brought nothing.
pub async fn give_back_units(
    conn: &mut PgConnection,
    user_id: i64,
    what: &str,
    units: i64,
    taken_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update daily_use set uses = greatest(uses - $4, 0)
         where user_id = $1 and what = $2 and day = ($3::timestamptz at time zone 'UTC')::date",
        user_id,
        what,
        taken_at,
        i32::try_from(units).unwrap_or(0),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives back a use that was taken at `taken_at`: it brought nothing.
pub async fn give_back_daily(
    conn: &mut PgConnection,
    user_id: i64,
    what: &str,
    taken_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update daily_use set uses = uses - 1
         where user_id = $1 and what = $2 and day = ($3::timestamptz at time zone 'UTC')::date and uses > 0",
        user_id,
        what,
        taken_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes what limits nobody any more.
pub async fn purge(pool: &PgPool, now: Option<OffsetDateTime>) -> Result<u64, sqlx::Error> {
    let rates = sqlx::query!(
        "delete from rate_limit where tat < coalesce($1::timestamptz, now()) - interval '1 hour'",
        now
    )
    .execute(pool)
    .await?;
    let days = sqlx::query!("delete from daily_use where day < (coalesce($1::timestamptz, now()) at time zone 'UTC')::date - 2", now)
        .execute(pool)
        .await?;
    Ok(rates.rows_affected() + days.rows_affected())
}
