-- What operators do by hand to things that were set aside (an update, a message, a job), with who and why: a replay or a
-- discarded item must be explained as well as a movement of money is. inbox_update gets one state more: 4 discarded
-- (set aside for good by a person; kept as long as a handled one).
create table operator_action (
    id          bigint      generated always as identity primary key,
    operator    text        not null,
    action      text        not null check (action in ('retry', 'discard', 'resolve')),
    queue       text        not null check (queue in ('inbox', 'outbox', 'jobs')),
    item        text        not null,                    -- its id in that queue
    reason      text,
    correlation uuid        not null,
    at          timestamptz not null
);
create index operator_action_item on operator_action (queue, item);
create trigger operator_action_append_only before update or delete on operator_action
    for each row execute function forbid_change();
create trigger operator_action_no_truncate before truncate on operator_action
    for each statement execute function forbid_change();

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert on operator_action to bulwark_app;
        revoke update, delete, truncate on operator_action from bulwark_app;
    end if;
end $$;
