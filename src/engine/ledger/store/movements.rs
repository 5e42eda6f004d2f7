//! What a user sees of the ledger.

use sqlx::PgConnection;

use crate::base::money::Amount;
use crate::engine::ledger::{LedgerError, Movement, MovementKind};

/// The user's movements, newest first. An order is one line: set aside while it runs, then paid or given back.
pub async fn movements(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    offset: i64,
    limit: i64,
) -> Result<Vec<Movement>, LedgerError> {
    let rows = sqlx::query!(
        r#"with mine as (select id from account where kind = 'wallet' and owner_id = $1 and currency = $2)
           select t.at as "at!", t.kind as "kind!",
                  case when t.credit_id = m.id then t.amount else -t.amount end as "amount!",
                  coalesce(t.cause ->> 'note', '') as "note!", t.wallet_version as "version!"
           from transfer t, mine m where (t.debit_id = m.id or t.credit_id = m.id) and t.kind <> 'capture'
           union all
           select coalesce(r.at, h.at),
                  case when r.hold_id is null then 'hold' when r.captured > 0 then 'capture' else 'release' end,
                  case when r.hold_id is null then -h.amount when r.captured > 0 then -r.captured else r.released end,
                  h.note, coalesce(r.wallet_version, h.wallet_version)
           from hold h join mine m on h.wallet_id = m.id left join hold_resolution r on r.hold_id = h.id
           order by 5 desc offset $3 limit $4"#,
        user_id,
        currency,
        offset,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Movement {
            at: row.at,
            kind: match row.kind.as_str() {
                "grant" => MovementKind::Grant,
                "hold" => MovementKind::Hold,
                "capture" => MovementKind::Charge,
                "release" => MovementKind::Release,
                "topup" => MovementKind::TopUp,
                "refund" => MovementKind::Refund,
                _ => MovementKind::Correction,
            },
            amount: Amount(row.amount),
            note: row.note,
        })
        .collect())
}
