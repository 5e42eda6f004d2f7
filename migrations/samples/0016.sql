-- An invoice that was paid, the payment with its movement, and a refund that Telegram refused.
insert into star_invoice values ('00000000-0000-0000-0000-0000000000e1', 2, 50, 50, 'USD', null, 'paid', now(), now());
insert into account (kind, owner_id, currency, guarded, available, held, version) values ('wallet', 2, 'USD', true, 50, 0, 3);
insert into account (kind, owner_id, currency, guarded) values ('stars', 0, 'USD', false);
insert into transfer
select m.id::uuid, m.key, case when m.gives then s.id else w.id end, case when m.gives then w.id else s.id end, 50, 'USD',
       m.kind, m.version, '{"note":"50 ⭐"}', '00000000-0000-0000-0000-000000000003'::uuid, now()
from account s, account w, (values
    ('00000000-0000-0000-0000-0000000000c5', 'stars:stx1', true, 'topup', 1),
    ('00000000-0000-0000-0000-0000000000c6', 'stars-refund:00000000-0000-0000-0000-0000000000f1', false, 'refund', 2),
    ('00000000-0000-0000-0000-0000000000c7', 'stars-refund-undone:00000000-0000-0000-0000-0000000000f1', true, 'refund_undone', 3)
) m (id, key, gives, kind, version)
where s.kind = 'stars' and w.kind = 'wallet' and w.owner_id = 2;
insert into star_payment values ('stx1', 'abcdefghij', '00000000-0000-0000-0000-0000000000e1', 2, 50, 50, 'USD',
        '00000000-0000-0000-0000-0000000000c5', 'update', now());
insert into star_refund values ('00000000-0000-0000-0000-0000000000f1', 'stx1', 50, 0, 'refused', 900,
        '00000000-0000-0000-0000-000000000003', 1, now(), 'CHARGE_ID_INVALID', now(), now());
insert into star_reconciliation values ('2026-01-01', 0, now());
