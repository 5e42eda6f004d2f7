//! What is left on our account at a provider, beside what our jobs say that went.
//!
//! What cannot be known is said: a top-up at the provider looks like spending that never was, jobs may be under way, and
//! some providers never say what a job cost.

use serde::Serialize;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

use crate::base::clock::Clock;
use crate::engine::books::{self, Balance, Spent};
use crate::providers::Provider;

/// What is compared.
const SPAN: Duration = Duration::hours(24);
/// So much of what jobs cost may be missing, percent: charges come a moment before or after what we see of them.
const TOLERANCE_PERCENT: i64 = 5;
/// And so much besides, in the unit of balances: both ends are rounded.
const TOLERANCE: i64 = 2;

/// A provider's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProviderLine {
    /// Its name.
    pub provider: String,
    /// The unit of all amounts: credits, or hundredths of a currency.
    pub unit: String,
    /// From when.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
    /// What was left then.
    pub balance_then: Option<i64>,
    /// What is left now.
    pub balance_now: Option<i64>,
    /// How much less that is.
    pub went: Option<i64>,
    /// What the jobs say that were submitted since.
    pub believed: i64,
    /// Jobs of which nobody knows what they cost.
    pub jobs_unknown: i64,
    /// Jobs that are under way.
    pub jobs_live: i64,
    /// What follows.
    pub verdict: Verdict,
}

/// What a comparison of balances comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What went is what our jobs cost.
    Agrees,
    /// More went, and no job is left that could explain it.
    MoreWent,
    /// More is there: we topped up, or were given something back.
    MoreCame,
    /// Nobody can tell.
    NotKnowable,
}

impl Verdict {
    /// As people read it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::MoreWent => "more went than our jobs cost",
            Self::MoreCame => "more is there than our jobs leave: topped up, or given back",
            Self::NotKnowable => "not knowable",
        }
    }
}

/// Asks what is left, or takes what it last said.
pub(super) async fn line(
    pool: &PgPool,
    provider: &dyn Provider,
    clock: &Clock,
) -> Result<ProviderLine, sqlx::Error> {
    let (name, now) = (provider.name(), clock.now());
    let left = provider.balance().await.ok().flatten();
    let left = left.map(|left| left.amount);
    let then = books::balance_since(pool, name, now - SPAN - Duration::HOUR).await?;
    // What was noted this very moment says nothing.
    let then = then.filter(|then| now - then.at >= Duration::HOUR);
    let since = then.map_or(now - SPAN, |then| then.at);
    let spent = books::spent(pool, name, since, now).await?;
    Ok(compare(name, left, then, &spent))
}

fn compare(name: &str, now: Option<i64>, then: Option<Balance>, spent: &Spent) -> ProviderLine {
    let unit = spent.known.first().map(|(unit, _)| unit.clone());
    let micros = spent.known.first().map_or(0, |(_, micros)| *micros);
    let is_credits = unit.as_deref() == Some("credits");
    let scale = if is_credits { 1_000_000 } else { 10_000 };
    let believed = micros.div_euclid(scale) + i64::from(micros.rem_euclid(scale) > 0);
    let went = now.zip(then).map(|(now, then)| then.balance - now);
    let verdict = match went {
        None => Verdict::NotKnowable,
        Some(_) if spent.known.len() > 1 => Verdict::NotKnowable,
        Some(went) => {
            let tolerance = believed / (100 / TOLERANCE_PERCENT) + TOLERANCE;
            let more = went - believed;
            if more < -tolerance {
                Verdict::MoreCame
            } else if more <= tolerance {
                Verdict::Agrees
            } else if spent.unknown + spent.live > 0 {
                Verdict::NotKnowable
            } else {
                Verdict::MoreWent
            }
        }
    };
    ProviderLine {
        provider: name.to_owned(),
        unit: match unit {
            Some(unit) if is_credits => unit,
            Some(unit) => format!("{unit}/100"),
            None => "-".to_owned(),
        },
        since: then.map(|then| then.at),
        balance_then: then.map(|then| then.balance),
        balance_now: now,
        went,
        believed,
        jobs_unknown: spent.unknown,
        jobs_live: spent.live,
        verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn verdict(then: i64, now: i64, micros: i64, unknown: i64, live: i64) -> Verdict {
        let then = Balance {
            at: datetime!(2026-01-01 0:00 UTC),
            balance: then,
        };
        let spent = Spent {
            known: vec![("USD".to_owned(), micros)],
            unknown,
            live,
        };
        compare("one", Some(now), Some(then), &spent).verdict
    }

    #[test]
    fn what_went_is_judged_by_what_jobs_cost() {
        // A dollar is 100 here and a million there.
        for (then, now, micros, unknown, live, expected) in [
            (10_000, 9_900, 1_000_000, 0, 0, Verdict::Agrees),
            (10_000, 9_898, 999_999, 0, 0, Verdict::Agrees),
            (10_000, 9_000, 1_000_000, 0, 0, Verdict::MoreWent),
            (10_000, 9_000, 1_000_000, 3, 0, Verdict::NotKnowable),
            (10_000, 9_000, 1_000_000, 0, 1, Verdict::NotKnowable),
            (10_000, 15_000, 1_000_000, 0, 0, Verdict::MoreCame),
            (10_000, 10_000, 0, 0, 0, Verdict::Agrees),
        ] {
            let found = verdict(then, now, micros, unknown, live);
            assert_eq!(found, expected, "{then} {now} {micros} {unknown} {live}");
        }
    }

    #[test]
    fn without_a_balance_of_before_nothing_is_claimed() {
        let line = compare("one", Some(5), None, &Spent::default());
        assert_eq!((line.verdict, line.went), (Verdict::NotKnowable, None));
    }
}
