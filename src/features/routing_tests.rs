//! Who gets an order.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::routing::{NoRoute, cost, pick, reach};
use crate::base::money::Currency;
use crate::catalog::{Catalog, Micros, Service, UnitRange};
use crate::engine::routing::{About, Known, Sold};
use crate::providers::Standing;

const FILE: &str = r#"
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
panel = { kind = "default" }
result = "delivery"
estimate_s = 60
failover = "next"
  [[service.route]]
  name = "one"
  service = "101"
  cost = "0.50"
  [[service.route]]
  name = "two"
  service = "202"
  max = 500
  [[service.route]]
  name = "three"
  service = "303"
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

fn service(file: &str) -> Service {
    let catalog = Catalog::parse("c", file, &["one", "two", "three"]).unwrap();
    catalog.services[0].clone()
}

fn sold(min: u64, max: u64) -> Sold {
    Sold {
        id: "101".to_owned(),
        name: "Members".to_owned(),
        kind: "Default".to_owned(),
        rate_micros: 620_000,
        currency: Some("USD".to_owned()),
        min,
        max,
        refill: true,
        cancel: true,
        gone_at: None,
    }
}

fn known(provider: &str, sold: Option<Sold>) -> Known {
    Known {
        provider: provider.to_owned(),
        id: "101".to_owned(),
        has_list: true,
        sold,
    }
}

/// Who gets it while the providers stand like this; the others are well.
fn picked(
    service: &Service,
    about: &About,
    standing: &[(&str, Standing)],
    quantity: u64,
) -> Result<String, NoRoute> {
    let named = standing
        .iter()
        .map(|(name, one)| ((*name).to_owned(), *one));
    let standing: BTreeMap<String, Standing> = named.collect();
    let stands = move |name: &str| Some(standing.get(name).copied().unwrap_or(Standing::Well));
    pick(service, about, &stands, Some(quantity), Uuid::nil()).map(|route| route.provider.clone())
}

#[test]
fn the_first_gets_it_unless_an_admin_chose_another() {
    let service = service(FILE);
    let mut about = About::default();
    assert_eq!(picked(&service, &about, &[], 100).as_deref(), Ok("one"));
    about.chosen_overall = Some("three".to_owned());
    assert_eq!(picked(&service, &about, &[], 100).as_deref(), Ok("three"));
    about.chosen = Some("two".to_owned());
    assert_eq!(picked(&service, &about, &[], 100).as_deref(), Ok("two"));
    about.chosen = Some("elsewhere".to_owned());
    assert_eq!(picked(&service, &about, &[], 100).as_deref(), Ok("three"));
    // The choice cannot make so many.
    about.chosen = Some("two".to_owned());
    assert_eq!(picked(&service, &about, &[], 501).as_deref(), Ok("three"));
}

#[test]
fn what_is_ill_is_passed_over_waited_for_or_refused() {
    let file = |policy: &str| FILE.replace("\"next\"", policy);
    let about = About::default();
    let (next, wait, refuse) = (
        service(FILE),
        service(&file("\"wait\"")),
        service(&file("\"refuse\"")),
    );
    for ill in [
        Standing::Ill,
        Standing::Isolated,
        Standing::NoFunds,
        Standing::KeyRefused,
    ] {
        assert_eq!(
            picked(&next, &about, &[("one", ill)], 100).as_deref(),
            Ok("two")
        );
        assert_eq!(
            picked(&refuse, &about, &[("one", ill)], 100),
            Err(NoRoute::Unavailable)
        );
    }
    for (ill, waits) in [
        (Standing::Ill, true),
        (Standing::Isolated, true),
        (Standing::NoFunds, false),
        (Standing::KeyRefused, false),
    ] {
        let gets_it = picked(&wait, &about, &[("one", ill)], 100);
        assert_eq!(gets_it.is_ok(), waits, "{ill:?}: {gets_it:?}");
    }
    let both = [("one", Standing::Ill), ("two", Standing::Isolated)];
    assert_eq!(picked(&next, &about, &both, 100).as_deref(), Ok("three"));
    let all = [
        ("one", Standing::Ill),
        ("two", Standing::Ill),
        ("three", Standing::NoFunds),
    ];
    assert_eq!(picked(&next, &about, &all, 100), Err(NoRoute::Unavailable));
    let recovering = [("one", Standing::Recovering)];
    assert_eq!(
        picked(&refuse, &about, &recovering, 100).as_deref(),
        Ok("one")
    );
}

#[test]
fn what_is_gone_or_foreign_or_out_of_limits_is_no_way() {
    let service = service(FILE);
    let mut gone = sold(50, 1000);
    gone.gone_at = Some(time::OffsetDateTime::UNIX_EPOCH);
    let mut about = About {
        known: vec![
            known("one", Some(gone)),
            known("two", Some(sold(100, 10_000))),
            known("three", None),
        ],
        ..About::default()
    };
    assert_eq!(picked(&service, &about, &[], 100).as_deref(), Ok("two"));
    let range = UnitRange {
        min: Some(100),
        max: Some(500),
    };
    for wrong in [99, 501] {
        assert_eq!(
            picked(&service, &about, &[], wrong),
            Err(NoRoute::Quantity(range))
        );
    }
    let stands = |_: &str| Some(Standing::Well);
    assert_eq!(reach(&service, &about, &stands), Ok(range));
    about.known[1] = known("two", None);
    let foreign = NoRoute::Foreign {
        provider: "two".to_owned(),
        id: "202".to_owned(),
    };
    assert_eq!(picked(&service, &about, &[], 100), Err(foreign));
    about.known.truncate(1);
    let only_one = |name: &str| (name == "one").then_some(Standing::Well);
    assert_eq!(
        pick(&service, &about, &only_one, None, Uuid::nil()).err(),
        Some(NoRoute::Gone)
    );
    assert_eq!(
        pick(&service, &about, &|_| None, None, Uuid::nil()).err(),
        Some(NoRoute::Unavailable)
    );
}

#[test]
fn weights_split_new_orders_evenly_and_the_same_way_each_time() {
    let file = FILE
        .replace("cost = \"0.50\"", "weight = 1")
        .replace("service = \"303\"", "service = \"303\"\nweight = 3");
    let service = service(&file);
    let stands = |_: &str| Some(Standing::Well);
    let about = About::default();
    let ids = crate::base::ids::Ids::seeded(5);
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..4000 {
        let job = ids.uuid();
        let route = pick(&service, &about, &stands, Some(100), job).unwrap();
        assert_eq!(pick(&service, &about, &stands, Some(100), job), Ok(route));
        *counts.entry(route.provider.clone()).or_default() += 1;
    }
    assert_eq!(counts.len(), 2, "{counts:?}");
    assert!((900..1100).contains(&counts["one"]), "{counts:?}");
}

#[test]
fn a_cost_is_the_lists_where_it_is_in_our_currency() {
    let service = service(FILE);
    let currency = Currency {
        code: "USD".to_owned(),
        exponent: 2,
        symbol: "$".to_owned(),
    };
    let one = service.route("one").unwrap();
    let mut about = About::default();
    assert_eq!(
        cost(&service, one, &about, &currency),
        Some(Micros(500_000))
    );
    about.known = vec![known("one", Some(sold(1, 9)))];
    assert_eq!(
        cost(&service, one, &about, &currency),
        Some(Micros(620_000))
    );
    let mut rubles = sold(1, 9);
    rubles.currency = Some("RUB".to_owned());
    about.known = vec![known("one", Some(rubles))];
    assert_eq!(
        cost(&service, one, &about, &currency),
        Some(Micros(500_000))
    );
    assert_eq!(
        cost(
            &service,
            service.route("two").unwrap(),
            &About::default(),
            &currency
        ),
        None
    );
}
