-- Half of the payment of 0027 was given back by hand, and with it half of a reward of 0030.
insert into payment_return values ('00000000-0000-0000-0000-00000000a421', 'flutterwave', '4027', '74639', 400000, 250, 0,
    '00000000-0000-0000-0000-00000000a273', now());
insert into referral_return values ('00000000-0000-0000-0000-00000000a421', '00000000-0000-0000-0000-0000003000c4', 4030001, 'USD',
    5, 0, now());
insert into transfer
    (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, cause, correlation, at)
select m.id::uuid, m.key, w.id, h.id, m.amount, 'USD', m.kind, m.version, '{"note":""}',
       '00000000-0000-0000-0000-00000000a273'::uuid, now()
from account h, account w, (values
    ('00000000-0000-0000-0000-00000000a422', 'payment-return:00000000-0000-0000-0000-00000000a421', 'refund', 250, 4,
     'flutterwave', 'wallet', 4027001),
    ('00000000-0000-0000-0000-00000000a423',
     'reward-part-taken:00000000-0000-0000-0000-00000000a421:00000000-0000-0000-0000-0000003000c4', 'reward_taken', 5, 6,
     'rewards', 'affiliate', 4030001)
) m (id, key, kind, amount, version, house, wallet, owner)
where h.kind = m.house and h.currency = 'USD' and w.kind = m.wallet and w.owner_id = m.owner;
update account set version = 4, available = available - 250 where kind = 'wallet' and owner_id = 4027001;
update account set version = 6, available = available - 5 where kind = 'affiliate' and owner_id = 4030001;
