-- A breaker that had opened once, and a limit that was used.
insert into provider_breaker (breaker, epoch, state, open_until, changed_at)
values ('kie.submits', 3, 'closed', null, '2026-01-01 00:00Z');
insert into provider_calls (call, made) values ('kie.submit', array['2026-01-01 00:00Z'::timestamptz]);
