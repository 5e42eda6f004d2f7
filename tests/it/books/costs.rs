//! What orders cost us and what is left of them, also where the provider says nothing, or counts in credits.

use bulwark::admin::statement::{Grouping, Options, on};
use serde_json::{Value, json};

use super::usd;
use crate::switching::{orders, orders_at, wants, world_with};
use crate::world::World;

async fn stated(world: &World, by: Grouping, json: bool) -> String {
    let options = Options {
        from: None,
        to: None,
        by,
        transfers: false,
        csv: None,
        json,
    };
    let mut out = Vec::new();
    on(&world.pool, world.app.clock(), &usd(), &options, &mut out)
        .await
        .expect("a statement");
    String::from_utf8(out).expect("UTF-8")
}

/// Revenue, cost and margin of a line, minor units.
async fn sums(world: &World, by: Grouping, key: &str) -> (i64, i64, Option<i64>) {
    let statement: Value = serde_json::from_str(&stated(world, by, true).await).expect("JSON");
    let lines = statement["lines"].as_array().expect("lines");
    let line = lines.iter().find(|line| line["key"] == key);
    let line = line.unwrap_or_else(|| panic!("no line {key}: {statement}"));
    let number = |name: &str| line[name].as_i64().expect("a number");
    (number("revenue"), number("cost"), line["margin"].as_i64())
}

async fn pictures(world: &World) {
    let anna = world.user(11);
    anna.begins("picture").await;
    anna.says("a fox").await;
    anna.presses("Confirm").await;
    world.finish().await;
}

/// An order of 100 members in full and one of 1000 of which 400 are missing, at a panel that says no charge.
async fn members(world: &World) {
    world
        .post("/sim/panel/one/settings", json!({ "charges": false }))
        .await;
    orders(world.user(12), "members", "t.me/hen").await;
    let ben = world.user(13);
    wants(ben, "members", "t.me/cow", "1000").await;
    ben.presses("Confirm").await;
    decide(world, json!({ "status": "Partial", "remains": 400 })).await;
    world.finish().await;
}

async fn decide(world: &World, decided: Value) {
    let newest = orders_at(world, "one").await.pop().expect("an order");
    let path = format!("/sim/panel/one/orders/{}", newest["order"]);
    world.post(&path, decided).await;
}

#[tokio::test]
async fn margins_are_known_for_credits_and_for_a_panel_that_says_no_charge() {
    let world = world_with(&[("KIE_CREDIT_COST", "0.005")]).await;
    Box::pin(pictures(&world)).await;
    Box::pin(members(&world)).await;
    // Four credits of half a cent.
    for (by, key) in [(Grouping::Provider, "kie"), (Grouping::Service, "picture")] {
        assert_eq!(sums(&world, by, key).await, (10, 2, Some(8)), "{key}");
    }
    // Nine cents for a hundred, and the share of sixty percent of ninety cents.
    for (by, key) in [(Grouping::Provider, "one"), (Grouping::Service, "members")] {
        assert_eq!(sums(&world, by, key).await, (84, 63, Some(21)), "{key}");
    }
    let text = stated(&world, Grouping::Provider, false).await;
    assert!(
        text.contains("revenue 0.94, cost 0.65, margin 0.29"),
        "{text}"
    );
    // The credits stay beside the money: the balance there is counted in them.
    let kept = "select string_agg(concat_ws(' ', provider, source, cost_micros, unit, money_micros, money_currency), ', ' order by provider, cost_micros)
        from job_cost";
    assert_eq!(
        world.text_of(kept).await,
        "kie provider 4000000 credits 20000 USD, one snapshot 90000 USD, one snapshot 540000 USD"
    );
    // What a panel's own account says is not judged by what we only expected.
    let spent = bulwark::engine::books::spent(
        &world.pool,
        "one",
        world.now() - time::Duration::DAY,
        world.now(),
    );
    let spent = spent.await.expect("the database");
    assert_eq!((spent.known.len(), spent.unknown), (0, 2));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_new_rate_is_for_new_orders_and_an_order_that_was_not_done_is_not_guessed() {
    let mut world = world_with(&[]).await;
    Box::pin(pictures(&world)).await;
    assert_eq!(
        sums(&world, Grouping::Provider, "kie").await,
        (10, 0, None),
        "credits alone are no money"
    );
    world.set("KIE_CREDIT_COST", "0.01");
    world.restart().await;
    Box::pin(pictures(&world)).await;
    let text = stated(&world, Grouping::Service, false).await;
    assert!(
        text.contains("0.20") && text.contains("4 credits"),
        "{text}"
    );
    let known = "select count(*) from job_cost where money_micros = 40000";
    assert_eq!(world.count(known).await, 1);

    world
        .post("/sim/panel/one/settings", json!({ "charges": false }))
        .await;
    orders(world.user(12), "members", "t.me/hen").await;
    decide(&world, json!({ "status": "Canceled" })).await;
    world.finish().await;
    assert_eq!(sums(&world, Grouping::Provider, "one").await, (0, 0, None));
    let unknown = "select count(*) from job_cost where provider = 'one' and source = 'unknown'";
    assert_eq!(world.count(unknown).await, 1);
    world.assert_clean().await;
}
