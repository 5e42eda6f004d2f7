//! The processor's list of transactions against ours.

use std::time::Duration;

use bulwark::features::topup::ComparedPayments;
use serde_json::json;
use sqlx::Executor as _;

use super::{admin, begins, pays, tops_up, world};
use crate::database;
use crate::world::World;

pub async fn compared(world: &World, dry_run: bool) -> ComparedPayments {
    let comparison = world.app.payment_comparison("flutterwave");
    let report = comparison.expect("a processor").run(dry_run).await;
    let report = report.expect("a comparison");
    world.settle().await;
    report
}

pub fn findings(report: &ComparedPayments) -> Vec<(&str, bool)> {
    let findings = report.findings.iter();
    findings
        .map(|found| (found.what, found.is_mended))
        .collect()
}

#[tokio::test]
async fn what_never_reached_us_is_credited_and_refunds_are_booked() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let known = tops_up(anna).await;
    // Long after anybody looks for it by itself.
    begins(anna).await;
    world.run_for(Duration::from_secs(4 * 24 * 3600)).await;
    let lost = pays(&world, json!({ "untold": true })).await;
    let by_hand = json!({ "transaction_id": known });
    world.post("/sim/flutterwave/refunds", by_hand).await;
    let foreign = json!({ "reference": "shop-1", "without_link": true, "untold": true });
    pays(&world, foreign).await;
    world.run_for(Duration::from_secs(3600)).await;
    assert_eq!(anna.wallet().await, (500, 0));

    let report = compared(&world, true).await;
    let wanted = [("missing credit", false), ("missing refund", false)];
    assert_eq!(findings(&report), wanted);
    assert_eq!(report.findings[0].transaction, lost.to_string());
    assert_eq!(report.findings[0].user, Some(11));
    assert_eq!(anna.wallet().await, (500, 0));

    let report = compared(&world, false).await;
    let wanted = [("missing credit", true), ("missing refund", true)];
    assert_eq!(findings(&report), wanted);
    // Five dollars came, five went.
    assert_eq!(anna.wallet().await, (500, 0));
    let told = anna.transcript().await;
    assert!(told.contains("sorry for the wait"), "{told}");
    assert!(told.contains("are going back"), "{told}");
    admin.hears("without being asked for here").await;
    let report = compared(&world, false).await;
    assert_eq!((findings(&report), report.transactions), (Vec::new(), 3));
    world.assert_clean().await;
}

#[tokio::test]
async fn what_was_given_back_after_it_was_spent_is_our_loss() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let id = tops_up(anna).await;
    anna.orders("a lighthouse").await;
    world.finish().await;
    let by_hand = json!({ "transaction_id": id });
    world.post("/sim/flutterwave/refunds", by_hand).await;
    compared(&world, false).await;
    assert_eq!(anna.wallet().await, (0, 0));
    admin.hears("I took $4.90").await;
    admin.hears("$0.10 were spent already").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_list_of_several_pages_is_read_to_its_end() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    for _ in 0..25 {
        let untold = json!({ "untold": true });
        world.post("/sim/flutterwave/pay", untold).await;
    }
    let report = compared(&world, false).await;
    assert_eq!(findings(&report).len(), 25);
    assert_eq!(anna.wallet().await, (25 * 500, 0));
    assert_eq!(world.calls("transactions").await, 3);
    world.assert_clean().await;
}

#[tokio::test]
async fn the_list_alone_moves_no_money() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    pays(&world, json!({ "untold": true })).await;
    let none = json!({ "target": "flutterwave.verify", "status": 400, "times": 1,
        "body": { "status": "error", "message": "No transaction was found for this id", "data": null } });
    world.fault(none).await;
    let report = compared(&world, false).await;
    assert_eq!(findings(&report), [("missing credit", false)]);
    assert_eq!(anna.wallet().await, (0, 0));
    let report = compared(&world, false).await;
    assert_eq!(findings(&report), [("missing credit", true)]);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_payment_that_the_processor_does_not_know_is_left_to_a_person() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let id = tops_up(anna).await;
    world.post("/sim/reset", json!({})).await;
    let report = compared(&world, false).await;
    assert_eq!(findings(&report), [("unknown to the processor", false)]);
    assert_eq!(report.findings[0].transaction, id.to_string());
    assert_eq!(anna.wallet().await, (500, 0));
}

#[tokio::test]
async fn the_night_compares_once() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    world.app.nightly().await.expect("a comparison");
    assert_eq!(world.calls("transactions").await, 0);
    world.advance(Duration::from_secs(24 * 3600)).await;
    tops_up(anna).await;
    for _ in 0..3 {
        world.app.nightly().await.expect("a comparison");
    }
    assert_eq!(world.calls("transactions").await, 1);
    world.advance(Duration::from_secs(24 * 3600)).await;
    world.app.nightly().await.expect("a comparison");
    assert_eq!(world.calls("transactions").await, 2);
    world.assert_clean().await;
}

#[tokio::test]
async fn two_replicas_that_compare_the_same_night_alarm_once() {
    let world = world().await;
    let (anna, told_to) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    tops_up(anna).await;
    world.post("/sim/reset", json!({})).await;
    // Both have compared before either can write down that it has.
    let mut held = world.pool.begin().await.expect("a transaction");
    held.execute("lock table reconciliation in exclusive mode")
        .await
        .expect("the lock");
    let other = world.replica();
    let (one, two, ()) = tokio::join!(world.app.nightly(), other.nightly(), async {
        database::until_blocked(&world.pool, 2).await;
        held.rollback().await.expect("a rollback");
    });
    assert!(one.is_ok() && two.is_ok());
    let told =
        "select count(*) from outbox_message where payload::text like '%books do not balance%'";
    assert_eq!(world.count(told).await, 1, "{}", told_to.transcript().await);
}
