-- User 1 moves 20 from the main wallet to the one for referrals: the versions of both go on without a gap.
insert into account (kind, owner_id, currency, guarded, available, held, version) values ('affiliate', 1, 'USD', true, 20, 0, 1);
insert into transfer
    (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, credit_version, cause, correlation, at)
select '00000000-0000-0000-0000-0000000000c9'::uuid, 'own:c9', w.id, a.id, 20, 'USD', 'own', w.version + 1, 1, '{"note":""}',
       '00000000-0000-0000-0000-000000000009'::uuid, now()
from account w, account a
where w.kind = 'wallet' and w.owner_id = 1 and w.currency = 'USD' and a.kind = 'affiliate' and a.owner_id = 1;
update account set available = available - 20, version = version + 1 where kind = 'wallet' and owner_id = 1 and currency = 'USD';
