-- Payments at processors (pages on which users pay with a card or from their bank): what somebody wants to pay, what a processor
-- told us, what was paid. Payments outlive every retention: they are what the ledger's account of the processor is compared with.

-- What a currency was worth. A rate that comes back is the same row again.
create table payment_rate (
    id       bigint      generated always as identity primary key,
    currency text        not null,                       -- in which is paid
    base     text        not null,                       -- of the wallets
    micros   bigint      not null check (micros > 0),    -- millionths of a main unit of it for one main unit of the wallets
    since    timestamptz not null,
    unique (currency, base, micros)
);

-- Somebody wants to pay.
create table payment_intent (
    id             uuid        primary key,              -- also in the address of the page after the payment
    short_id       text        not null unique,          -- for buttons
    processor      text        not null,
    reference      text        not null,                 -- what the processor calls it by
    user_id        bigint      not null,
    amount         bigint      not null check (amount > 0),      -- for the wallet
    currency       text        not null,
    price          bigint      not null check (price > 0),       -- to be paid
    price_currency text        not null,
    rate_id        bigint      not null references payment_rate (id),
    draft          text,                                 -- the order that waits for the money
    state          text        not null default 'new'
                   check (state in ('new', 'open', 'paid', 'cancelled', 'expired', 'failed')),
    link           text,
    message_ref    uuid        not null,                 -- the message that shows how it stands
    correlation    uuid        not null,
    attempts       int         not null default 0,       -- tries in a row that brought nothing
    is_asked       boolean     not null default false,   -- its user waits to be told
    due_at         timestamptz,                          -- when to see to it next; null: not any more
    error          text,
    created_at     timestamptz not null,
    expires_at     timestamptz not null,                 -- the rate and the link hold until then
    unique (processor, reference)
) with (fillfactor = 80);
create index payment_intent_due on payment_intent (due_at) where due_at is not null;
create index payment_intent_open on payment_intent (user_id) where state in ('new', 'open');
create index payment_intent_old on payment_intent (expires_at) where state in ('cancelled', 'expired', 'failed');

-- What a processor told us, once its signature was verified: only what to look up. What else it says is not believed, and has
-- no place here, for it is about people.
create table payment_event (
    id             uuid        primary key,
    processor      text        not null,
    digest         bytea       not null,                 -- of the body: the same again is the same event
    kind           text        not null,
    transaction_id text,
    reference      text,
    state          text        not null default 'waiting' check (state in ('waiting', 'done', 'given_up')),
    attempts       int         not null default 0,
    due_at         timestamptz not null,
    error          text,
    received_at    timestamptz not null,
    unique (processor, digest)
);
create index payment_event_due on payment_event (due_at) where state = 'waiting';
create index payment_event_old on payment_event (received_at);

-- Keyed by the transaction, never by the intent: one page can be paid twice.
create table payment (
    processor      text        not null,
    transaction_id text        not null,
    short_id       text        not null unique,          -- for buttons
    reference      text        not null,
    intent_id      uuid,                                 -- null: it is gone
    user_id        bigint      not null,
    paid           bigint      not null check (paid > 0),
    paid_currency  text        not null,
    amount         bigint      not null check (amount >= 0),     -- 0: set aside for a person
    currency       text        not null,
    transfer_id    uuid        unique,
    found_by       text        not null check (found_by in ('event', 'look_up', 'reconciliation')),
    recorded_at    timestamptz not null,
    primary key (processor, transaction_id),
    constraint credited_or_set_aside check ((amount > 0) = (transfer_id is not null))
);
create index payment_recorded on payment (processor, recorded_at);

-- Who was asked how much they want to pay, and answers by a message.
create table topup_question (
    user_id   bigint      not null,
    chat_id   bigint      not null,
    processor text        not null,
    currency  text        not null,
    draft     text,
    asked_at  timestamptz not null,
    primary key (user_id, chat_id)
);

create trigger payment_append_only before update or delete on payment
    for each row execute function forbid_change();
create trigger payment_no_truncate before truncate on payment
    for each statement execute function forbid_change();
create trigger payment_rate_append_only before update or delete on payment_rate
    for each row execute function forbid_change();

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        revoke update, delete, truncate on payment_rate, payment from bulwark_app;
    end if;
end $$;
