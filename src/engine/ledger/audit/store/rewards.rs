//! Rewards for referrals and tips, by ranges of pages, with the movements that they name.

use std::ops::Range;

use sqlx::PgConnection;

use super::Finding;

/// Rewards, and what of them was taken back or kept.
pub(super) async fn rewards(
    conn: &mut PgConnection,
    pages: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"select 'a reward moves what its rows say' as "check!", 'reward ' || w.id as "subject!"
           from referral_reward w
           left join transfer t on t.id = w.id and t.kind = 'reward'
           left join account a on a.id = t.credit_id
           left join referral_reversal r on r.reward_id = w.id
           left join referral_kept k on k.reward_id = w.id
           left join transfer taken on taken.idem_key = 'reward-taken:' || w.id and taken.kind = 'reward_taken'
           left join transfer kept on kept.idem_key = 'reward-kept:' || w.id and kept.kind = 'reward_kept'
           where w.ctid >= format('(%s,0)', $1::bigint)::tid and w.ctid < format('(%s,0)', $2::bigint)::tid
             and (t.id is null or t.amount <> w.amount or t.currency <> w.currency
               or (a.kind, a.owner_id) is distinct from ('affiliate', w.referrer_id)
               or r.taken + r.lost <> w.amount or k.amount > w.amount
               or coalesce(r.taken, 0) <> coalesce(taken.amount, 0) or coalesce(k.amount, 0) <> coalesce(kept.amount, 0)
               or coalesce(taken.debit_id, t.credit_id) <> t.credit_id or coalesce(kept.debit_id, t.credit_id) <> t.credit_id
               or exists (select from referral_return b
                   left join transfer part on part.idem_key = 'reward-part-taken:' || b.return_id || ':' || b.reward_id
                     and part.kind = 'reward_taken'
                   where b.reward_id = w.id
                   having sum(b.taken + b.lost) > w.amount or bool_or(b.taken <> coalesce(part.amount, 0))
                     or bool_or(part.debit_id <> t.credit_id)))
           limit 100"#,
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
