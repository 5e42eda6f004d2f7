-- What a waiting user was told and when, so that every replica can tell them news of it, and only news; durations of
-- ended jobs by service and by provider, from which waiting times are estimated; and light jobs: work without money and
-- without a provider (such as forgetting what a user entered), claimed and finished many at once.
alter table job
    add column told_at     timestamptz,                  -- when its user was last told of its place
    add column told_wait_s integer;                      -- and how long it would take at most
create index job_history_service on job_history ((provider_snapshot ->> 'service'), finished_at) where state = 'succeeded';
create index job_history_provider on job_history (provider, finished_at) where state = 'succeeded';

-- A claim changes no indexed column: it is a heap-only update, and the row is deleted when it is done.
create table light_job (
    id          bigint      generated always as identity primary key,
    kind        text        not null,                    -- which registered LightKind does it
    run_at      timestamptz not null,
    lease_token bigint      not null default 0,          -- bumped by every claim; what finishes must still hold it
    lease_until timestamptz,
    attempts    smallint    not null default 0,
    is_dead     boolean     not null default false,      -- set aside: it failed too often
    unique_key  text,                                    -- no two that are not dead have the same
    correlation uuid        not null,
    payload     jsonb       not null,                    -- versioned by its kind
    created_at  timestamptz not null,
    error       text
) with (
    fillfactor = 60, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.1
);
create index light_job_due on light_job (run_at, id) where not is_dead;
create index light_job_dead on light_job (id) where is_dead;
create unique index light_job_unique on light_job (unique_key) where unique_key is not null and not is_dead;

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert, update, delete on light_job to bulwark_app;
        grant usage on all sequences in schema public to bulwark_app;
    end if;
end $$;
