//! What of the ledger carries a correlation id.

use sqlx::PgPool;
use uuid::Uuid;

use crate::engine::operator::Trace;

/// Holds, their resolutions and transfers with this correlation id on the wallets of `users`: found through the
/// wallets, because an index on the correlation would be paid for by every movement.
///
/// # Errors
/// The database's.
pub async fn carrying(
    pool: &PgPool,
    correlation: Uuid,
    users: &[i64],
) -> Result<Vec<Trace>, sqlx::Error> {
    sqlx::query_as!(
        Trace,
        r#"with mine as (select id from account where guarded and owner_id = any($2)
               and kind in ('wallet', 'affiliate', 'reply_credits'))
           select 'hold' as "what!", h.id::text as "id!",
                  h.amount || case when r.hold_id is null then ' held'
                                   when r.captured = 0 then ' released' else ' captured' end as "state!",
                  h.note as "kind!", h.at as "at!"
           from hold h join mine m on m.id = h.wallet_id left join hold_resolution r on r.hold_id = h.id
           where h.correlation = $1
           union all
           select 'transfer', t.id::text, t.amount || ' ' || t.currency, t.kind, t.at
           from transfer t where t.correlation = $1
             and (t.debit_id in (select id from mine) or t.credit_id in (select id from mine))
           order by 5 limit 100"#,
        correlation,
        users,
    )
    .fetch_all(pool)
    .await
}
