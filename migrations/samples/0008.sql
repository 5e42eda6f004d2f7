-- A retry without and a discard with a reason, and an update that was given up.
insert into operator_action (operator, action, queue, item, reason, correlation, at)
values ('ops', 'retry', 'inbox', '12', null, '00000000-0000-0000-0000-000000000003', now()),
       ('ops', 'discard', 'outbox', '7', 'a test chat', '00000000-0000-0000-0000-000000000001', now());
update inbox_update set state = 4 where state = 2;
