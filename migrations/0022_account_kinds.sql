-- More kinds of accounts. A user may have three wallets: `wallet` (main: orders, tips, withdrawals), `affiliate` (what was
-- earned with referrals) and `reply_credits` (good for replies of the assistant only). The house has one account more for
-- each way that money comes in (`flutterwave`) or goes out (`payouts`), and one for what referrals cost (`rewards`).
--
-- Replicas of before run beside this: they make accounts of the old kinds only, and read wallets by their kind.
create or replace function account_is_of_a_known_kind() returns trigger language plpgsql as $$
begin
    -- Of a kind that no audit knows, it would hold money that nobody looks for.
    if new.kind not in (
            'wallet', 'affiliate', 'reply_credits',
            'grants', 'revenue', 'corrections', 'stars', 'losses', 'flutterwave', 'payouts', 'rewards')
        or new.guarded <> (new.kind in ('wallet', 'affiliate', 'reply_credits'))
        or new.guarded <> (new.owner_id <> 0) then
        raise exception 'there is no % account of %', new.kind, new.owner_id using errcode = 'check_violation';
    end if;
    return new;
end $$;
