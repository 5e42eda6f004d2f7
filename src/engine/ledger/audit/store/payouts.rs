//! Withdrawals and what admins gave, by ranges of pages, beside the movements that they made.

use std::ops::Range;

use sqlx::PgConnection;

use super::Finding;

/// Withdrawals with their holds; with the first range also the sum of all that were paid, in each currency, beside the
/// account that it left by. That sum takes as long as there are payments, which are few beside orders.
pub(super) async fn withdrawals(
    conn: &mut PgConnection,
    pages: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"with mine as (
               select w.*, h.id as hold_id, h.amount as held, a.kind as held_kind, a.owner_id, a.currency as held_currency,
                      r.hold_id is not null as is_resolved, r.captured, r.transfer_id
               from withdrawal w left join hold h on h.reference = w.id left join account a on a.id = h.wallet_id
               left join hold_resolution r on r.hold_id = h.id
               where w.ctid >= format('(%s,0)', $1::bigint)::tid and w.ctid < format('(%s,0)', $2::bigint)::tid),
           paid as (
               select currency, sum(amount - fee) as total from withdrawal where state = 'paid' and $1 = 0 group by currency),
           left_us as (
               select a.currency, coalesce(sum(t.total), 0) as total
               from account a cross join lateral (
                   select sum(amount) as total from transfer where credit_id = a.id
                   union all select -sum(amount) from transfer where debit_id = a.id) t
               where a.kind = 'payouts' and $1 = 0 group by a.currency)
           (select 'a withdrawal has its hold, of its user and amount' as "check!", 'withdrawal ' || id as "subject!"
            from mine where hold_id is null or held <> amount or held_kind <> wallet_kind or owner_id <> user_id
                or held_currency <> currency limit 100)
           union all
           (select 'a withdrawal''s hold is as its state says', 'withdrawal ' || id
            from mine where hold_id is not null and case when state in ('requested', 'approved') then is_resolved
                when state = 'paid' then captured is distinct from amount else captured is distinct from 0 end limit 100)
           union all
           (select 'what a withdrawal paid left by payouts, its fee not', 'withdrawal ' || m.id
            from mine m left join transfer t on t.id = m.transfer_id left join account c on c.id = t.credit_id
            left join transfer f on f.idem_key = 'payout-fee:' || m.id
            where m.state = 'paid' and (c.kind is distinct from 'payouts' or coalesce(f.amount, 0) <> m.fee)
                or m.state <> 'paid' and f.id is not null limit 100)
           union all
           (select 'payouts has what the paid withdrawals say', coalesce(p.currency, l.currency)
            from paid p full join left_us l on l.currency = p.currency
            where coalesce(p.total, 0) <> coalesce(l.total, 0) limit 100)"#,
        pages.start,
        pages.end,
    )
    .fetch_all(conn)
    .await
}

/// What admins gave and took, with what moved.
pub(super) async fn grants(
    conn: &mut PgConnection,
    pages: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"select 'a grant moved what its row says' as "check!", 'grant ' || g.id as "subject!"
           from admin_grant g left join transfer t on t.id = g.transfer_id
           left join account w on w.id = case when g.amount > 0 then t.credit_id else t.debit_id end
           where g.ctid >= format('(%s,0)', $1::bigint)::tid and g.ctid < format('(%s,0)', $2::bigint)::tid
             and g.state = 'done'
             and (t.id is null or t.amount <> abs(g.amount) or t.currency <> g.currency or w.owner_id is distinct from g.user_id
               or t.kind <> case when g.amount > 0 then 'grant' else 'correction' end) limit 100"#,
        pages.start,
        pages.end,
    )
    .fetch_all(conn)
    .await
}
