-- Tips from one user to another, and what somebody must have done before they may give one.

-- One that is asked about waits for its sender; one that is settled outside is the job of the same id.
create table tip (
    id           uuid        primary key,
    short_id     text        not null unique,            -- stands in callback data
    sender_id    bigint      not null,
    recipient_id bigint      not null,
    amount       bigint      not null check (amount > 0),
    currency     text        not null,
    state        text        not null check (state in ('asked', 'settling', 'done', 'failed', 'cancelled')),
    chat_id      bigint      not null,                   -- where it was asked for
    message_ref  uuid        not null,                   -- the message that says how it goes
    note         text        not null,                   -- from whom to whom, as both read it among their movements
    correlation  uuid        not null,
    created_at   timestamptz not null,
    finished_at  timestamptz,
    constraint not_to_oneself check (sender_id <> recipient_id)
);
create index tip_asked on tip (created_at) where state = 'asked';
create index tip_sender on tip (sender_id, created_at);
create index tip_recipient on tip (recipient_id, created_at);

-- When the user accepted the terms of tips; when an admin vouched for them.
alter table app_user add column terms_at timestamptz, add column verified_at timestamptz;

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert, update, delete on tip to bulwark_app;
    end if;
end $$;
