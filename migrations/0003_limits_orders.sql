-- Exact rate limits across replicas, daily allowances, and the storefront's orders.

-- One row a key: the generic cell rate algorithm needs only the theoretical arrival time.
create table rate_limit (
    key text        primary key,
    tat timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
create index rate_limit_tat on rate_limit (tat);

-- What a user took of something that is limited by the day (UTC).
create table daily_use (
    user_id bigint   not null,
    what    text     not null,
    day     date     not null,
    uses    integer  not null check (uses >= 0),
    primary key (user_id, what, day)
);
create index daily_use_day on daily_use (day);

-- An order: what the user asked for. Its job has the same id; its inputs are forgotten after a week.
create table storefront_order (
    id           uuid        primary key,
    short_id     text        not null unique,            -- stands in callback data
    user_id      bigint      not null,
    chat_id      bigint      not null,
    service      text        not null,
    answers      jsonb,                                  -- versioned; null once forgotten
    price        bigint      not null check (price >= 0),
    state        text        not null check (state in ('open', 'succeeded', 'failed', 'timed_out', 'cancelled')),
    progress_ref uuid        not null,                   -- the message that shows how it goes
    language     text        not null,
    created_at   timestamptz not null,
    finished_at  timestamptz
);
create index storefront_order_open on storefront_order (user_id) where state = 'open';
create index storefront_order_forget on storefront_order (created_at) where answers is not null;
create index storefront_order_user on storefront_order (user_id, created_at);
