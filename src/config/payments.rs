//! Payment processors: keys, what is offered there, and at what rates.

use super::Reader;
use crate::base::money::Amount;
use crate::base::redact::Secret;

/// Buttons under one message.
const PACKAGES_MAX: usize = 10;
/// Ways to pay that are shown as buttons.
const RATES_MAX: usize = 8;
const KEY_LENGTH_MIN: usize = 8;
/// Far above what one person pays at once.
const AMOUNT_MAX: i64 = 100_000_000;

/// Top-ups at payment processors.
#[derive(Clone, Debug)]
pub struct Payments {
    /// Amounts to choose from, for the wallet.
    pub packages: Vec<Amount>,
    /// The least that somebody may ask for.
    pub least: Amount,
    /// The most.
    pub most: Amount,
    /// The account at Flutterwave; none: it is not offered.
    pub flutterwave: Option<Flutterwave>,
}

/// The account at Flutterwave.
#[derive(Clone, Debug)]
pub struct Flutterwave {
    /// The account's secret key.
    pub api_key: Secret,
    /// Base address, without a trailing slash.
    pub api_url: String,
    /// What webhooks of version 3 carry.
    pub secret_hash: Option<Secret>,
    /// What webhooks of version 4 are signed with.
    pub signing_key: Option<Secret>,
    /// What a main unit of the catalogue's currency costs: code, millionths of a main unit.
    pub rates: Vec<(String, i64)>,
}

impl Payments {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let least = Amount(reader.number("TOPUP_MIN", 1..=AMOUNT_MAX));
        let most = Amount(reader.number("TOPUP_MAX", 1..=AMOUNT_MAX));
        if most < least {
            let remedy = "set it to TOPUP_MIN or more";
            reader.problem("TOPUP_MAX", "is less than TOPUP_MIN", remedy);
        }
        let text = reader.text("TOPUP_AMOUNTS").unwrap_or_default();
        let items = text.split([',', ' ']).filter(|item| !item.is_empty());
        let is_given = reader.unlisted("TOPUP_AMOUNTS").is_some();
        let fits = |amount: &Amount| (least..=most).contains(amount);
        let packages: Option<Vec<Amount>> = items
            .map(|item| item.parse().ok().map(Amount))
            // Of the defaults those that fit are offered.
            .filter(|amount| is_given || amount.as_ref().is_some_and(fits))
            .map(|amount| amount.filter(fits))
            .collect();
        let packages = packages.filter(|packages| packages.len() <= PACKAGES_MAX);
        if packages.is_none() && least <= most {
            reader.problem(
                "TOPUP_AMOUNTS",
                "is not a list of amounts between TOPUP_MIN and TOPUP_MAX",
                format!("set at most {PACKAGES_MAX} whole numbers separated by commas, in minor units, or remove it"),
            );
        }
        Self {
            packages: packages.unwrap_or_default(),
            least,
            most,
            flutterwave: flutterwave(reader),
        }
    }
}

fn flutterwave(reader: &mut Reader<'_>) -> Option<Flutterwave> {
    let api_key = reader.secret("FLUTTERWAVE_API_KEY", KEY_LENGTH_MIN);
    let api_url = reader.api_url("FLUTTERWAVE_API_URL");
    let secret_hash = reader.secret("FLUTTERWAVE_SECRET_HASH", KEY_LENGTH_MIN);
    let signing_key = reader.secret("FLUTTERWAVE_SIGNING_KEY", KEY_LENGTH_MIN);
    let rates = rates(reader);
    let has_secret = secret_hash.is_some() || signing_key.is_some();
    let Some(api_key) = api_key else {
        if has_secret || !rates.is_empty() {
            let remedy = "set the account's secret key, or remove the other FLUTTERWAVE_ variables";
            let message = "is not set, but others of Flutterwave are";
            reader.problem("FLUTTERWAVE_API_KEY", message, remedy);
        }
        return None;
    };
    if !has_secret {
        reader.problem(
            "FLUTTERWAVE_SECRET_HASH",
            "is not set, nor is FLUTTERWAVE_SIGNING_KEY: no webhook could be believed",
            "set the secret hash of the dashboard, for version 3, or FLUTTERWAVE_SIGNING_KEY for version 4",
        );
    }
    if reader.text("FLUTTERWAVE_RATES").is_none() {
        let remedy =
            "set what one main unit of the catalogue's currency costs, such as NGN=1600,USD=1";
        reader.problem("FLUTTERWAVE_RATES", "is not set", remedy);
    }
    Some(Flutterwave {
        api_key,
        api_url,
        secret_hash,
        signing_key,
        rates,
    })
}

fn rates(reader: &mut Reader<'_>) -> Vec<(String, i64)> {
    let text = reader.text("FLUTTERWAVE_RATES").unwrap_or_default();
    let mut rates: Vec<(String, i64)> = Vec::new();
    for entry in text.split(',').map(str::trim).filter(|e| !e.is_empty()) {
        let rate = entry.split_once('=').and_then(|(code, rate)| {
            let code = code.trim();
            let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
            let is_new = rates.iter().all(|(known, _)| known != code);
            let micros = micros(rate.trim()).filter(|_| is_code && is_new);
            micros.map(|micros| (code.to_owned(), micros))
        });
        match rate {
            Some(rate) if rates.len() < RATES_MAX => rates.push(rate),
            Some(_) | None => {
                reader.problem(
                    "FLUTTERWAVE_RATES",
                    "is not a list of currencies and what they cost",
                    format!("set at most {RATES_MAX} such as NGN=1600.50,USD=1, with at most six decimals"),
                );
                return Vec::new();
            }
        }
    }
    rates
}

/// A decimal number with at most six decimals, in millionths; more than nothing, at most ten million.
pub(super) fn micros(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 8 || fraction.len() > 6 {
        return None;
    }
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let micros: i64 = format!("{whole}{fraction:0<6}").parse().ok()?;
    (1..=10_000_000_000_000).contains(&micros).then_some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Env};

    const REQUIRED: [(&str, &str); 4] = [
        (
            "TELEGRAM_BOT_TOKEN",
            "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0",
        ),
        (
            "DATABASE_URL",
            "postgres://bulwark:hunter2@localhost/bulwark",
        ),
        ("PUBLIC_URL", "https://bot.example.com"),
        ("KIE_API_KEY", "kie-canary-key"),
    ];

    /// The configuration, or the variables that are wrong.
    fn read(variables: &[(&str, &str)]) -> Result<Config, Vec<&'static str>> {
        let mut env = Env::from(REQUIRED);
        for (name, value) in variables {
            env.set(name, *value);
        }
        Config::from_env(&env)
            .map_err(|problems| problems.iter().map(|problem| problem.variable).collect())
    }

    #[test]
    fn a_processor_is_configured_as_a_whole_or_not_at_all() {
        assert!(read(&[]).unwrap().payments.flutterwave.is_none());
        for alone in [
            ("FLUTTERWAVE_SECRET_HASH", "a-hash-without-a-key"),
            ("FLUTTERWAVE_RATES", "NGN=1600"),
        ] {
            assert_eq!(read(&[alone]).unwrap_err(), ["FLUTTERWAVE_API_KEY"]);
        }
        let key = ("FLUTTERWAVE_API_KEY", "FLWSECK-canary");
        let missing = ["FLUTTERWAVE_SECRET_HASH", "FLUTTERWAVE_RATES"];
        assert_eq!(read(&[key]).unwrap_err(), missing);
        let signing = ("FLUTTERWAVE_SIGNING_KEY", "signing-canary");
        for rates in ["NGN", "NGN=0", "ngn=5", "NGN=1,NGN=2", "NGN=1.2345678"] {
            let wrong = [key, signing, ("FLUTTERWAVE_RATES", rates)];
            assert_eq!(read(&wrong).unwrap_err(), ["FLUTTERWAVE_RATES"], "{rates}");
        }
        let rates = ("FLUTTERWAVE_RATES", "NGN=1600.5, USD=1");
        let config = read(&[key, signing, rates, ("TOPUP_MAX", "2000")]).unwrap();
        // Of the packages that are offered by default those that fit.
        assert_eq!(config.payments.packages, [Amount(500), Amount(1_000)]);
        let flutterwave = config.payments.flutterwave.unwrap();
        assert_eq!(flutterwave.api_url, "https://api.flutterwave.com/v3");
        let rates = [
            ("NGN".to_owned(), 1_600_500_000),
            ("USD".to_owned(), 1_000_000),
        ];
        assert_eq!(flutterwave.rates, rates);
    }
}
