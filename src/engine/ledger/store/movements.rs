//! What a user sees of the ledger.

use sqlx::PgConnection;

use crate::base::money::Amount;
use crate::engine::ledger::{LedgerError, Movement, MovementKind, WalletKey};

/// The movements of the user's main wallet, newest first. An order is one line: set aside while it runs, then paid or given
/// back.
pub async fn movements(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    offset: i64,
    limit: i64,
) -> Result<Vec<Movement>, LedgerError> {
    movements_of(conn, WalletKey::main(user_id, currency), offset, limit).await
}

/// As [`movements`], of any wallet.
pub async fn movements_of(
    conn: &mut PgConnection,
    wallet: WalletKey<'_>,
    offset: i64,
    limit: i64,
) -> Result<Vec<Movement>, LedgerError> {
    let rows = sqlx::query!(
        r#"with mine as (select id from account where kind = $5 and owner_id = $1 and currency = $2)
           select t.at as "at!", case when t.kind = 'capture' then 'tip' else t.kind end as "kind!",
                  case when t.credit_id = m.id then t.amount else -t.amount end as "amount!",
                  coalesce(t.cause ->> 'note', '') as "note!",
                  case when t.credit_id = m.id then coalesce(t.credit_version, t.wallet_version) else t.wallet_version end
                    as "version!"
           from transfer t, mine m where t.credit_id = m.id or t.debit_id = m.id and t.kind <> 'capture'
           union all
           select coalesce(r.at, h.at),
                  case when r.hold_id is null then 'hold' when r.captured = 0 then 'release'
                       when h.purpose = 'order' then 'capture' else h.purpose end,
                  case when r.hold_id is null then -h.amount when r.captured > 0 then -r.captured else r.released end,
                  h.note, coalesce(r.wallet_version, h.wallet_version)
           from hold h join mine m on h.wallet_id = m.id left join hold_resolution r on r.hold_id = h.id
           order by 5 desc offset $3 limit $4"#,
        wallet.user_id,
        wallet.currency,
        offset,
        limit,
        wallet.kind.name(),
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
                "tip" => MovementKind::Tip,
                "own" => MovementKind::Own,
                "reward" | "reward_taken" | "reward_kept" => MovementKind::Reward,
                "payout" => MovementKind::Payout,
                _ => MovementKind::Correction,
            },
            amount: Amount(row.amount),
            note: row.note,
        })
        .collect())
}
