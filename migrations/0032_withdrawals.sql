-- Withdrawals: what users ask to be paid outside. The money is on hold from the request on (`hold.reference` is the
-- withdrawal's id), leaves through the house account `payouts` when an admin says that it was paid, and goes back to the
-- wallet otherwise. Rows outlive every retention, because the account is compared with them; the personal details do not.
create table withdrawal (
    id           uuid        primary key,
    short_id     text        not null unique,            -- for buttons and people
    user_id      bigint      not null,
    wallet_kind  text        not null check (wallet_kind in ('wallet', 'affiliate')),
    method       text        not null,                   -- its id in the catalogue
    amount       bigint      not null check (amount > 0),            -- out of the wallet
    fee          bigint      not null check (fee >= 0),              -- of that, what stays with the house
    currency     text        not null,
    details      jsonb,                                  -- whom to pay; forgotten some time after the end
    state        text        not null check (state in ('requested', 'approved', 'paid', 'rejected', 'cancelled')),
    approved_by  text,
    approved_at  timestamptz,
    ended_by     text,
    ended_at     timestamptz,
    reason       text,                                   -- why it was rejected
    external_ref text,                                   -- of the payment, as the bank or the chain names it
    message_ref  uuid        not null,                   -- the user's message that shows how it stands
    correlation  uuid        not null,
    created_at   timestamptz not null,
    constraint something_is_paid check (fee < amount),
    constraint an_end_has_a_time check ((state in ('paid', 'rejected', 'cancelled')) = (ended_at is not null)),
    constraint paid_has_a_reference check ((state = 'paid') = (external_ref is not null)),
    constraint rejected_has_a_reason check ((state = 'rejected') = (reason is not null))
);
create index withdrawal_live on withdrawal (created_at) where state in ('requested', 'approved');
create index withdrawal_of_user on withdrawal (user_id, created_at);
create index withdrawal_details on withdrawal (ended_at) where details is not null and ended_at is not null;

-- Whatever the program does: what was asked for never changes, nothing goes back, and nothing that has ended goes on.
create function withdrawal_goes_forward() returns trigger language plpgsql as $$
begin
    if (new.id, new.short_id, new.user_id, new.wallet_kind, new.method, new.amount, new.fee, new.currency, new.created_at)
            is distinct from
            (old.id, old.short_id, old.user_id, old.wallet_kind, old.method, old.amount, old.fee, old.currency, old.created_at)
        or (new.state <> old.state and (old.state, new.state) not in (
            ('requested', 'approved'), ('requested', 'rejected'), ('requested', 'cancelled'),
            ('approved', 'paid'), ('approved', 'rejected')))
        or (old.ended_at is not null and (new.ended_at, new.ended_by, new.reason, new.external_ref)
            is distinct from (old.ended_at, old.ended_by, old.reason, old.external_ref))
        or (new.details is distinct from old.details and (new.details is not null or new.ended_at is null)) then
        raise exception 'withdrawal % cannot become that', old.id using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger withdrawal_goes_forward before update on withdrawal
    for each row execute function withdrawal_goes_forward();
create trigger withdrawal_is_for_ever before delete on withdrawal for each row execute function forbid_change();
create trigger withdrawal_no_truncate before truncate on withdrawal for each statement execute function forbid_change();

-- What was exported together, and may be marked as paid together: exactly these, whatever was approved since.
create table withdrawal_batch (
    short_id       text        primary key,
    made_by        text        not null,
    withdrawal_ids uuid[]      not null,
    created_at     timestamptz not null
);

-- The same news in several chats: when one of them acts, the messages of all are changed.
create table shared_notice (
    subject     uuid        not null,
    chat_id     bigint      not null,
    message_ref uuid        not null,
    created_at  timestamptz not null,
    primary key (subject, chat_id)
);
create index shared_notice_age on shared_notice (created_at);

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert, update on withdrawal to bulwark_app;
        revoke delete, truncate on withdrawal from bulwark_app;
        grant select, insert, update, delete on withdrawal_batch, shared_notice to bulwark_app;
    end if;
end $$;
