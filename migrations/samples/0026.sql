-- An order at a panel whose answer was lost, with the question about it and an admin who is typing its number.
insert into job (id, kind, state, user_id, chat_id, run_at, callback_token, unique_key, provider, provider_snapshot, correlation,
                 created_at, updated_at, submitted_at, rank_at, submit_note)
values ('00000000-0000-0000-0000-0000000026a1', 'refill', 'unknown', 26, 26, now(), 't26', 'refill:26', 'smmflare',
        '{"v":1,"price":0}', '00000000-0000-0000-0000-000000000026', now(), now(), now(), now(),
        '{"target":"https://t.me/fox","before":{"balance_micros":100000000}}');
insert into job_question (job_id, short_id, evidence, asked_at)
values ('00000000-0000-0000-0000-0000000026a1', 'abcdefghij', '{"arrived":"likely","candidates":["23502"],"seen":{}}', now());
insert into inquiry_message values ('00000000-0000-0000-0000-0000000026a1', 900, '00000000-0000-0000-0000-0000000026b1');
insert into inquiry_typing values (900, '00000000-0000-0000-0000-0000000026a1', now());
