-- A listed service, one that is gone, one that only the catalogue knows; a choice and its withdrawal.
insert into provider_service values
    ('one', '101', 'Channel members', 'Default', 620000, 'USD', 50, 10000, true, true, now(), null, now()),
    ('one', '99', 'Old likes', 'Default', 100000, null, 10, 100, false, false, now(), now(), null),
    ('kie', 'vendor/model', null, null, null, null, null, null, null, null, null, null, now());
insert into provider_choice values
    ('', 1, 'one', 900, now()),
    ('', 2, null, 900, now()),
    ('members', 1, 'one', 900, now());
