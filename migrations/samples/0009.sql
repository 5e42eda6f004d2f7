-- A broadcast under way and one that is being written.
insert into broadcast (id, short_id, admin_id, chat_id, language, state, content, total, in_flight, progress_ref, correlation, created_at)
values ('00000000-0000-0000-0000-0000000000c1', 'bbbbbbbbb1', 9, 9, 'en', 'running',
        '{"v":"1","action":{"do":"say","text":{"v":"1","spans":[{"text":"a"}]},"keyboard":null}}', 1, '{1}',
        '00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-000000000001', now()),
       ('00000000-0000-0000-0000-0000000000c3', 'bbbbbbbbb2', 9, 9, 'en', 'composing', null, 0, '{}',
        '00000000-0000-0000-0000-0000000000c4', '00000000-0000-0000-0000-000000000001', now());
