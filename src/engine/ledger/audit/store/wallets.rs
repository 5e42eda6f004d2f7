//! Wallets and holds, by ranges of accounts.
//!
//! `offset 0` keeps the planner on the way along the indexes: a house account, which stands on one side of nearly every
//! movement, has it believe that each account has a great many, and read all movements for each range.

use std::ops::Range;

use sqlx::PgConnection;

use super::Finding;

/// Wallets beside the rows that touched them. A capture has its debited wallet's version from the resolution that it
/// belongs to. What goes from wallet to wallet has a version of its own for the credited one.
pub(super) async fn wallets(
    conn: &mut PgConnection,
    range: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"with wallet as (
               select id, owner_id, available, held, version from account where id >= $1 and id < $2 and guarded),
           touched as (
               select w.id, t.amount as moved, 0::bigint as open, coalesce(t.credit_version, t.wallet_version) as version,
                      true as counts
               from wallet w cross join lateral (select * from transfer where credit_id = w.id offset 0) t
               union all
               select w.id, -t.amount, 0, t.wallet_version, t.kind <> 'capture'
               from wallet w cross join lateral (select * from transfer where debit_id = w.id offset 0) t
               union all
               select w.id, 0, case when r.hold_id is null then h.amount else 0 end, h.wallet_version, true
               from wallet w join hold h on h.wallet_id = w.id left join hold_resolution r on r.hold_id = h.id
               union all
               select w.id, 0, 0, r.wallet_version, true
               from wallet w join hold h on h.wallet_id = w.id join hold_resolution r on r.hold_id = h.id),
           version as (
               select id, version, sum(moved) as moved, sum(open) as open, count(*) filter (where counts) as rows
               from touched group by id, version),
           total as (
               select id, sum(moved) as moved, sum(open) as open, sum(rows) as rows,
                      count(version) filter (where rows > 0) as versions, max(version) filter (where rows > 0) as newest
               from version group by id),
           found as (
               select w.owner_id, w.available + w.held <> coalesce(t.moved, 0) as is_unbalanced,
                      w.held <> coalesce(t.open, 0) as is_held_otherwise,
                      (coalesce(t.rows, 0), coalesce(t.versions, 0), coalesce(t.newest, 0))
                        <> (w.version, w.version, w.version) as has_gap
               from wallet w left join total t on t.id = w.id)
           (select 'available and held are what the transfers say' as "check!", 'user ' || owner_id as "subject!"
            from found where is_unbalanced limit 100)
           union all
           (select 'held is the sum of open holds', 'user ' || owner_id from found where is_held_otherwise limit 100)
           union all
           (select 'the versions of the rows that touched a wallet have no gap', 'user ' || owner_id
            from found where has_gap limit 100)"#,
        range.start,
        range.end,
    )
    .fetch_all(conn)
    .await
}

/// The holds of these wallets, and what was captured of them.
pub(super) async fn holds(
    conn: &mut PgConnection,
    range: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"with mine as (
               select h.id, h.wallet_id, h.reference, h.purpose, h.amount, r.hold_id is null as is_open, r.captured, r.transfer_id
               from hold h left join hold_resolution r on r.hold_id = h.id
               where h.wallet_id >= $1 and h.wallet_id < $2)
           (select 'an open hold belongs to a live job' as "check!", 'hold ' || m.id || ' of job ' || m.reference as "subject!"
            from mine m where m.is_open and m.purpose in ('order', 'tip') and not exists (select 1 from job j where j.id = m.reference) limit 100)
           union all
           (select 'an open hold for a payout belongs to a withdrawal', 'hold ' || m.id
            from mine m where m.is_open and m.purpose = 'payout' and not exists (select 1 from withdrawal w where w.id = m.reference) limit 100)
           union all
           (select 'a job is paid if and only if it succeeded, in part if in part', 'job ' || j.id
            from mine m join job_history j on j.id = m.reference
            where not m.is_open and case when case j.state when 'succeeded' then m.captured = 0
                    when 'partial' then m.captured is distinct from div(m.amount::numeric
                        * ((j.provider_snapshot ->> 'units')::numeric - j.remains), (j.provider_snapshot ->> 'units')::numeric)::bigint
                    else m.captured > 0 end
                -- What was mended counts; looked for only where something is wrong.
                then m.captured - order_paid_back(j.id)
                        + coalesce((select amount from transfer where idem_key = 'mend:borne:' || j.id), 0)
                    is distinct from case j.state when 'succeeded' then m.amount
                        when 'partial' then div(m.amount::numeric
                            * ((j.provider_snapshot ->> 'units')::numeric - j.remains), (j.provider_snapshot ->> 'units')::numeric)::bigint
                        else 0 end
                else false end limit 100)
           union all
           (select 'a capture moves what its resolution says', 'hold ' || m.id
            from mine m left join transfer t on t.id = m.transfer_id
            where m.captured > 0 and (t.id is null or t.kind <> 'capture' or t.amount <> m.captured
                or t.debit_id <> m.wallet_id) limit 100)
           union all
           (select 'a capture belongs to a resolution', 'transfer ' || t.id
            from account w cross join lateral (select id, kind from transfer where debit_id = w.id offset 0) t
            where w.id >= $1 and w.id < $2 and w.guarded and t.kind = 'capture'
              and not exists (select 1 from mine m where m.transfer_id = t.id) limit 100)"#,
        range.start,
        range.end,
    )
    .fetch_all(conn)
    .await
}
