-- An audit on its way, and a wallet of another currency.
insert into ledger_audit (part, position, size, rounds, covered_at) values ('wallets', 3, 1000, 2, now());
insert into account (kind, owner_id, currency, guarded) values ('wallet', 1, 'EUR', true);
