-- A result that waits for somebody who blocked the bot, a chat that Telegram asked to wait, a broadcast that fails.
insert into outbox_message (chat_id, shard, priority, state, payload, correlation, created_at, owed)
values (1, 3, 1, 4, '{"v":"1","do":"file","kind":"image","file":{"file_id":"x"},"caption":{"v":"1","spans":[]},"keyboard":null,"on_unknown":"send_again"}',
        '00000000-0000-0000-0000-000000000001', now(), true);
insert into outbox_flood (chat_id, at, retry_after) values (1, now(), '5 seconds');
update outbox_pace set halted_until = now();
update broadcast set failed_in_a_row = 3;
