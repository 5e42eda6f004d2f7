//! Which providers can do a service, under which id there, at what cost, and who of them gets an order.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use toml::Table;

use super::fields::{Fields, Report};
use super::{FAMILIES, Service};
use crate::base::money::{Amount, Currency};

/// More ways to the same thing nobody keeps an eye on.
const ROUTES_MAX: usize = 8;
const WEIGHT_MAX: u32 = 1000;
const UNITS_MAX: u32 = 1_000_000_000;
/// Parameters that say of how many units an order is: with another value on another route it would have another price.
const COUNTING: [&str; 7] = [
    "quantity",
    "runs",
    "max",
    "posts",
    "comments",
    "usernames",
    "min",
];

/// A provider that can do a service, and what it is called there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Route {
    /// The provider's name in this service, such as `kie`.
    pub provider: String,
    /// The provider's own id of the service, such as `google/nano-banana` or `1234`; of an older family of KIE's with
    /// its name, such as `veo:veo3_fast`.
    pub id: String,
    /// Parameters that are the same in every order.
    pub fixed: Map<String, Value>,
    /// What it takes from us for what [`Service::price`] is asked for, if the catalogue says.
    pub cost: Option<Micros>,
    /// Fewest and most units of one order there, if the catalogue says.
    pub units: UnitRange,
    /// Its share of new orders, beside those of the other routes; 0: it is for fail-over only.
    pub weight: u32,
}

/// How many units an order may be of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnitRange {
    /// Fewest.
    pub min: Option<u64>,
    /// Most.
    pub max: Option<u64>,
}

/// Millionths of the catalogue's main unit: a thousand of something may cost a part of a cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Micros(pub i64);

/// What becomes of a new order while the provider that should get it is ill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failover {
    /// It goes to the next route.
    #[default]
    Next,
    /// It waits in the queue, if the provider may come back by itself; refused if that takes longer than a job may wait.
    Wait,
    /// It is refused.
    Refuse,
}

impl Failover {
    const ALL: [(&str, Self); 3] = [
        ("next", Self::Next),
        ("wait", Self::Wait),
        ("refuse", Self::Refuse),
    ];

    /// The word that stands in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Wait => "wait",
            Self::Refuse => "refuse",
        }
    }
}

impl UnitRange {
    /// Whether an order may be of so many.
    pub fn holds(self, units: u64) -> bool {
        self.min.is_none_or(|min| units >= min) && self.max.is_none_or(|max| units <= max)
    }

    /// What both allow.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            min: self.min.max(other.min),
            max: match (self.max, other.max) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            },
        }
    }

    /// What one of the two allows, and all between.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            min: self.min.zip(other.min).map(|(one, two)| one.min(two)),
            max: self.max.zip(other.max).map(|(one, two)| one.max(two)),
        }
    }
}

impl Micros {
    /// An amount in minor units, exactly.
    pub fn of(amount: Amount, currency: &Currency) -> Self {
        let scale = 10_i64.pow(6_u32.saturating_sub(currency.exponent.into()));
        Self(amount.0.saturating_mul(scale))
    }

    /// Of what is this for a thousand, so many units, rounded up; all of it where it is not by units.
    #[must_use]
    pub fn of_units(self, units: Option<u64>) -> Self {
        let Some(units) = units else { return self };
        let micros = (i128::from(self.0) * i128::from(units) + 999).div_euclid(1000);
        Self(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// As a decimal without a sign for the currency, with as many decimals as it needs and at least two: `0.90`, `0.0625`.
    pub fn plain(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (
            self.0.unsigned_abs() / 1_000_000,
            self.0.unsigned_abs() % 1_000_000,
        );
        let part = format!("{part:06}");
        let kept = part.trim_end_matches('0').len().max(2);
        format!("{sign}{whole}.{}", &part[..kept])
    }

    /// Reads a decimal of 0 or more with at most six decimals.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 9 || part.len() > 6 || !digits(whole) || !digits(part)
        {
            return None;
        }
        format!("{whole}{part:0<6}").parse().ok().map(Self)
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.plain())
    }
}

impl Service {
    /// The way over a provider, if it has one.
    pub fn route(&self, provider: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.provider == provider)
    }

    /// What is left of the price after the cost of a route, for what the price is asked for.
    pub fn margin(&self, cost: Micros, currency: &Currency) -> Micros {
        Micros(Micros::of(self.price, currency).0.saturating_sub(cost.0))
    }
}

/// Reads the `provider` of a service, or its `[[route]]`s.
pub(super) fn routes(
    report: &mut Report,
    fields: &mut Fields<'_>,
    place: &str,
) -> Option<Vec<Route>> {
    let tables = fields.tables(report, "route");
    let inline = fields.value("provider");
    match (inline, tables.is_empty()) {
        (Some(toml::Value::Table(table)), true) => {
            route(report, table, &format!("{place}: provider")).map(|route| vec![route])
        }
        (Some(_), true) => {
            fields.report(report, "provider", "must be a table");
            None
        }
        (Some(_), false) => {
            let message = "stands beside [[service.route]]: make it the first of them";
            fields.report(report, "provider", message);
            None
        }
        (None, true) => {
            fields.report(report, "provider", "is missing");
            None
        }
        (None, false) => {
            let all: Vec<Option<Route>> = tables
                .iter()
                .zip(1..)
                .map(|(table, n)| route(report, table, &format!("{place}: route no. {n}")))
                .collect();
            all.into_iter().collect()
        }
    }
}

fn route(report: &mut Report, table: &Table, place: &str) -> Option<Route> {
    let mut fields = Fields::new(table, place);
    let provider = fields.text(report, "name");
    let id = fields.text(report, "service");
    if id.as_ref().is_some_and(String::is_empty) {
        fields.report(report, "service", "must not be empty");
    }
    let family = fields.optional_text(report, "family");
    if let Some(family) = &family
        && !(provider.as_deref() == Some("kie") && FAMILIES.contains(&family.as_str()))
    {
        let known = FAMILIES.join(", ");
        let message = format!("must be one of kie's older families: {known}");
        fields.report(report, "family", message);
    }
    let id = match family {
        Some(family) => id.map(|id| format!("{family}:{id}")),
        None => id,
    };
    let fixed = fixed(report, &mut fields);
    let cost = cost(report, &mut fields);
    let units = UnitRange {
        min: fields
            .optional_integer(report, "min", 1..=UNITS_MAX)
            .map(u64::from),
        max: fields
            .optional_integer(report, "max", 1..=UNITS_MAX)
            .map(u64::from),
    };
    if units.min.zip(units.max).is_some_and(|(min, max)| min > max) {
        fields.report(report, "min", "must not be above max");
    }
    let weight = fields.optional_integer(report, "weight", 0..=WEIGHT_MAX);
    fields.finish(report);
    Some(Route {
        provider: provider?,
        id: id?,
        fixed: fixed?,
        cost,
        units,
        weight: weight.unwrap_or(0),
    })
}

fn fixed(report: &mut Report, fields: &mut Fields<'_>) -> Option<Map<String, Value>> {
    let Some(value) = fields.value("fixed") else {
        return Some(Map::new());
    };
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) | Err(_) => {
            fields.report(report, "fixed", "must be a table of parameters");
            None
        }
    }
}

fn cost(report: &mut Report, fields: &mut Fields<'_>) -> Option<Micros> {
    let text = fields.optional_text(report, "cost")?;
    let cost = Micros::parse(&text);
    if cost.is_none() {
        let message =
            "must be a decimal of 0 or more in quotes with at most 6 decimals, such as \"0.0625\"";
        fields.report(report, "cost", message);
    }
    cost
}

/// Reads `failover`.
pub(super) fn failover(report: &mut Report, fields: &mut Fields<'_>) -> Failover {
    let Some(word) = fields.optional_text(report, "failover") else {
        return Failover::default();
    };
    let known = Failover::ALL.iter().find(|(name, _)| *name == word);
    if known.is_none() {
        fields.report(report, "failover", "must be next, wait or refuse");
    }
    known.map_or_else(Failover::default, |(_, failover)| *failover)
}

/// Adds what is wrong with the routes of a service.
pub(super) fn validate(
    service: &Service,
    providers: &[&str],
    add: &mut impl FnMut(String, String),
) {
    let mut seen = BTreeSet::new();
    let several = service.routes.len() > 1;
    for (route, n) in service.routes.iter().zip(1..) {
        let at = |field: &str| match several {
            true => format!("route no. {n}: {field}"),
            false => format!("provider: {field}"),
        };
        if !providers.contains(&route.provider.as_str()) {
            let known = providers.join(", ");
            let message = format!("`{}` is not a provider; known are: {known}", route.provider);
            add(at("name"), message);
        }
        if !seen.insert(route.provider.as_str()) {
            let message = format!(
                "`{}` is used twice: admins choose by the provider",
                route.provider
            );
            add(at("name"), message);
        }
        if service.panel.is_none() && route.units != UnitRange::default() {
            add(
                at("min"),
                "min and max are for services with panel = { … }".to_owned(),
            );
        }
        for name in COUNTING {
            let value = |route: &Route| route.fixed.get(name).cloned();
            let first = service.routes.first().and_then(value);
            if service.panel.is_some() && value(route) != first {
                let message =
                    format!("`{name}` must be the same on all routes: it makes the price");
                add(at("fixed"), message);
            }
        }
    }
    if service.routes.len() > ROUTES_MAX {
        add(
            "route".to_owned(),
            format!("must be there at most {ROUTES_MAX} times"),
        );
    }
}
