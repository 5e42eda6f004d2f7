-- `star_reconciliation` was made for the nightly comparison with Telegram's list of payments, but nothing ever wrote to it: what
-- each night came to stands in `reconciliation`. Replicas of before still look whether the table is there, and sell nothing for
-- Stars where it is not, so it stays for them. This release has stopped looking; the next one can drop it.
comment on table star_reconciliation is 'unused, to be dropped: see reconciliation';
