-- An account that has enough, and one that has run low.
insert into provider_funds (provider, balance, low_since, checked_at)
values ('kie', 5000, null, '2026-01-01 00:00Z'), ('smmflare', 0, '2026-01-01 00:00Z', '2026-01-01 00:00Z');
