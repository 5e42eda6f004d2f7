//! Payments that are not what was asked for: of another amount or currency, twice, late, by a link that is gone.

use std::time::Duration;

use serde_json::{Value, json};

use super::trouble::webhook;
use super::{admin, begins, books, pays, tops_up, world};
use crate::world::User;

#[tokio::test]
async fn more_and_less_than_was_asked_for_is_worth_what_it_is() {
    for (amount, wallet, told) in [
        (9_600.0, 600, "more than the 8000.00 NGN"),
        (8_000.01, 500, "more than the 8000.00 NGN"),
        (7_999.99, 499, "less than the 8000.00 NGN"),
        (16.0, 1, "less than the 8000.00 NGN"),
    ] {
        let world = world().await;
        let anna = world.user(11);
        anna.says("/start").await;
        begins(anna).await;
        pays(&world, json!({ "amount": amount })).await;
        assert_eq!(anna.wallet().await, (wallet, 0), "{amount}");
        anna.hears(told).await;
        world.assert_clean().await;
    }
}

async fn set_aside(anna: User<'_>, how: Value, why: &str) {
    let world = anna.world;
    let admin = admin(world).await;
    begins(anna).await;
    let id = pays(world, how).await;
    assert_eq!(anna.wallet().await, (0, 0));
    anna.hears("cannot tell what it is for").await;
    admin.hears(why).await;
    admin.hears(&format!("flutterwave:{id}")).await;
    webhook(world, json!({ "transaction_id": id, "version": "v4" })).await;
    world.run_for(Duration::from_secs(3 * 3600)).await;
    let told = anna.transcript().await;
    assert_eq!(told.matches("cannot tell").count(), 1, "{told}");
    // A person gives it back.
    admin.says(&format!("/refund flutterwave:{id}")).await;
    admin.presses("Refund").await;
    anna.hears("going back to where you paid from").await;
    assert_eq!(
        books(world).await["refunds"]
            .as_array()
            .expect("a list")
            .len(),
        1
    );
    assert_eq!(anna.wallet().await, (0, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn another_currency_than_was_asked_for_is_for_a_person() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let how = json!({ "currency": "KES" });
    set_aside(anna, how, "another currency than was asked for").await;
}

#[tokio::test]
async fn what_is_worth_less_than_a_cent_is_for_a_person() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let how = json!({ "amount": 15.99 });
    set_aside(anna, how, "less than the smallest coin").await;
}

#[tokio::test]
async fn a_link_that_is_paid_twice_credits_both_payments() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let first = tops_up(anna).await;
    let second = pays(&world, json!({})).await;
    assert_ne!(first, second);
    assert_eq!(anna.wallet().await, (1000, 0));
    anna.hears("paid by this link before").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_paid_after_its_time_is_worth_what_it_is_worth_then() {
    let mut world = world().await;
    {
        let anna = world.user(11);
        anna.says("/start").await;
        begins(anna).await;
        world.run_for(Duration::from_secs(2 * 3600)).await;
        anna.hears("has expired").await;
        let transcript = anna.transcript().await;
        assert!(!transcript.contains("<💳 Pay"), "{transcript}");
    }
    // The naira has fallen meanwhile.
    world.set("FLUTTERWAVE_RATES", "NGN=2000");
    world.restart().await;
    let anna = world.user(11);
    pays(&world, json!({})).await;
    assert_eq!(anna.wallet().await, (400, 0));
    anna.hears("what it is worth today").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_rate_holds_for_who_pays_in_time_whenever_we_hear_of_it() {
    let mut world = world().await;
    {
        let anna = world.user(11);
        anna.says("/start").await;
        begins(anna).await;
        pays(&world, json!({ "untold": true })).await;
    }
    world.set("FLUTTERWAVE_RATES", "NGN=2000");
    world.advance(Duration::from_secs(2 * 3600)).await;
    world.restart().await;
    world.settle().await;
    let anna = world.user(11);
    assert_eq!(anna.wallet().await, (500, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_payment_by_a_link_that_is_gone_is_credited_to_who_it_was_for() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    begins(anna).await;
    world.run_for(Duration::from_secs(4 * 24 * 3600)).await;
    world.advance(Duration::from_secs(100 * 24 * 3600)).await;
    world.app.upkeep().await;
    assert_eq!(world.count("select count(*) from payment_intent").await, 0);
    pays(&world, json!({})).await;
    assert_eq!(anna.wallet().await, (500, 0));
    anna.hears("$5.00 for 8000.00 NGN").await;
    admin.hears("by a link that is gone").await;
    // To somebody whom nobody knows, and by a link of another shop.
    let unknown = json!({ "reference": "bw-4027-abcdefghij", "without_link": true });
    pays(&world, unknown).await;
    admin.hears("its user is not known").await;
    let foreign = json!({ "reference": "shop-1", "without_link": true });
    pays(&world, foreign).await;
    assert_eq!(world.count("select count(*) from payment").await, 2);
    world.assert_books_balance().await;
}
