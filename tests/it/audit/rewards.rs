//! What breaks a reward on an order, row by row: what it hangs on, its rule, what went back of it.

/// What breaks the sample data's books, past all triggers and keys; which invariant; and where.
pub const FAULTS: &[(&str, &str, &str)] = &[
    (
        "update referral_part_reversal set lost = 1",
        "a reward on an order follows what stays paid of it",
        "reward 00000000-0000-0000-0000-0000004400c3",
    ),
    (
        "delete from referral_part_reversal",
        "a reward on an order follows what stays paid of it",
        "reward 00000000-0000-0000-0000-0000004400c3",
    ),
    (
        "delete from referral_part_reversal",
        "a reward or tip that moved has its row",
        "transfer 00000000-0000-0000-0000-0000004400c7",
    ),
    (
        "update transfer set amount = 3 where kind = 'reward_taken' and amount = 4",
        "a reward moves what its rows say",
        "reward 00000000-0000-0000-0000-0000004400c3",
    ),
    (
        "insert into referral_reversal values ('00000000-0000-0000-0000-0000004400c4', 4044003, 'USD', 0, 5, now())",
        "a reward on an order follows what stays paid of it",
        "reward 00000000-0000-0000-0000-0000004400c4",
    ),
    (
        "update transfer set amount = 75 where idem_key like 'mend:paid-back:%'",
        "a reward on an order follows what stays paid of it",
        "reward 00000000-0000-0000-0000-0000004400c3",
    ),
    (
        "update transfer set amount = 90 where idem_key like 'mend:paid-back:%'",
        "a reward on an order follows what stays paid of it",
        "reward 00000000-0000-0000-0000-0000004400c4",
    ),
    (
        "update referral_reward set basis_points = 900 where amount = 9",
        "a reward is what its rule brings",
        "reward 00000000-0000-0000-0000-0000004400c3",
    ),
    (
        "update referral_reward set cap = 8 where amount = 9",
        "a reward is what its rule brings",
        "reward 00000000-0000-0000-0000-0000004400c3",
    ),
    (
        "update referral_reward set fixed = 4 where fixed = 5",
        "a reward is what its rule brings",
        "reward 00000000-0000-0000-0000-0000004400c4",
    ),
    (
        "update referral_reward set least = 91 where fixed = 5",
        "a reward is what its rule brings",
        "reward 00000000-0000-0000-0000-0000004400c4",
    ),
    (
        "update referral_reward set amount = 12, base = 120 where amount = 9",
        "a reward on an order is for what was taken for it",
        "reward 00000000-0000-0000-0000-0000004400c3",
    ),
    (
        "update hold_resolution set captured = 89, released = 1 where captured = 90",
        "a reward on an order is for what was taken for it",
        "reward 00000000-0000-0000-0000-0000004400c4",
    ),
    (
        "update referral_reward set payer_id = 4044003 where amount = 9",
        "a reward on an order is for what was taken for it",
        "reward 00000000-0000-0000-0000-0000004400c3",
    ),
    (
        "update referral_reward set cause = 'order:of nobody' where fixed = 5",
        "a reward on an order is for what was taken for it",
        "reward 00000000-0000-0000-0000-0000004400c4",
    ),
];
