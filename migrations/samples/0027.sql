-- An intent that was paid, its event and its payment with the movement; and a question.
insert into payment_rate (currency, base, micros, since) values ('NGN', 'USD', 1600000000, now());
insert into payment_intent
    (id, short_id, processor, reference, user_id, amount, currency, price, price_currency, rate_id, state, link, message_ref,
     correlation, created_at, expires_at)
select '00000000-0000-0000-0000-00000000a271', 'flwintent1', 'flutterwave', 'bw-4027001-sample', 4027001, 500, 'USD', 800000,
       'NGN', r.id, 'paid', 'https://pay.example/1', '00000000-0000-0000-0000-00000000a272',
       '00000000-0000-0000-0000-00000000a273', now(), now()
from payment_rate r where r.currency = 'NGN';
insert into payment_event (id, processor, digest, kind, transaction_id, reference, state, due_at, received_at) values
    ('00000000-0000-0000-0000-00000000a274', 'flutterwave', '\x01', 'charge.completed', '4027', 'bw-4027001-sample', 'done', now(), now());
insert into account (kind, owner_id, currency, guarded, available, held, version) values ('wallet', 4027001, 'USD', true, 500, 0, 1);
insert into account (kind, owner_id, currency, guarded) values ('flutterwave', 0, 'USD', false) on conflict do nothing;
insert into transfer
select '00000000-0000-0000-0000-00000000a275', 'flutterwave:4027', h.id, w.id, 500, 'USD', 'topup', 1, '{"note":"8000.00 NGN"}',
       '00000000-0000-0000-0000-00000000a273', now()
from account h, account w where h.kind = 'flutterwave' and h.currency = 'USD' and w.kind = 'wallet' and w.owner_id = 4027001;
insert into payment values ('flutterwave', '4027', 'flwpaid001', 'bw-4027001-sample', '00000000-0000-0000-0000-00000000a271',
    4027001, 800000, 'NGN', 500, 'USD', '00000000-0000-0000-0000-00000000a275', 'event', now());
insert into topup_question values (4027001, 4027001, 'flutterwave', 'NGN', null, now());
