//! Services of order panels: done in units somewhere else, priced by the thousand, with an order form for each kind.

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
    let (required, optional) = (panel.kind.required(), panel.kind.optional());
    let mut given: BTreeSet<&str> = service.provider.fixed.keys().map(String::as_str).collect();
    for input in &service.inputs {
        let at = |field: &str| format!("input `{}`: {field}", input.id);
        given.insert(&input.param);
        if input.optional && required.contains(&input.param.as_str()) {
            add(at("optional"), "this order form needs it".to_owned());
        }
        if let Some(message) = misfit(&input.param, &input.kind) {
            add(at("kind"), message.to_owned());
        }
    }
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
    match param {
        "link" if !matches!(kind, InputKind::Link { .. }) => Some("must be link"),
        "comments" | "usernames" if !matches!(kind, InputKind::Lines { .. }) => {
            Some("must be lines")
        }
        "quantity" | "runs" | "interval" | "min" | "max" | "posts" if !is_whole(kind) => {
            Some("must be number, with whole numbers")
        }
        _ if kind.is_media() => Some("cannot be a file"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn units_follow_the_order_form() {
        use OrderKind as K;
        for (kind, params, units) in [
            (K::Default, json!({"quantity": 1000}), 1000),
            (
                K::Default,
                json!({"quantity": 100, "runs": 5, "interval": 30}),
                500,
            ),
            (K::Comments, json!({"comments": "a\n\nb\nc\n"}), 3),
            (K::Mentions, json!({"usernames": "a\nb"}), 2),
            (
                K::Subscriptions,
                json!({"min": 10, "max": 50, "posts": 4}),
                200,
            ),
            (K::Poll, json!({"quantity": "20", "answer_number": 1}), 20),
            (
                K::Default,
                json!({"quantity": u64::MAX, "runs": 9}),
                u64::MAX,
            ),
        ] {
            assert_eq!(kind.units(&params), units, "{params}");
        }
    }

    const GOOD: &str = r#"
[currency]
code = "USD"
exponent = 2
symbol = "$"
[[category]]
id = "promotion"
title = { en = "a", ru = "a", es = "a" }
[[service]]
id = "members"
category = "promotion"
title = { en = "a", ru = "a", es = "a" }
description = { en = "a", ru = "a", es = "a" }
price = "0.90"
panel = { kind = "default", refill = true }
result = "delivery"
estimate_s = 60
provider = { name = "one", service = "101" }
  [[service.input]]
  id = "link"
  kind = "link"
  hosts = ["t.me"]
  param = "link"
  title = { en = "a", ru = "a", es = "a" }
  [[service.input]]
  id = "quantity"
  kind = "number"
  min = 50
  max = 1000
  step = 1
  param = "quantity"
  title = { en = "a", ru = "a", es = "a" }
"#;

    fn problems(text: &str) -> Vec<String> {
        let read = crate::catalog::Catalog::parse("c", text, &["one"]);
        let problems = read.err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_order_form_that_does_not_fit_is_named() {
        assert_eq!(problems(GOOD), Vec::<String>::new());
        for (was, is, expected) in [
            (
                "\"default\"",
                "\"defualt\"",
                "must be one of default, package",
            ),
            (
                "\"default\"",
                "\"poll\"",
                "needs one with param = \"answer_number\"",
            ),
            ("\"default\"", "\"package\"", "has no parameter `quantity`"),
            ("\"delivery\"", "\"image\"", "must be delivery"),
            ("\"0.90\"", "\"0\"", "must be above 0"),
            (
                "service = \"101\"",
                "service = \"101\", fixed = { runs = 2 }",
                "only go together",
            ),
            (
                "step = 1",
                "step = 0.5",
                "must be number, with whole numbers",
            ),
            (
                "param = \"quantity\"",
                "optional = true\n  param = \"quantity\"",
                "this order form needs it",
            ),
            ("[\"t.me\"]", "[\"T.me\"]", "must be a list of hosts"),
            ("[\"t.me\"]", "[]", "must be a list of hosts"),
            (
                "kind = \"link\"",
                "kind = \"text\"\n  min = 1\n  max = 9",
                "must be link",
            ),
            (
                "panel = { kind = \"default\", refill = true }",
                "",
                "delivery is only for",
            ),
        ] {
            assert!(GOOD.contains(was), "{was}");
            let found = problems(&GOOD.replacen(was, is, 1));
            assert!(
                found.iter().any(|problem| problem.contains(expected)),
                "{is}: {found:?}"
            );
        }
    }

    #[test]
    fn a_part_of_a_coin_is_rounded_up_in_a_price() {
        let catalog = crate::catalog::Catalog::parse("c", GOOD, &["one"]).unwrap();
        let priced = |quantity: u64| {
            catalog.services[0]
                .priced(&json!({ "quantity": quantity }))
                .price
        };
        assert_eq!(
            (priced(1000), priced(50), priced(1001)),
            (Amount(90), Amount(5), Amount(91))
        );
    }
}
