//! A gateway that an operator took out: nobody is led there, and what was begun there goes on.

use std::time::Duration;

use serde_json::json;

use super::{admin, begins, books, page, pays, tops_up, world, world_with};
use crate::shelf::run;
use crate::world::World;

async fn isolate(world: &World) {
    let line = "providers isolate flutterwave --reason it_does_wrong_things";
    let (good, said) = Box::pin(run(world, line)).await;
    assert!(good, "{said}");
    // Every replica hears of it within a second.
    world.settle().await;
}

async fn release(world: &World) {
    let (good, said) = Box::pin(run(world, "providers release flutterwave")).await;
    assert!(good, "{said}");
    world.settle().await;
}

async fn intents(world: &World) -> i64 {
    world.count("select count(*) from payment_intent").await
}

#[tokio::test]
async fn a_way_that_is_taken_out_is_left_out_where_ways_are_chosen() {
    let world = world_with(&[("TOPUP_STARS", "50")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    isolate(&world).await;
    anna.says("/topup").await;
    anna.hears("How would you like to pay").await;
    anna.hears("Paying by card or from a bank is paused for the moment")
        .await;
    let shown = anna.last().await["buttons"].to_string();
    assert!(!shown.contains("Card or bank"), "{shown}");
    anna.presses("Telegram Stars").await;
    anna.presses("⭐ 50").await;
    anna.presses("Pay").await;
    assert_eq!(anna.wallet().await, (50, 0));
    release(&world).await;
    anna.says("/topup").await;
    anna.presses("Card or bank").await;
    anna.presses("$5.00").await;
    pays(&world, json!({})).await;
    assert_eq!(anna.wallet().await, (550, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn if_no_way_is_left_that_is_said_at_once_and_looking_again_leads_on() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    isolate(&world).await;
    anna.presses("Top up").await;
    anna.hears("Topping up is paused for the moment").await;
    anna.hears("Nothing was charged").await;
    anna.presses("Look again").await;
    anna.hears("Topping up is paused for the moment").await;
    release(&world).await;
    anna.presses("Look again").await;
    anna.hears("You pay in NGN").await;
    anna.presses("$5.00").await;
    pays(&world, json!({})).await;
    anna.presses("Back to my order").await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (490, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn who_was_in_the_middle_is_led_back_to_the_ways() {
    let world = world_with(&[("TOPUP_STARS", "50")]).await;
    let (anna, boris, clara) = (world.user(11), world.user(12), world.user(13));
    for user in [anna, boris, clara] {
        user.says("/start").await;
        user.says("/topup").await;
    }
    boris.presses("Card or bank").await;
    clara.presses("Card or bank").await;
    clara.presses("Another amount").await;
    isolate(&world).await;
    // On the ways, on the amounts, and asked for an amount of one's own.
    anna.presses("Card or bank").await;
    boris.presses("$5.00").await;
    for user in [anna, boris] {
        assert!(user.notice().await.contains("cannot be taken right now"));
    }
    clara.says("7").await;
    for user in [anna, boris, clara] {
        user.hears("Paying by card or from a bank is paused").await;
        user.find("Telegram Stars").await;
    }
    assert_eq!(intents(&world).await, 0);
    // She is not asked any more: a number means nothing.
    clara.says("7").await;
    assert!(!clara.last_text().await.contains("paused"));
    release(&world).await;
    boris.presses("Telegram Stars").await;
    boris.presses("⭐ 50").await;
    boris.presses("Pay").await;
    assert_eq!(boris.wallet().await, (50, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_page_that_was_not_made_yet_is_not_made_any_more() {
    let world = world_with(&[("TOPUP_STARS", "50")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/topup").await;
    anna.presses("Card or bank").await;
    world
        .fault(json!({ "target": "flutterwave.payments", "retry_after": 20, "times": 1 }))
        .await;
    let (message_id, row, column) = anna.find("$5.00").await;
    anna.press_at(message_id, row, column).await;
    world.step().await;
    isolate(&world).await;
    world.run_for(Duration::from_secs(90)).await;
    anna.hears("the page to pay 8000.00 NGN was not opened. Nothing was charged")
        .await;
    assert_eq!(books(&world).await["links"], json!([]));
    anna.presses("Top up").await;
    anna.hears("is paused for the moment").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn what_was_begun_is_looked_up_credited_and_given_back_all_the_same() {
    let world = world().await;
    let (anna, boris, admin) = (world.user(11), world.user(12), admin(&world).await);
    anna.says("/start").await;
    boris.says("/start").await;
    let id = tops_up(anna).await;
    begins(boris).await;
    isolate(&world).await;
    // The page that is open can be paid: without any event, then with one, and seen by its payer's own press.
    pays(&world, json!({ "untold": true })).await;
    world.run_for(Duration::from_secs(60)).await;
    assert_eq!(boris.wallet().await, (500, 0));
    boris.hears("$5.00 for 8000.00 NGN").await;
    pays(&world, json!({})).await;
    assert_eq!(boris.wallet().await, (1000, 0));
    // So is a refund made, asked for before or now.
    admin.says(&format!("/refund flutterwave:{id}")).await;
    admin.presses("Refund").await;
    world.run_for(Duration::from_secs(60)).await;
    anna.hears("8000.00 NGN are going back").await;
    assert_eq!(books(&world).await["refund_calls"], json!(1));
    // And the books are compared.
    let comparison = world.app.payment_comparison("flutterwave").expect("there");
    let report = comparison.run(false).await.expect("a list");
    assert_eq!((report.transactions, report.findings.len()), (3, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_gateway_that_is_taken_out_and_ill_as_well_is_left_alone_and_then_asked_again() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    assert!(page(anna).await.contains("/hosted/pay/"));
    isolate(&world).await;
    world
        .fault(json!({ "target": "flutterwave.verify*", "status": 503 }))
        .await;
    pays(&world, json!({})).await;
    world.run_for(Duration::from_secs(600)).await;
    let tried = world.calls("verify").await + world.calls("verify_by_reference").await;
    assert!((3..40).contains(&tried), "{tried} calls in ten minutes");
    assert_eq!(anna.wallet().await, (0, 0));
    world.post("/sim/faults", json!([])).await;
    world.run_for(Duration::from_secs(1200)).await;
    assert_eq!(anna.wallet().await, (500, 0));
    world.assert_clean().await;
}
