-- What the books are judged by beside the movements themselves:
-- * what each ended job cost us, for ever: `job_history` is dropped by the week, a statement of last year is not;
-- * what was left on our account at each provider, by the hour: what went from one hour to another is compared with
--   what our jobs say that they cost;
-- * what the audit finds, from when it is first seen until it is seen no more, so that people are told once;
-- * what the comparisons of each night came to.
-- Only new tables and indexes: replicas of before run on beside them.

create table job_cost (
    job_id       uuid        primary key,
    service      text        not null,                   -- its id in the catalogue
    provider     text        not null,
    state        text        not null,                   -- how the job ended
    price        bigint      not null,                   -- what its user was to pay, minor units
    cost_micros  bigint,                                 -- millionths of `unit`; null: nobody knows
    unit         text,                                   -- a currency's code, or credits
    source       text        not null check (source in ('provider', 'snapshot', 'nothing', 'unknown')),
    submitted_at timestamptz,
    ended_at     timestamptz not null,
    constraint known_or_not check ((cost_micros is null) = (source = 'unknown') and (cost_micros is null) = (unit is null))
);
create index job_cost_ended on job_cost (ended_at);
create trigger job_cost_append_only before update or delete on job_cost for each row execute function forbid_change();
create trigger job_cost_no_truncate before truncate on job_cost for each statement execute function forbid_change();

create table provider_balance (
    provider text        not null,
    hour     timestamptz not null,
    balance  bigint      not null,                       -- in the unit in which it is asked for
    asked_at timestamptz not null,
    primary key (provider, hour)
);

create table ledger_finding (
    part          text        not null,                  -- of the audit
    check_name    text        not null,
    subject       text        not null,
    first_seen_at timestamptz not null,
    seen_at       timestamptz not null,
    told_at       timestamptz,                           -- when admins were told
    primary key (check_name, subject)
);

create table reconciliation (
    night    date        primary key,
    status   jsonb       not null,
    findings integer     not null,                       -- that a person has to look at
    ran_at   timestamptz not null
);

-- A statement reads a range of days of tables that only grow, in the order of their days: such an index has a few pages
-- and costs an insert nothing.
create index transfer_at on transfer using brin (at) with (pages_per_range = 32);
create index hold_at on hold using brin (at) with (pages_per_range = 32);
create index hold_resolution_at on hold_resolution using brin (at) with (pages_per_range = 32);

-- What was done by hand is looked for by whom it concerns, and by what it belongs to. Few rows.
create index admin_audit_correlation on admin_audit (correlation);
create index admin_audit_target on admin_audit (target);
create index operator_action_correlation on operator_action (correlation);

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert, update, delete on provider_balance, ledger_finding, reconciliation to bulwark_app;
        grant select, insert on job_cost to bulwark_app;
        revoke update, delete, truncate on job_cost from bulwark_app;
    end if;
end $$;
