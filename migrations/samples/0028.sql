-- A refund that the processor refused: its money is back in the wallet.
insert into transfer
select m.id::uuid, m.key, case when m.gives then h.id else w.id end, case when m.gives then w.id else h.id end, 500, 'USD', m.kind,
       m.version, '{"note":"8000.00 NGN"}', '00000000-0000-0000-0000-00000000a273'::uuid, now()
from account h, account w, (values
    ('00000000-0000-0000-0000-00000000a281', 'payment-refund:00000000-0000-0000-0000-00000000a283', false, 'refund', 2),
    ('00000000-0000-0000-0000-00000000a282', 'payment-refund-undone:00000000-0000-0000-0000-00000000a283', true, 'refund_undone', 3)
) m (id, key, gives, kind, version)
where h.kind = 'flutterwave' and h.currency = 'USD' and w.kind = 'wallet' and w.owner_id = 4027001;
update account set version = 3 where kind = 'wallet' and owner_id = 4027001;
insert into payment_refund values ('00000000-0000-0000-0000-00000000a283', 'flutterwave', '4027', 500, 0, 'refused', 900,
    '00000000-0000-0000-0000-00000000a273', now(), null, 1, null, 'HTTP 400', now(), now());
