-- A grant that waits for a second admin, and one that was rejected.
insert into admin_grant (id, short_id, admin_id, user_id, amount, currency, reason, state, decided_by, correlation, created_at, expires_at, decided_at) values
    ('00000000-0000-0000-0000-0000000033a1', 'samplegra1', 900, 32, 100000, 'USD', 'a prize', 'asked', null,
     '00000000-0000-0000-0000-000000000033', now(), now() + interval '1 day', null),
    ('00000000-0000-0000-0000-0000000033a2', 'samplegra2', 900, 32, -100000, 'USD', 'a mistake', 'rejected', 901,
     '00000000-0000-0000-0000-000000000033', now(), now() + interval '1 day', now());
