-- Referrals: by whose link somebody came, and what that brought to whom. Kept for ever: they say what the movements of the
-- house's account `rewards` were for.

-- The word in a personal link. Not the user's id: a link is shown to strangers.
create table referral_code (
    user_id    bigint      primary key,
    code       text        not null unique,
    created_at timestamptz not null
);

-- Written once, when somebody starts who was not known before; never changed. Who has brought others in cannot be brought in
-- any more, so there are no circles.
create table referral (
    user_id     bigint      primary key,                 -- who came
    referrer_id bigint      not null,                    -- by whose link
    at          timestamptz not null,
    constraint not_by_oneself check (user_id <> referrer_id)
);
create index referral_referrer on referral (referrer_id);

-- One for a payment and level; its id is that of its movement.
create table referral_reward (
    id          uuid        primary key,
    cause       text        not null,                    -- the payment: stars:<charge>, order:<id>, …
    level       smallint    not null check (level in (1, 2)),
    referrer_id bigint      not null,
    payer_id    bigint      not null,
    base        bigint      not null check (base > 0),   -- what was paid
    amount      bigint      not null check (amount > 0), -- what it brought
    currency    text        not null,
    at          timestamptz not null,
    unique (cause, level),
    constraint not_of_oneself check (referrer_id <> payer_id)
);
create index referral_reward_referrer on referral_reward (referrer_id, at);

-- The payment was given back, and with it what it brought: what the wallet still had was taken, the rest is lost, until later
-- rewards make up for it.
create table referral_reversal (
    reward_id   uuid        primary key references referral_reward (id),
    referrer_id bigint      not null,
    currency    text        not null,
    taken       bigint      not null check (taken >= 0),
    lost        bigint      not null check (lost >= 0),
    at          timestamptz not null
);
create index referral_reversal_lost on referral_reversal (referrer_id) where lost > 0;

-- What was kept of a reward for what had been lost before.
create table referral_kept (
    reward_id   uuid        primary key references referral_reward (id),
    referrer_id bigint      not null,
    currency    text        not null,
    amount      bigint      not null check (amount > 0),
    at          timestamptz not null
);
create index referral_kept_referrer on referral_kept (referrer_id);

create trigger referral_append_only before update or delete on referral for each row execute function forbid_change();
create trigger referral_no_truncate before truncate on referral for each statement execute function forbid_change();
create trigger referral_reward_append_only before update or delete on referral_reward
    for each row execute function forbid_change();
create trigger referral_reward_no_truncate before truncate on referral_reward
    for each statement execute function forbid_change();
create trigger referral_reversal_append_only before update or delete on referral_reversal
    for each row execute function forbid_change();
create trigger referral_reversal_no_truncate before truncate on referral_reversal
    for each statement execute function forbid_change();
create trigger referral_kept_append_only before update or delete on referral_kept
    for each row execute function forbid_change();
create trigger referral_kept_no_truncate before truncate on referral_kept
    for each statement execute function forbid_change();
do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert on referral_code, referral, referral_reward, referral_reversal, referral_kept to bulwark_app;
        revoke update, delete, truncate on referral, referral_reward, referral_reversal, referral_kept from bulwark_app;
    end if;
end $$;
