-- An order of which two fifths were delivered and paid.
insert into account (kind, owner_id, currency, guarded, available, held, version) values ('wallet', 20, 'USD', true, 64, 0, 3);
insert into transfer
select '00000000-0000-0000-0000-0000000020c1'::uuid, 'welcome:20', g.id, w.id, 100, 'USD', 'grant', 1, '{"note":"welcome"}',
       '00000000-0000-0000-0000-000000000020'::uuid, now()
from account g, account w where g.kind = 'grants' and w.kind = 'wallet' and w.owner_id = 20;
insert into hold (id, idem_key, wallet_id, reference, amount, wallet_version, note, correlation, at)
select '00000000-0000-0000-0000-0000000020d1'::uuid, 'hold:job:20', id, '00000000-0000-0000-0000-0000000020a1'::uuid, 90, 2, 'members',
       '00000000-0000-0000-0000-000000000020'::uuid, now() from account where kind = 'wallet' and owner_id = 20;
insert into transfer
select '00000000-0000-0000-0000-0000000020c2'::uuid, 'capture:job:20', w.id, r.id, 36, 'USD', 'capture', 3, '{"note":"members"}',
       '00000000-0000-0000-0000-000000000020'::uuid, now()
from account r, account w where r.kind = 'revenue' and w.kind = 'wallet' and w.owner_id = 20;
insert into hold_resolution (hold_id, amount, captured, released, transfer_id, wallet_version, correlation, at)
values ('00000000-0000-0000-0000-0000000020d1', 90, 36, 54, '00000000-0000-0000-0000-0000000020c2', 3,
        '00000000-0000-0000-0000-000000000020', now());
insert into job_history (id, kind, state, user_id, chat_id, attempts, polls, unique_key, callback_token, provider, provider_snapshot, correlation, created_at, finished_at, start_count, remains)
values ('00000000-0000-0000-0000-0000000020a1', 'storefront_order', 'partial', 20, 20, 1, 9, 'draft:20', 't20', 'smmflare',
        '{"v":1,"price":90,"units":1000}', '00000000-0000-0000-0000-000000000020', now(), now(), 3572, 600);
