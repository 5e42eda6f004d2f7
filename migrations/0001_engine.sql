-- The engines' tables: people and chats, inbox, conversation, outbox, jobs, artifacts, upkeep, idempotency, audit.
-- Hot tables hold live rows only, are searched through partial indexes, and are vacuumed early: a queue's dead rows
-- are what makes it slow.

-- People and chats ---------------------------------------------------------------------------------------------------
create table app_user (
    id              bigint primary key,                  -- Telegram's user id
    username        text,
    first_name      text        not null default '',
    telegram_language text,                              -- what the user's client reports
    language        text,                                -- what the user chose with /language; wins
    created_at      timestamptz not null,
    seen_at         timestamptz not null
);
create index app_user_username on app_user (lower(username)) where username is not null;

create table chat (
    id          bigint primary key,
    kind        text        not null,                    -- private, group, supergroup, channel
    blocked_at  timestamptz,                             -- the user blocked the bot, or it was removed
    migrated_to bigint,                                  -- the supergroup that this group became
    created_at  timestamptz not null
);

-- Inbox --------------------------------------------------------------------------------------------------------------
-- state: 0 pending, 1 done, 2 quarantined, 3 shed (over the flood limit: kept as a record, never handled).
create table inbox_update (
    update_id   bigint      primary key,
    seq         bigint      generated always as identity, -- order of arrival
    lane        bigint      not null,                    -- chat id; else user id; else 0
    shard       smallint    not null,                    -- hash of the lane
    kind        text        not null,
    state       smallint    not null default 0,
    attempts    smallint    not null default 0,
    not_before  timestamptz,                             -- set by a retry; the whole lane waits
    received_at timestamptz not null,
    finished_at timestamptz,
    correlation uuid        not null,
    payload     bytea       not null,                    -- the raw body; jsonb would cost a third of the throughput
    error       text
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
create index inbox_pending on inbox_update (seq) where state = 0;
create index inbox_quarantined on inbox_update (seq) where state = 2;
create index inbox_finished on inbox_update (received_at) where state <> 0;

-- Which replica works which lanes, of inbox and outbox alike. A dead owner's lease runs out and another takes the shard.
create table lane_shard (
    shard       smallint    primary key,
    owner       uuid,
    lease_until timestamptz
);
insert into lane_shard (shard) select generate_series(0, 63);

-- Conversation -------------------------------------------------------------------------------------------------------
create table conversation (
    chat_id    bigint      not null,
    user_id    bigint      not null,
    version    smallint    not null,                     -- of the shape of state
    state      jsonb       not null,
    updated_at timestamptz not null,
    primary key (chat_id, user_id)
) with (fillfactor = 80);

-- Outbox -------------------------------------------------------------------------------------------------------------
-- state: 0 pending, 1 sending (its outcome is unknown if the sender died), 3 dead letter. Sent rows go to outbox_sent.
create table outbox_message (
    id           bigint      generated always as identity primary key,
    chat_id      bigint      not null,                   -- the lane: one chat's rows are sent in order of id
    shard        smallint    not null,                   -- hash of the chat
    priority     smallint    not null,                   -- 0 high, 1 normal, 2 low
    state        smallint    not null default 0,
    not_before   timestamptz,
    expires_at   timestamptz,                            -- worthless afterwards: dropped, not sent
    attempts     smallint    not null default 0,
    lease_token  bigint      not null default 0,
    lease_until  timestamptz,
    message_ref  uuid,                                   -- the message that this row makes or edits
    coalesce_key uuid,                                   -- of several waiting edits the newest wins
    payload      jsonb       not null,                   -- versioned; see engine/outbox/message.rs
    correlation  uuid        not null,
    created_at   timestamptz not null,
    error        text
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
create index outbox_live on outbox_message (chat_id, id) where state in (0, 1);
create index outbox_pending on outbox_message (id) where state in (0, 1);
create index outbox_coalesce on outbox_message (coalesce_key) where state = 0 and coalesce_key is not null;
create index outbox_dead on outbox_message (id) where state = 3;

create table outbox_sent (
    id          bigint      primary key,
    chat_id     bigint      not null,
    kind        text        not null,
    correlation uuid        not null,
    message_id  bigint,
    outcome     text        not null,                    -- sent, unchanged, expired, dropped
    attempts    smallint    not null,
    created_at  timestamptz not null,
    sent_at     timestamptz not null
);
create index outbox_sent_at on outbox_sent (sent_at);
create index outbox_sent_correlation on outbox_sent (correlation);

-- Where a message that we named before it was sent ended up.
create table sent_message (
    message_ref uuid        primary key,
    chat_id     bigint      not null,
    message_id  bigint      not null,
    sent_at     timestamptz not null
);
create index sent_message_at on sent_message (sent_at);

-- Jobs ---------------------------------------------------------------------------------------------------------------
create table job (
    id                uuid        primary key,
    kind              text        not null,              -- which registered JobKind finishes it
    state             text        not null check (state in ('queued', 'submitting', 'running', 'unknown')),
    user_id           bigint      not null,
    chat_id           bigint      not null,
    priority          smallint    not null default 1,
    run_at            timestamptz not null,              -- when it may be claimed next
    lease_token       bigint      not null default 0,    -- bumped by every claim; what finishes must still hold it
    lease_until       timestamptz,
    worker            uuid,
    attempts          smallint    not null default 0,
    polls             integer     not null default 0,
    submitted_at      timestamptz,
    deadline_at       timestamptz,
    external_id       text,
    callback_token    text        not null unique,
    unique_key        text        not null unique,
    provider          text        not null,
    provider_snapshot jsonb       not null,              -- the only thing a worker reads; immutable
    correlation       uuid        not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
create index job_due on job (priority, run_at, id) where state in ('queued', 'running', 'unknown');
create index job_leased on job (lease_until) where lease_until is not null;
create index job_external on job (provider, external_id) where external_id is not null;
create index job_user on job (user_id);

-- Ended jobs leave the hot table in the transaction that ends them.
create table job_history (
    id                uuid        primary key,
    kind              text        not null,
    state             text        not null check (state in ('succeeded', 'failed', 'timed_out', 'cancelled')),
    user_id           bigint      not null,
    chat_id           bigint      not null,
    attempts          smallint    not null,
    polls             integer     not null,
    submitted_at      timestamptz,
    external_id       text,
    unique_key        text        not null unique,
    callback_token    text        not null,
    provider          text        not null,
    provider_snapshot jsonb       not null,
    failure           text,                              -- FailureReason
    correlation       uuid        not null,
    created_at        timestamptz not null,
    finished_at       timestamptz not null
);
create index job_history_finished on job_history (finished_at);
create index job_history_user on job_history (user_id, finished_at);
create index job_history_callback on job_history (callback_token);

create table job_attempt (
    id          bigint      generated always as identity primary key,
    job_id      uuid        not null,
    step        text        not null,                    -- submit, poll, download, rescue
    outcome     text        not null,
    answer      jsonb,                                   -- the provider's answer, redacted
    at          timestamptz not null
);
create index job_attempt_job on job_attempt (job_id, id);
create index job_attempt_at on job_attempt (at);

-- A callback is a hint: stored as it came, acted upon by fetching the task.
create table job_callback (
    id          bigint      generated always as identity primary key,
    job_id      uuid        not null,
    external_id text,
    verified    boolean     not null,
    received_at timestamptz not null
);
create index job_callback_at on job_callback (received_at);

create function forbid_change() returns trigger language plpgsql as $$
begin
    raise exception '%.% is append-only: % refused', tg_table_schema, tg_table_name, tg_op
        using errcode = 'restrict_violation';
end $$;

create function job_snapshot_is_immutable() returns trigger language plpgsql as $$
begin
    if new.provider_snapshot is distinct from old.provider_snapshot
        or new.provider is distinct from old.provider
        or new.unique_key is distinct from old.unique_key then
        raise exception 'the provider snapshot of job % is immutable', old.id using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger job_snapshot_is_immutable before update of provider_snapshot, provider, unique_key on job
    for each row execute function job_snapshot_is_immutable();

-- Artifacts: results, downloaded at once (providers delete theirs within a day) and kept until Telegram has them.
create table artifact (
    id         uuid        primary key,
    job_id     uuid        not null,
    position   smallint    not null,
    mime       text        not null,
    file_name  text        not null,
    size_bytes bigint,                                   -- set when it is complete
    created_at timestamptz not null
);
create index artifact_job on artifact (job_id);
create index artifact_created on artifact (created_at);
create table artifact_chunk (
    artifact_id uuid  not null references artifact (id) on delete cascade,
    n           integer not null,
    bytes       bytea not null,
    primary key (artifact_id, n)
);
alter table artifact_chunk alter column bytes set storage external;   -- media does not compress: do not try

-- Upkeep: what each recurring task did last --------------------------------------------------------------------------
create table upkeep_status (
    task        text        primary key,
    ran_at      timestamptz not null,
    took_ms     bigint      not null,
    status      jsonb       not null,
    error       text
);

-- What admins did ----------------------------------------------------------------------------------------------------
create table admin_audit (
    id          bigint      generated always as identity primary key,
    admin_id    bigint      not null,
    action      text        not null,
    target      text        not null,
    detail      jsonb       not null,
    correlation uuid        not null,
    at          timestamptz not null
);
create trigger admin_audit_append_only before update or delete on admin_audit
    for each row execute function forbid_change();
create trigger admin_audit_no_truncate before truncate on admin_audit
    for each statement execute function forbid_change();
