-- A job whose user was told of its place, and light jobs: one that waits, one that was set aside.
update job set told_before = 3, told_at = now(), told_wait_s = 120 where state = 'queued';
insert into light_job (kind, run_at, unique_key, correlation, payload, created_at)
values ('forget_inputs', now() + interval '7 days', 'order:1', '00000000-0000-0000-0000-000000000001', '{"v":1}', now());
insert into light_job (kind, run_at, attempts, is_dead, correlation, payload, created_at, error)
values ('forget_inputs', now(), 5, true, '00000000-0000-0000-0000-000000000002', '{"v":1}', now(), 'a bug');
