//! What moved in a time, and what there is now: of one picture.

use futures_util::TryStreamExt as _;
use sqlx::PgPool;
use time::{Date, OffsetDateTime};

use crate::engine::books::Moved;

/// Reads what others write, as it was when it began.
const ONE_PICTURE: &str = "begin transaction isolation level repeatable read read only";

/// What moved on one day from one kind of account to another.
pub(in crate::engine::books) struct Flow {
    pub(in crate::engine::books) day: Date,
    pub(in crate::engine::books) currency: String,
    pub(in crate::engine::books) kind: String,
    pub(in crate::engine::books) from_kind: String,
    pub(in crate::engine::books) to_kind: String,
    pub(in crate::engine::books) amount: i64,
}

/// What was set aside on one day, less what was set free.
pub(in crate::engine::books) struct HeldFlow {
    pub(in crate::engine::books) day: Date,
    pub(in crate::engine::books) currency: String,
    pub(in crate::engine::books) amount: i64,
}

/// Orders of a service that were paid on one day, or jobs that ended on it and cost something.
pub(in crate::engine::books) struct Work {
    pub(in crate::engine::books) day: Date,
    pub(in crate::engine::books) service: String,
    pub(in crate::engine::books) provider: String,
    /// Of what was paid; none where it is a cost.
    pub(in crate::engine::books) currency: Option<String>,
    pub(in crate::engine::books) orders: i64,
    pub(in crate::engine::books) paid: i64,
    /// Of what it cost; none where nobody knows.
    pub(in crate::engine::books) unit: Option<String>,
    pub(in crate::engine::books) cost_micros: i64,
    pub(in crate::engine::books) uncosted: i64,
}

/// What there is now in wallets of one kind.
pub(in crate::engine::books) struct Stock {
    pub(in crate::engine::books) kind: String,
    pub(in crate::engine::books) currency: String,
    pub(in crate::engine::books) total: i64,
    pub(in crate::engine::books) held: i64,
}

/// All that a statement is made of.
pub(in crate::engine::books) struct Period {
    /// Since its beginning, up to now.
    pub(in crate::engine::books) flows: Vec<Flow>,
    /// The same.
    pub(in crate::engine::books) held: Vec<HeldFlow>,
    /// Within it.
    pub(in crate::engine::books) work: Vec<Work>,
    pub(in crate::engine::books) stocks: Vec<Stock>,
}

/// Reads a period. It costs a reading of what moved since its beginning, and one of all wallets.
pub(in crate::engine::books) async fn period(
    pool: &PgPool,
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> Result<Period, sqlx::Error> {
    let mut tx = pool.begin_with(ONE_PICTURE).await?;
    let flows = sqlx::query_as!(
        Flow,
        r#"select (t.at at time zone 'UTC')::date as "day!", t.currency as "currency!", t.kind as "kind!",
                  d.kind as "from_kind!", c.kind as "to_kind!", sum(t.amount)::bigint as "amount!"
           from transfer t join account d on d.id = t.debit_id join account c on c.id = t.credit_id
           where t.at >= $1 group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5"#,
        from,
    )
    .fetch_all(&mut *tx)
    .await?;
    let held = sqlx::query_as!(
        HeldFlow,
        r#"with moved as (
               select h.at, h.wallet_id, h.amount from hold h where h.at >= $1
               union all
               select r.at, h.wallet_id, -r.amount from hold_resolution r join hold h on h.id = r.hold_id where r.at >= $1)
           select (m.at at time zone 'UTC')::date as "day!", a.currency as "currency!", sum(m.amount)::bigint as "amount!"
           from moved m join account a on a.id = m.wallet_id group by 1, 2"#,
        from,
    )
    .fetch_all(&mut *tx)
    .await?;
    let work = sqlx::query_as!(
        Work,
        r#"select (r.at at time zone 'UTC')::date as "day!", h.note as "service!", coalesce(k.provider, 'unknown') as "provider!",
                  t.currency as "currency?", count(*) as "orders!", sum(t.amount)::bigint as "paid!",
                  null::text as "unit?", 0::bigint as "cost_micros!", 0::bigint as "uncosted!"
           from hold_resolution r join transfer t on t.id = r.transfer_id and t.at >= $1::timestamptz - interval '1 day' and t.at < $2::timestamptz + interval '1 day'
           join account c on c.id = t.credit_id and c.kind = 'revenue'
           join hold h on h.id = r.hold_id left join job_cost k on k.job_id = h.reference
           where r.at >= $1 and r.at < $2 group by 1, 2, 3, 4
           union all
           select (k.ended_at at time zone 'UTC')::date, k.service, k.provider, null, 0, 0,
                  coalesce(k.money_currency, k.unit), coalesce(sum(coalesce(k.money_micros, k.cost_micros)), 0)::bigint,
                  count(*) filter (where k.unit is null)
           from job_cost k where k.ended_at >= $1 and k.ended_at < $2 and k.unit is distinct from 'nothing'
           group by 1, 2, 3, coalesce(k.money_currency, k.unit)
           order by 1, 2, 3"#,
        from,
        to,
    )
    .fetch_all(&mut *tx)
    .await?;
    let stocks = sqlx::query_as!(
        Stock,
        r#"select kind, currency, sum(available + held)::bigint as "total!", sum(held)::bigint as "held!"
           from account where guarded group by kind, currency order by kind, currency"#
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.rollback().await?;
    Ok(Period {
        flows,
        held,
        work,
        stocks,
    })
}

/// Hands each movement of a time to `each`, oldest first, without holding them in memory.
///
/// # Errors
/// The database's, or what `each` stumbles over.
pub async fn transfers(
    pool: &PgPool,
    from: OffsetDateTime,
    to: OffsetDateTime,
    each: &mut (dyn FnMut(&Moved) -> std::io::Result<()> + Send),
) -> Result<(), anyhow::Error> {
    let mut rows = sqlx::query_as!(
        Moved,
        r#"select t.id as "id!", t.at as "at!", t.kind as "kind!", t.amount as "amount!", t.currency as "currency!",
                  d.kind as "from_kind!", d.owner_id as "from_owner!", c.kind as "to_kind!", c.owner_id as "to_owner!",
                  h.note as "service?", k.provider as "provider?"
           from transfer t join account d on d.id = t.debit_id join account c on c.id = t.credit_id
           left join hold_resolution r on r.transfer_id = t.id and r.at >= $1::timestamptz - interval '1 day' and r.at < $2::timestamptz + interval '1 day'
           left join hold h on h.id = r.hold_id left join job_cost k on k.job_id = h.reference
           where t.at >= $1 and t.at < $2 order by t.at, t.id"#,
        from,
        to,
    )
    .fetch(pool);
    while let Some(moved) = rows.try_next().await? {
        each(&moved)?;
    }
    Ok(())
}
