-- Rows with what 0004 added: a notice that may be merged, and a dead letter that nobody was told of.
insert into outbox_message (chat_id, shard, priority, payload, correlation, created_at, merge_key, unknowns)
values (1, 3, 2, '{"v":"1","do":"say","text":{"v":"1","spans":[{"text":"a"}]},"keyboard":null,"on_unknown":"send_again"}',
        '00000000-0000-0000-0000-000000000001', now(), 'notice', 1);
insert into outbox_message (chat_id, shard, priority, state, payload, correlation, created_at, error)
values (1, 3, 2, 3, '{"v":"1","do":"working","kind":null,"on_unknown":"send_again"}', '00000000-0000-0000-0000-000000000001', now(), 'refused');
