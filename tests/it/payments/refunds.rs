//! `/refund` of what was paid at a processor.

use std::time::Duration;

use serde_json::json;

use super::{admin, books, tops_up, world, world_with};
use crate::rewards::referrals::{comes_by, earned, link};
use crate::world::{User, World};

async fn refunds(admin: User<'_>, id: u64) {
    admin.says(&format!("/refund flutterwave:{id}")).await;
    admin.presses("Refund").await;
    admin.world.run_for(Duration::from_secs(1200)).await;
}

/// How much went back, and how often it was asked for.
async fn returned(world: &World) -> (usize, u64) {
    let books = books(world).await;
    let refunds = books["refunds"].as_array().expect("a list").len();
    (refunds, books["refund_calls"].as_u64().expect("a number"))
}

#[tokio::test]
async fn a_refund_takes_the_money_and_sends_it_back_once() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let id = tops_up(anna).await;
    admin.says(&format!("/refund flutterwave:{id}")).await;
    admin.hears("Give 8000.00 NGN ($5.00) back to").await;
    let (message_id, row, column) = admin.find("Refund").await;
    for _ in 0..3 {
        admin.press_at(message_id, row, column).await;
    }
    world.settle().await;
    assert_eq!(anna.wallet().await, (0, 0));
    anna.hears("8000.00 NGN are going back").await;
    assert_eq!(returned(&world).await, (1, 1));
    admin.says(&format!("/refund flutterwave:{id}")).await;
    admin.hears("refunded before").await;
    for unknown in ["flutterwave:1", "other:1", "flutterwave:", ":"] {
        admin.says(&format!("/refund {unknown}")).await;
        admin.hears("I know no payment").await;
    }
    let audit = "select count(*) from admin_audit where action = 'refund' and target = '11' and admin_id = 900";
    assert_eq!(world.count(audit).await, 1);
    let statement = anna.statement().await;
    assert!(
        statement.contains("-$5.00  payment given back: 8000.00 NGN"),
        "{statement}"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_spent_is_not_refunded() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let id = tops_up(anna).await;
    anna.orders("a lighthouse").await;
    world.finish().await;
    refunds(admin, id).await;
    admin.hears("only $4.90 left of $5.00").await;
    assert_eq!(returned(&world).await, (0, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_looked_up_and_not_sent_again() {
    for fault in [
        json!({ "target": "flutterwave.refund", "drop_after": true, "times": 1 }),
        json!({ "target": "flutterwave.refund", "body": "<html>busy</html>", "times": 1 }),
    ] {
        let world = world().await;
        let (anna, admin) = (world.user(11), admin(&world).await);
        anna.says("/start").await;
        let id = tops_up(anna).await;
        world.fault(fault.clone()).await;
        refunds(admin, id).await;
        assert_eq!(returned(&world).await, (1, 1), "{fault}");
        assert_eq!(anna.wallet().await, (0, 0), "{fault}");
        let told = anna.transcript().await;
        assert_eq!(told.matches("going back").count(), 1, "{told}");
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn a_refund_that_surely_did_not_leave_is_sent_again() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let id = tops_up(anna).await;
    world
        .fault(json!({ "target": "flutterwave.refund", "retry_after": 3, "times": 2 }))
        .await;
    refunds(admin, id).await;
    assert_eq!(returned(&world).await, (1, 1));
    assert_eq!(anna.wallet().await, (0, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refund_that_nobody_finds_is_for_a_person_to_tell() {
    for was_made in [true, false] {
        let world = world().await;
        let (anna, admin) = (world.user(11), admin(&world).await);
        anna.says("/start").await;
        let id = tops_up(anna).await;
        world
            .fault(json!({ "target": "flutterwave.refund", "status": 503, "times": 1 }))
            .await;
        refunds(admin, id).await;
        world.run_for(Duration::from_secs(8 * 3600)).await;
        admin.hears("got no answer, and do not find it").await;
        assert_eq!(returned(&world).await, (0, 0));
        assert_eq!(world.calls("refund").await, 1);
        admin.says(&format!("/refund flutterwave:{id}")).await;
        admin.hears("being refunded already").await;
        anna.presses_data("p:y:abcdefghij").await;
        anna.hears("for admins").await;
        let (label, wallet, told) = match was_made {
            true => ("It went back", 0, "went back to 11"),
            false => ("It did not", 500, "was not made"),
        };
        admin.presses(label).await;
        assert_eq!(anna.wallet().await, (wallet, 0));
        admin.hears(told).await;
        let transcript = admin.transcript().await;
        assert!(!transcript.contains("<✅ It went back>"), "{transcript}");
        assert_eq!(world.calls("refund").await, 1);
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn a_refund_that_is_refused_gives_the_money_back() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let id = tops_up(anna).await;
    world
        .fault(
            json!({ "target": "flutterwave.refund", "status": 400, "times": 1,
            "body": { "status": "error", "message": "Insufficient balance", "data": null } }),
        )
        .await;
    refunds(admin, id).await;
    admin.hears("was not made").await;
    admin.hears("Insufficient balance").await;
    assert_eq!(anna.wallet().await, (500, 0));
    refunds(admin, id).await;
    assert_eq!(anna.wallet().await, (0, 0));
    assert_eq!(returned(&world).await, (1, 1));
    world.assert_clean().await;
}

#[tokio::test]
async fn what_somebody_gave_back_by_hand_is_not_sent_once_more() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let id = tops_up(anna).await;
    let by_hand = json!({ "transaction_id": id });
    world.post("/sim/flutterwave/refunds", by_hand).await;
    refunds(admin, id).await;
    assert_eq!(returned(&world).await, (1, 0));
    assert_eq!(anna.wallet().await, (0, 0));
    admin.hears("went back to 11").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refund_survives_a_crash_between_its_leaving_and_its_answer() {
    let mut world = world().await;
    let id = {
        let (anna, admin) = (world.user(11), admin(&world).await);
        anna.says("/start").await;
        let id = tops_up(anna).await;
        world
            .fault(json!({ "target": "flutterwave.refund", "drop_after": true }))
            .await;
        admin.says(&format!("/refund flutterwave:{id}")).await;
        let (message_id, row, column) = admin.find("Refund").await;
        admin.press_at(message_id, row, column).await;
        world.step().await;
        id
    };
    let left = "select count(*) from payment_refund where state = 'asked' and sent_at is not null";
    assert_eq!(world.count(left).await, 1);
    world.restart().await;
    world.post("/sim/faults", json!([])).await;
    world.run_for(Duration::from_secs(600)).await;
    assert_eq!(returned(&world).await, (1, 1));
    assert_eq!(world.user(11).wallet().await, (0, 0));
    let admin = world.user(crate::world::ADMIN);
    admin.says(&format!("/refund flutterwave:{id}")).await;
    admin.hears("refunded before").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn what_a_payment_brought_to_others_goes_back_with_it() {
    let world = world_with(&[
        ("BOT_USERNAME", "bulwark_sim_bot"),
        ("REFERRAL_ON", "topup"),
        ("REFERRAL_REWARD", "10%"),
    ])
    .await;
    let (anna, boris, admin) = (world.user(11), world.user(12), admin(&world).await);
    anna.says("/start").await;
    comes_by(&world, 12, &link(anna).await).await;
    let id = tops_up(boris).await;
    assert_eq!(earned(&world, 11).await, 50);
    refunds(admin, id).await;
    assert_eq!(boris.wallet().await, (0, 0));
    assert_eq!(earned(&world, 11).await, 0);
    world.assert_clean().await;
}
