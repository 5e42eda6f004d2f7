-- What is left on our accounts at the providers, and since when it is too little. All replicas ask; the row makes admins be
-- told once, by whichever sees it first, and again only after a recovery. A start reads it, so that a deploy does not take
-- orders that the account cannot pay.
create table provider_funds (
    provider   text        primary key,
    balance    bigint      not null,                     -- in the provider's own unit
    low_since  timestamptz,                              -- null: there is enough
    checked_at timestamptz not null
);
