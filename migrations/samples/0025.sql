-- A provider that an operator isolated, with the record of it.
insert into provider_breaker (breaker, epoch, state, changed_at, reason, changed_by)
values ('smmstone.submits', 1000, 'isolated', '2026-01-01 00:00Z', 'orders vanish', 'ops');
insert into operator_action (operator, action, queue, item, reason, correlation, at)
values ('ops', 'isolate', 'providers', 'smmstone', 'orders vanish', '00000000-0000-0000-0000-000000000025', now());
