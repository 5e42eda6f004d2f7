-- A chat with one update that waits behind one that was handled.
insert into inbox_update (update_id, lane, shard, kind, state, correlation, payload, received_at)
values (170000, 78, 3, 'message', 1, '00000000-0000-0000-0000-000000000017', '{}', now()),
       (170001, 78, 3, 'message', 0, '00000000-0000-0000-0000-000000000017', '{}', now());
