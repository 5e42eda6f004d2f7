//! When the breakers open, and how much may be repeated.

use std::time::Duration;

use super::Reader;

/// When the breakers of a class open, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerLimits {
    /// So many failures within the time open it.
    pub failures: u32,
    /// Within this time.
    pub within: Duration,
    /// It never stays open longer.
    pub open_max: Duration,
}

/// One for each class of what we depend on, and the share of repeated calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breakers {
    /// AI and order providers.
    pub provider: BreakerLimits,
    /// Telegram.
    pub chat: BreakerLimits,
    /// Payment gateways.
    pub payment: BreakerLimits,
    /// File hosts.
    pub storage: BreakerLimits,
    /// The database: watched only.
    pub database: BreakerLimits,
    /// Of all submits to a provider.
    pub retry_percent: u32,
}

const FAILURES_MAX: u32 = 1_000;
const SECONDS_MAX: u32 = 3_600;

impl Breakers {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            provider: limits(reader, "BREAKER_PROVIDER"),
            chat: limits(reader, "BREAKER_CHAT"),
            payment: limits(reader, "BREAKER_PAYMENT"),
            storage: limits(reader, "BREAKER_STORAGE"),
            database: limits(reader, "BREAKER_DATABASE"),
            retry_percent: reader.number("RETRY_BUDGET_PERCENT", 0..=100),
        }
    }
}

/// `5/30/60`: failures, seconds, seconds.
fn limits(reader: &mut Reader<'_>, name: &'static str) -> BreakerLimits {
    let text = reader.text(name).unwrap_or_default();
    let numbers: Option<Vec<u32>> = text
        .split('/')
        .map(|part| part.trim().parse().ok())
        .collect();
    let (failures, within_s, open_max_s) = match numbers.as_deref() {
        Some(&[failures, within_s, open_max_s])
            if (1..=FAILURES_MAX).contains(&failures)
                && (1..=SECONDS_MAX).contains(&within_s)
                && (1..=SECONDS_MAX).contains(&open_max_s) =>
        {
            (failures, within_s, open_max_s)
        }
        Some(_) | None => {
            reader.problem(
                name,
                "is not failures/seconds/seconds",
                format!(
                    "set three whole numbers such as 5/30/60: 5 failures within 30 s open it, for 60 s at most; up to {FAILURES_MAX} \
                     failures and {SECONDS_MAX} s"
                ),
            );
            (1, 1, 1)
        }
    };
    let seconds = |s: u32| Duration::from_secs(s.into());
    BreakerLimits {
        failures,
        within: seconds(within_s),
        open_max: seconds(open_max_s),
    }
}
