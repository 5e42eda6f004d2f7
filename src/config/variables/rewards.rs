//! Variables of grants, withdrawals, referrals and tips.

use super::{Variable, plain, secret};

pub(super) const REWARDS: &[Variable] = &[
    plain(
        "GRANT_APPROVAL_ABOVE",
        "",
        "A grant or correction of more than this needs a second admin, in minor units of the catalogue's currency, 0 to 100000000000; without it none does.",
    ),
    plain(
        "GRANT_APPROVAL_HOURS",
        "24",
        "How long it waits for the second admin, in hours, 1 to 168.",
    ),
    plain(
        "GRANT_DAILY_LIMIT",
        "",
        "What one admin may give and take in a day (UTC) in all, in minor units of the catalogue's currency, 0 to 100000000000; without it any sum.",
    ),
    plain(
        "WITHDRAWAL_DETAILS_DAYS",
        "30",
        "How long after its end it is kept whom a withdrawal paid, in days, 0 to 3650.",
    ),
    plain(
        "ADMIN_EXPORT_AS_ATTACHMENT",
        "on",
        "on: what admins export comes as a file; off: as text in the chat, as long as it fits into a message.",
    ),
    plain(
        "REFERRAL_ON",
        "off",
        "What earns whoever brought its user in a reward: off, topup (money paid in) or order (what orders cost).",
    ),
    plain(
        "REFERRAL_REWARD",
        "10%",
        "The reward: a percentage such as 10% or 2.5%, or an amount in minor units such as 50; a second one after a comma is for the level above.",
    ),
    plain(
        "REFERRAL_MIN",
        "0",
        "Payments below it bring no reward, in minor units, 0 to 1000000000.",
    ),
    plain(
        "REFERRAL_CAP",
        "0",
        "The largest reward of one payment and level, in minor units, 0 (no cap) to 1000000000.",
    ),
    plain(
        "BOT_USERNAME",
        "",
        "The bot's name without @, for personal links. Required unless REFERRAL_ON is off.",
    ),
    plain(
        "WALLET_TRANSFERS",
        "affiliate>wallet:100",
        "Ways between a user's own wallets, each with the least that may be moved, in minor units; the kinds are wallet and affiliate. off: none.",
    ),
    plain(
        "TIP_MAX",
        "0",
        "The largest tip from one user to another, in minor units, 0 (no tips) to 1000000000.",
    ),
    plain(
        "TIP_MIN",
        "1",
        "The smallest tip, in minor units, 1 to 1000000000.",
    ),
    plain(
        "TIP_PER_DAY",
        "10000",
        "What a user may give in tips in a day (UTC), in minor units, 1 to 1000000000.",
    ),
    plain(
        "TIP_CONFIRM_ABOVE",
        "500",
        "Larger tips are asked about once more, in minor units, 0 to 1000000000.",
    ),
    plain(
        "TIP_TERMS_URL",
        "",
        "The https address of terms that a user must accept before the first tip; none are asked about without it.",
    ),
    plain(
        "TIP_VERIFIED_ONLY",
        "off",
        "on: only users may tip whom an admin has verified with /verify.",
    ),
    plain(
        "TIP_SETTLEMENT_URL",
        "",
        "Address of an outside service that settles tips; without it the ledger does, at once.",
    ),
    secret(
        "TIP_SETTLEMENT_KEY",
        "Key of the account at TIP_SETTLEMENT_URL; at least 8 characters.",
    ),
];
