-- Two updates of one lane that wait, beside one that is done.
insert into inbox_update (update_id, lane, shard, kind, state, correlation, payload, received_at)
values (120001, 77, 3, 'message', 0, '00000000-0000-0000-0000-000000000012', '{}', now()),
       (120002, 77, 3, 'message', 0, '00000000-0000-0000-0000-000000000012', '{}', now()),
       (120000, 77, 3, 'message', 1, '00000000-0000-0000-0000-000000000012', '{}', now());
