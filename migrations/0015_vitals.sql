-- What replicas know together of a provider: how its breakers stand, and which calls were made lately.
create table provider_breaker (
    breaker    text        primary key,                   -- provider and call, such as kie.submits
    epoch      bigint      not null,                      -- goes up with every change; the larger one is the newer
    state      text        not null,                      -- closed, open, half_open, isolated
    open_until timestamptz,
    changed_at timestamptz not null
) with (fillfactor = 50);

create table provider_calls (
    call text          primary key,                       -- provider and call, such as kie.submit
    made timestamptz[] not null                           -- those of the provider's own window, a few dozen at most
) with (fillfactor = 30);

-- Changed with each call: keep their dead rows few.
alter table provider_calls set (autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);
