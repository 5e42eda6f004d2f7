-- Rows as they stand after 0001, so that every later migration is applied over data.
insert into app_user values (1, 'anna', 'Anna', 'en', 'es', now() - interval '3 days', now());
insert into chat (id, kind, created_at) values (1, 'private', now()), (-5, 'group', now());
insert into inbox_update (update_id, lane, shard, kind, state, received_at, correlation, payload, error)
values (10, 1, 3, 'message', 0, now(), '00000000-0000-0000-0000-000000000001', '{"update_id":10}', null),
       (11, 1, 3, 'message', 1, now() - interval '1 day', '00000000-0000-0000-0000-000000000002', '{"update_id":11}', null),
       (12, 1, 3, 'poll', 2, now(), '00000000-0000-0000-0000-000000000003', '{"update_id":12}', 'bug');
insert into conversation values (1, 1, 1, '{"id":"x"}', now());
insert into outbox_message (chat_id, shard, priority, payload, correlation, created_at)
values (1, 3, 1, '{"v":"1","do":"working","kind":null,"on_unknown":"send_again"}', '00000000-0000-0000-0000-000000000001', now());
insert into outbox_sent values (1, 1, 'say', '00000000-0000-0000-0000-000000000001', 5, 'sent', 1, now(), now());
insert into sent_message values ('00000000-0000-0000-0000-00000000000a', 1, 5, now());
insert into job (id, kind, state, user_id, chat_id, run_at, callback_token, unique_key, provider, provider_snapshot, correlation, created_at, updated_at)
values ('00000000-0000-0000-0000-0000000000a1', 'storefront_order', 'queued', 1, 1, now(), 't1', 'draft:a', 'kie', '{"v":1,"price":10}',
        '00000000-0000-0000-0000-000000000001', now(), now());
insert into job_history (id, kind, state, user_id, chat_id, attempts, polls, unique_key, callback_token, provider, provider_snapshot, correlation, created_at, finished_at)
values ('00000000-0000-0000-0000-0000000000a2', 'storefront_order', 'succeeded', 1, 1, 1, 3, 'draft:b', 't2', 'kie', '{"v":1,"price":10}',
        '00000000-0000-0000-0000-000000000002', now(), now());
insert into artifact values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a2', 0, 'image/png', 'result-1.png', 3, now());
insert into artifact_chunk values ('00000000-0000-0000-0000-0000000000b1', 0, 'abc');
insert into admin_audit (admin_id, action, target, detail, correlation, at)
values (9, 'grant', '1', '{}', '00000000-0000-0000-0000-000000000001', now());
