-- A tip that was given, one that waits for its sender's word, and a user who may give them.
insert into app_user (id, first_name, created_at, seen_at, terms_at, verified_at) values (4031001, 'T', now(), now(), now(), now());
insert into account (kind, owner_id, currency, guarded, available, held, version) values
    ('wallet', 4031001, 'USD', true, 5, 0, 2),
    ('wallet', 4031002, 'USD', true, 15, 0, 1);
insert into transfer
    (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, credit_version, cause, correlation, at)
select '00000000-0000-0000-0000-0000003100c1'::uuid, 'welcome:4031001', g.id, w.id, 20, 'USD', 'grant', 1, null::bigint, '{"note":""}'::jsonb,
       '00000000-0000-0000-0000-000000000031'::uuid, now()
from account g, account w where g.kind = 'grants' and g.currency = 'USD' and w.kind = 'wallet' and w.owner_id = 4031001
union all
select '00000000-0000-0000-0000-0000003100c2'::uuid, 'tip:00000000-0000-0000-0000-0000003100a1', w.id, r.id, 15, 'USD', 'tip', 2, 1,
       '{"note":"T → R"}', '00000000-0000-0000-0000-000000000031'::uuid, now()
from account r, account w where r.kind = 'wallet' and r.owner_id = 4031002 and w.kind = 'wallet' and w.owner_id = 4031001;
insert into tip values
    ('00000000-0000-0000-0000-0000003100a1', 'tipAbcdefg', 4031001, 4031002, 15, 'USD', 'done', 4031001,
     '00000000-0000-0000-0000-0000003100b1', 'T → R', '00000000-0000-0000-0000-000000000031', now(), now()),
    ('00000000-0000-0000-0000-0000003100a2', 'tipHijklmn', 4031001, 4031002, 5, 'USD', 'asked', 4031001,
     '00000000-0000-0000-0000-0000003100b2', 'T → R', '00000000-0000-0000-0000-000000000031', now(), null);
