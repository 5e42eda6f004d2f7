//! Order forms and what they cost.

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
        ("min = 50", "min = 0", "must be number, of 1 or more"),
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
