//! Telegram's list of Star transactions against ours.

use std::time::Duration;

use bulwark::admin::reconcile::Options;
use serde_json::{Value, json};

use super::{admin, charge, invoice, tops_up, world};
use crate::world::{ADMIN, World};

pub async fn reconciled(world: &World, dry_run: bool) -> (bool, Value) {
    let mut out = Vec::new();
    let options = Options {
        dry_run,
        fix: !dry_run,
        json: true,
        name: Some(ADMIN.to_string()),
        ..Options::default()
    };
    let good = world
        .app
        .reconciliation()
        .run(&options, &mut out)
        .await
        .expect("a report");
    let report = serde_json::from_slice(&out).expect("JSON");
    (good, report)
}

fn findings(report: &Value) -> Vec<&str> {
    let list = report["findings"].as_array().expect("a list");
    list.iter()
        .filter_map(|finding| finding["what"].as_str())
        .collect()
}

#[tokio::test]
async fn what_never_reached_us_is_credited_and_refunds_are_booked() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let known = tops_up(anna).await;
    anna.says("/topup").await;
    anna.presses("⭐ 100").await;
    let lost = json!({ "message_id": invoice(anna).await, "untold": true });
    world.post("/sim/users/11/pay", lost).await;
    let gone = json!({ "charge_id": known, "untold": true });
    world.post("/sim/refunds", gone).await;
    assert_eq!(anna.wallet().await, (100, 0));

    let (good, report) = reconciled(&world, true).await;
    assert_eq!(findings(&report), ["missing credit", "missing refund"]);
    assert!(!good);
    world.settle().await;
    assert_eq!(anna.wallet().await, (100, 0));

    let (good, report) = reconciled(&world, false).await;
    assert_eq!(findings(&report), ["missing credit", "missing refund"]);
    assert_eq!(report["findings"][0]["amount"], "100 ⭐");
    assert!(good);
    world.settle().await;
    // Two dollars came late, one went back.
    assert_eq!(anna.wallet().await, (200, 0));
    let told = anna.transcript().await;
    assert!(told.contains("sorry for the wait"), "{told}");
    assert!(told.contains("50 ⭐ went back to you"), "{told}");
    admin.hears("without being asked by me").await;
    let (good, report) = reconciled(&world, false).await;
    assert_eq!((good, findings(&report).len()), (true, 0));
    assert_eq!(report["processors"][0]["transactions"], 3);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_list_of_several_pages_is_read_to_its_end() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/topup").await;
    anna.presses("⭐ 50").await;
    let body = json!({ "message_id": invoice(anna).await, "untold": true });
    for _ in 0..205 {
        world.post("/sim/users/11/pay", body.clone()).await;
    }
    let (_, report) = reconciled(&world, false).await;
    assert_eq!(findings(&report).len(), 205);
    assert_eq!(anna.wallet().await, (205 * 100, 0));
    // Three pages to look, and three to book.
    assert_eq!(world.calls("getStarTransactions").await, 6);
    world.assert_books_balance().await;
}

#[tokio::test]
async fn the_night_compares_once_and_what_comes_late_is_not_credited_again() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/topup").await;
    anna.presses("⭐ 50").await;
    let message_id = invoice(anna).await;
    super::begin_to_pay(anna, message_id).await;
    world.sim.idle().await;
    // Its update is stored and not handled yet.
    let charge = charge(&world).await;
    let (_, report) = reconciled(&world, false).await;
    assert_eq!(findings(&report), ["missing credit"]);
    world.settle().await;
    assert_eq!(anna.wallet().await, (100, 0));
    let rows = world.count("select count(*) from star_payment").await;
    assert_eq!((rows, charge.is_empty()), (1, false));
    let asked = world.calls("getStarTransactions").await;
    for _ in 0..3 {
        world.app.nightly().await.expect("a comparison");
    }
    assert_eq!(world.calls("getStarTransactions").await, asked + 1);
    world.advance(Duration::from_secs(24 * 3600)).await;
    world.app.nightly().await.expect("a comparison");
    assert_eq!(world.calls("getStarTransactions").await, asked + 2);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_payment_that_telegram_does_not_know_is_left_to_a_person() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let paid = json!({ "message": {
        "message_id": 9_000, "date": world.now().unix_timestamp(),
        "chat": { "id": 11, "type": "private", "first_name": "A" },
        "from": { "id": 11, "is_bot": false, "first_name": "A" },
        "successful_payment": { "currency": "XTR", "total_amount": 7, "invoice_payload": "x",
            "telegram_payment_charge_id": "stxnone", "provider_payment_charge_id": "p" } } });
    world.post("/sim/raw_update", paid).await;
    world.settle().await;
    let (good, report) = reconciled(&world, false).await;
    assert_eq!(findings(&report), ["unknown to Telegram"]);
    assert!(!good);
    assert_eq!(report["findings"][0]["subject"], "stxnone");
    assert_eq!(anna.wallet().await, (14, 0));
    world.assert_clean().await;
}
