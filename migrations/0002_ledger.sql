-- The ledger. One immutable row is one movement with both legs, so it balances by construction.
-- User wallets are guarded: their row is locked, and a CHECK keeps them from going below zero. House accounts are never
-- updated (a hot revenue row would make every order wait for every other): their balance is the sum of their transfers.

create table account (
    id        bigint  generated always as identity primary key,
    kind      text    not null,                          -- wallet; or a house account: grants, revenue, corrections
    owner_id  bigint  not null default 0,                -- Telegram's user id; 0 is the house
    currency  text    not null,
    guarded   boolean not null,
    available bigint  not null default 0,
    held      bigint  not null default 0,
    version   bigint  not null default 0,                -- number of rows that touched this wallet, without a gap
    unique (kind, owner_id, currency),
    constraint wallet_not_below_zero check (not guarded or (available >= 0 and held >= 0)),
    constraint house_has_no_balance check (guarded or (available = 0 and held = 0 and version = 0)),
    constraint wallets_are_guarded check (guarded = (kind = 'wallet') and guarded = (owner_id <> 0))
) with (fillfactor = 80);

-- What an account is never changes: switching its guard off would let it go below zero.
create function account_identity_is_immutable() returns trigger language plpgsql as $$
begin
    raise exception 'the identity of account % is immutable', old.id using errcode = 'restrict_violation';
end $$;
create trigger account_identity_is_immutable before update of id, kind, owner_id, currency, guarded on account
    for each row execute function account_identity_is_immutable();

create table transfer (
    id             uuid        primary key,
    idem_key       text        not null unique,
    debit_id       bigint      not null references account (id),   -- the value leaves here
    credit_id      bigint      not null references account (id),   -- and arrives here
    amount         bigint      not null check (amount > 0),
    currency       text        not null,
    kind           text        not null,                 -- grant, correction, capture, refund
    wallet_version bigint,                               -- of the wallet that it touched
    cause          jsonb       not null,
    correlation    uuid        not null,
    at             timestamptz not null,
    constraint two_accounts check (debit_id <> credit_id)
);
create index transfer_debit on transfer (debit_id, at);
create index transfer_credit on transfer (credit_id, at);

create table hold (
    id             uuid        primary key,
    idem_key       text        not null unique,
    wallet_id      bigint      not null references account (id),
    reference      uuid        not null unique,          -- the job it pays
    amount         bigint      not null check (amount > 0),
    wallet_version bigint      not null,
    note           text        not null,
    correlation    uuid        not null,
    at             timestamptz not null,
    unique (id, amount),
    unique (wallet_id, wallet_version)
);
create index hold_wallet on hold (wallet_id, at);

-- Its primary key makes a hold resolved once.
create table hold_resolution (
    hold_id        uuid        primary key,
    amount         bigint      not null,
    captured       bigint      not null check (captured >= 0),
    released       bigint      not null check (released >= 0),
    transfer_id    uuid        references transfer (id),
    wallet_version bigint      not null,
    correlation    uuid        not null,
    at             timestamptz not null,
    foreign key (hold_id, amount) references hold (id, amount),
    constraint all_of_it check (captured + released = amount),
    constraint capture_has_a_transfer check ((captured > 0) = (transfer_id is not null))
);

create trigger transfer_append_only before update or delete on transfer for each row execute function forbid_change();
create trigger transfer_no_truncate before truncate on transfer for each statement execute function forbid_change();
create trigger hold_append_only before update or delete on hold for each row execute function forbid_change();
create trigger hold_no_truncate before truncate on hold for each statement execute function forbid_change();
create trigger hold_resolution_append_only before update or delete on hold_resolution
    for each row execute function forbid_change();
create trigger hold_resolution_no_truncate before truncate on hold_resolution
    for each statement execute function forbid_change();
create trigger account_no_truncate before truncate on account for each statement execute function forbid_change();

-- By grant as well as by trigger: a role for the service that cannot rewrite the books. Where the migrating role may not
-- create roles (many hosted databases), the triggers stand alone. Grant it to the service's login to use it.
do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        begin
            create role bulwark_app nologin;
        exception when insufficient_privilege or duplicate_object or unique_violation then
            null;
        end;
    end if;
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert, update, delete on all tables in schema public to bulwark_app;
        grant usage on all sequences in schema public to bulwark_app;
        revoke update, delete, truncate on transfer, hold, hold_resolution, admin_audit from bulwark_app;
        revoke delete, truncate on account from bulwark_app;
        alter default privileges in schema public grant select, insert, update, delete on tables to bulwark_app;
        alter default privileges in schema public grant usage on sequences to bulwark_app;
    end if;
end $$;
