-- What admins give and take by hand, and what waits for the word of a second one. Every grant has a row here, also the small
-- ones that need nobody's word: what an admin may give in a day is summed over it.
create table admin_grant (
    id          uuid        primary key,
    short_id    text        not null unique,             -- for buttons
    admin_id    bigint      not null,                    -- who asked for it
    user_id     bigint      not null,
    amount      bigint      not null check (amount <> 0),            -- negative: taken from the user
    currency    text        not null,
    reason      text        not null check (reason <> ''),
    state       text        not null check (state in ('asked', 'done', 'rejected', 'cancelled', 'expired')),
    decided_by  bigint,                                  -- the second admin, or who cancelled it
    transfer_id uuid,                                    -- what moved
    correlation uuid        not null,
    created_at  timestamptz not null,
    expires_at  timestamptz,                             -- none: it never waited
    decided_at  timestamptz,
    constraint done_has_moved check ((state = 'done') = (transfer_id is not null)),
    -- Nobody approves what he asked for himself, whatever the program says.
    constraint two_pairs_of_eyes check (state <> 'done' or expires_at is null or (decided_by is not null and decided_by <> admin_id))
);
create index admin_grant_waiting on admin_grant (expires_at) where state = 'asked';
create index admin_grant_of_admin on admin_grant (admin_id, created_at);

create function admin_grant_goes_forward() returns trigger language plpgsql as $$
begin
    if (new.id, new.short_id, new.admin_id, new.user_id, new.amount, new.currency, new.reason, new.created_at, new.expires_at)
            is distinct from
            (old.id, old.short_id, old.admin_id, old.user_id, old.amount, old.currency, old.reason, old.created_at, old.expires_at)
        or old.state <> 'asked' then
        raise exception 'grant % cannot become that', old.id using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger admin_grant_goes_forward before update on admin_grant
    for each row execute function admin_grant_goes_forward();
create trigger admin_grant_is_for_ever before delete on admin_grant for each row execute function forbid_change();
create trigger admin_grant_no_truncate before truncate on admin_grant for each statement execute function forbid_change();

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert, update on admin_grant to bulwark_app;
        revoke delete, truncate on admin_grant from bulwark_app;
    end if;
end $$;
