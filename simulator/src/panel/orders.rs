//! Orders and refills: what was asked, and how it stands at a moment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// How an order ends by itself; decided by words in its link, so that a person at the chat page can see each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fate {
    Completed,
    /// Two fifths are delivered, then no more.
    Partial,
    Canceled,
    /// It never begins.
    Never,
}

impl Fate {
    pub(crate) fn of(link: &str) -> Self {
        let has = |word: &str| link.contains(word);
        if has("partial") {
            Self::Partial
        } else if has("cancel") {
            Self::Canceled
        } else if has("never") {
            Self::Never
        } else {
            Self::Completed
        }
    }
}

/// What a test, or `cancel`, decided about an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decided {
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) start_count: Option<i64>,
    /// Negative where more came than was ordered; none: the panel does not say.
    #[serde(default)]
    pub(crate) remains: Option<i64>,
}

/// One order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) service: String,
    /// The request as it came, without the key.
    pub(crate) fields: BTreeMap<String, String>,
    /// Units in all.
    pub(crate) quantity: i64,
    pub(crate) charge_micros: i64,
    pub(crate) start_count: i64,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created: OffsetDateTime,
    pub(crate) takes_ms: i64,
    pub(crate) fate: Fate,
    pub(crate) decided: Option<Decided>,
    /// What was not delivered was paid back to us.
    pub(crate) refunded: bool,
}

impl Order {
    /// Pending for a sixth of its time, then evenly on.
    pub(crate) fn standing(&self, now: OffsetDateTime) -> Decided {
        if let Some(decided) = &self.decided {
            return decided.clone();
        }
        let standing = |status: &str, start_count, remains| Decided {
            status: status.to_owned(),
            start_count,
            remains: Some(remains),
        };
        let takes = Duration::milliseconds(self.takes_ms.max(1));
        let age = now - self.created;
        let start = Some(self.start_count);
        if age < takes / 6 || self.fate == Fate::Never {
            return standing("Pending", None, self.quantity);
        }
        let part =
            |of: i64| i64::try_from(i128::from(self.quantity) * i128::from(of) / 100).unwrap_or(0);
        let percent = (age.whole_milliseconds() * 100 / takes.whole_milliseconds()).clamp(0, 100);
        let percent = i64::try_from(percent).unwrap_or(100);
        match self.fate {
            Fate::Canceled if age >= takes / 3 => standing("Canceled", start, self.quantity),
            Fate::Partial if age >= takes => standing("Partial", start, self.quantity - part(40)),
            Fate::Partial => standing("In progress", start, self.quantity - part(percent.min(40))),
            Fate::Completed if age >= takes => standing("Completed", start, 0),
            Fate::Completed | Fate::Canceled | Fate::Never => {
                standing("In progress", start, self.quantity - part(percent))
            }
        }
    }

    /// Whether anything may still come of it.
    pub(crate) fn is_active(&self, now: OffsetDateTime) -> bool {
        !["Completed", "Partial", "Canceled"].contains(&self.standing(now).status.as_str())
    }

    /// What is not delivered of an order that ended, in millionths of a dollar; once.
    pub(crate) fn settle(&mut self, now: OffsetDateTime) -> i64 {
        let standing = self.standing(now);
        let part = match standing.status.as_str() {
            "Canceled" => self.quantity,
            "Partial" => standing.remains.unwrap_or(0).clamp(0, self.quantity),
            _ => return 0,
        };
        if std::mem::replace(&mut self.refunded, true) {
            return 0;
        }
        let back =
            i128::from(self.charge_micros) * i128::from(part) / i128::from(self.quantity.max(1));
        let back = i64::try_from(back).unwrap_or(0);
        self.charge_micros -= back;
        back
    }
}

/// One refill of a completed order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Refill {
    pub(crate) order: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created: OffsetDateTime,
    pub(crate) decided: Option<String>,
}

impl Refill {
    pub(crate) fn status(&self, now: OffsetDateTime) -> String {
        let age = now - self.created;
        match &self.decided {
            Some(decided) => decided.clone(),
            None if age < Duration::seconds(20) => "Pending".to_owned(),
            None if age < Duration::seconds(40) => "In progress".to_owned(),
            None => "Completed".to_owned(),
        }
    }
}
