-- An operator may hold a provider open ("isolate") with a reason, and anything with a breaker, not providers alone, shares
-- how it stands. Which actions and queues there are, the code knows (engine/operator): checks here would have to change with
-- each new one while older replicas still write.
--
-- Replicas of before run beside this: they know the state `isolated`, and neither read nor write the new columns.
alter table provider_breaker
    add column class      text not null default 'provider', -- provider, chat, payment, storage
    add column reason     text,                              -- of the last change, if an operator made it
    add column changed_by text;

alter table operator_action drop constraint operator_action_action_check, drop constraint operator_action_queue_check;
