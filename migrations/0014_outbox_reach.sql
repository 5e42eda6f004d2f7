-- What Telegram says to the bot as a whole is known to every replica and outlives it; what a person is owed waits until
-- they can be reached again; a broadcast that is refused everywhere stops by itself.

-- The chats that Telegram asked to wait lately, on all replicas together: several at once mean the whole bot.
create table outbox_flood (
    chat_id     bigint      primary key,
    at          timestamptz not null,
    retry_after interval    not null
);

create table outbox_pace (
    one          boolean     primary key default true check (one),
    halted_until timestamptz not null                     -- nothing at all is sent before
);
insert into outbox_pace (halted_until) values ('2000-01-01 00:00:00+00');

-- state 4: parked. Owed to somebody who cannot be reached now; pending again when they write.
alter table outbox_message add column owed boolean not null default false;
create index outbox_parked on outbox_message (chat_id) where state = 4;

alter table broadcast add column failed_in_a_row integer not null default 0;
