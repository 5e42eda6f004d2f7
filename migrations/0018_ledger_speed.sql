-- A movement is one statement now, and these are what it spent most of its time on.
--
-- * The two foreign keys of `transfer`: each insert locked the house's row for key share, so all movements at once wrote
--   that one row and made multixacts of its lockers (a third of the processor's time). Accounts are never deleted, by the
--   trigger below, and never change their id, by that of 0002: an account that was there when the movement was written is
--   there for ever. The statements that write movements take both ids from the rows of `account`, and the audit proves it
--   of every movement ("a movement is between two accounts").
-- * Constraints are read and prepared anew by each statement that writes. What says which accounts there may be is checked
--   when an account is made; the trigger of 0002 keeps it so. What says what may be in them is one constraint in place of two.
--
-- Replicas of before run beside this: what they write keeps all of it, and they rely on none of what is dropped. Every
-- movement takes `account` before `transfer`, so the locks are taken in that order here; both are held for one reading of
-- `account`.
alter table account
    add constraint balances check
        (available >= 0 and held >= 0 and (guarded or (available | held | version) = 0)),
    drop constraint wallet_not_below_zero,
    drop constraint house_has_no_balance,
    drop constraint wallets_are_guarded,
    drop constraint known_account_kinds;

create trigger account_is_for_ever before delete on account for each row execute function forbid_change();

create function account_is_of_a_known_kind() returns trigger language plpgsql as $$
begin
    -- Of a kind that no audit knows, it would hold money that nobody looks for.
    if new.kind not in ('wallet', 'grants', 'revenue', 'corrections', 'stars', 'losses')
        or new.guarded <> (new.kind = 'wallet') or new.guarded <> (new.owner_id <> 0) then
        raise exception 'there is no % account of %', new.kind, new.owner_id using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger account_is_of_a_known_kind before insert on account
    for each row execute function account_is_of_a_known_kind();

alter table transfer
    drop constraint transfer_debit_id_fkey,
    drop constraint transfer_credit_id_fkey;

-- How far each part of the audit has come: it looks at a bounded part of the books at a time.
create table ledger_audit (
    part       text        primary key,
    position   bigint      not null,                     -- where it goes on: an account, or a page of a table
    size       bigint      not null check (size > 0),    -- how much at a time; adapts to what it takes
    rounds     bigint      not null default 0,           -- how often it came to the end
    covered_at timestamptz                               -- when it last did
);
do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert, update, delete on ledger_audit to bulwark_app;
    end if;
end $$;
