//! Ways to providers: what is read, and what is refused.

use super::*;
use crate::catalog::Catalog;
use crate::catalog::tests::VALID;

#[test]
fn a_part_of_a_cent_is_written_and_read() {
    for (text, micros, plain) in [
        ("0.9", 900_000, "0.90"),
        ("12", 12_000_000, "12.00"),
        ("0.0625", 62_500, "0.0625"),
        ("0.000001", 1, "0.000001"),
    ] {
        assert_eq!(Micros::parse(text), Some(Micros(micros)), "{text}");
        assert_eq!(Micros(micros).plain(), plain);
    }
    assert_eq!(Micros(-150_000).plain(), "-0.15");
    for text in ["", "-1", "1e3", "0.0000001", "1.2.3", ".5", "9999999999"] {
        assert_eq!(Micros::parse(text), None, "{text}");
    }
}

#[test]
fn ranges_meet_and_join() {
    let range = |min, max| UnitRange { min, max };
    let (narrow, wide) = (range(Some(100), None), range(Some(50), Some(1000)));
    assert_eq!(narrow.and(wide), range(Some(100), Some(1000)));
    assert_eq!(narrow.or(wide), range(Some(50), None));
    assert!(wide.holds(50) && wide.holds(1000) && !wide.holds(49) && !wide.holds(1001));
    assert!(UnitRange::default().holds(0));
}

/// The valid catalogue with a service of an order panel over two routes.
fn with_routes(routes: &str) -> Result<Catalog, Vec<String>> {
    let text = format!(
        r#"{VALID}
[[service]]
id = "members"
category = "images"
title = {{ en = "Members", ru = "Люди", es = "Gente" }}
description = {{ en = "Members.", ru = "Люди.", es = "Gente." }}
price = "0.90"
panel = {{ kind = "default" }}
result = "delivery"
estimate_s = 20
{routes}
  [[service.input]]
  id = "link"
  kind = "link"
  hosts = ["t.me"]
  param = "link"
  title = {{ en = "Link", ru = "Куда", es = "Enlace" }}
  [[service.input]]
  id = "quantity"
  kind = "number"
  min = 50
  max = 10000
  step = 1
  param = "quantity"
  title = {{ en = "How many", ru = "Сколько", es = "Cuántos" }}
"#
    );
    let read = Catalog::parse("catalog.toml", &text, &["kie", "one", "two"]);
    read.map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

const TWO_ROUTES: &str = r#"
failover = "wait"
[[service.route]]
name = "one"
service = "101"
cost = "0.6215"
min = 100
max = 5000
weight = 3
[[service.route]]
name = "two"
service = "7"
"#;

#[test]
fn a_service_may_have_several_routes_with_costs_limits_and_weights() {
    let catalog = with_routes(TWO_ROUTES).expect("a valid catalogue");
    let members = catalog.service("members").expect("there");
    assert_eq!(members.failover, Failover::Wait);
    let one = members.route("one").expect("a route");
    assert_eq!((one.id.as_str(), one.weight), ("101", 3));
    assert_eq!((one.units.min, one.units.max), (Some(100), Some(5000)));
    let cost = one.cost.expect("a cost");
    assert_eq!(cost, Micros(621_500));
    assert_eq!(members.margin(cost, &catalog.currency).plain(), "0.2785");
    assert!(members.margin(Micros(900_001), &catalog.currency) < Micros(0));
    let two = members.route("two").expect("a route");
    assert_eq!((two.cost, two.weight), (None, 0));
    assert_eq!(catalog.services[0].failover, Failover::Next);
    let mut one_only = catalog.clone();
    one_only.offer_only(&["two"]);
    assert!(one_only.service("members").expect("there").is_offered);
}

#[test]
fn routes_that_cannot_be_meant_are_refused() {
    for (was, is, expected) in [
        (
            "\"two\"",
            "\"one\"",
            "route no. 2: name `one` is used twice",
        ),
        (
            "\"two\"",
            "\"acme\"",
            "route no. 2: name `acme` is not a provider",
        ),
        (
            "\"0.6215\"",
            "\"-1\"",
            "route no. 1: cost must be a decimal",
        ),
        (
            "\"wait\"",
            "\"pray\"",
            "failover must be next, wait or refuse",
        ),
        (
            "weight = 3",
            "weight = 1001",
            "weight must be a whole number",
        ),
        ("min = 100", "min = 6000", "min must not be above max"),
        ("service = \"7\"", "", "route no. 2: service is missing"),
        (
            "failover",
            "provider = { name = \"one\", service = \"1\" }\nfailover",
            "stands beside",
        ),
        (
            "service = \"7\"",
            "service = \"7\"\nfixed = { runs = 2, interval = 5 }",
            "must be the same on all routes",
        ),
    ] {
        assert!(TWO_ROUTES.contains(was), "{was}");
        let found = with_routes(&TWO_ROUTES.replacen(was, is, 1)).expect_err(is);
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{is}: {found:?}"
        );
    }
}
