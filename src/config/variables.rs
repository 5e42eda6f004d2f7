//! The one table of variables: names, defaults, meanings.

mod rewards;

use rewards::REWARDS;

/// What one variable of the environment means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What is used when it is not set; empty for nothing.
    pub default: &'static str,
    /// What it sets, its unit and its limits.
    pub meaning: &'static str,
    /// Whether its value must never be shown.
    pub secret: bool,
}

const fn plain(name: &'static str, default: &'static str, meaning: &'static str) -> Variable {
    Variable {
        name,
        default,
        meaning,
        secret: false,
    }
}

const fn secret(name: &'static str, meaning: &'static str) -> Variable {
    Variable {
        name,
        default: "",
        meaning,
        secret: true,
    }
}

/// Every variable that Bulwark reads.
pub const VARIABLES: &[Variable] = &joined::<{ BASE.len() + REWARDS.len() }>(BASE, REWARDS);

/// One list of two.
const fn joined<const N: usize>(one: &[Variable], two: &[Variable]) -> [Variable; N] {
    let mut all = [one[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < one.len() {
            one[at]
        } else {
            two[at - one.len()]
        };
        at += 1;
    }
    all
}

const BASE: &[Variable] = &[
    secret(
        "TELEGRAM_BOT_TOKEN",
        "The bot's token from @BotFather. Required.",
    ),
    plain(
        "TELEGRAM_API_URL",
        "https://api.telegram.org",
        "Address of the Bot API server; https, or http to a local one.",
    ),
    secret(
        "WEBHOOK_SECRET",
        "What Telegram sends with every update; 1 to 256 characters of A-Z a-z 0-9 _ -, anything else is hashed. Derived from the bot token if not set.",
    ),
    secret(
        "WEBHOOK_SECRET_PREVIOUS",
        "The secret before a change; still accepted.",
    ),
    plain(
        "WEBHOOK_MAX_CONNECTIONS",
        "40",
        "Connections Telegram opens at once, 1 to 100.",
    ),
    plain(
        "TELEGRAM_SOURCE_CHECK",
        "off",
        "on: accept updates only from Telegram's published address ranges, as seen by CLIENT_IP.",
    ),
    secret(
        "DATABASE_URL",
        "postgres://user:password@host/database. Required. Postgres 15 or newer.",
    ),
    secret(
        "DATABASE_DIRECT_URL",
        "If DATABASE_URL goes through a transaction pooler: the address past it, for migrations and wake-ups.",
    ),
    plain(
        "DATABASE_POOL_SIZE",
        "10",
        "Database connections at most, 2 to 200.",
    ),
    plain(
        "PUBLIC_URL",
        "",
        "The https address under which Telegram and providers reach this service; port 443, 80, 88 or 8443. Required, except on Render.",
    ),
    plain(
        "RENDER_EXTERNAL_URL",
        "",
        "Set by Render; used when PUBLIC_URL is not set.",
    ),
    plain("HOST", "0.0.0.0", "Address to listen on."),
    plain("PORT", "8080", "Port to listen on, 1 to 65535."),
    plain(
        "WEBHOOK_MAX_BODY_SIZE",
        "10485760",
        "Largest request body in bytes, 65536 to 104857600.",
    ),
    plain(
        "TRUSTED_PROXIES",
        "",
        "Proxies whose headers are believed: addresses and CIDR ranges separated by commas; `private` stands for all private ranges.",
    ),
    plain(
        "CLIENT_IP",
        "peer",
        "Where a caller's address comes from: peer, xff, or header:<name>. The last two need TRUSTED_PROXIES.",
    ),
    secret(
        "METRICS_TOKEN",
        "Opens /metrics to requests with this bearer token; at least 16 characters.",
    ),
    plain(
        "METRICS_ADDR",
        "",
        "Address and port of a separate, private listener for /metrics, such as 127.0.0.1:9090.",
    ),
    plain(
        "SHUTDOWN_DELAY_MS",
        "0",
        "How long to keep serving after a stop signal, until the platform's proxy has noticed; 0 to 60000.",
    ),
    plain(
        "SHUTDOWN_GRACE_MS",
        "25000",
        "How long a stop may take in all, 1000 to 300000.",
    ),
    secret(
        "MEDIA_PROXY_SECRET",
        "Signs media addresses; at least 16 characters. Derived from the bot token if not set.",
    ),
    secret(
        "MEDIA_PROXY_SECRET_PREVIOUS",
        "The secret before a change; its addresses stay valid until they expire.",
    ),
    plain(
        "MEDIA_LINK_TTL",
        "86400",
        "How long a media address is valid, in seconds, 600 to 604800.",
    ),
    secret("KIE_API_KEY", "Key of the KIE account. Required."),
    plain(
        "KIE_API_URL",
        "https://api.kie.ai",
        "Address of KIE's API; https, or http to a local one.",
    ),
    secret(
        "KIE_WEBHOOK_KEY",
        "Key that signs KIE's callbacks; without it callbacks only serve as hints by their token, and jobs are polled.",
    ),
    plain(
        "KIE_CREDITS_LOW",
        "100",
        "With so many credits or fewer on the KIE account admins are told, and new orders refused politely until there are more; 0 to 100000000.",
    ),
    plain(
        "KIE_CREDIT_COST",
        "",
        "What one KIE credit costs you in the catalogue's currency, such as 0.005, for the cost and margin of orders from then on; without it they are unknown.",
    ),
    plain(
        "PANEL_BALANCE_LOW",
        "0",
        "With so much or less on the account at an order panel, in hundredths of that account's currency, admins are told, and new orders go to another provider or are refused politely; 0 to 100000000.",
    ),
    secret(
        "SMMFLARE_API_KEY",
        "Key of the account at the order panel SMMFlare; without it its services are not offered.",
    ),
    secret("PLUGSMMS_API_KEY", "Key of the panel PlugSMMS."),
    secret("SMMSTONE_API_KEY", "Key of the panel SMMStone."),
    secret("REPLICATE_API_TOKEN", "Token of the Replicate account."),
    secret(
        "REPLICATE_WEBHOOK_KEY",
        "Key that signs Replicate's webhooks (whsec_…, from its API at /v1/webhooks/default/secret); without it they only serve as hints by their token.",
    ),
    plain(
        "PANELS",
        "",
        "Further order panels (SMM panel API v2), or other addresses of those above: name=address, separated by commas. The key of each is in its own variable, such as ACME_API_KEY for acme=https://acme.example/api/v2. A provider of another kind: name=kind+address.",
    ),
    plain(
        "CATALOG_PATH",
        "",
        "Your own catalogue file; the one compiled in is used if not set.",
    ),
    plain(
        "ADMIN_IDS",
        "",
        "Telegram user ids of the admins, separated by commas.",
    ),
    plain(
        "WELCOME_GRANT",
        "0",
        "What a new user receives, in minor units of the catalogue's currency, 0 to 1000000.",
    ),
    plain(
        "TOPUP_STARS",
        "",
        "Packages that users can buy with Telegram Stars, in Stars, such as 50,100,250,500; without it none are offered.",
    ),
    plain(
        "TOPUP_STAR_RATE",
        "1",
        "What a Star is worth on the balance, in minor units of the catalogue's currency, 1 to 1000000.",
    ),
    plain(
        "TOPUP_AMOUNTS",
        "500,1000,2500,5000",
        "Amounts to choose from when topping up by card or from a bank, in minor units of the catalogue's currency.",
    ),
    plain(
        "TOPUP_MIN",
        "100",
        "The least that can be topped up by card or from a bank, in minor units, 1 to 100000000.",
    ),
    plain(
        "TOPUP_MAX",
        "50000",
        "The most that can be topped up at once by card or from a bank, in minor units, 1 to 100000000.",
    ),
    secret(
        "FLUTTERWAVE_API_KEY",
        "Secret key of the Flutterwave account, for payments by card, bank or mobile money; without it they are not offered.",
    ),
    plain(
        "FLUTTERWAVE_API_URL",
        "https://api.flutterwave.com/v3",
        "Address of Flutterwave's API; https, or http to a local one.",
    ),
    secret(
        "FLUTTERWAVE_SECRET_HASH",
        "What Flutterwave's webhooks of version 3 carry (`verif-hash`), as set in its dashboard. It or the next is required with the key.",
    ),
    secret(
        "FLUTTERWAVE_SIGNING_KEY",
        "What Flutterwave's webhooks of version 4 are signed with (`flutterwave-signature`).",
    ),
    plain(
        "FLUTTERWAVE_RATES",
        "",
        "What one main unit of the catalogue's currency costs at Flutterwave, in each currency that may be paid in, such as NGN=1600.50,USD=1. Required with the key.",
    ),
    plain(
        "RATE_LIMIT_PER_MINUTE",
        "20",
        "Messages and taps a user may send per minute, 1 to 600.",
    ),
    plain(
        "RATE_LIMIT_BURST",
        "30",
        "How many of them may come at once, 1 to 600.",
    ),
    plain(
        "FREE_USES_PER_DAY",
        "5",
        "Orders of a free service per user and day, unless the catalogue says otherwise; 1 to 1000.",
    ),
    plain(
        "ORDERS_PER_USER",
        "5",
        "Orders a user may have running at once, 1 to 100.",
    ),
    plain(
        "INTAKE_WAITING",
        "4096",
        "Updates that may wait for the database at once, 16 to 65536; beyond that, and while it is slow or away, Telegram is asked to come again.",
    ),
    plain(
        "LANE_CONCURRENCY",
        "16",
        "Chats whose updates are handled at once, 1 to 256.",
    ),
    plain(
        "JOB_CONCURRENCY",
        "16",
        "Submits, and as many polls, made at once to each provider, 1 to 256.",
    ),
    plain(
        "JOB_LEASE_S",
        "6",
        "How long a job stays with a replica that gives no sign of life, in seconds, 3 to 60; it goes on within half as long again.",
    ),
    plain(
        "SEND_CONCURRENCY",
        "32",
        "Messages on their way to Telegram at once, 4 to 256.",
    ),
    plain(
        "SEND_PER_SECOND",
        "28",
        "Calls of the Bot API in any second, of all replicas together, 2 to 1000; Telegram allows about 30, more only against payment.",
    ),
    plain(
        "SEND_NOTICES_PER_SECOND",
        "24",
        "Of these at most so many notifications and broadcast messages, 1 to 999; the rest is kept for answers.",
    ),
    plain(
        "CHAT_NOTICES_PER_MINUTE",
        "10",
        "Notifications and broadcast messages to one chat per minute, 1 to 20.",
    ),
    plain(
        "BREAKER_PROVIDER",
        "4/60/300",
        "When calls of a provider stop for a while: failures/seconds/seconds. Of at least 4 within 60 s half failed; it begins with 5 s and lasts 300 s at most.",
    ),
    plain(
        "BREAKER_CHAT",
        "5/30/30",
        "The same for Telegram: at least 5, and half of all, within 30 s failed; 30 s at most.",
    ),
    plain(
        "BREAKER_PAYMENT",
        "3/60/60",
        "The same for each payment gateway.",
    ),
    plain(
        "BREAKER_STORAGE",
        "5/30/30",
        "The same for Telegram's file host, from which providers read what users sent.",
    ),
    plain(
        "BREAKER_DATABASE",
        "10/10/10",
        "The same for the database: shown in the metrics only, for work is always tried there.",
    ),
    plain(
        "RETRY_BUDGET_PERCENT",
        "20",
        "Of all submits to a provider within a minute, so many percent may be repeated ones, 0 to 100; ten are always free.",
    ),
    plain(
        "UNKNOWN_ASK_S",
        "120",
        "When the answer to a submit was lost and nothing tells what became of it: admins are asked after so many seconds, 10 to 86400.",
    ),
    plain(
        "UNKNOWN_RELEASE_S",
        "1800",
        "If nobody has answered by then the money is given back, in seconds after the submit, 60 to 604800; more than UNKNOWN_ASK_S.",
    ),
    plain(
        "INBOX_RETENTION_DAYS",
        "3",
        "How long handled updates are kept, 2 to 6: Telegram repeats for a day, and restarts its numbers after a week.",
    ),
    plain(
        "OUTBOX_RETENTION_DAYS",
        "7",
        "How long sent messages are kept, 1 to 90.",
    ),
    plain(
        "JOB_RETENTION_DAYS",
        "90",
        "How long finished jobs are kept, 7 to 3650.",
    ),
    plain(
        "LOG_FORMAT",
        "auto",
        "auto (text on a terminal, else json), json or text.",
    ),
    plain(
        "LOG_LEVEL",
        "info",
        "error, warn, info, debug, trace, or filter directives such as info,bulwark=debug.",
    ),
    plain(
        "BULWARK_PG_BIN",
        "",
        "bulwark demo only: folder of the Postgres programs to use.",
    ),
    plain(
        "BULWARK_DATA_DIR",
        "",
        "bulwark demo only: where it keeps its database.",
    ),
];

/// The entry of a variable.
pub(super) fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}
