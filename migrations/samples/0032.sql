-- A user with three withdrawals: one that waits, one that was paid with a fee, one that was rejected; a batch and a notice.
insert into account (kind, owner_id, currency, guarded, available, held, version) values ('wallet', 32, 'USD', true, 500, 100, 6);
insert into transfer (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, cause, correlation, at)
select '00000000-0000-0000-0000-0000000032c1'::uuid, 'welcome:32', g.id, w.id, 1000, 'USD', 'grant', 1, '{"note":"welcome"}',
       '00000000-0000-0000-0000-000000000032'::uuid, now()
from account g, account w where g.kind = 'grants' and w.kind = 'wallet' and w.owner_id = 32;
insert into hold (id, idem_key, wallet_id, reference, amount, wallet_version, note, correlation, at, purpose)
select h.id::uuid, 'hold:withdrawal:' || h.reference, a.id, h.reference::uuid, h.amount, h.version, 'withdrawal:' || h.short,
       '00000000-0000-0000-0000-000000000032'::uuid, now(), 'payout'
from account a, (values
    ('00000000-0000-0000-0000-0000000032d1', '00000000-0000-0000-0000-0000000032a1', 400, 2, 'sampleone1'),
    ('00000000-0000-0000-0000-0000000032d2', '00000000-0000-0000-0000-0000000032a2', 300, 4, 'sampletwo2'),
    ('00000000-0000-0000-0000-0000000032d3', '00000000-0000-0000-0000-0000000032a3', 100, 6, 'samplethr3')
) h (id, reference, amount, version, short)
where a.kind = 'wallet' and a.owner_id = 32;
insert into transfer (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, cause, correlation, at)
select m.id::uuid, m.key, d.id, c.id, m.amount, 'USD', m.kind, m.version::bigint, '{"note":"withdrawal:sampleone1"}',
       '00000000-0000-0000-0000-000000000032'::uuid, now()
from (values
    ('00000000-0000-0000-0000-0000000032c2', 'payout:00000000-0000-0000-0000-0000000032a1', 'wallet', 32, 'payouts', 400, 'capture', 3),
    ('00000000-0000-0000-0000-0000000032c3', 'payout-fee:00000000-0000-0000-0000-0000000032a1', 'payouts', 0, 'revenue', 10, 'payout_fee', null)
) m (id, key, debit, owner, credit, amount, kind, version)
join account d on d.kind = m.debit and d.owner_id = m.owner and d.currency = 'USD'
join account c on c.kind = m.credit and c.owner_id = 0 and c.currency = 'USD';
insert into hold_resolution (hold_id, amount, captured, released, transfer_id, wallet_version, correlation, at) values
    ('00000000-0000-0000-0000-0000000032d1', 400, 400, 0, '00000000-0000-0000-0000-0000000032c2', 3,
     '00000000-0000-0000-0000-000000000032', now()),
    ('00000000-0000-0000-0000-0000000032d2', 300, 0, 300, null, 5, '00000000-0000-0000-0000-000000000032', now());
insert into withdrawal (id, short_id, user_id, wallet_kind, method, amount, fee, currency, details, state, approved_by, approved_at,
                        ended_by, ended_at, reason, external_ref, message_ref, correlation, created_at) values
    ('00000000-0000-0000-0000-0000000032a1', 'sampleone1', 32, 'wallet', 'bank', 400, 10, 'USD', '{"iban":"DE89370400440532013000"}',
     'paid', 'admin 900', now(), 'admin 901', now(), null, 'SEPA-1', '00000000-0000-0000-0000-0000000032e1',
     '00000000-0000-0000-0000-000000000032', now()),
    ('00000000-0000-0000-0000-0000000032a2', 'sampletwo2', 32, 'wallet', 'bank', 300, 0, 'USD', null, 'rejected', null, null,
     'admin 900', now(), 'not your account', null, '00000000-0000-0000-0000-0000000032e2',
     '00000000-0000-0000-0000-000000000032', now()),
    ('00000000-0000-0000-0000-0000000032a3', 'samplethr3', 32, 'wallet', 'bank', 100, 0, 'USD', '{"iban":"DE89370400440532013000"}',
     'requested', null, null, null, null, null, null, '00000000-0000-0000-0000-0000000032e3',
     '00000000-0000-0000-0000-000000000032', now());
insert into withdrawal_batch values ('samplebat1', 'admin 900', '{00000000-0000-0000-0000-0000000032a1}', now());
insert into shared_notice values ('00000000-0000-0000-0000-0000000032a3', 900, '00000000-0000-0000-0000-0000000032f1', now());
