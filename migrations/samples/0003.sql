-- A limit, a daily use, and an order of each end.
insert into rate_limit values ('work:1', now());
insert into daily_use values (1, 'quick-image', current_date, 2);
insert into storefront_order (id, short_id, user_id, chat_id, service, answers, price, state, progress_ref, language, created_at)
values ('00000000-0000-0000-0000-0000000000a1', 'AAAAAAAAAA', 1, 1, 'text-to-image', '{"v":1,"answers":{}}', 10, 'open',
        '00000000-0000-0000-0000-00000000000a', 'en', now()),
       ('00000000-0000-0000-0000-0000000000a2', 'BBBBBBBBBB', 1, 1, 'text-to-image', null, 10, 'succeeded',
        '00000000-0000-0000-0000-00000000000b', 'en', now());
