//! Whole journeys of paying users: the straight way, and the ways in which it goes wrong.

use std::time::Duration;

use bulwark::app::Delivery;
use serde_json::json;

use crate::world::{ADMIN, World};

#[tokio::test]
async fn a_paid_order_charges_its_price_once() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    assert!(
        anna.last_text().await.contains("$5.00"),
        "{}",
        anna.transcript().await
    );
    anna.prepares("a lighthouse").await;
    assert!(anna.last_text().await.contains("Price: $0.10"));
    let (message, row, column) = anna.find("Confirm").await;
    anna.press_at(message, row, column).await;
    world.step().await;
    assert_eq!(anna.wallet().await, (490, 10), "set aside while it runs");
    world.finish().await;
    assert_eq!(anna.wallet().await, (490, 0));
    let transcript = anna.transcript().await;
    assert!(!transcript.contains("Shall I begin?"), "{transcript}");
    assert!(
        transcript.contains("a lighthouse") && transcript.contains("You confirmed this order"),
        "{transcript}"
    );
    let result = anna.last().await;
    assert!(result["media"].is_object(), "{result}");
    assert_eq!(world.tasks().await.len(), 1);
    anna.presses("Again").await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (480, 0));
    anna.says("/balance").await;
    assert!(
        anna.last_text().await.contains("paid: Image from text"),
        "{}",
        anna.last_text().await
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_failure_gives_the_money_back_and_says_why() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    for (prompt, why) in [("!fail now", "Trying again"), ("!refuse this", "rules")] {
        anna.prepares(prompt).await;
        anna.presses("Confirm").await;
        world.finish().await;
        let text = anna.last_text().await;
        assert!(
            text.contains(why) && text.contains("back on your balance"),
            "{text}"
        );
        assert!(!text.to_lowercase().contains("kie"), "{text}");
        assert_eq!(anna.wallet().await, (500, 0));
    }
    anna.presses("Retry").await;
    assert!(
        anna.last_text().await.contains("!refuse this"),
        "the inputs are kept"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn what_never_ends_is_ended() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("!slow one").await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert!(
        anna.last_text().await.contains("too long"),
        "{}",
        anna.last_text().await
    );
    assert_eq!(anna.wallet().await, (500, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn two_taps_are_one_order() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    let (message, row, column) = anna.find("Confirm").await;
    anna.press_at(message, row, column).await;
    anna.press_at(message, row, column).await;
    world.finish().await;
    assert_eq!(world.tasks().await.len(), 1);
    assert_eq!(anna.wallet().await, (490, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn an_empty_wallet_is_told_what_is_missing() {
    let world = World::with(&[("WELCOME_GRANT", "4")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    let text = anna.last_text().await;
    assert!(text.contains("$0.06"), "{text}");
    assert!(
        !anna.transcript().await.contains("<✅ Confirm"),
        "{}",
        anna.transcript().await
    );
    let admin = world.user(ADMIN);
    admin.says("/grant 11 1.00 for patience").await;
    assert!(
        anna.last_text().await.contains("$1.00"),
        "{}",
        anna.last_text().await
    );
    admin.says("/user 11").await;
    assert!(
        admin.last_text().await.contains("$1.04"),
        "{}",
        admin.last_text().await
    );
    anna.says("/grant 11 100 to myself").await;
    assert!(
        anna.last_text().await.contains("/help"),
        "{}",
        anna.last_text().await
    );
    assert_eq!(anna.wallet().await, (104, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_lost_answer_is_never_sent_again_and_the_callback_finds_the_task() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    world
        .fault(json!({ "target": "kie.createTask", "drop_after": true, "times": 1 }))
        .await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(world.tasks().await.len(), 1, "submitted once");
    assert!(
        anna.last().await["media"].is_object(),
        "{}",
        anna.transcript().await
    );
    assert_eq!(anna.wallet().await, (490, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn without_evidence_the_money_goes_back_and_an_admin_is_told() {
    let world = World::new().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    world
        .post("/sim/kie/settings", json!({ "callbacks": false }))
        .await;
    world
        .fault(json!({ "target": "kie.createTask", "drop_after": true, "times": 1 }))
        .await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(world.tasks().await.len(), 1, "submitted once");
    assert_eq!(anna.wallet().await, (500, 0));
    assert!(
        admin.last_text().await.contains("never confirmed"),
        "{}",
        admin.last_text().await
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_restart_in_the_middle_changes_nothing() {
    let mut world = World::new().await;
    world.user(11).says("/start").await;
    world.user(11).prepares("a lighthouse").await;
    world.user(11).presses("Confirm").await;
    world.restart().await;
    world.finish().await;
    let anna = world.user(11);
    assert!(
        anna.last().await["media"].is_object(),
        "{}",
        anna.transcript().await
    );
    assert_eq!(anna.wallet().await, (490, 0));
    assert_eq!(world.tasks().await.len(), 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_flooded_chat_waits_alone() {
    let world = World::new().await;
    let (anna, bert) = (world.user(11), world.user(12));
    let rule =
        json!({ "target": "telegram.sendMessage", "retry_after": 20, "times": 1, "chat_id": 11 });
    world.fault(rule).await;
    anna.says("/start").await;
    bert.says("/start").await;
    assert!(
        bert.last_text().await.contains("Hi"),
        "{}",
        bert.transcript().await
    );
    assert_eq!(anna.last_text().await, "", "halted");
    world.advance(Duration::from_secs(20)).await;
    world.settle().await;
    assert!(
        anna.last_text().await.contains("Hi"),
        "{}",
        anna.transcript().await
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn old_buttons_and_odd_words_end_well() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    let (message, row, column) = anna.find("Confirm").await;
    anna.says("/start").await;
    anna.press_at(message, row, column).await;
    world.settle().await;
    assert_eq!(world.tasks().await.len(), 0);
    let body = json!({ "chat_id": 11, "message_id": message, "data": "nonsense:1", "wait": false });
    world.post("/sim/users/11/press", body).await;
    world.settle().await;
    anna.says("/cancel").await;
    anna.says("what?").await;
    assert!(
        anna.last_text().await.contains("/help"),
        "{}",
        anna.last_text().await
    );
    anna.says("/nonsense").await;
    assert!(anna.last_text().await.contains("/help"));
    assert_eq!(world.calls("sendPhoto").await, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn every_update_is_answered_whatever_it_holds() {
    let world = World::new().await;
    for update in [
        json!({ "poll": { "id": "1" } }),
        json!({ "something_new": { "a": [1, 2] } }),
        json!({ "message": null }),
        json!({ "message": { "message_id": 1, "date": 1, "chat": { "id": 5, "type": "galaxy" }, "text": "a\u{0}b" } }),
        json!({ "callback_query": { "id": "1", "from": { "id": 5, "is_bot": false, "first_name": "x" }, "data": "h" } }),
    ] {
        world.post("/sim/raw_update", update).await;
    }
    world.settle().await;
    world.assert_clean().await;
    let webhook = format!("http://{}/webhook", world.address);
    let answer = world
        .http
        .post(webhook)
        .body("{}")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 401, "without the secret");
}

#[tokio::test]
async fn a_bot_without_an_address_polls() {
    let world = World::new().await;
    world
        .app
        .introduce(Delivery::Polling)
        .await
        .expect("no webhook");
    world
        .post(
            "/sim/users/11/send",
            json!({ "text": "/start", "language_code": "ru" }),
        )
        .await;
    let updates = world
        .app
        .client()
        .get_updates(None, Duration::ZERO, &["message", "callback_query"])
        .await
        .expect("updates");
    assert_eq!(updates.len(), 1);
}

#[tokio::test]
async fn people_are_spoken_to_in_their_language() {
    let world = World::new().await;
    let maria = world.user(12);
    maria
        .send(json!({ "text": "/start", "language_code": "ru", "first_name": "Мария" }))
        .await;
    assert!(
        maria.last_text().await.contains("Мария"),
        "{}",
        maria.last_text().await
    );
    assert!(
        maria.transcript().await.contains("Баланс"),
        "{}",
        maria.transcript().await
    );
    maria
        .send(json!({ "text": "/language", "language_code": "ru" }))
        .await;
    maria.presses("Español").await;
    maria
        .send(json!({ "text": "/start", "language_code": "ru" }))
        .await;
    assert!(
        maria.transcript().await.contains("Ayuda"),
        "{}",
        maria.transcript().await
    );
    world.assert_clean().await;
}
