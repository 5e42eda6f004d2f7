//! Movements, jobs, payments and refunds, by ranges of pages.
//!
//! A row that is changed may move behind the range that is being looked at, or before it: then it is looked at in the
//! next round, or twice. Movements and payments never change.

use std::ops::Range;

use sqlx::PgConnection;

use super::Finding;

/// Each movement, with what it says that it belongs to.
pub(super) async fn movements(
    conn: &mut PgConnection,
    pages: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"with mine as (
               select t.id, t.idem_key, t.kind, t.currency, d.id is null or c.id is null as is_nowhere,
                      d.currency <> t.currency or c.currency <> t.currency as is_mixed, d.guarded as is_from_wallet,
                      (d.guarded and c.guarded) <> (t.credit_version is not null) as is_half_counted
               from transfer t left join account d on d.id = t.debit_id left join account c on c.id = t.credit_id
               where t.ctid >= format('(%s,0)', $1::bigint)::tid and t.ctid < format('(%s,0)', $2::bigint)::tid)
           (select 'a movement is between two accounts' as "check!", 'transfer ' || id as "subject!"
            from mine where is_nowhere limit 100)
           union all
           (select 'debits equal credits in each currency', currency from mine where is_mixed limit 100)
           union all
           (select 'a movement between two wallets counts on both sides', 'transfer ' || id
            from mine where is_half_counted limit 100)
           union all
           (select 'a capture belongs to a resolution', 'transfer ' || id
            from mine where kind = 'capture' and not is_from_wallet limit 100)
           union all
           (select 'a top-up belongs to a payment', 'transfer ' || id
            from mine where kind = 'topup'
              and not exists (select 1 from star_payment p where p.transfer_id = mine.id)
              and not exists (select 1 from payment p where p.transfer_id = mine.id) limit 100)
           union all
           (select 'a reward or tip that moved has its row', 'transfer ' || id
            from mine where kind = 'reward' and not exists (select 1 from referral_reward w where w.id = mine.id)
               or kind in ('reward_taken', 'reward_kept', 'tip') and not exists (select 1 from (
                  select b.key from referral_back b where b.taken > 0
                  union all select 'reward-kept:' || k.reward_id from referral_kept k
                  union all select 'tip:' || p.id from tip p where p.state = 'done') keys
                  where keys.key = mine.idem_key) limit 100)
           union all
           (select 'what left or came back by a refund has its row', 'transfer ' || id
            from mine where kind in ('refund', 'write_off', 'refund_undone')
              and not exists (select 1 from (
                  select 'stars-refund:' || r.id as key from star_refund r
                  union all select 'stars-loss:' || r.id from star_refund r
                  union all select 'stars-refund-undone:' || r.id from star_refund r
                  union all select 'payment-refund:' || r.id from payment_refund r
                  union all select 'payment-loss:' || r.id from payment_refund r
                  union all select 'payment-refund-undone:' || r.id from payment_refund r
                  union all select 'payment-return:' || r.id from payment_return r
                  union all select 'payment-return-loss:' || r.id from payment_return r) keys
                  where keys.key = mine.idem_key) limit 100)
           union all
           (select 'a payout''s fee belongs to a withdrawal', 'transfer ' || id
            from mine where kind = 'payout_fee'
              and not exists (select 1 from withdrawal w where 'payout-fee:' || w.id = mine.idem_key) limit 100)"#,
        pages.start,
        pages.end,
    )
    .fetch_all(conn)
    .await
}

/// Live jobs, which must be paid for.
pub(super) async fn jobs(
    conn: &mut PgConnection,
    pages: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"select 'a live job with a price has an open hold' as "check!", 'job ' || j.id as "subject!"
           from job j where j.ctid >= format('(%s,0)', $1::bigint)::tid and j.ctid < format('(%s,0)', $2::bigint)::tid
             and (j.provider_snapshot ->> 'price')::bigint > 0
             and not exists (select 1 from hold h left join hold_resolution r on r.hold_id = h.id
                 where h.reference = j.id and r.hold_id is null) limit 100"#,
        pages.start,
        pages.end,
    )
    .fetch_all(conn)
    .await
}

/// Payments in Stars, with the movements that credit them.
pub(super) async fn payments(
    conn: &mut PgConnection,
    pages: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"select 'a payment is credited once, to its payer' as "check!", 'charge ' || p.charge_id as "subject!"
           from star_payment p left join transfer t on t.id = p.transfer_id left join account w on w.id = t.credit_id
           where p.ctid >= format('(%s,0)', $1::bigint)::tid and p.ctid < format('(%s,0)', $2::bigint)::tid
             and (t.id is null or t.kind <> 'topup' or t.amount <> p.amount or t.currency <> p.currency
               or w.owner_id is distinct from p.user_id) limit 100"#,
        pages.start,
        pages.end,
    )
    .fetch_all(conn)
    .await
}

/// Refunds of Stars, with the movements that they made.
pub(super) async fn refunds(
    conn: &mut PgConnection,
    pages: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"select 'a refund moves what its row says' as "check!", 'refund ' || r.id as "subject!"
           from star_refund r join star_payment p using (charge_id)
           left join transfer taken on taken.idem_key = 'stars-refund:' || r.id and taken.kind = 'refund'
           left join transfer lost on lost.idem_key = 'stars-loss:' || r.id and lost.kind = 'write_off'
           left join transfer undone on undone.idem_key = 'stars-refund-undone:' || r.id and undone.kind = 'refund_undone'
           where r.ctid >= format('(%s,0)', $1::bigint)::tid and r.ctid < format('(%s,0)', $2::bigint)::tid
             and (r.taken + r.lost <> p.amount or r.taken <> coalesce(taken.amount, 0)
               or r.lost <> coalesce(lost.amount, 0) or (r.state = 'refused') <> (undone.id is not null)) limit 100"#,
        pages.start,
        pages.end,
    )
    .fetch_all(conn)
    .await
}
