-- What of payments at processors was given back.

-- The intent is written, and the money taken, before the processor is asked; `sent_at` is written before the request leaves.
-- Once it is, the request is never made again: whether it arrived is looked up.
create table payment_refund (
    id             uuid        primary key,
    processor      text        not null,
    transaction_id text        not null,
    taken          bigint      not null check (taken >= 0),      -- from the wallet
    lost           bigint      not null check (lost >= 0),       -- what the wallet did not cover any more
    state          text        not null check (state in ('asked', 'done', 'refused')),
    admin_id       bigint,                                       -- null: the processor refunded of its own accord
    correlation    uuid        not null,
    sent_at        timestamptz,
    external_id    text,                                         -- the processor's
    attempts       int         not null default 0,
    due_at         timestamptz,                                  -- null: a person must say what became of it
    error          text,
    created_at     timestamptz not null,
    finished_at    timestamptz,
    foreign key (processor, transaction_id) references payment (processor, transaction_id)
);
create unique index payment_refund_once on payment_refund (processor, transaction_id) where state <> 'refused';
create index payment_refund_due on payment_refund (due_at) where state = 'asked';
