-- A parked job, one that its user gave up, and the key of one that is gone.
insert into job (id, kind, state, user_id, chat_id, run_at, callback_token, unique_key, provider, provider_snapshot, correlation, created_at,
    updated_at, faults, error, stuck_from, cancel_requested_at)
values ('00000000-0000-0000-0000-0000000000a3', 'storefront_order', 'stuck', 2, 2, now(), 't3', 'draft:c', 'kie',
        '{"v":1,"price":0,"service":"text-to-image"}', '00000000-0000-0000-0000-000000000003', now(), now(), 5, 'a bug', 'running', null),
       ('00000000-0000-0000-0000-0000000000a4', 'storefront_order', 'unknown', 2, 2, now(), 't4', 'draft:d', 'kie',
        '{"v":1,"price":0,"service":"text-to-image"}', '00000000-0000-0000-0000-000000000004', now(), now(), 0, null, null, now());
insert into job_key values ('draft:c', '00000000-0000-0000-0000-0000000000a3', now()), ('draft:d', '00000000-0000-0000-0000-0000000000a4', now()),
    ('draft:gone', '00000000-0000-0000-0000-0000000000a9', now() - interval '90 days');
