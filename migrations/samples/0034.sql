-- What a job cost as its provider said, what one did that nobody knows of, and a finding that is gone again.
insert into job_cost values
    ('00000000-0000-0000-0000-0000000000a2', 'text-to-image', 'kie', 'succeeded', 10, 4000000, 'credits', 'provider', now(), now()),
    ('00000000-0000-0000-0000-0000000020a1', 'members', 'smmflare', 'partial', 90, null, null, 'unknown', now(), now());
insert into provider_balance values ('kie', date_trunc('hour', now()), 996, now());
insert into ledger_finding values ('wallets', 'held is the sum of open holds', 'user 77', now(), now(), now());
insert into reconciliation values ('2026-01-01', '{"sources": []}', 0, now());
