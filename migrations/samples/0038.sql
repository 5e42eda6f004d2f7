-- Balances in credits, in a currency, and in a unit that nobody named.
update provider_funds set unit = 'credits' where provider = 'kie';
insert into provider_funds (provider, balance, low_since, checked_at, unit)
values ('plugsmms', 1250, null, '2026-01-02 00:00Z', 'USD'), ('smmstone', 99, null, '2026-01-02 00:00Z', null);
