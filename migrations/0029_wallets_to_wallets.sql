-- Movements between two wallets (tips, earnings that their owner moves), and holds that pay for something else than an order.
--
-- Such a movement touches two guarded rows, and each counts its rows without a gap: `wallet_version` is the debited
-- wallet's, as before, and the credited one's stands beside it. Both columns are added without a rewrite.
--
-- Replicas of before run beside this and write neither column. Their audit knows one version a row: while they run, it
-- complains about wallets that were tipped.
alter table transfer add column credit_version bigint;     -- of the credited wallet, where both sides are wallets
alter table hold add column purpose text not null default 'order';   -- order, tip, payout: whose row `reference` names
