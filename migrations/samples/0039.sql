-- Costs in credits with their worth in money, from a snapshot, and of nobody's knowledge.
insert into job_cost (job_id, service, provider, state, price, cost_micros, unit, source, submitted_at, ended_at, money_micros, money_currency)
values ('00000000-0000-0000-0000-000000003901', 'picture', 'kie', 'succeeded', 10, 4000000, 'credits', 'provider',
        '2026-01-01 00:00Z', '2026-01-01 00:01Z', 20000, 'USD'),
       ('00000000-0000-0000-0000-000000003902', 'members', 'one', 'succeeded', 12, 90000, 'USD', 'snapshot',
        '2026-01-01 00:00Z', '2026-01-01 00:01Z', null, null);
