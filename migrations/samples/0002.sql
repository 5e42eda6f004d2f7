-- A wallet with a gift, an open hold and a captured one; the books balance.
insert into account (kind, owner_id, currency, guarded, available, held, version) values ('wallet', 1, 'USD', true, 480, 10, 4);
insert into account (kind, owner_id, currency, guarded) values ('grants', 0, 'USD', false), ('revenue', 0, 'USD', false);
insert into transfer
select '00000000-0000-0000-0000-0000000000c1'::uuid, 'welcome:1', g.id, w.id, 500, 'USD', 'grant', 1, '{"note":"welcome"}',
       '00000000-0000-0000-0000-000000000001'::uuid, now()
from account g, account w where g.kind = 'grants' and w.kind = 'wallet';
insert into hold
select '00000000-0000-0000-0000-0000000000d1'::uuid, 'hold:job:a1', id, '00000000-0000-0000-0000-0000000000a1'::uuid, 10, 2, 'text-to-image',
       '00000000-0000-0000-0000-000000000001'::uuid, now() from account where kind = 'wallet'
union all
select '00000000-0000-0000-0000-0000000000d2'::uuid, 'hold:job:a2', id, '00000000-0000-0000-0000-0000000000a2'::uuid, 10, 3, 'text-to-image',
       '00000000-0000-0000-0000-000000000002'::uuid, now() from account where kind = 'wallet';
insert into transfer
select '00000000-0000-0000-0000-0000000000c2'::uuid, 'capture:job:a2', w.id, r.id, 10, 'USD', 'capture', 4, '{"note":"text-to-image"}',
       '00000000-0000-0000-0000-000000000002'::uuid, now()
from account r, account w where r.kind = 'revenue' and w.kind = 'wallet';
insert into hold_resolution
values ('00000000-0000-0000-0000-0000000000d2', 10, 10, 0, '00000000-0000-0000-0000-0000000000c2', 4,
        '00000000-0000-0000-0000-000000000002', now());
