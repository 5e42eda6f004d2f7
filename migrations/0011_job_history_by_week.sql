-- Ended jobs and the steps of all jobs by weeks: old ones leave by dropping a table, which costs nothing and leaves no
-- dead rows behind. Partitions are made ahead by upkeep; what comes for a week that has none goes to the rest, so that a
-- job can always end, and moves when its week is made. A unique key may come again once its job has ended (job_key keeps
-- those that may not). job_stuck held a column that every step changes, which forbade heap-only updates.
--
-- The functions are the owner's, because the service's role makes and drops no tables.
drop index job_stuck;
create index job_stuck on job (id) where state = 'stuck';

alter table job_history rename to job_history_before;
create table job_history (
    id                uuid        not null,
    kind              text        not null,
    state             text        not null check (state in ('succeeded', 'failed', 'timed_out', 'cancelled')),
    user_id           bigint      not null,
    chat_id           bigint      not null,
    attempts          smallint    not null,
    polls             integer     not null,
    submitted_at      timestamptz,
    external_id       text,
    unique_key        text        not null,
    callback_token    text        not null,
    provider          text        not null,
    provider_snapshot jsonb       not null,
    failure           text,
    correlation       uuid        not null,
    created_at        timestamptz not null,
    finished_at       timestamptz not null
) partition by range (finished_at);
create table job_history_rest partition of job_history default;

alter table job_attempt rename to job_attempt_before;
create table job_attempt (
    id      bigint      generated always as identity,
    job_id  uuid        not null,
    step    text        not null,
    outcome text        not null,
    answer  jsonb,
    at      timestamptz not null
) partition by range (at);
create table job_attempt_rest partition of job_attempt default;

create function weeks_make(parent text, time_column text, since timestamptz, until timestamptz) returns integer
language plpgsql security definer set search_path = public, pg_temp set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
    rest text := parent || '_rest';
    monday timestamptz;
    part text;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('weeks of ' || parent));
    for monday in select generate_series(date_trunc('week', since), date_trunc('week', until), interval '7 days') loop
        part := parent || '_w' || to_char(monday, 'YYYYMMDD');
        continue when to_regclass(quote_ident(part)) is not null;
        -- Nobody may add to the rest between the move and the attachment.
        execute format('lock table %I in access exclusive mode', rest);
        execute format('create table %I (like %I including defaults including constraints)', part, parent);
        execute format('with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
            rest, time_column, monday, time_column, monday + interval '7 days', part);
        execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, monday, monday + interval '7 days');
        made := made + 1;
    end loop;
    return made;
end $$;

create function weeks_drop(parent text, before timestamptz) returns integer
language plpgsql security definer set search_path = public, pg_temp set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
    part text;
    dropped integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('weeks of ' || parent));
    for part in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = to_regclass(quote_ident(parent)) and c.relname ~ ('^' || parent || '_w\d{8}$')
          and to_timestamp(right(c.relname, 8), 'YYYYMMDD') + interval '7 days' <= before
        order by 1
    loop
        execute format('drop table %I', part);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $$;

revoke all on function weeks_make, weeks_drop from public;

select weeks_make('job_history', 'finished_at', coalesce((select min(finished_at) from job_history_before), now()), now() + interval '28 days'),
       weeks_make('job_attempt', 'at', coalesce((select min(at) from job_attempt_before), now()), now() + interval '28 days');
insert into job_history select * from job_history_before;
insert into job_attempt overriding system value select * from job_attempt_before;
select setval(pg_get_serial_sequence('job_attempt', 'id'), coalesce(max(id), 0) + 1, false) from job_attempt;
drop table job_history_before, job_attempt_before;

alter table job_history add primary key (id, finished_at);
create index job_history_finished on job_history (finished_at);
create index job_history_user on job_history (user_id, finished_at);
create index job_history_callback on job_history (callback_token);
create index job_history_external on job_history (provider, external_id) where external_id is not null;
create index job_history_service on job_history ((provider_snapshot ->> 'service'), finished_at) where state = 'succeeded';
create index job_history_provider on job_history (provider, finished_at) where state = 'succeeded';
create index job_attempt_job on job_attempt (job_id, id);
create index job_attempt_at on job_attempt (at);

-- What users entered is forgotten after a week, by a light job for each order instead of a search.
drop index storefront_order_forget;
insert into light_job (kind, run_at, unique_key, correlation, payload, created_at)
select 'forget_inputs', created_at + interval '7 days', 'forget:' || id, id, jsonb_build_object('v', 1, 'order', id), now()
from storefront_order where answers is not null
on conflict do nothing;

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert, update, delete on job_history, job_history_rest, job_attempt, job_attempt_rest to bulwark_app;
        grant usage on all sequences in schema public to bulwark_app;
        grant execute on function weeks_make, weeks_drop to bulwark_app;
    end if;
end $$;
