-- A wallet of each kind, and the house's new accounts.
insert into account (kind, owner_id, currency, guarded) values
    ('affiliate', 4022001, 'USD', true),
    ('reply_credits', 4022001, 'USD', true),
    ('flutterwave', 0, 'USD', false),
    ('payouts', 0, 'USD', false),
    ('rewards', 0, 'USD', false);
