//! Rewards for referrals and tips, by ranges of pages, with the movements that they name.

use std::ops::Range;

use sqlx::PgConnection;

use super::Finding;

/// Rewards, and what of them went back or was kept; beside their rules, and beside what was taken for the orders that brought
/// them.
pub(super) async fn rewards(
    conn: &mut PgConnection,
    pages: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    let mut found = moved(conn, &pages).await?;
    found.extend(ruled(conn, &pages).await?);
    Ok(found)
}

async fn moved(conn: &mut PgConnection, pages: &Range<i64>) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"select 'a reward moves what its rows say' as "check!", 'reward ' || w.id as "subject!"
           from referral_reward w
           left join transfer t on t.id = w.id and t.kind = 'reward'
           left join account a on a.id = t.credit_id
           left join referral_kept k on k.reward_id = w.id
           left join transfer kept on kept.idem_key = 'reward-kept:' || w.id and kept.kind = 'reward_kept'
           cross join lateral (
               select coalesce(sum(b.taken + b.lost), 0) as back, coalesce(bool_or(b.is_last), false) as is_all,
                      coalesce(bool_or(b.taken <> coalesce(m.amount, 0) or coalesce(m.debit_id, t.credit_id) <> t.credit_id), false)
                        as is_otherwise
               from referral_back b left join transfer m on m.idem_key = b.key and m.kind = 'reward_taken'
               where b.reward_id = w.id) r
           where w.ctid >= format('(%s,0)', $1::bigint)::tid and w.ctid < format('(%s,0)', $2::bigint)::tid
             and (t.id is null or t.amount <> w.amount or t.currency <> w.currency
               or (a.kind, a.owner_id) is distinct from ('affiliate', w.referrer_id)
               or r.back > w.amount or r.is_all and r.back <> w.amount or r.is_otherwise
               or k.amount > w.amount or coalesce(k.amount, 0) <> coalesce(kept.amount, 0)
               or coalesce(kept.debit_id, t.credit_id) <> t.credit_id)
           limit 100"#,
        pages.start,
        pages.end,
    )
    .fetch_all(conn)
    .await
}

/// A reward whose rule is not noted (made by a replica of before) stands whole or not at all, where an order is paid in part.
/// The level below has its share first: together they are never more than what brought them.
async fn ruled(conn: &mut PgConnection, pages: &Range<i64>) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"with mine as (
               select w.*, w.basis_points is not null or w.fixed is not null as is_ruled, w.cause like 'order:%' as is_of_order,
                      -- Whatever else stands there is the order of nobody, not an error of this statement.
                      case when w.cause ~ '^order:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                          then substr(w.cause, 7)::uuid end as order_id,
                      (select coalesce(sum(b.taken + b.lost), 0) from referral_back b where b.reward_id = w.id) as back
               from referral_reward w
               where w.ctid >= format('(%s,0)', $1::bigint)::tid and w.ctid < format('(%s,0)', $2::bigint)::tid),
           paid as (
               select m.*, l.amount as below, l.basis_points as below_points, l.cap as below_cap, l.fixed as below_fixed, l.least as below_least,
                      r.captured, a.owner_id, a.currency as paid_in,
                      -- Looked for only where something was given back at all.
                      r.captured - case when exists (select from transfer where idem_key = 'mend:paid-back:' || h.reference)
                          then order_paid_back(h.reference) else 0 end as left_paid
               from mine m left join referral_reward l on l.cause = m.cause and l.level < m.level
               left join hold h on h.reference = m.order_id
               left join hold_resolution r on r.hold_id = h.id left join account a on a.id = h.wallet_id),
           rest as (
               select *, least(base, left_paid) as of_it from paid),
           kept as (
               select *, of_it - case when below is null then 0 else least(case when below_fixed is not null then below
                      when of_it < below_least then 0 else div(of_it::numeric * below_points, 10000) end, below_cap, below, of_it) end
                   as room
               from rest)
           (select 'a reward is what its rule brings' as "check!", 'reward ' || id as "subject!"
            from paid where is_ruled and (base < least or amount <> least(
               coalesce(fixed, div(base::numeric * basis_points, 10000)), cap, base - coalesce(below, 0))) limit 100)
           union all
           (select 'a reward on an order is for what was taken for it', 'reward ' || id
            from paid where is_of_order and (captured is null or captured < base or owner_id is distinct from payer_id
               or paid_in is distinct from currency) limit 100)
           union all
           (select 'a reward on an order follows what stays paid of it', 'reward ' || id
            from kept where is_of_order and captured >= base
              and case when left_paid <= 0 then back <> amount
                  when not is_ruled then back not in (0, amount)
                  when basis_points is null then amount - back <> least(amount, room)
                  else amount - back <> case when of_it < least then 0
                      else least(div(of_it::numeric * basis_points, 10000), cap, amount, room) end end limit 100)"#,
        pages.start,
        pages.end,
    )
    .fetch_all(conn)
    .await
}

/// Tips: moved if and only if they are done, between their two; held while an outside service settles them.
pub(super) async fn tips(
    conn: &mut PgConnection,
    pages: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"select 'a tip moves what its row says' as "check!", 'tip ' || p.id as "subject!"
           from tip p left join transfer t on t.idem_key = 'tip:' || p.id
           left join account d on d.id = t.debit_id left join account c on c.id = t.credit_id
           where p.ctid >= format('(%s,0)', $1::bigint)::tid and p.ctid < format('(%s,0)', $2::bigint)::tid
             and ((p.state = 'done') <> (t.id is not null) or t.amount <> p.amount or t.currency <> p.currency
               or d.owner_id <> p.sender_id or c.owner_id <> p.recipient_id
               or p.state = 'settling' and not exists (
                   select from hold h left join hold_resolution r on r.hold_id = h.id
                   where h.reference = p.id and h.amount = p.amount and r.hold_id is null)) limit 100"#,
        pages.start,
        pages.end,
    )
    .fetch_all(conn)
    .await
}
