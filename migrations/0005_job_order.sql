-- Jobs in depth: one stored order in which they start (fair to users, priorities that age), keys that stay taken after
-- a job has left the hot table, cancelling, and parking of jobs that cannot be settled.
--
-- The order is a time, fixed when the job is queued: the turn of its user, plus a penalty for a low priority. Waiting
-- needs no update, and a claim is a short walk along one index. Columns that change while a job is worked on (leases,
-- run_at) stand in no index, so that claims, heartbeats and polls are heap-only updates.
alter table job
    add column rank_at             timestamptz not null default now(),
    add column cancel_requested_at timestamptz,          -- its user does not want it any more
    add column stoppable           boolean     not null default false, -- its provider can be asked to stop it
    add column faults              smallint    not null default 0, -- steps in a row that our own code could not finish
    add column error               text,                 -- of the last of them
    add column stuck_from          text,                 -- the state that it was parked in
    add column told_before         integer;              -- the place in the queue that its user was told
update job set rank_at = created_at + priority * interval '5 minutes';
alter table job
    drop constraint job_state_check,
    add constraint job_state_check check (state in ('queued', 'submitting', 'running', 'unknown', 'stuck'));

drop index job_due, job_leased, job_external, job_user;
create index job_queue on job (provider, rank_at, id) where state = 'queued';
create index job_queue_user on job (user_id, rank_at) where state = 'queued';
-- As many as the providers' limits allow: few enough to be sorted by when they are due.
create index job_working on job (provider) where state in ('submitting', 'running', 'unknown');
create index job_deadline on job (deadline_at) where deadline_at is not null;
create index job_stuck on job (updated_at) where state = 'stuck';
alter table job set (
    fillfactor = 60, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.05
);

-- A unique key is taken once, whether its job is live or ended. Written once, by the statement that queues the job.
create table job_key (
    unique_key text        primary key,
    job_id     uuid        not null,
    created_at timestamptz not null
);
create index job_key_created on job_key (created_at);
insert into job_key
select unique_key, id, created_at from job
union all
select unique_key, id, created_at from job_history;
