-- Parts of payments at processors that somebody gave back there by hand, and what of their rewards went back with them. A whole
-- payment that is given back at once is a row of `payment_refund`, as ever; of one transaction there is one or the other.

-- Each part is booked once, by the processor's own id of it. What the parts of a payment are worth is together its share of what
-- was credited, rounded down: so all parts together are worth all of it.
create table payment_return (
    id             uuid        primary key,
    processor      text        not null,
    transaction_id text        not null,
    external_id    text        not null,                          -- the processor's
    returned       bigint      not null check (returned > 0),     -- in the payer's currency
    taken          bigint      not null check (taken >= 0),       -- from the wallet
    lost           bigint      not null check (lost >= 0),        -- what the wallet did not cover any more
    correlation    uuid        not null,
    at             timestamptz not null,
    unique (processor, external_id),
    foreign key (processor, transaction_id) references payment (processor, transaction_id)
);
create index payment_return_transaction on payment_return (processor, transaction_id);

-- What of a reward went back with a part of its payment; what is lost later rewards make up for, as in `referral_reversal`.
create table referral_return (
    return_id   uuid        not null references payment_return (id),
    reward_id   uuid        not null references referral_reward (id),
    referrer_id bigint      not null,
    currency    text        not null,
    taken       bigint      not null check (taken >= 0),
    lost        bigint      not null check (lost >= 0),
    at          timestamptz not null,
    primary key (return_id, reward_id)
);
create index referral_return_reward on referral_return (reward_id);
create index referral_return_referrer on referral_return (referrer_id);

create trigger payment_return_append_only before update or delete on payment_return
    for each row execute function forbid_change();
create trigger payment_return_no_truncate before truncate on payment_return
    for each statement execute function forbid_change();
create trigger referral_return_append_only before update or delete on referral_return
    for each row execute function forbid_change();
create trigger referral_return_no_truncate before truncate on referral_return
    for each statement execute function forbid_change();
do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert on payment_return, referral_return to bulwark_app;
        revoke update, delete, truncate on payment_return, referral_return from bulwark_app;
    end if;
end $$;
