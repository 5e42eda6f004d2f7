//! What ended jobs cost.

use sqlx::PgPool;
use time::OffsetDateTime;

const BATCH_ROWS: i64 = 2_000;
/// What one run carries over at most; the rest is there at its next one.
const BATCHES_MAX: usize = 20;

/// Carries over what jobs cost that ended since the last one that was carried over, and up to an hour before it: clocks
/// differ, and transactions take time. How many.
///
/// # Errors
/// The database's; what was carried over before stays.
pub async fn carry_costs(pool: &PgPool, now: Option<OffsetDateTime>) -> Result<u64, sqlx::Error> {
    let mut carried = 0;
    for _ in 0..BATCHES_MAX {
        let rows = carry(pool, now).await?;
        carried += rows;
        if i64::try_from(rows).is_ok_and(|rows| rows < BATCH_ROWS) {
            break;
        }
    }
    Ok(carried)
}

/// A provider's own word goes first: panels say `charge`, KIE `creditsConsumed`, which the snapshot knows in money. What was
/// never sent, or refused, cost nothing; so did a refill. Of what was done without a word, the snapshot says what its route was
/// to cost, of a part its share; whether a provider takes anything for what it did not do, it cannot say. A number that is no
/// plain one is no number.
async fn carry(pool: &PgPool, now: Option<OffsetDateTime>) -> Result<u64, sqlx::Error> {
    let carried = sqlx::query!(
        r#"with since as (select coalesce(max(ended_at) - interval '1 hour', timestamptz '-infinity') as at from job_cost),
           ended as (
               select j.* from job_history j, since
               where j.finished_at >= since.at and j.finished_at <= coalesce($2::timestamptz, now()) + interval '1 hour'
                 and not exists (select 1 from job_cost c where c.job_id = j.id)
               order by j.finished_at limit $1),
           told as (
               select j.*, coalesce(answer ->> 'charge', '') as charge, coalesce(answer ->> 'currency', 'USD') as currency,
                      coalesce(answer -> 'data' ->> 'creditsConsumed', answer ->> 'creditsConsumed', '') as credits,
                      (provider_snapshot -> 'cost' ->> 'micros')::numeric as expected,
                      (provider_snapshot -> 'cost' ->> 'credit_micros')::numeric as credit_rate,
                      provider_snapshot -> 'cost' ->> 'currency' as own_currency,
                      case state when 'succeeded' then 1
                          when 'partial' then 1 - remains::numeric / nullif((provider_snapshot ->> 'units')::numeric, 0) end as share,
                      sent.outcome as sent
               from ended j
               left join lateral (
                   select a.answer from job_attempt a
                   where a.job_id = j.id and a.at >= j.created_at - interval '1 day' and a.step = 'poll'
                     and a.outcome in ('succeeded', 'partial', 'failed')
                   order by a.id desc limit 1) last on true
               left join lateral (
                   select a.outcome from job_attempt a
                   where a.job_id = j.id and a.at >= j.created_at - interval '1 day' and a.step = 'submit'
                   order by a.id desc limit 1) sent on true),
           judged as (
               select *, case
                   when charge ~ '^\d{1,9}(\.\d{1,9})?$' and currency ~ '^[A-Za-z]{3}$' then 'charge'
                   when credits ~ '^\d{1,9}(\.\d{1,9})?$' then 'credits'
                   when submitted_at is null or provider_snapshot ->> 'provider_service' = '$refill'
                     or external_id is null and sent in ('rejected', 'permanent', 'no_funds', 'transient', 'rate_limited')
                     then 'nothing'
                   when expected * share is not null and own_currency is not null then 'snapshot'
                   else 'unknown' end as basis
               from told)
           insert into job_cost (job_id, service, provider, state, price, cost_micros, unit, source, submitted_at, ended_at,
               money_micros, money_currency)
           select id, coalesce(provider_snapshot ->> 'service', '?'), provider, state,
                  coalesce((provider_snapshot ->> 'price')::bigint, 0),
                  case basis when 'charge' then round(charge::numeric * 1000000)::bigint
                      when 'credits' then round(credits::numeric * 1000000)::bigint
                      when 'nothing' then 0 when 'snapshot' then round(expected * share)::bigint end,
                  case basis when 'charge' then upper(currency) when 'credits' then 'credits' when 'nothing' then 'nothing'
                      when 'snapshot' then own_currency end,
                  case when basis in ('unknown', 'nothing', 'snapshot') then basis else 'provider' end,
                  submitted_at, finished_at,
                  case when basis = 'credits' and own_currency is not null then round(credits::numeric * credit_rate)::bigint end,
                  case when basis = 'credits' and credit_rate is not null then own_currency end
           from judged
           on conflict (job_id) do nothing"#,
        BATCH_ROWS,
        now,
    )
    .execute(pool)
    .await?;
    Ok(carried.rows_affected())
}
