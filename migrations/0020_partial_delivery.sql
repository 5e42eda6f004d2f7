-- Work that is done in units (orders at panels): how far it is, and that it may end in part. Only wider than before, so that
-- replicas of the version before run on beside: they neither take such jobs on nor write these columns.
alter table job
    add column start_count bigint,                        -- what there was before the first unit
    add column remains     bigint;                        -- units to come, when it was last asked about
alter table job_history
    add column start_count bigint,
    add column remains     bigint;                        -- of a partial one: what was not delivered, and not paid

alter table job_history
    drop constraint job_history_state_check1,
    add constraint job_history_state_check
        check (state in ('succeeded', 'partial', 'failed', 'timed_out', 'cancelled'));
alter table storefront_order
    drop constraint storefront_order_state_check,
    add constraint storefront_order_state_check
        check (state in ('open', 'succeeded', 'partial', 'failed', 'timed_out', 'cancelled'));
