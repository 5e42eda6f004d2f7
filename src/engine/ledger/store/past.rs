//! A user's own history, of all their wallets.

use sqlx::PgConnection;

use crate::base::money::Amount;
use crate::engine::ledger::{LedgerError, Past, PastFilter, PastKind, Place};

/// What happened to a user's money, newest first: `limit` lines that pass the filter, after `after`, without the first
/// `offset`. An order is one line: set aside while it runs, then paid or given back. What a movement was is told by the
/// account on its other side. Costs a reading of the user's own rows.
///
/// # Errors
/// The database's.
pub async fn past(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    filter: PastFilter,
    after: Option<Place>,
    offset: i64,
    limit: i64,
) -> Result<Vec<Past>, LedgerError> {
    let kinds: Vec<String> = filter
        .kinds()
        .iter()
        .map(|kind| kind.name().to_owned())
        .collect();
    let rows = sqlx::query!(
        r#"with mine as (select id, kind from account where owner_id = $1 and currency = $2 and guarded),
           moved as (
               select t.at, t.id, m.kind as wallet, t.amount, coalesce(t.credit_version, t.wallet_version, 0) as version, t.kind, t.cause,
                      t.debit_id as other_id
               from mine m join transfer t on t.credit_id = m.id
               union all
               select t.at, t.id, m.kind, -t.amount, coalesce(t.wallet_version, 0), t.kind, t.cause, t.credit_id
               from mine m join transfer t on t.debit_id = m.id and t.kind <> 'capture'),
           line as (
               select m.at, m.id, m.wallet, m.amount, m.version, coalesce(m.cause ->> 'note', '') as note, o.owner_id as other,
                      case when o.guarded and o.owner_id = $1 then 'own'
                           when o.guarded then case when m.amount > 0 then 'tip_received' else 'tip_sent' end
                           when o.kind = 'grants' then 'gift' when o.kind = 'revenue' then 'repaid'
                           when o.kind = 'rewards' then 'reward' when o.kind = 'payouts' then 'payout'
                           when o.kind in ('corrections', 'losses') then 'correction'
                           when m.kind = 'refund_undone' or m.amount < 0 then 'refund' else 'topup' end as kind
               from moved m join account o on o.id = m.other_id
               union all
               select coalesce(r.at, h.at), h.id, m.kind,
                      case when r.hold_id is null then -h.amount when r.captured > 0 then -r.captured else r.released end,
                      coalesce(r.wallet_version, h.wallet_version), h.note, c.owner_id,
                      case when r.hold_id is null then 'held' when r.captured = 0 then 'released'
                           when c.guarded then 'tip_sent' when c.kind = 'payouts' then 'payout' else 'paid' end
               from mine m join hold h on h.wallet_id = m.id left join hold_resolution r on r.hold_id = h.id
               left join transfer t on t.id = r.transfer_id left join account c on c.id = t.credit_id)
           select l.at as "at!", l.id as "id!", l.wallet as "wallet!", l.amount as "amount!", l.version as "version!",
                  l.note as "note!", l.kind as "kind!",
                  case when l.kind in ('tip_sent', 'tip_received') then coalesce('@' || u.username, u.first_name) end as other
           from line l left join app_user u on u.id = l.other
           where ($3 or l.kind = any($4)) and ($5::timestamptz is null or (l.at, l.version, l.id, l.amount) < ($5, $6, $7, $10))
           order by l.at desc, l.version desc, l.id desc, l.amount desc offset $8 limit $9"#,
        user_id,
        currency,
        filter == PastFilter::All,
        &kinds,
        after.map(|place| place.at),
        after.map(|place| place.version),
        after.map(|place| place.id),
        offset,
        limit,
        after.map(|place| place.amount.0),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Past {
            at: row.at,
            id: row.id,
            wallet: row.wallet,
            kind: PastKind::named(&row.kind),
            amount: Amount(row.amount),
            version: row.version,
            note: row.note,
            other: row.other,
        })
        .collect())
}
