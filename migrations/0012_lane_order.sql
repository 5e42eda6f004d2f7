-- A claim looks whether an earlier row of its lane waits: rows become visible in another order than they were numbered in
-- (batches and replicas commit side by side), so whoever read a row may have read past the one before it.
create index inbox_lane on inbox_update (lane, seq) where state = 0;
