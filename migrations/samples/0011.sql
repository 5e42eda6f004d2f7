-- Ended jobs of this week, of a week that is over, and of one that nobody made yet; a unique key that came again.
insert into job_history (id, kind, state, user_id, chat_id, attempts, polls, unique_key, callback_token, provider, provider_snapshot, correlation, created_at, finished_at)
values ('00000000-0000-0000-0000-0000000000b1', 'storefront_order', 'cancelled', 2, 2, 0, 0, 'daily', 't5', 'kie', '{"v":1,"price":0}', '00000000-0000-0000-0000-000000000005', now(), now()),
       ('00000000-0000-0000-0000-0000000000b2', 'storefront_order', 'cancelled', 2, 2, 0, 0, 'daily', 't6', 'kie', '{"v":1,"price":0}', '00000000-0000-0000-0000-000000000006', now(), now() - interval '200 days'),
       ('00000000-0000-0000-0000-0000000000b3', 'storefront_order', 'cancelled', 2, 2, 0, 0, 'daily', 't7', 'kie', '{"v":1,"price":0}', '00000000-0000-0000-0000-000000000007', now(), now() + interval '90 days');
insert into job_attempt (job_id, step, outcome, at)
values ('00000000-0000-0000-0000-0000000000b1', 'submit', 'accepted', now()), ('00000000-0000-0000-0000-0000000000b2', 'submit', 'accepted', now() - interval '200 days');
