//! Configuration: what is accepted, what is refused, and that no secret shows.

use std::collections::BTreeSet;
use std::time::Duration;

use super::reader::Reader;
use super::{ClientIp, Config, Database, Demo, Env, Http, VARIABLES, describe};
use crate::base::money::Amount;
use crate::base::redact::ExposeSecret as _;

const TOKEN: &str = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0";
const DATABASE: &str = "postgres://bulwark:hunter2@localhost/bulwark";

fn minimal() -> Env {
    Env::from([
        ("TELEGRAM_BOT_TOKEN", TOKEN),
        ("DATABASE_URL", DATABASE),
        ("PUBLIC_URL", "https://bot.example.com"),
        ("KIE_API_KEY", "kie-canary-key"),
    ])
}

fn with(name: &str, value: &str) -> Env {
    let mut env = minimal();
    env.set(name, value);
    env
}

fn config(env: &Env) -> Config {
    Config::from_env(env).expect("a valid configuration")
}

fn refused(env: &Env) -> Vec<&'static str> {
    match Config::from_env(env) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(|problem| problem.variable).collect(),
    }
}

#[test]
fn four_variables_are_enough() {
    let config = config(&minimal());
    assert_eq!(config.http.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(config.http.public_url, "https://bot.example.com");
    assert_eq!(config.http.body_bytes_max, 10_485_760);
    assert_eq!(config.http.client_ip, ClientIp::Peer);
    assert_eq!(config.telegram.api_url, "https://api.telegram.org");
    assert_eq!(config.telegram.webhook_max_connections, 40);
    assert_eq!(config.providers.kie.api_url, "https://api.kie.ai");
    assert_eq!(config.limits.rate_per_minute, 20);
    assert_eq!(config.limits.rate_burst, 30);
    assert_eq!(
        config.limits.inbox_retention,
        Duration::from_secs(3 * 86_400)
    );
    assert_eq!(config.wallet.welcome_grant, Amount::ZERO);
    assert_eq!(config.catalog_path, None);
}

#[test]
fn an_empty_environment_names_all_that_is_required_at_once() {
    assert_eq!(
        refused(&Env::default()),
        [
            "TELEGRAM_BOT_TOKEN",
            "DATABASE_URL",
            "PUBLIC_URL",
            "KIE_API_KEY"
        ]
    );
}

#[test]
fn a_wrong_value_is_named_with_what_to_do() {
    let cases = [
        ("TELEGRAM_BOT_TOKEN", "nonsense"),
        ("TELEGRAM_BOT_TOKEN", "123:abc"),
        ("TELEGRAM_API_URL", "http://api.example.com"),
        ("TELEGRAM_API_URL", "https://user:pass@api.example.com"),
        ("TELEGRAM_SOURCE_CHECK", "maybe"),
        ("WEBHOOK_MAX_CONNECTIONS", "101"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_POOL_SIZE", "1"),
        ("PUBLIC_URL", "http://bot.example.com"),
        ("PUBLIC_URL", "https://bot.example.com:9000"),
        ("PUBLIC_URL", "https://bot.example.com/path"),
        ("PUBLIC_URL", "bot.example.com"),
        ("HOST", "localhost"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "eighty"),
        ("WEBHOOK_MAX_BODY_SIZE", "10MB"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("CLIENT_IP", "guess"),
        ("CLIENT_IP", "xff"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_ADDR", "9090"),
        ("METRICS_ADDR", "127.0.0.1:8080"),
        ("SHUTDOWN_DELAY_MS", "30000"),
        ("SHUTDOWN_GRACE_MS", "1"),
        ("MEDIA_PROXY_SECRET", "short"),
        ("MEDIA_LINK_TTL", "1"),
        ("KIE_API_URL", "ftp://api.kie.ai"),
        ("SMMFLARE_API_KEY", "short"),
        ("PANELS", "acme"),
        ("PANELS", "kie=https://panel.example.com/api/v2"),
        ("PANELS", "acme=http://panel.example.com/api/v2"),
        ("PANELS", "acme=market+http://panel.example.com/api/v2"),
        ("PANELS", "acme=+https://panel.example.com/api/v2"),
        ("ADMIN_IDS", "@boss"),
        ("ADMIN_IDS", "-5"),
        ("WELCOME_GRANT", "1.50"),
        ("TOPUP_STARS", "50,many"),
        ("TOPUP_STARS", "0"),
        ("TOPUP_STAR_RATE", "0"),
        ("GRANT_APPROVAL_ABOVE", "ten"),
        ("GRANT_APPROVAL_HOURS", "0"),
        ("GRANT_DAILY_LIMIT", "-1"),
        ("WITHDRAWAL_DETAILS_DAYS", "3651"),
        ("TOPUP_MIN", "0"),
        ("TOPUP_MAX", "99"),
        ("TOPUP_AMOUNTS", "500,5.00"),
        ("TOPUP_AMOUNTS", "50"),
        ("FLUTTERWAVE_API_URL", "http://api.example.com/v3"),
        ("REFERRAL_ON", "always"),
        ("REFERRAL_REWARD", "10%,5%,1%"),
        ("REFERRAL_REWARD", "0"),
        ("BOT_USERNAME", "my shop"),
        ("WALLET_TRANSFERS", "reply_credits>wallet:1"),
        ("TIP_MAX", "-1"),
        ("TIP_MIN", "0"),
        ("TIP_TERMS_URL", "http://bot.example.com/terms"),
        ("TIP_VERIFIED_ONLY", "maybe"),
        ("TIP_SETTLEMENT_URL", "somewhere"),
        ("RATE_LIMIT_BURST", "0"),
        ("SEND_NOTICES_PER_SECOND", "28"),
        ("INBOX_RETENTION_DAYS", "7"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "bulwark=loud"),
    ];
    for (name, value) in cases {
        let problems = Config::from_env(&with(name, value)).expect_err(value);
        assert_eq!(problems.len(), 1, "{name}={value}: {problems:?}");
        assert_eq!(problems[0].variable, name);
        assert!(!problems[0].message.is_empty() && !problems[0].remedy.is_empty());
    }
}

#[test]
fn panels_are_on_where_their_key_is_set() {
    let mut env = with("SMMSTONE_API_KEY", "stone-canary-key");
    let panels = "acme-2=https://acme.example.com/api/v2/, smmflare=https://other.example.com/api";
    env.set("PANELS", panels);
    env.set("ACME_2_API_KEY", "acme-canary-key");
    let config = config(&env);
    let panels = config.providers.panels.iter();
    let panels = panels.map(|one| (&*one.name, &*one.api_url, one.api_key.is_some()));
    assert_eq!(
        panels.collect::<Vec<_>>(),
        [
            ("smmflare", "https://other.example.com/api", false),
            ("plugsmms", "https://plugsmms.com/api/v2", false),
            ("smmstone", "https://smmstone.com/api/v2", true),
            ("replicate", "https://api.replicate.com/v1", false),
            ("acme-2", "https://acme.example.com/api/v2", true),
        ]
    );
    let names = config.providers.names().join(" ");
    assert_eq!(names, "kie smmflare plugsmms smmstone replicate acme-2");
    assert!(!format!("{config:?}").contains("canary-key"));
}

#[test]
fn what_belongs_together_is_checked_together() {
    assert_eq!(refused(&with("REFERRAL_ON", "topup")), ["BOT_USERNAME"]);
    assert_eq!(refused(&with("TIP_MAX", "20000")), ["TIP_PER_DAY"]);
    let mut env = with("TIP_MAX", "100");
    env.set("TIP_MIN", "200");
    env.set("TIP_SETTLEMENT_URL", "https://settle.example.com/v1");
    assert_eq!(refused(&env), ["TIP_MIN", "TIP_SETTLEMENT_KEY"]);
}

#[test]
fn an_empty_value_counts_as_unset_and_white_space_does_not_matter() {
    let mut env = with("PORT", " 9000\n");
    env.set("HOST", "");
    assert_eq!(config(&env).http.listen.to_string(), "0.0.0.0:9000");
}

#[test]
fn the_webhook_secret_is_always_legal_for_telegram() {
    let secret = |env: &Env| {
        config(env)
            .telegram
            .webhook_secret
            .expose_secret()
            .to_owned()
    };
    let legal = |text: &str| {
        (1..=256).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    assert_eq!(secret(&with("WEBHOOK_SECRET", "as_is-1")), "as_is-1");
    let hashed = secret(&with("WEBHOOK_SECRET", "q1/w2+e3=="));
    assert_eq!(hashed, secret(&with("WEBHOOK_SECRET", "q1/w2+e3==")));
    let derived = secret(&minimal());
    for text in [
        &hashed,
        &derived,
        &secret(&with("WEBHOOK_SECRET", &"x".repeat(300))),
    ] {
        assert!(legal(text), "{text}");
        assert_eq!(text.len(), 64);
    }
    assert!(!derived.contains(TOKEN));
    let other = with(
        "TELEGRAM_BOT_TOKEN",
        "987654321:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0",
    );
    assert_ne!(secret(&other), derived);
}

#[test]
fn derived_secrets_differ_by_purpose() {
    let config = config(&minimal());
    assert_ne!(
        config.media.secret.expose_secret(),
        config.telegram.webhook_secret.expose_secret()
    );
}

#[test]
fn local_addresses_may_be_plain_http() {
    for (name, value) in [
        ("TELEGRAM_API_URL", "http://127.0.0.1:8081"),
        ("TELEGRAM_API_URL", "http://telegram-bot-api:8081/"),
        ("TELEGRAM_API_URL", "http://[::1]:8081"),
        ("KIE_API_URL", "http://10.0.0.7"),
        ("PUBLIC_URL", "http://127.0.0.1:8080"),
        ("PUBLIC_URL", "http://localhost:8080"),
        ("PUBLIC_URL", "https://bot.example.com:8443/"),
    ] {
        assert_eq!(refused(&with(name, value)), [""; 0], "{name}={value}");
    }
    let url = config(&with("TELEGRAM_API_URL", "http://telegram-bot-api:8081/"));
    assert_eq!(url.telegram.api_url, "http://telegram-bot-api:8081");
}

#[test]
fn render_gives_the_public_address() {
    let mut env = with("RENDER_EXTERNAL_URL", "https://bulwark.onrender.com");
    assert_eq!(config(&env).http.public_url, "https://bot.example.com");
    env.set("PUBLIC_URL", "");
    assert_eq!(config(&env).http.public_url, "https://bulwark.onrender.com");
    env.set("RENDER_EXTERNAL_URL", "nonsense");
    assert_eq!(refused(&env), ["RENDER_EXTERNAL_URL"]);
}

#[test]
fn a_header_is_believed_only_from_named_proxies() {
    let mut env = with("TRUSTED_PROXIES", "private, 203.0.113.7");
    env.set("CLIENT_IP", "header:CF-Connecting-IP");
    let http = config(&env).http;
    assert_eq!(
        http.client_ip,
        ClientIp::Header("cf-connecting-ip".to_owned())
    );
    let trusted = |ip: &str| {
        let ip: std::net::IpAddr = ip.parse().expect("an address");
        http.trusted_proxies
            .iter()
            .any(|network| network.contains(&ip))
    };
    for ip in ["10.1.2.3", "172.31.0.1", "fdaa::3", "203.0.113.7"] {
        assert!(trusted(ip), "{ip}");
    }
    for ip in ["203.0.113.8", "8.8.8.8", "2001:db8::1"] {
        assert!(!trusted(ip), "{ip}");
    }
}

#[test]
fn admins_are_listed_by_number() {
    let wallet = config(&with("ADMIN_IDS", "11, 22,33")).wallet;
    assert_eq!(wallet.admin_ids, [11, 22, 33]);
    assert!(wallet.is_admin(22) && !wallet.is_admin(44));
}

#[test]
fn no_secret_shows_in_debug_summary_or_problems() {
    let canary = "canary-canary-canary-canary";
    let mut env = minimal();
    for variable in VARIABLES.iter().filter(|variable| variable.secret) {
        if !matches!(variable.name, "TELEGRAM_BOT_TOKEN" | "DATABASE_URL") {
            env.set(variable.name, canary);
        }
    }
    env.set("FLUTTERWAVE_RATES", "NGN=1600");
    env.set("DATABASE_DIRECT_URL", DATABASE.replace("5432", "6543"));
    let mut shown = format!("{:?} {:?}", config(&env), describe(&env));
    env.set("TELEGRAM_BOT_TOKEN", canary);
    env.set("DATABASE_URL", canary);
    env.set("DATABASE_DIRECT_URL", canary);
    shown += &format!("{:?}", Config::from_env(&env).expect_err("refused"));
    env.set("TELEGRAM_API_URL", "https://user:hunter2@api.example.com");
    env.set("PUBLIC_URL", TOKEN);
    env.set("TRUSTED_PROXIES", TOKEN);
    shown += &format!("{:?}", Config::from_env(&env).expect_err("refused"));
    shown += &format!("{:?}", describe(&env));
    for secret in [canary, TOKEN, "hunter2", "AAHdqTcv"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn the_summary_tells_what_is_set_and_what_is_default() {
    let settings = describe(&with("PORT", "9000"));
    let find = |name| settings.iter().find(|s| s.variable == name).expect(name);
    assert_eq!(
        (find("PORT").value.as_str(), find("PORT").is_set),
        ("9000", true)
    );
    assert_eq!(
        (find("HOST").value.as_str(), find("HOST").is_set),
        ("0.0.0.0", false)
    );
    assert_eq!(find("DATABASE_URL").value, "(secret, set)");
    assert_eq!(find("WEBHOOK_SECRET").value, "(not set)");
}

#[test]
fn small_commands_need_only_their_own_variables() {
    let env = Env::from([("DATABASE_URL", DATABASE), ("PORT", "9000")]);
    assert_eq!(Database::from_env(&env).expect("valid").pool_size, 10);
    let address = Http::local_address(&env).expect("valid");
    assert_eq!(address.to_string(), "127.0.0.1:9000");
    let env = Env::from([("HOST", "::")]);
    let address = Http::local_address(&env).expect("valid");
    assert_eq!(address.to_string(), "[::1]:8080");
    assert!(Demo::from_env(&Env::from([("DATABASE_URL", DATABASE)])).has_database);
}

#[test]
fn every_variable_that_is_read_stands_in_the_table_and_the_other_way_round() {
    let env = minimal();
    let mut reader = Reader::new(&env);
    Config::read(&mut reader);
    Demo::read(&mut reader, &env);
    let read: BTreeSet<&str> = reader.asked().iter().copied().collect();
    let listed: BTreeSet<&str> = VARIABLES.iter().map(|variable| variable.name).collect();
    assert_eq!(read, listed);
    assert_eq!(
        listed.len(),
        VARIABLES.len(),
        "a name stands in the table twice"
    );
}

#[test]
fn the_example_file_lists_every_variable_with_its_default() {
    let example = include_str!("../../.env.example");
    let lines: Vec<(&str, &str)> = example
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .filter(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        .collect();
    let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
    let expected: Vec<&str> = VARIABLES.iter().map(|variable| variable.name).collect();
    assert_eq!(names, expected);
    for ((name, value), variable) in lines.iter().zip(VARIABLES) {
        assert_eq!(*value, variable.default, "{name}");
        assert!(
            example.contains(variable.meaning),
            "{name}: {}",
            variable.meaning
        );
    }
}

#[test]
fn the_example_for_fly_is_complete_but_for_its_secrets() {
    let file: toml::Table = include_str!("../../deploy/fly.toml").parse().expect("TOML");
    let mut env = minimal();
    for (name, value) in file["env"].as_table().expect("[env]") {
        env.set(name, value.as_str().expect("a text"));
    }
    let http = config(&env).http;
    assert_eq!(http.client_ip, ClientIp::Header("fly-client-ip".to_owned()));
    let kill_s: u64 = file["kill_timeout"]
        .as_str()
        .and_then(|text| text.strip_suffix('s')?.parse().ok())
        .expect("seconds");
    assert!(
        http.shutdown_grace < Duration::from_secs(kill_s),
        "Fly would kill first"
    );
}
