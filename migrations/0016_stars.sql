-- Telegram Stars: invoices, what was paid, what was given back. Payments and refunds outlive every retention: they are what
-- the ledger's `stars` account is compared with.

-- One "Pay" message; its id is the payload that Telegram brings back.
create table star_invoice (
    id         uuid        primary key,
    user_id    bigint      not null,
    stars      bigint      not null check (stars > 0),
    amount     bigint      not null check (amount > 0),
    currency   text        not null,
    draft      text,                                     -- the order that waits for the money
    state      text        not null default 'open' check (state in ('open', 'paid')),
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index star_invoice_open on star_invoice (expires_at) where state = 'open';

-- Keyed by the charge, never by the invoice: one invoice can be paid twice.
create table star_payment (
    charge_id   text        primary key,
    short_id    text        not null unique,             -- for buttons: a charge id is longer than callback data may be
    invoice_id  uuid,                                    -- null: its payload is none of ours
    user_id     bigint      not null,
    stars       bigint      not null check (stars > 0),
    amount      bigint      not null check (amount > 0),
    currency    text        not null,
    transfer_id uuid        not null unique,
    found_by    text        not null check (found_by in ('update', 'reconciliation')),
    recorded_at timestamptz not null
);

-- The intent is written, and the money taken, before Telegram is asked.
create table star_refund (
    id          uuid        primary key,
    charge_id   text        not null references star_payment (charge_id),
    taken       bigint      not null check (taken >= 0),         -- from the wallet
    lost        bigint      not null check (lost >= 0),          -- what the wallet did not cover any more
    state       text        not null check (state in ('asked', 'done', 'refused')),
    admin_id    bigint,                                          -- null: Telegram refunded of its own accord
    correlation uuid        not null,
    attempts    int         not null default 0,
    due_at      timestamptz not null,
    error       text,
    created_at  timestamptz not null,
    finished_at timestamptz
);
create unique index star_refund_once on star_refund (charge_id) where state <> 'refused';
create index star_refund_due on star_refund (due_at) where state = 'asked';

-- Which nights were compared with Telegram's list.
create table star_reconciliation (
    night    date        primary key,
    findings int         not null,
    ran_at   timestamptz not null
);

create trigger star_payment_append_only before update or delete on star_payment
    for each row execute function forbid_change();
create trigger star_payment_no_truncate before truncate on star_payment
    for each statement execute function forbid_change();

-- An account of a kind that no audit knows would hold money that nobody looks for.
alter table account add constraint known_account_kinds
    check (kind in ('wallet', 'grants', 'revenue', 'corrections', 'stars', 'losses'));

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        revoke update, delete, truncate on star_payment from bulwark_app;
    end if;
end $$;
