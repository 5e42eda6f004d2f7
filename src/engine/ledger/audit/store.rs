//! SQL of the audit.

use sqlx::PgConnection;

use super::Finding;

/// Every invariant as a query for what breaks it.
pub(super) async fn findings(conn: &mut PgConnection) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        r#"with wallet as (
               select a.id, a.owner_id, a.available, a.held, a.version,
                      coalesce((select sum(amount) from transfer where credit_id = a.id), 0)
                        - coalesce((select sum(amount) from transfer where debit_id = a.id), 0) as balance,
                      coalesce((select sum(h.amount) from hold h where h.wallet_id = a.id
                        and not exists (select 1 from hold_resolution r where r.hold_id = h.id)), 0) as open_holds,
                      (select (count(*), count(distinct v), coalesce(max(v), 0)) from (
                           select wallet_version as v from transfer t
                           where (t.credit_id = a.id or t.debit_id = a.id) and t.kind <> 'capture'
                           union all select wallet_version from hold h where h.wallet_id = a.id
                           union all select r.wallet_version from hold_resolution r
                               join hold h on h.id = r.hold_id where h.wallet_id = a.id) rows)
                         = (a.version, a.version, a.version) as gapless
               from account a where a.guarded)
           (select 'available and held are what the transfers say' as "check!", 'user ' || owner_id as "subject!"
            from wallet where available + held <> balance limit 100)
           union all
           (select 'held is the sum of open holds', 'user ' || owner_id from wallet where held <> open_holds limit 100)
           union all
           (select 'the versions of the rows that touched a wallet have no gap', 'user ' || owner_id
            from wallet where not gapless limit 100)
           union all
           (select 'an open hold belongs to a live job', 'hold ' || h.id || ' of job ' || h.reference
            from hold h where not exists (select 1 from hold_resolution r where r.hold_id = h.id)
              and not exists (select 1 from job j where j.id = h.reference) limit 100)
           union all
           (select 'a live job with a price has an open hold', 'job ' || j.id
            from job j where (j.provider_snapshot ->> 'price')::bigint > 0
              and not exists (select 1 from hold h where h.reference = j.id
                and not exists (select 1 from hold_resolution r where r.hold_id = h.id)) limit 100)
           union all
           (select 'a job is paid if and only if it succeeded, in part if in part', 'job ' || j.id
            from job_history j join hold h on h.reference = j.id join hold_resolution r on r.hold_id = h.id
            where case j.state when 'succeeded' then r.captured = 0
                when 'partial' then r.captured is distinct from div(h.amount::numeric
                    * ((j.provider_snapshot ->> 'units')::numeric - j.remains), (j.provider_snapshot ->> 'units')::numeric)::bigint
                else r.captured > 0 end limit 100)
           union all
           (select 'a capture moves what its resolution says', 'hold ' || r.hold_id
            from hold_resolution r join hold h on h.id = r.hold_id left join transfer t on t.id = r.transfer_id
            where r.captured > 0 and (t.id is null or t.kind <> 'capture' or t.amount <> r.captured
                or t.debit_id <> h.wallet_id) limit 100)
           union all
           (select 'a capture belongs to a resolution', 'transfer ' || t.id
            from transfer t where t.kind = 'capture'
              and not exists (select 1 from hold_resolution r where r.transfer_id = t.id) limit 100)
           union all
           (select 'a movement is between two accounts', 'transfer ' || t.id
            from transfer t where not exists (select 1 from account a where a.id = t.debit_id)
              or not exists (select 1 from account a where a.id = t.credit_id) limit 100)
           union all
           (select 'debits equal credits in each currency', t.currency
            from transfer t join account d on d.id = t.debit_id join account c on c.id = t.credit_id
            where d.currency <> t.currency or c.currency <> t.currency limit 100)
           union all
           (select 'a payment is credited once, to its payer', 'charge ' || p.charge_id
            from star_payment p left join transfer t on t.id = p.transfer_id left join account w on w.id = t.credit_id
            where t.id is null or t.kind <> 'topup' or t.amount <> p.amount or t.currency <> p.currency
              or w.owner_id <> p.user_id limit 100)
           union all
           (select 'a top-up belongs to a payment', 'transfer ' || t.id
            from transfer t where t.kind = 'topup'
              and not exists (select 1 from star_payment p where p.transfer_id = t.id) limit 100)
           union all
           (select 'a refund moves what its row says', 'refund ' || r.id
            from star_refund r join star_payment p using (charge_id)
            where r.taken + r.lost <> p.amount
              or r.taken <> coalesce((select t.amount from transfer t where t.kind = 'refund'
                   and t.idem_key = 'stars-refund:' || r.id), 0)
              or r.lost <> coalesce((select t.amount from transfer t where t.kind = 'write_off'
                   and t.idem_key = 'stars-loss:' || r.id), 0)
              or (r.state = 'refused') <> exists (select 1 from transfer t where t.kind = 'refund_undone'
                   and t.idem_key = 'stars-refund-undone:' || r.id) limit 100)
           union all
           (select 'what left or came back by a refund has its row', 'transfer ' || t.id
            from transfer t where t.kind in ('refund', 'write_off', 'refund_undone')
              and not exists (select 1 from star_refund r where t.idem_key in
                  ('stars-refund:' || r.id, 'stars-loss:' || r.id, 'stars-refund-undone:' || r.id)) limit 100)"#,
    )
    .fetch_all(conn)
    .await
}
