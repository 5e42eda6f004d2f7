-- Which providers have a service under which id, what their lists said of it, and which of them admins chose. A pair of a
-- provider and an id that is another provider's must never become a job.

-- A row for each pair that is known. Of providers with a list, only what was once listed belongs to them; of the others,
-- what a catalogue of ours once named.
create table provider_service (
    provider      text        not null,
    service_id    text        not null,                   -- the provider's own
    name          text,                                   -- in its words, for operators
    kind          text,
    rate_micros   bigint      check (rate_micros >= 0),   -- millionths of `currency`, for 1000
    currency      text,                                   -- of our account there, if it says so
    units_min     bigint      check (units_min >= 0),
    units_max     bigint      check (units_max >= 0),
    refill        boolean,
    cancel        boolean,
    listed_at     timestamptz,                            -- when what the list says of it was stored; null: it never was
    gone_at       timestamptz,                            -- when it was found to be listed no more
    in_catalog_at timestamptz,                            -- when a service of ours was last bound to it
    primary key (provider, service_id),
    check (listed_at is null or num_nulls(name, kind, rate_micros, units_min, units_max, refill, cancel) = 0),
    check (gone_at is null or listed_at is not null)
);
create index provider_service_listed on provider_service (provider) where listed_at is not null;

-- What admins chose, newest version of each scope in force: '' is everything, else a service of the catalogue. The version is
-- what keeps two admins who tap at once, and a button of last week, from changing what they did not see.
create table provider_choice (
    scope     text        not null,
    version   integer     not null check (version > 0),
    provider  text,                                       -- null: as the catalogue says
    admin_id  bigint      not null,
    chosen_at timestamptz not null,
    primary key (scope, version)
);
create trigger provider_choice_append_only before update or delete on provider_choice
    for each row execute function forbid_change();
create trigger provider_choice_no_truncate before truncate on provider_choice
    for each statement execute function forbid_change();

-- Whether a provider may have a service under this id. Of a provider of which nothing is known everything may be.
create function belongs_to_provider(of_provider text, id text) returns boolean language sql stable as $$
    select case
        when exists (select 1 from provider_service s where s.provider = of_provider and s.listed_at is not null)
        then exists (select 1 from provider_service s
                     where s.provider = of_provider and s.service_id = id and s.listed_at is not null)
        else not exists (select 1 from provider_service s where s.provider = of_provider)
            or exists (select 1 from provider_service s where s.provider = of_provider and s.service_id = id)
    end
$$;

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert, update on provider_service to bulwark_app;
        grant select, insert on provider_choice to bulwark_app;
        revoke update, delete, truncate on provider_choice from bulwark_app;
    end if;
end $$;
