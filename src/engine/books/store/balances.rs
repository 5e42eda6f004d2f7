//! What is left at providers, and what our jobs say that went.

use sqlx::PgPool;
use time::OffsetDateTime;

use crate::engine::books::{Balance, Spent};

/// Keeps what is left at a provider, once for each hour. Those of more than 400 days ago are forgotten.
///
/// # Errors
/// The database's.
pub async fn note_balance(
    pool: &PgPool,
    provider: &str,
    balance: i64,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with old as (
             delete from provider_balance
             where provider = $1 and hour < coalesce($3::timestamptz, now()) - interval '400 days')
         insert into provider_balance (provider, hour, balance, asked_at)
         values ($1, date_trunc('hour', coalesce($3::timestamptz, now()), 'UTC'), $2, coalesce($3::timestamptz, now()))
         on conflict (provider, hour) do nothing",
        provider,
        balance,
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The first balance that was noted since then.
///
/// # Errors
/// The database's.
pub async fn balance_since(
    pool: &PgPool,
    provider: &str,
    since: OffsetDateTime,
) -> Result<Option<Balance>, sqlx::Error> {
    sqlx::query_as!(
        Balance,
        "select asked_at as at, balance from provider_balance where provider = $1 and asked_at >= $2 order by hour limit 1",
        provider,
        since,
    )
    .fetch_optional(pool)
    .await
}

/// What the jobs cost that were submitted to the provider between these times, as far as the provider said; what was to be
/// expected proves nothing of its books.
///
/// # Errors
/// The database's.
pub async fn spent(
    pool: &PgPool,
    provider: &str,
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> Result<Spent, sqlx::Error> {
    // An order may take thirty days: what was submitted in that time ended later, or not at all.
    let rows = sqlx::query!(
        r#"select case when source <> 'snapshot' then unit end as unit, sum(cost_micros)::bigint as micros, count(*) as "jobs!"
           from job_cost
           where provider = $1 and ended_at >= $2 and submitted_at >= $2 and submitted_at < $3 group by 1 order by 1"#,
        provider,
        from,
        to,
    )
    .fetch_all(pool)
    .await?;
    let live = sqlx::query_scalar!(
        r#"select count(*) as "live!" from job
           where provider = $1 and state in ('submitting', 'running', 'unknown') and submitted_at >= $2 and submitted_at < $3"#,
        provider,
        from,
        to,
    )
    .fetch_one(pool)
    .await?;
    let mut spent = Spent {
        live,
        ..Spent::default()
    };
    for row in rows {
        match (row.unit, row.micros) {
            (Some(unit), Some(micros)) if unit != "nothing" => spent.known.push((unit, micros)),
            (Some(_), _) => {}
            (None, _) => spent.unknown += row.jobs,
        }
    }
    Ok(spent)
}
