//! While a provider is ill: fail-over, waiting, refusing; and back.

use std::time::Duration;

use serde_json::json;

use super::{orders, split, wants, world};
use crate::world::{ADMIN, World};

/// Four users meet the first panel in maintenance at once, for so long that its breaker stays open for minutes; their orders
/// wait for it.
async fn first_panel_falls_ill(world: &World) {
    world
        .fault(json!({"target": "panel.add@one", "status": 200, "body": {"error": "We are under maintenance"}}))
        .await;
    for id in 21..25 {
        wants(world.user(id), "members", &format!("t.me/early{id}"), "100").await;
    }
    for id in 21..25 {
        let user = world.user(id);
        let (message_id, row, column) = user.find("Confirm").await;
        user.press_at(message_id, row, column).await;
    }
    world.run_for(Duration::from_secs(200)).await;
    world.post("/sim/faults", json!([])).await;
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    admin.says("/providers").await;
    admin.hears("• one: ill, no calls for a while").await;
}

#[tokio::test]
async fn new_orders_go_elsewhere_while_a_breaker_is_open_and_come_back() {
    let world = world().await;
    first_panel_falls_ill(&world).await;
    orders(world.user(11), "members", "t.me/fox").await;
    assert_eq!(split(&world).await, (0, 1), "the next one has it");
    world.finish().await;
    // Those that waited went where they were meant to go.
    assert_eq!(split(&world).await, (4, 1));
    for id in [11, 21, 22, 23, 24] {
        world.user(id).hears("Done: 100 of 100").await;
    }
    orders(world.user(12), "members", "t.me/hen").await;
    assert_eq!(split(&world).await, (5, 1));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_service_may_wait_for_its_provider_or_refuse() {
    let world = world().await;
    first_panel_falls_ill(&world).await;
    let (anna, ben) = (world.user(11), world.user(12));
    orders(ben, "strict", "t.me/hen").await;
    ben.hears("not available at the moment").await;
    assert_eq!(ben.wallet().await, (5_000, 0));
    wants(anna, "patient", "t.me/fox", "100").await;
    let (message_id, row, column) = anna.find("Confirm").await;
    anna.press_at(message_id, row, column).await;
    world.settle().await;
    assert_eq!(
        anna.wallet().await,
        (4_988, 12),
        "it waits, with its money set aside"
    );
    world.finish().await;
    anna.hears("Done: 100 of 100").await;
    assert_eq!(split(&world).await, (5, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn an_empty_account_is_passed_over_until_it_is_filled() {
    let world = world().await;
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    world
        .post("/sim/panel/one/settings", json!({"balance_micros": 0}))
        .await;
    let anna = world.user(11);
    orders(anna, "members", "t.me/fox").await;
    world.finish().await;
    anna.hears("not available at the moment").await;
    assert_eq!(anna.wallet().await, (5_000, 0));
    admin.says("/providers").await;
    admin.hears("• one: our account there is empty").await;
    orders(anna, "members", "t.me/fox").await;
    assert_eq!(split(&world).await, (0, 1));
    // To wait in the queue would help nobody: it would be sent, and refused.
    orders(world.user(12), "patient", "t.me/hen").await;
    world.user(12).hears("not available at the moment").await;
    world
        .post(
            "/sim/panel/one/settings",
            json!({"balance_micros": 1_000_000_000}),
        )
        .await;
    world.run_for(Duration::from_secs(1)).await;
    world.advance(Duration::from_secs(301)).await;
    orders(world.user(13), "members", "t.me/cow").await;
    assert_eq!(split(&world).await, (1, 1));
    world.assert_clean().await;
}
