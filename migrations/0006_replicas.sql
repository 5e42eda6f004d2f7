-- Replicas that are alive share the shards evenly. A dead one's row stops counting when its heartbeat is too old.
create table replica (
    worker     uuid        primary key,
    started_at timestamptz not null,
    seen_at    timestamptz not null                      -- renewed with the leases
) with (fillfactor = 50);

-- Renewed every second or so: keep its dead rows few.
alter table lane_shard set (fillfactor = 40, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);
alter table replica set (autovacuum_vacuum_threshold = 100, autovacuum_vacuum_scale_factor = 0);
