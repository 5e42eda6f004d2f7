-- Broadcasts: one row each, never a row for each recipient. The cursor moves in the transaction that puts messages into
-- the outbox, so no crash and no second replica can send twice to one person or leave one out.

create table broadcast (
    id           uuid        primary key,
    short_id     text        not null unique,             -- stands in callback data
    admin_id     bigint      not null,
    chat_id      bigint      not null,                    -- where its progress is shown
    language     text        not null,                    -- in which it is shown
    state        text        not null check (state in ('composing', 'draft', 'running', 'paused', 'done', 'cancelled')),
    content      jsonb,                                   -- versioned; null while composing
    audience     text        not null default 'all',      -- as the admin chose it
    only_tags    text[]      not null default '{}',       -- languages of the recipients; empty: any
    except_tags  text[]      not null default '{}',
    cursor       bigint      not null default 0,          -- the last recipient whose message was made
    total        bigint      not null default 0,          -- recipients at the time of counting
    sent         bigint      not null default 0,
    blocked      bigint      not null default 0,
    failed       bigint      not null default 0,
    in_flight    bigint[]    not null default '{}',       -- its rows in the outbox: few, always
    progress_ref uuid        not null,                    -- the message that shows how it goes
    shown_at     timestamptz,                             -- when, and with how many done, it was shown last
    shown_done   bigint      not null default 0,
    rate_per_s   double precision,
    correlation  uuid        not null,
    created_at   timestamptz not null,
    finished_at  timestamptz,
    constraint content_when_composed check (state = 'composing' or content is not null)
) with (fillfactor = 50);
create unique index broadcast_composing on broadcast (admin_id) where state = 'composing';
create index broadcast_active on broadcast (created_at) where state = 'running' or in_flight <> '{}';

create index chat_reachable on chat (id) where kind = 'private' and blocked_at is null;
