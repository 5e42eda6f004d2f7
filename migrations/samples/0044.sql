-- An order of user 4044001 was paid whole, 90, and turned out to be delivered in part: 54 were given back. It had brought user
-- 4044002 a tenth, 9, of which 3 stay: of the 6 that went back 4 were there, and 2 are owed. The fixed 5 of user 4044003 stay.
insert into account (kind, owner_id, currency, guarded, available, held, version) values
    ('wallet', 4044001, 'USD', true, 64, 0, 4),
    ('wallet', 4044002, 'USD', true, 5, 0, 1),
    ('affiliate', 4044002, 'USD', true, 0, 0, 3),
    ('affiliate', 4044003, 'USD', true, 5, 0, 1);
insert into hold (id, idem_key, wallet_id, reference, amount, wallet_version, note, correlation, at)
select '00000000-0000-0000-0000-0000004400d1'::uuid, 'hold:job:44', id, '00000000-0000-0000-0000-0000004400a1'::uuid, 90, 2,
       'members', '00000000-0000-0000-0000-000000000044'::uuid, now() from account where kind = 'wallet' and owner_id = 4044001;
insert into transfer
    (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, credit_version, cause, correlation, at)
select m.id::uuid, m.key, d.id, c.id, m.amount, 'USD', m.kind, m.version, m.credit_version, '{"note":""}',
       '00000000-0000-0000-0000-000000000044'::uuid, now()
from (values
    ('00000000-0000-0000-0000-0000004400c1', 'welcome:4044001', 'grants', 0, 'wallet', 4044001, 'grant', 100, 1, null::bigint),
    ('00000000-0000-0000-0000-0000004400c2', 'capture:job:44', 'wallet', 4044001, 'revenue', 0, 'capture', 90, 3, null),
    ('00000000-0000-0000-0000-0000004400c3', 'reward:order:00000000-0000-0000-0000-0000004400a1:1', 'rewards', 0,
     'affiliate', 4044002, 'reward', 9, 1, null),
    ('00000000-0000-0000-0000-0000004400c4', 'reward:order:00000000-0000-0000-0000-0000004400a1:2', 'rewards', 0,
     'affiliate', 4044003, 'reward', 5, 1, null),
    ('00000000-0000-0000-0000-0000004400c5', 'own:44', 'affiliate', 4044002, 'wallet', 4044002, 'own', 5, 2, 1),
    ('00000000-0000-0000-0000-0000004400c6', 'mend:paid-back:00000000-0000-0000-0000-0000004400a1', 'revenue', 0,
     'wallet', 4044001, 'correction', 54, 4, null),
    ('00000000-0000-0000-0000-0000004400c7', 'reward-taken:00000000-0000-0000-0000-0000004400c3:36', 'affiliate', 4044002,
     'rewards', 0, 'reward_taken', 4, 3, null)
) m (id, key, debit, debtor, credit, creditor, kind, amount, version, credit_version)
join account d on d.kind = m.debit and d.owner_id = m.debtor and d.currency = 'USD'
join account c on c.kind = m.credit and c.owner_id = m.creditor and c.currency = 'USD';
insert into hold_resolution (hold_id, amount, captured, released, transfer_id, wallet_version, correlation, at)
values ('00000000-0000-0000-0000-0000004400d1', 90, 90, 0, '00000000-0000-0000-0000-0000004400c2', 3,
        '00000000-0000-0000-0000-000000000044', now());
insert into job_history (id, kind, state, user_id, chat_id, attempts, polls, unique_key, callback_token, provider, provider_snapshot,
                         correlation, created_at, finished_at, start_count, remains)
values ('00000000-0000-0000-0000-0000004400a1', 'storefront_order', 'partial', 4044001, 4044001, 1, 9, 'draft:44', 't44', 'smmflare',
        '{"v":1,"price":90,"units":1000}', '00000000-0000-0000-0000-000000000044', now(), now(), 3572, 600);
insert into referral_reward values
    ('00000000-0000-0000-0000-0000004400c3', 'order:00000000-0000-0000-0000-0000004400a1', 1, 4044002, 4044001, 90, 9, 'USD', now(),
     1000, null, 300, 0),
    ('00000000-0000-0000-0000-0000004400c4', 'order:00000000-0000-0000-0000-0000004400a1', 2, 4044003, 4044001, 90, 5, 'USD', now(),
     null, 5, null, 10);
insert into referral_part_reversal values ('00000000-0000-0000-0000-0000004400c3', 36, 4044002, 'USD', 4, 2, now());
