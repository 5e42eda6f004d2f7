//! The last step: a result that Telegram takes, or does not take, in this way or that.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ADMIN, User, World};

/// Telegram refuses `times` calls of a method.
async fn refuses(world: &World, method: &str, why: &str, times: u32) {
    let body =
        json!({ "ok": false, "error_code": 400, "description": format!("Bad Request: {why}") });
    let target = format!("telegram.{method}");
    world
        .fault(json!({ "target": target, "status": 400, "body": body, "times": times }))
        .await;
}

/// A paid picture, ordered while Telegram refuses what it was told to.
async fn receives(world: &World, anna: User<'_>) -> Value {
    anna.orders("a lighthouse").await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (490, 0), "charged once");
    anna.last().await
}

#[tokio::test]
async fn a_photo_that_telegram_cannot_fetch_is_uploaded() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    refuses(&world, "sendPhoto", "failed to get HTTP URL content", 1).await;
    let result = receives(&world, anna).await;
    assert_eq!(result["media"]["kind"], "photo", "{result}");
    assert_eq!(result["text"], "Image from text");
    assert_eq!(world.calls("sendPhoto").await, 2);
    anna.presses("Again").await;
    anna.hears("Shall I begin?").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_photo_that_telegram_does_not_take_comes_as_a_file() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    refuses(&world, "sendPhoto", "PHOTO_INVALID_DIMENSIONS", 2).await;
    let result = receives(&world, anna).await;
    assert_eq!(result["media"]["kind"], "document", "{result}");
    assert_eq!(
        (
            world.calls("sendPhoto").await,
            world.calls("sendDocument").await
        ),
        (2, 1)
    );
    anna.find("Again").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_photo_refused_in_new_words_comes_as_a_file_all_the_same() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    refuses(&world, "sendPhoto", "SOMETHING_NEW", 2).await;
    let result = receives(&world, anna).await;
    assert_eq!(result["media"]["kind"], "document", "{result}");
    world.assert_clean().await;
}

#[tokio::test]
async fn a_photo_that_telegram_asks_to_wait_with_comes_later_and_once() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    world
        .fault(json!({ "target": "telegram.sendPhoto", "retry_after": 30, "times": 1 }))
        .await;
    let result = receives(&world, anna).await;
    assert_eq!(result["media"]["kind"], "photo", "{result}");
    assert_eq!(anna.transcript().await.matches("[photo]").count(), 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_result_that_cannot_be_delivered_is_owned_up_to_and_an_admin_is_told_once() {
    let world = World::with(&[("ADMIN_IDS", "900,901")]).await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    anna.says("/start").await;
    refuses(&world, "sendPhoto", "SOMETHING_NEW", 2).await;
    refuses(&world, "sendDocument", "SOMETHING_NEW", 1).await;
    let last = receives(&world, anna).await;
    let text = last["text"].as_str().expect("a text");
    assert!(text.contains("could not send you the result"), "{text}");
    world.app.upkeep().await;
    world.settle().await;
    let told = admin.transcript().await;
    assert_eq!(told.matches("could not be delivered").count(), 1, "{told}");
    assert_eq!(dead(&world).await, 1, "kept for a person");
    world.assert_books_balance().await;
}

#[tokio::test]
async fn a_warning_that_no_admin_can_get_does_not_go_round_in_circles() {
    let world = World::with(&[("ADMIN_IDS", "900,901")]).await;
    world.user(900).says("/start").await;
    world.user(901).says("/start").await;
    refuses(&world, "sendMessage", "SOMETHING_NEW", 20).await;
    world.user(11).says("/start").await;
    for _ in 0..3 {
        world.finish().await;
        world.advance(Duration::from_secs(600)).await;
        world.app.upkeep().await;
    }
    world.finish().await;
    assert_eq!(dead(&world).await, 3, "the message and its two warnings");
    assert_eq!(world.calls("sendMessage").await, 5);
}

async fn dead(world: &World) -> i64 {
    world
        .count("select count(*) from outbox_message where state = 3")
        .await
}

#[tokio::test]
async fn a_progress_message_that_is_gone_is_sent_anew() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    refuses(&world, "editMessageText", "message to edit not found", 9).await;
    anna.orders("a lighthouse").await;
    world.finish().await;
    let transcript = anna.transcript().await;
    assert!(
        transcript.contains("✅ Image from text: done"),
        "{transcript}"
    );
    assert!(anna.last().await["media"].is_object(), "{transcript}");
    world.assert_clean().await;
}

#[tokio::test]
async fn who_blocks_the_bot_while_waiting_gets_what_was_made_when_they_come_back() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    let (message, row, column) = anna.find("Confirm").await;
    anna.press_at(message, row, column).await;
    world.step().await;
    world
        .post("/sim/users/11", json!({ "blocked": true }))
        .await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (490, 0));
    world
        .post("/sim/users/11", json!({ "blocked": false }))
        .await;
    anna.says("/balance").await;
    anna.hears("paid: Image from text").await;
    let transcript = anna.transcript().await;
    assert_eq!(transcript.matches("[photo]").count(), 1, "{transcript}");
    world.assert_clean().await;
}
