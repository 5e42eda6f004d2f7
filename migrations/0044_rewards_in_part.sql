-- A reward on an order follows what stays paid of it. For that each reward notes the rule it was made by, since the
-- configuration changes; and what goes back in part, while something stays paid, has rows of its own. What goes back last,
-- when all of the payment is given back, is in referral_reversal as before.
--
-- Replicas of before run beside this: their rewards note no rule, and of an order given back in part a person is told then.
alter table referral_reward
    add column basis_points integer check (basis_points between 1 and 10000), -- of what was paid; or
    add column fixed        bigint  check (fixed > 0),                        -- so much, whatever was paid
    add column cap          bigint  check (cap > 0),                          -- and never more than this; null: no cap
    add column least        bigint  check (least >= 0),                       -- a smaller payment brings nothing
    add constraint one_rule check (num_nonnulls(basis_points, fixed) = num_nonnulls(least) and (least is not null or cap is null));

create table referral_part_reversal (
    reward_id   uuid        not null references referral_reward (id),
    stays       bigint      not null check (stays > 0),  -- of the payment, from then on
    referrer_id bigint      not null,
    currency    text        not null,
    taken       bigint      not null check (taken >= 0),
    lost        bigint      not null check (lost >= 0),
    at          timestamptz not null,
    -- That so much stays of a payment is true once: it only shrinks.
    primary key (reward_id, stays),
    constraint of_something check (taken + lost > 0)
);
create index referral_part_reversal_referrer on referral_part_reversal (referrer_id);

-- All that went back of rewards, on orders and on payments, with the key of its movement.
create view referral_back as
    select reward_id, referrer_id, currency, taken, lost, at, true as is_last, 'reward-taken:' || reward_id as key
    from referral_reversal
    union all
    select reward_id, referrer_id, currency, taken, lost, at, false, 'reward-taken:' || reward_id || ':' || stays
    from referral_part_reversal
    union all
    select reward_id, referrer_id, currency, taken, lost, at, false, 'reward-part-taken:' || return_id || ':' || reward_id
    from referral_return;

-- Never more than the reward: the last word against a replica of before, which takes all of it back at once.
create function referral_back_is_of_the_reward() returns trigger language plpgsql as $$
begin
    if (select sum(taken + lost) from referral_back where reward_id = new.reward_id)
        > (select amount from referral_reward where id = new.reward_id) then
        raise exception 'more goes back than the reward %', new.reward_id using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger referral_reversal_of_the_reward after insert on referral_reversal
    for each row execute function referral_back_is_of_the_reward();
create trigger referral_part_reversal_of_the_reward after insert on referral_part_reversal
    for each row execute function referral_back_is_of_the_reward();
create trigger referral_return_of_the_reward after insert on referral_return
    for each row execute function referral_back_is_of_the_reward();
create trigger referral_part_reversal_append_only before update or delete on referral_part_reversal
    for each row execute function forbid_change();
create trigger referral_part_reversal_no_truncate before truncate on referral_part_reversal
    for each statement execute function forbid_change();

-- What of an order's price was given back after it was taken, in up to nine steps.
create function order_paid_back(job uuid) returns bigint language sql stable as $$
    select coalesce(sum(amount), 0)::bigint from transfer where idem_key in (
        'mend:paid-back:' || job, 'mend:paid-back:' || job || ':2', 'mend:paid-back:' || job || ':3',
        'mend:paid-back:' || job || ':4', 'mend:paid-back:' || job || ':5', 'mend:paid-back:' || job || ':6',
        'mend:paid-back:' || job || ':7', 'mend:paid-back:' || job || ':8', 'mend:paid-back:' || job || ':9')
$$;
do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert on referral_part_reversal to bulwark_app;
        grant select on referral_back to bulwark_app;
        revoke update, delete, truncate on referral_part_reversal from bulwark_app;
    end if;
end $$;
