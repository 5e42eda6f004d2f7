//! How users may tip each other.

use super::Reader;
use super::reader::{base_url, is_local};
use crate::base::money::Amount;
use crate::base::redact::Secret;

/// The name of the provider that settles tips.
pub const SETTLEMENT: &str = "settlement";

const AMOUNT_MAX: i64 = 1_000_000_000;

/// Tips.
#[derive(Clone, Debug)]
pub struct Tips {
    /// The largest; zero: there are none.
    pub max: Amount,
    /// The smallest.
    pub min: Amount,
    /// What one user gives in a day, UTC.
    pub per_day: Amount,
    /// Larger ones are asked about once more.
    pub confirm_above: Amount,
    /// Terms that must be accepted first.
    pub terms_url: Option<String>,
    /// Whether only verified users may tip.
    pub is_verified_only: bool,
    /// Who settles them; None: the ledger itself, at once.
    pub settlement: Option<SettlementGateway>,
}

/// An outside service that settles tips.
#[derive(Clone, Debug)]
pub struct SettlementGateway {
    /// Base address, without a trailing slash.
    pub api_url: String,
    /// The account's key.
    pub api_key: Secret,
}

impl Tips {
    /// Whether users may tip each other.
    pub fn is_on(&self) -> bool {
        self.max > Amount::ZERO
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let tips = Self {
            max: Amount(reader.number("TIP_MAX", 0..=AMOUNT_MAX)),
            min: Amount(reader.number("TIP_MIN", 1..=AMOUNT_MAX)),
            per_day: Amount(reader.number("TIP_PER_DAY", 1..=AMOUNT_MAX)),
            confirm_above: Amount(reader.number("TIP_CONFIRM_ABOVE", 0..=AMOUNT_MAX)),
            terms_url: terms_url(reader),
            is_verified_only: reader.word("TIP_VERIFIED_ONLY", [("off", false), ("on", true)]),
            settlement: settlement(reader),
        };
        if tips.is_on() && tips.min > tips.max {
            reader.problem("TIP_MIN", "is more than TIP_MAX", "set less");
        }
        if tips.is_on() && tips.max > tips.per_day {
            let message = "is less than TIP_MAX, so that the largest tips could never be given";
            reader.problem("TIP_PER_DAY", message, "set TIP_MAX or more");
        }
        tips
    }
}

fn terms_url(reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.text("TIP_TERMS_URL")?;
    if !base_url(text).is_ok_and(|url| url.scheme() == "https") {
        reader.problem(
            "TIP_TERMS_URL",
            "is not an https address",
            "set the address of the page with the terms, or remove it",
        );
    }
    Some(text.to_owned())
}

fn settlement(reader: &mut Reader<'_>) -> Option<SettlementGateway> {
    let api_key = reader.secret("TIP_SETTLEMENT_KEY", 8);
    let text = reader.text("TIP_SETTLEMENT_URL")?;
    let Ok(url) = base_url(text) else {
        let remedy = "set an address such as https://settle.example/v1, or remove it";
        reader.problem("TIP_SETTLEMENT_URL", "is not an address", remedy);
        return None;
    };
    if url.scheme() != "https" && !is_local(&url) {
        let message =
            "is plain http to a public host, which would show the key to everyone on the way";
        reader.problem("TIP_SETTLEMENT_URL", message, "use https");
    }
    let Some(api_key) = api_key else {
        let message = "is not set, and TIP_SETTLEMENT_URL is";
        let remedy = "set the key of the account there";
        reader.problem("TIP_SETTLEMENT_KEY", message, remedy);
        return None;
    };
    Some(SettlementGateway {
        api_url: url.as_str().trim_end_matches('/').to_owned(),
        api_key,
    })
}
