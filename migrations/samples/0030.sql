-- User 4030002 came by the link of 4030001. One payment of theirs brought 10, of which 6 could be taken back; the next one
-- brought 10, of which the missing 4 were kept.
insert into referral_code values (4030001, 'Abcdefghij', now());
insert into referral values (4030002, 4030001, now());
insert into referral_reward values
    ('00000000-0000-0000-0000-0000003000c1', 'stars:r1', 1, 4030001, 4030002, 100, 10, 'USD', now()),
    ('00000000-0000-0000-0000-0000003000c4', 'stars:r2', 1, 4030001, 4030002, 100, 10, 'USD', now());
insert into referral_reversal values ('00000000-0000-0000-0000-0000003000c1', 4030001, 'USD', 6, 4, now());
insert into referral_kept values ('00000000-0000-0000-0000-0000003000c4', 4030001, 'USD', 4, now());
insert into account (kind, owner_id, currency, guarded) values ('rewards', 0, 'USD', false) on conflict do nothing;
insert into account (kind, owner_id, currency, guarded, available, held, version) values
    ('wallet', 4030001, 'USD', true, 4, 0, 1),
    ('affiliate', 4030001, 'USD', true, 6, 0, 5);
insert into transfer
    (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, credit_version, cause, correlation, at)
select m.id::uuid, m.key, case when m.kind = 'reward' then h.id else a.id end,
       case m.kind when 'reward' then a.id when 'own' then w.id else h.id end, m.amount, 'USD', m.kind, m.version,
       case when m.kind = 'own' then 1 end, '{"note":""}', '00000000-0000-0000-0000-000000000030'::uuid, now()
from account h, account a, account w, (values
    ('00000000-0000-0000-0000-0000003000c1', 'reward:stars:r1:1', 'reward', 10, 1),
    ('00000000-0000-0000-0000-0000003000c2', 'own:r1', 'own', 4, 2),
    ('00000000-0000-0000-0000-0000003000c3', 'reward-taken:00000000-0000-0000-0000-0000003000c1', 'reward_taken', 6, 3),
    ('00000000-0000-0000-0000-0000003000c4', 'reward:stars:r2:1', 'reward', 10, 4),
    ('00000000-0000-0000-0000-0000003000c5', 'reward-kept:00000000-0000-0000-0000-0000003000c4', 'reward_kept', 4, 5)
) m (id, key, kind, amount, version)
where h.kind = 'rewards' and h.currency = 'USD' and a.kind = 'affiliate' and a.owner_id = 4030001
  and w.kind = 'wallet' and w.owner_id = 4030001;
