//! Payments at processors, and what of them was given back, by ranges of pages.

use std::ops::Range;

use sqlx::PgConnection;

use super::Finding;

/// Payments at processors, with the movements that credit them. What was set aside moved nothing.
pub(super) async fn payments(
    conn: &mut PgConnection,
    pages: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"select 'a payment is credited once, to its payer' as "check!",
                  'payment ' || p.processor || ':' || p.transaction_id as "subject!"
           from payment p left join transfer t on t.id = p.transfer_id left join account w on w.id = t.credit_id
           left join account h on h.id = t.debit_id
           where p.ctid >= format('(%s,0)', $1::bigint)::tid and p.ctid < format('(%s,0)', $2::bigint)::tid
             and p.amount > 0
             and (t.id is null or t.kind <> 'topup' or t.amount <> p.amount or t.currency <> p.currency
               or w.owner_id is distinct from p.user_id or h.kind is distinct from p.processor)
           union all
           select 'a part that was given back moves its share', 'payment return ' || r.id
           from payment p join payment_return r using (processor, transaction_id)
           left join transfer taken on taken.idem_key = 'payment-return:' || r.id and taken.kind = 'refund'
           left join transfer lost on lost.idem_key = 'payment-return-loss:' || r.id and lost.kind = 'write_off'
           where p.ctid >= format('(%s,0)', $1::bigint)::tid and p.ctid < format('(%s,0)', $2::bigint)::tid
             and (r.taken <> coalesce(taken.amount, 0) or r.lost <> coalesce(lost.amount, 0))
           union all
           select 'the parts that were given back are a share of their payment', 'payment ' || p.processor || ':' || p.transaction_id
           from payment p join payment_return r using (processor, transaction_id)
           where p.ctid >= format('(%s,0)', $1::bigint)::tid and p.ctid < format('(%s,0)', $2::bigint)::tid
           group by p.processor, p.transaction_id, p.paid, p.amount
           having sum(r.returned) > p.paid or sum(r.taken + r.lost) <> div(p.amount * sum(r.returned), p.paid)
               or exists (select from payment_refund f where f.processor = p.processor
                   and f.transaction_id = p.transaction_id and f.state <> 'refused')
           limit 100"#,
        pages.start,
        pages.end,
    )
    .fetch_all(conn)
    .await
}

/// Refunds at processors, with the movements that they made.
pub(super) async fn refunds(
    conn: &mut PgConnection,
    pages: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"select 'a refund moves what its row says' as "check!", 'payment refund ' || r.id as "subject!"
           from payment_refund r join payment p using (processor, transaction_id)
           left join transfer taken on taken.idem_key = 'payment-refund:' || r.id and taken.kind = 'refund'
           left join transfer lost on lost.idem_key = 'payment-loss:' || r.id and lost.kind = 'write_off'
           left join transfer undone on undone.idem_key = 'payment-refund-undone:' || r.id and undone.kind = 'refund_undone'
           where r.ctid >= format('(%s,0)', $1::bigint)::tid and r.ctid < format('(%s,0)', $2::bigint)::tid
             and (r.taken + r.lost <> p.amount or r.taken <> coalesce(taken.amount, 0)
               or r.lost <> coalesce(lost.amount, 0)
               or (r.state = 'refused' and r.taken > 0) <> (undone.id is not null)) limit 100"#,
        pages.start,
        pages.end,
    )
    .fetch_all(conn)
    .await
}
