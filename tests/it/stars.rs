//! Topping up with Telegram Stars, and giving Stars back: every way it can go.

pub mod reconciliation;
mod refunds;

use std::time::Duration;

use bulwark::engine::inbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{ADMIN, User, World};

/// Fifty Stars are a dollar; nobody starts with anything.
pub async fn world() -> World {
    World::with(&[
        ("TOPUP_STARS", "50,100"),
        ("TOPUP_STAR_RATE", "2"),
        ("WELCOME_GRANT", "0"),
    ])
    .await
}

/// The newest invoice of a chat.
pub async fn invoice(user: User<'_>) -> i64 {
    let messages = user.messages().await;
    let found = messages.iter().rev().find(|m| m["invoice"].is_object());
    found.expect("an invoice")["message_id"]
        .as_i64()
        .expect("an id")
}

/// Presses "Pay" without letting the bot work.
pub async fn begin_to_pay(user: User<'_>, message_id: i64) {
    let path = format!("/sim/users/{}/pay", user.id);
    user.world
        .post(&path, json!({ "message_id": message_id }))
        .await;
}

/// Chooses the package of fifty and pays it. The charge.
pub async fn tops_up(user: User<'_>) -> String {
    user.says("/topup").await;
    user.presses("⭐ 50").await;
    let message_id = invoice(user).await;
    begin_to_pay(user, message_id).await;
    user.world.settle().await;
    charge(user.world).await
}

/// The charge of the newest payment.
pub async fn charge(world: &World) -> String {
    let outcome = outcome(world).await;
    outcome["charge_id"].as_str().expect("paid").to_owned()
}

async fn outcome(world: &World) -> Value {
    let payments = world.get("/sim/payments").await;
    let checkouts = payments["checkouts"].as_array().expect("a list");
    checkouts.last().expect("a payment")["outcome"].clone()
}

/// An admin who has begun.
pub async fn admin(world: &World) -> User<'_> {
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    admin
}

#[tokio::test]
async fn without_packages_nothing_of_it_is_shown() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/nonsense").await;
    let unknown = anna.last_text().await;
    anna.says("/topup").await;
    assert_eq!(anna.last_text().await, unknown);
    anna.says("/balance").await;
    let transcript = anna.transcript().await;
    assert!(!transcript.contains('⭐'), "{transcript}");
    let commands = world.get("/sim/commands").await.to_string();
    assert!(!commands.contains("topup"), "{commands}");
    anna.presses_data("tp:50").await;
    anna.hears("not offered").await;
    assert_eq!(world.calls("sendInvoice").await, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_package_is_paid_and_credited_with_a_receipt() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    assert!(
        world
            .get("/sim/commands")
            .await
            .to_string()
            .contains("topup")
    );
    anna.says("/balance").await;
    anna.presses("Top up").await;
    anna.presses("⭐ 100 → $2.00").await;
    let message_id = invoice(anna).await;
    // As a person does: with the button under the invoice.
    anna.presses("Pay").await;
    let charge = charge(&world).await;
    anna.hears("$2.00 for 100 ⭐. Your balance: $2.00").await;
    anna.hears(&charge).await;
    assert_eq!(anna.wallet().await, (200, 0));
    let statement = anna.statement().await;
    assert!(
        statement.contains("+$2.00  topped up: 100 ⭐"),
        "{statement}"
    );
    begin_to_pay(anna, message_id).await;
    world.settle().await;
    let refused = outcome(&world).await;
    assert!(
        refused["reason"]
            .as_str()
            .is_some_and(|text| text.contains("paid already")),
        "{refused}"
    );
    assert_eq!(anna.wallet().await, (200, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn an_order_that_lacks_money_waits_for_it() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    anna.hears("short for this order").await;
    anna.presses("Top up").await;
    anna.presses("⭐ 50").await;
    begin_to_pay(anna, invoice(anna).await).await;
    world.settle().await;
    anna.hears("Your balance: $1.00").await;
    anna.presses("Back to my order").await;
    anna.hears("a lighthouse").await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (90, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn money_spent_elsewhere_meanwhile_leads_to_a_top_up_too() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    admin.says("/grant 11 0.10 to begin").await;
    anna.prepares("a lighthouse").await;
    admin.says("/grant 11 -0.10 a mistake").await;
    anna.presses("Confirm").await;
    anna.hears("short for this order").await;
    anna.presses("Top up").await;
    anna.presses("⭐ 50").await;
    begin_to_pay(anna, invoice(anna).await).await;
    world.settle().await;
    anna.presses("Back to my order").await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (90, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_payment_delivered_twice_is_credited_once() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    // The answer is lost after the commit: Telegram delivers the same update again.
    world
        .fault(json!({ "target": "webhook", "status": 500, "times": 1, "chat_id": 11 }))
        .await;
    let charge = tops_up(anna).await;
    let again = json!({ "message": {
        "message_id": 9_000, "date": world.now().unix_timestamp(),
        "chat": { "id": 11, "type": "private", "first_name": "A" },
        "from": { "id": 11, "is_bot": false, "first_name": "A" },
        "successful_payment": { "currency": "XTR", "total_amount": 50, "invoice_payload": "x",
            "telegram_payment_charge_id": charge, "provider_payment_charge_id": "p" } } });
    for _ in 0..3 {
        world.post("/sim/raw_update", again.clone()).await;
    }
    world.settle().await;
    assert_eq!(anna.wallet().await, (100, 0));
    assert_eq!(world.count("select count(*) from star_payment").await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn two_payments_of_one_invoice_are_both_credited_and_told() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/topup").await;
    anna.presses("⭐ 50").await;
    let message_id = invoice(anna).await;
    // Both questions come before either payment is handled.
    begin_to_pay(anna, message_id).await;
    world.sim.idle().await;
    begin_to_pay(anna, message_id).await;
    world.sim.idle().await;
    world.settle().await;
    anna.hears("You have paid this invoice twice").await;
    assert_eq!(anna.wallet().await, (200, 0));
    assert_eq!(
        world
            .count("select count(distinct charge_id) from star_payment")
            .await,
        2
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn who_pays_a_forwarded_invoice_is_refused() {
    let world = world().await;
    let (anna, boris) = (world.user(11), world.user(12));
    boris.says("/start").await;
    anna.says("/start").await;
    anna.says("/topup").await;
    anna.presses("⭐ 50").await;
    let message_id = invoice(anna).await;
    let body = json!({ "chat_id": 11, "message_id": message_id });
    world.post("/sim/users/12/pay", body).await;
    world.settle().await;
    let refused = outcome(&world).await;
    assert!(
        refused["reason"]
            .as_str()
            .is_some_and(|text| text.contains("somebody else")),
        "{refused}"
    );
    assert_eq!(world.count("select count(*) from star_payment").await, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn an_old_invoice_is_not_paid_any_more() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/topup").await;
    anna.presses("⭐ 50").await;
    world.advance(Duration::from_secs(25 * 3600)).await;
    begin_to_pay(anna, invoice(anna).await).await;
    world.settle().await;
    let refused = outcome(&world).await;
    assert!(
        refused["reason"]
            .as_str()
            .is_some_and(|text| text.contains("too old")),
        "{refused}"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_payment_is_let_through_ahead_of_any_backlog() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/topup").await;
    anna.presses("⭐ 50").await;
    // Nothing of this is handled before the payment is asked for.
    for n in 0..200 {
        let body = json!({ "text": format!("words {n}") });
        world
            .post(&format!("/sim/users/{}/send", 100 + n % 20), body)
            .await;
    }
    begin_to_pay(anna, invoice(anna).await).await;
    world.sim.idle().await;
    assert_eq!(outcome(&world).await["state"], "paid");
    let waiting = inbox::counts(&world.pool, Some(world.now())).await;
    assert!(waiting.expect("counts").pending > 200);
    world.settle().await;
    assert_eq!(anna.wallet().await, (100, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn without_a_database_a_payment_is_refused_politely() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/topup").await;
    anna.presses("⭐ 50").await;
    let message_id = invoice(anna).await;
    // The service's connections are gone for good; Telegram's question still has an answer.
    world.app.disconnect().await;
    begin_to_pay(anna, message_id).await;
    world.sim.idle().await;
    let refused = outcome(&world).await;
    assert!(
        refused["reason"]
            .as_str()
            .is_some_and(|text| text.contains("Nothing was charged")),
        "{refused}"
    );
}

#[tokio::test]
async fn a_payment_for_nothing_of_ours_is_credited_and_admins_are_told() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let url = format!("/bot{}/sendInvoice", crate::world::TOKEN);
    let body = json!({ "chat_id": 11, "title": "Old", "description": "Of another program", "payload": "old-17",
        "provider_token": "", "currency": "XTR", "prices": [{ "label": "Old", "amount": 7 }] });
    world.control(Method::POST, &url, body).await;
    begin_to_pay(anna, invoice(anna).await).await;
    world.settle().await;
    let refused = outcome(&world).await;
    assert_eq!(refused["state"], "refused");
    let paid = json!({ "message": {
        "message_id": 9_000, "date": world.now().unix_timestamp(),
        "chat": { "id": 11, "type": "private", "first_name": "A" },
        "from": { "id": 11, "is_bot": false, "first_name": "A" },
        "successful_payment": { "currency": "XTR", "total_amount": 7, "invoice_payload": "old-17",
            "telegram_payment_charge_id": "stxold", "provider_payment_charge_id": "p" } } });
    world.post("/sim/raw_update", paid).await;
    world.settle().await;
    assert_eq!(anna.wallet().await, (14, 0));
    anna.hears("$0.14 for 7 ⭐").await;
    admin.hears("belong to no invoice of ours").await;
    admin.hears("stxold").await;
    world.assert_clean().await;
}
