-- Jobs at their provider: one that is asked about now and then, and one whose submit was cut off.
insert into job (id, kind, state, user_id, chat_id, run_at, lease_until, submitted_at, callback_token, unique_key, provider,
    provider_snapshot, correlation, created_at, updated_at)
values ('00000000-0000-0000-0000-000000190001', 'order', 'running', 78, 78, now() + interval '1 hour', null, now(),
        'sample-19-1', 'sample:19:1', 'kie', '{}', '00000000-0000-0000-0000-000000000019', now(), now()),
       ('00000000-0000-0000-0000-000000190002', 'order', 'submitting', 78, 78, now(), now() + interval '1 hour', now(),
        'sample-19-2', 'sample:19:2', 'kie', '{}', '00000000-0000-0000-0000-000000000019', now(), now());
