//! Services of order panels: done in units somewhere else, priced by the thousand, with an order form for each kind.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use toml::Table;

use super::fields::{Fields, Report};
use super::{InputKind, Service};
use crate::base::money::Amount;

/// How an order at a panel is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PanelOrder {
    /// Its order form.
    pub kind: OrderKind,
    /// Whether what is lost again after delivery is delivered anew, for nothing.
    pub refill: bool,
    /// Whether it can be stopped while it is under way.
    pub cancel: bool,
}

/// The order forms of panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// So many for a link; with runs and an interval as a drip-feed.
    Default,
    /// One thing at one price.
    Package,
    /// One for each line of comments.
    Comments,
    /// One for each name in a list.
    Mentions,
    /// So many, at most, for each of the next posts.
    Subscriptions,
    /// So many for an answer of a poll.
    Poll,
}

/// What an order costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priced {
    /// How many units are paid for; None for what is not done in units.
    pub units: Option<u64>,
    /// For all of it.
    pub price: Amount,
}

impl OrderKind {
    const ALL: [(&str, Self); 6] = [
        ("default", Self::Default),
        ("package", Self::Package),
        ("comments", Self::Comments),
        ("mentions", Self::Mentions),
        ("subscriptions", Self::Subscriptions),
        ("poll", Self::Poll),
    ];

    /// Whether the price is that of a thousand.
    pub fn is_by_thousand(self) -> bool {
        match self {
            Self::Package => false,
            Self::Default | Self::Comments | Self::Mentions | Self::Subscriptions | Self::Poll => {
                true
            }
        }
    }

    /// Parameters that an order needs.
    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Default => &["link", "quantity"],
            Self::Package => &["link"],
            Self::Comments => &["link", "comments"],
            Self::Mentions => &["link", "usernames"],
            Self::Subscriptions => &["username", "min", "max", "posts", "delay"],
            Self::Poll => &["link", "quantity", "answer_number"],
        }
    }

    /// Parameters that it may have besides.
    fn optional(self) -> &'static [&'static str] {
        match self {
            Self::Default => &["runs", "interval"],
            Self::Subscriptions => &["expiry"],
            Self::Package | Self::Comments | Self::Mentions | Self::Poll => &[],
        }
    }

    /// The quantity that a panel's own limits are about; None where there is none.
    fn quantity(self, params: &Value) -> Option<u64> {
        let number = |name: &str| params.get(name).and_then(whole);
        match self {
            Self::Default | Self::Poll => number("quantity"),
            Self::Subscriptions => number("max"),
            Self::Comments | Self::Mentions => Some(self.units(params)),
            Self::Package => None,
        }
    }

    /// The parameter that holds that quantity as a number.
    pub fn quantity_param(self) -> Option<&'static str> {
        match self {
            Self::Default | Self::Poll => Some("quantity"),
            Self::Subscriptions => Some("max"),
            Self::Comments | Self::Mentions | Self::Package => None,
        }
    }

    /// How many units an order with these parameters is of.
    fn units(self, params: &Value) -> u64 {
        let number = |name: &str| params.get(name).and_then(whole);
        let lines = |name: &str| {
            let text = params.get(name).and_then(Value::as_str).unwrap_or_default();
            text.lines().filter(|line| !line.trim().is_empty()).count() as u64
        };
        match self {
            Self::Default => {
                let quantity = number("quantity").unwrap_or(0);
                quantity.saturating_mul(number("runs").unwrap_or(1).max(1))
            }
            Self::Package => 1,
            Self::Comments => lines("comments"),
            Self::Mentions => lines("usernames"),
            Self::Subscriptions => {
                let max = number("max").unwrap_or(0);
                max.saturating_mul(number("posts").unwrap_or(1).max(1))
            }
            Self::Poll => number("quantity").unwrap_or(0),
        }
    }
}

impl Service {
    /// What an order with these parameters of the provider costs. A part of the smallest coin counts as a whole one.
    pub fn priced(&self, params: &Value) -> Priced {
        let Some(panel) = self.panel.filter(|panel| panel.kind.is_by_thousand()) else {
            return Priced {
                units: None,
                price: self.price,
            };
        };
        let units = panel.kind.units(params);
        let price = (i128::from(self.price.0) * i128::from(units) + 999) / 1000;
        Priced {
            units: Some(units),
            price: Amount(i64::try_from(price).unwrap_or(i64::MAX)),
        }
    }

    /// The quantity of an order with these parameters, which must be within the limits of the provider that gets it.
    pub fn quantity(&self, params: &Value) -> Option<u64> {
        self.panel?.kind.quantity(params)
    }

    /// Whether its price is that of a thousand units.
    pub fn is_by_thousand(&self) -> bool {
        self.panel.is_some_and(|panel| panel.kind.is_by_thousand())
    }
}

fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    }
}

/// Reads `panel = { kind = "default", refill = true, cancel = true }`.
pub(super) fn read(report: &mut Report, place: &str, table: &Table) -> Option<PanelOrder> {
    let mut fields = Fields::new(table, format!("{place}: panel"));
    let word = fields.text(report, "kind");
    let kind = word.and_then(|word| {
        let known = OrderKind::ALL.iter().find(|(name, _)| *name == word);
        if known.is_none() {
            let names: Vec<&str> = OrderKind::ALL.iter().map(|(name, _)| *name).collect();
            fields.report(
                report,
                "kind",
                format!("must be one of {}", names.join(", ")),
            );
        }
        known.map(|(_, kind)| *kind)
    });
    let (refill, cancel) = (fields.flag(report, "refill"), fields.flag(report, "cancel"));
    fields.finish(report);
    Some(PanelOrder {
        kind: kind?,
        refill,
        cancel,
    })
}

/// Adds what is wrong with the order form of a panel's service.
pub(super) fn validate(service: &Service, add: &mut impl FnMut(String, String)) {
    // What is answered here is not delivered elsewhere.
    let is_delivery = service.result == super::ResultKind::Delivery && service.instant.is_none();
    let Some(panel) = service.panel else {
        if is_delivery {
            let message = "delivery is only for a service with panel = { kind = \"…\" }";
            add("result".to_owned(), message.to_owned());
        }
        return;
    };
    if !is_delivery {
        add(
            "result".to_owned(),
            "must be delivery for a panel's service".to_owned(),
        );
    }
    if service.is_free() {
        add(
            "price".to_owned(),
            "must be above 0 for a panel's service".to_owned(),
        );
    }
    let required = panel.kind.required();
    for input in &service.inputs {
        let at = |field: &str| format!("input `{}`: {field}", input.id);
        if input.optional && required.contains(&input.param.as_str()) {
            add(at("optional"), "this order form needs it".to_owned());
        }
        if let Some(message) = misfit(&input.param, &input.kind) {
            add(at("kind"), message.to_owned());
        }
    }
    // Routes with the same fixed parameters have the same problems.
    let mut seen = BTreeSet::new();
    for route in &service.routes {
        let fixed: Vec<&str> = route.fixed.keys().map(String::as_str).collect();
        if seen.insert(fixed.clone()) {
            let inputs = service.inputs.iter().map(|input| input.param.as_str());
            validate_form(panel.kind, &fixed.into_iter().chain(inputs).collect(), add);
        }
    }
}

/// Adds what an order form lacks, and what it does not know.
fn validate_form(kind: OrderKind, given: &BTreeSet<&str>, add: &mut impl FnMut(String, String)) {
    let (required, optional) = (kind.required(), kind.optional());
    for name in required.iter().filter(|name| !given.contains(**name)) {
        add(
            "input".to_owned(),
            format!("this order form needs one with param = \"{name}\""),
        );
    }
    for name in given
        .iter()
        .filter(|name| !required.contains(name) && !optional.contains(name))
    {
        add(
            "input".to_owned(),
            format!("this order form has no parameter `{name}`"),
        );
    }
    if given.contains("runs") != given.contains("interval") {
        add(
            "input".to_owned(),
            "runs and interval only go together".to_owned(),
        );
    }
}

/// Why an input cannot be what a panel wants under this name.
fn misfit(param: &str, kind: &InputKind) -> Option<&'static str> {
    let is_whole = |kind: &InputKind| match kind {
        InputKind::Number(range) => {
            range.min.fract() == 0.0 && range.step.fract() == 0.0 && range.min >= 0.0
        }
        _ => false,
    };
    let is_one_or_more =
        |kind: &InputKind| matches!(kind, InputKind::Number(range) if range.min >= 1.0);
    match param {
        "link" if !matches!(kind, InputKind::Link { .. }) => Some("must be link"),
        "comments" | "usernames" if !matches!(kind, InputKind::Lines { .. }) => {
            Some("must be lines")
        }
        "quantity" | "runs" | "interval" | "min" | "max" | "posts" if !is_whole(kind) => {
            Some("must be number, with whole numbers")
        }
        // None of them costs nothing, and to a panel no number of posts is any number of them.
        "quantity" | "runs" | "max" | "posts" if !is_one_or_more(kind) => {
            Some("must be number, of 1 or more")
        }
        _ if kind.is_media() => Some("cannot be a file"),
        _ => None,
    }
}
