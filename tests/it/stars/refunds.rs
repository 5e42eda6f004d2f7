//! `/refund`, and refunds that Telegram makes of its own accord.

use std::time::Duration;

use serde_json::json;

use super::{admin, tops_up, world};
use crate::world::{User, World};

async fn refunds(admin: User<'_>, charge: &str) {
    admin.says(&format!("/refund {charge}")).await;
    admin.presses("Refund").await;
    // What Telegram was asked and did not answer is asked again.
    admin.world.run_for(Duration::from_secs(600)).await;
}

async fn refunded_at_telegram(world: &World) -> usize {
    let payments = world.get("/sim/payments").await;
    let list = payments["transactions"].as_array().cloned();
    let list = list.expect("a list");
    list.iter()
        .filter(|line| line["stars"].as_i64() < Some(0))
        .count()
}

#[tokio::test]
async fn a_refund_takes_the_money_and_gives_the_stars_back_once() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let charge = tops_up(anna).await;
    admin.says(&format!("/refund {charge}")).await;
    admin.hears("Give 50 ⭐ ($1.00) back to").await;
    assert_eq!(anna.wallet().await, (100, 0));
    admin.presses("Refund").await;
    assert_eq!(anna.wallet().await, (0, 0));
    anna.hears("50 ⭐ went back to you").await;
    admin.hears("50 ⭐ ($1.00) went back to 11").await;
    assert_eq!(refunded_at_telegram(&world).await, 1);
    assert_eq!(world.calls("refundStarPayment").await, 1);
    admin.says(&format!("/refund {charge}")).await;
    admin.hears("refunded before").await;
    let audit = "select count(*) from admin_audit where action = 'refund' and target = '11' and admin_id = 900";
    assert_eq!(world.count(audit).await, 1);
    let statement = anna.statement().await;
    assert!(
        statement.contains("-$1.00  payment given back: 50 ⭐"),
        "{statement}"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn taps_on_both_buttons_and_by_others_refund_at_most_once() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let charge = tops_up(anna).await;
    admin.says(&format!("/refund {charge}")).await;
    let (message_id, row, column) = admin.find("Refund").await;
    for _ in 0..3 {
        admin.press_at(message_id, row, column).await;
    }
    world.settle().await;
    assert_eq!(refunded_at_telegram(&world).await, 1);
    assert_eq!(anna.wallet().await, (0, 0));
    for command in ["/refund", "/refund nothing"] {
        admin.says(command).await;
    }
    admin.hears("I know no payment").await;
    anna.says("/nonsense").await;
    let unknown = anna.last_text().await;
    anna.says(&format!("/refund {charge}")).await;
    assert_eq!(anna.last_text().await, unknown);
    anna.presses_data("ry:abcdefghij").await;
    anna.hears("for admins").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_spent_is_not_refunded() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let charge = tops_up(anna).await;
    anna.orders("a lighthouse").await;
    world.finish().await;
    refunds(admin, &charge).await;
    admin.hears("only $0.90 left of $1.00").await;
    assert_eq!(anna.wallet().await, (90, 0));
    assert_eq!(world.calls("refundStarPayment").await, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_done_once() {
    for fault in [
        json!({ "target": "telegram.refundStarPayment", "drop_after": true, "times": 2 }),
        json!({ "target": "telegram.refundStarPayment", "drop_before": true, "times": 2 }),
        json!({ "target": "telegram.refundStarPayment", "status": 502, "times": 1 }),
        json!({ "target": "telegram.refundStarPayment", "retry_after": 3, "times": 1 }),
    ] {
        let world = world().await;
        let (anna, admin) = (world.user(11), admin(&world).await);
        anna.says("/start").await;
        let charge = tops_up(anna).await;
        world.fault(fault.clone()).await;
        refunds(admin, &charge).await;
        assert_eq!(refunded_at_telegram(&world).await, 1, "{fault}");
        assert_eq!(anna.wallet().await, (0, 0), "{fault}");
        let told = anna.transcript().await;
        assert_eq!(told.matches("went back to you").count(), 1, "{told}");
        let told = admin.transcript().await;
        assert_eq!(told.matches("went back to 11").count(), 1, "{told}");
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn a_refund_survives_a_crash_between_intent_and_answer() {
    let mut world = world().await;
    let charge = {
        let anna = world.user(11);
        anna.says("/start").await;
        let charge = tops_up(anna).await;
        let admin = admin(&world).await;
        world
            .fault(json!({ "target": "telegram.refundStarPayment", "drop_before": true }))
            .await;
        admin.says(&format!("/refund {charge}")).await;
        admin.presses("Refund").await;
        charge
    };
    let open = "select count(*) from star_refund where state = 'asked'";
    assert_eq!(world.count(open).await, 1);
    world.restart().await;
    world.post("/sim/faults", json!([])).await;
    world.run_for(Duration::from_secs(600)).await;
    assert_eq!(world.count(open).await, 0);
    assert_eq!(refunded_at_telegram(&world).await, 1);
    assert_eq!(world.user(11).wallet().await, (0, 0));
    let admin = world.user(crate::world::ADMIN);
    admin.says(&format!("/refund {charge}")).await;
    admin.hears("refunded before").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refund_that_was_made_already_counts_as_done() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let charge = tops_up(anna).await;
    world
        .fault(json!({ "target": "telegram.refundStarPayment", "drop_before": true, "times": 1 }))
        .await;
    admin.says(&format!("/refund {charge}")).await;
    let (message_id, row, column) = admin.find("Refund").await;
    admin.press_at(message_id, row, column).await;
    world.step().await;
    let untold = json!({ "charge_id": charge, "untold": true });
    world.post("/sim/refunds", untold).await;
    world.run_for(Duration::from_secs(600)).await;
    let answers = world.log("refundStarPayment").await;
    let last = answers.last().expect("a call").to_string();
    assert!(last.contains("CHARGE_ALREADY_REFUNDED"), "{last}");
    admin.hears("went back to 11").await;
    assert_eq!(anna.wallet().await, (0, 0));
    assert_eq!(refunded_at_telegram(&world).await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refund_that_telegram_refuses_gives_the_money_back() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let charge = tops_up(anna).await;
    world
        .fault(
            json!({ "target": "telegram.refundStarPayment", "status": 400, "times": 1,
            "body": { "ok": false, "error_code": 400, "description": "Bad Request: BALANCE_TOO_LOW" } }),
        )
        .await;
    refunds(admin, &charge).await;
    admin.hears("Telegram refuses the refund").await;
    admin.hears("BALANCE_TOO_LOW").await;
    assert_eq!(anna.wallet().await, (100, 0));
    refunds(admin, &charge).await;
    assert_eq!(anna.wallet().await, (0, 0));
    assert_eq!(refunded_at_telegram(&world).await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refund_made_by_telegram_is_booked_and_the_rest_is_our_loss() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let charge = tops_up(anna).await;
    anna.orders("a lighthouse").await;
    world.finish().await;
    world
        .post("/sim/refunds", json!({ "charge_id": charge }))
        .await;
    world.settle().await;
    assert_eq!(anna.wallet().await, (0, 0));
    admin.hears("I took $0.90").await;
    admin.hears("$0.10 were spent already").await;
    assert_eq!(world.calls("refundStarPayment").await, 0);
    world.assert_clean().await;
}
