-- Somebody with a link, for whose payers the index is.
insert into referral_code (user_id, code, created_at) values (47, 'sample0047', now());
