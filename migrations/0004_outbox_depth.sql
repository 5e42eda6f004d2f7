-- The outbox in depth: rows are read by class of priority, so that a long backlog of one keeps no other out; notices
-- that wait together are merged; what is lost again and again is counted apart; dead letters are reported in summaries.

create index outbox_class on outbox_message (priority, id) where state in (0, 1);
drop index outbox_pending;

alter table outbox_message
    add column merge_key   text,                          -- waiting neighbours with the same key become one message
    add column unknowns    smallint not null default 0,   -- tries of which it is unknown whether they arrived
    add column reported_at timestamptz;                   -- when the admins were told of this dead letter
create index outbox_unreported on outbox_message (id) where state = 3 and reported_at is null;

comment on column outbox_sent.outcome is
    'sent, unchanged, expired, dropped, blocked (the chat cannot be reached), merged (into its neighbour), withdrawn';
