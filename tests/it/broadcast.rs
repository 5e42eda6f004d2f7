//! Broadcasts: written, looked at, sent to everybody once, and disturbing nobody.

use std::time::Duration;

use serde_json::{Value, json};

use crate::user::User;
use crate::world::{ADMIN, World};

/// People who have talked to the bot, beside the admin; every other one in Russian.
async fn crowd(world: &World, ids: std::ops::Range<i64>) {
    for id in ids {
        let language = if id % 2 == 0 { "ru" } else { "en-GB" };
        let help = json!({ "text": "/help", "language_code": language });
        world.post(&format!("/sim/users/{id}/send"), help).await;
    }
    world.finish().await;
}

/// Up to the preview.
async fn prepares(admin: User<'_>, message: Value) {
    admin.says("/start").await;
    admin.says("/broadcast").await;
    admin.send(message).await;
}

async fn received(world: &World, ids: std::ops::Range<i64>, text: &str) -> Vec<usize> {
    let mut counts = Vec::new();
    for id in ids {
        let messages = world.user(id).messages().await;
        let of = |message: &&Value| message["text"] == text || message["caption"] == text;
        counts.push(messages.iter().filter(of).count());
    }
    counts
}

#[tokio::test]
async fn everybody_gets_it_once_and_the_admin_sees_how_it_goes() {
    let world = World::new().await;
    let admin = world.user(ADMIN);
    crowd(&world, 2_000..2_100).await;
    world
        .post("/sim/users/2007", json!({ "blocked": true }))
        .await;
    prepares(admin, json!({ "text": "Sale: 2 * 3 * 4!" })).await;
    let transcript = admin.transcript().await;
    assert!(transcript.contains("bot: Sale: 2 * 3 * 4!"), "{transcript}");
    assert!(
        transcript.contains("100 people would get it"),
        "{transcript}"
    );
    admin.presses("Send").await;
    world.finish().await;
    let mut counts = received(&world, 2_000..2_100, "Sale: 2 * 3 * 4!").await;
    assert_eq!(counts.remove(7), 0, "who blocked the bot");
    assert!(counts.iter().all(|count| *count == 1), "{counts:?}");
    let transcript = admin.transcript().await;
    assert!(transcript.contains("Everybody is served"), "{transcript}");
    assert!(transcript.contains("Sent: 100 of 100"), "{transcript}");
    assert!(transcript.contains("Remaining: 0"), "{transcript}");
    let acts = world
        .count("select count(*) from admin_audit where action = 'broadcast start'")
        .await;
    assert_eq!(acts, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn who_blocks_the_bot_meanwhile_is_counted_apart() {
    let world = World::new().await;
    let admin = world.user(ADMIN);
    crowd(&world, 2_000..2_020).await;
    prepares(admin, json!({ "text": "hello" })).await;
    world
        .post("/sim/faults", json!({ "target": "telegram.sendMessage", "chat_id": 2003, "status": 403,
            "body": { "ok": false, "error_code": 403, "description": "Forbidden: bot was blocked by the user" } }))
        .await;
    world
        .post("/sim/faults", json!({ "target": "telegram.sendMessage", "chat_id": 2004, "status": 400,
            "body": { "ok": false, "error_code": 400, "description": "Bad Request: SOMETHING_NEW" } }))
        .await;
    admin.presses("Send").await;
    world.finish().await;
    let transcript = admin.transcript().await;
    assert!(transcript.contains("Sent: 19 of 21"), "{transcript}");
    assert!(transcript.contains("Blocked the bot: 1"), "{transcript}");
    assert!(transcript.contains("Failed: 1"), "{transcript}");
}

#[tokio::test]
async fn a_photo_with_its_text_goes_to_those_who_speak_a_language() {
    let world = World::new().await;
    let admin = world.user(ADMIN);
    crowd(&world, 2_000..2_010).await;
    let pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    prepares(admin, json!({ "photo": pixel, "caption": "новое" })).await;
    admin.presses("RU").await;
    assert!(admin.transcript().await.contains("5 people would get it"));
    admin.presses("Send").await;
    world.finish().await;
    let counts = received(&world, 2_000..2_010, "новое").await;
    assert_eq!(counts, [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
    let photo = world.user(2_002).last().await;
    assert_eq!(photo["media"]["kind"], "photo", "{photo}");
    world.assert_clean().await;
}

#[tokio::test]
async fn paused_resumed_and_cancelled_by_buttons() {
    let world = World::new().await;
    let admin = world.user(ADMIN);
    crowd(&world, 2_000..2_340).await;
    prepares(admin, json!({ "text": "hello" })).await;
    let (message, row, column) = admin.find("Send").await;
    admin.press_at(message, row, column).await;
    world.run_for(Duration::from_secs(4)).await;
    let sent = "select count(*) from outbox_sent join broadcast on broadcast.id = outbox_sent.correlation where kind = 'say' and outcome = 'sent'";
    admin.presses("Pause").await;
    world.finish().await;
    let paused = world.count(sent).await;
    assert!((60..200).contains(&paused), "{paused}");
    let text = admin.transcript().await;
    assert!(
        text.contains("Paused") && text.contains(&format!("Sent: {paused}")),
        "{text}"
    );

    let (message, row, column) = admin.find("Go on").await;
    admin.press_at(message, row, column).await;
    world.run_for(Duration::from_secs(6)).await;
    let resumed = world.count(sent).await;
    assert!(resumed > paused, "{resumed}");
    let text = admin.transcript().await;
    assert!(
        text.contains("a second, about") && text.contains("left"),
        "{text}"
    );
    admin.presses("Stop").await;
    world.finish().await;
    let stopped = world.count(sent).await;
    assert!((resumed..341).contains(&stopped), "{stopped}");
    let text = admin.transcript().await;
    assert!(text.contains("Stopped"), "{text}");
    let edits = world.calls("editMessageText").await;
    assert!(edits <= 9, "edited every few seconds at most: {edits}");
    world.assert_clean().await;
}

#[tokio::test]
async fn a_crash_in_the_middle_sends_nothing_twice_and_leaves_nobody_out() {
    let mut world = World::new().await;
    crowd(&world, 2_000..2_150).await;
    prepares(world.user(ADMIN), json!({ "text": "hello" })).await;
    let (message, row, column) = world.user(ADMIN).find("Send").await;
    world.user(ADMIN).press_at(message, row, column).await;
    world.run_for(Duration::from_secs(2)).await;
    world.restart().await;
    world.run_for(Duration::from_secs(1)).await;
    world.restart().await;
    world.finish().await;
    let counts = received(&world, 2_000..2_150, "hello").await;
    assert!(counts.iter().all(|count| *count == 1), "{counts:?}");
    world.assert_clean().await;
}

#[tokio::test]
async fn an_answer_does_not_wait_for_it() {
    let world = World::new().await;
    crowd(&world, 2_000..2_150).await;
    prepares(world.user(ADMIN), json!({ "text": "hello" })).await;
    let (message, row, column) = world.user(ADMIN).find("Send").await;
    world.user(ADMIN).press_at(message, row, column).await;
    world.run_for(Duration::from_secs(3)).await;
    for id in [11, 2_149] {
        let text = json!({ "text": "/balance" });
        world.post(&format!("/sim/users/{id}/send"), text).await;
        world.run_for(Duration::from_secs(1)).await;
        let transcript = world.user(id).transcript().await;
        assert!(transcript.contains("balance: $"), "{transcript}");
    }
    assert!(
        world
            .user(2_149)
            .transcript()
            .await
            .matches("hello")
            .count()
            <= 1
    );
    world.finish().await;
    world.assert_clean().await;
}

#[tokio::test]
async fn nothing_goes_out_by_mistake() {
    let world = World::new().await;
    let (admin, anna) = (world.user(ADMIN), world.user(11));
    anna.says("/broadcast").await;
    assert!(anna.last_text().await.contains("/help"), "nobody else can");
    prepares(admin, json!({ "document": { "data": "AAAA", "file_name": "a.zip", "mime_type": "application/zip" } })).await;
    assert!(
        admin
            .last_text()
            .await
            .contains("cannot be sent to everybody")
    );
    admin.send(json!({ "text": "hello" })).await;
    admin.presses("Discard").await;
    assert!(admin.last_text().await.contains("thrown away"));
    admin.presses_data("bc:0123456789:y").await;
    assert!(admin.last_text().await.contains("does not wait"));
    anna.presses_data("bc:0123456789:y").await;
    assert!(anna.last_text().await.contains("Only admins"));
    admin.says("/broadcast").await;
    admin.says("/balance").await;
    admin.says("just talking").await;
    world.finish().await;
    assert!(!anna.transcript().await.contains("hello"));
    assert!(!anna.transcript().await.contains("just talking"));
    assert_eq!(world.count("select count(*) from broadcast").await, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn what_telegram_refuses_for_everybody_is_not_tried_on_everybody() {
    let world = World::new().await;
    let admin = world.user(ADMIN);
    crowd(&world, 2_000..2_300).await;
    prepares(admin, json!({ "text": "hello" })).await;
    let refused =
        json!({ "ok": false, "error_code": 400, "description": "Bad Request: SOMETHING_NEW" });
    for chat_id in 2_000..2_300 {
        world
            .fault(json!({ "target": "telegram.sendMessage", "chat_id": chat_id, "status": 400, "body": refused }))
            .await;
    }
    admin.presses("Send").await;
    world.finish().await;
    let transcript = admin.transcript().await;
    assert!(
        transcript.contains("paused by itself") && transcript.contains("Remaining: 2"),
        "{transcript}"
    );
    let dead = "select count(*) from outbox_message where state = 3";
    let dead_before = world.count(dead).await;
    assert!((30..=120).contains(&dead_before), "{dead_before}");
    // Mended, it goes on with those who have not been tried.
    world
        .control(reqwest::Method::DELETE, "/sim/faults", Value::Null)
        .await;
    admin.presses("Go on").await;
    world.finish().await;
    let transcript = admin.transcript().await;
    assert!(transcript.contains("Everybody is served"), "{transcript}");
    assert_eq!(world.count(dead).await, dead_before);
    let counts = received(&world, 2_000..2_300, "hello").await;
    let got: usize = counts.iter().sum();
    let dead = usize::try_from(dead_before).expect("a count");
    assert_eq!((got, counts.iter().max()), (300 - dead, Some(&1)));
}

#[tokio::test]
async fn two_replicas_share_the_work_and_nobody_gets_it_twice() {
    let world = World::new().await;
    let admin = world.user(ADMIN);
    crowd(&world, 2_000..2_150).await;
    prepares(admin, json!({ "text": "hello" })).await;
    let (message, row, column) = admin.find("Send").await;
    admin.press_at(message, row, column).await;
    let other = world.replica();
    let under_way = "select count(*) from broadcast where state = 'running'";
    for round in 0_u32.. {
        world.sim.idle().await;
        let (one, two) = tokio::join!(world.app.drain(), other.drain());
        one.and(two).expect("the database");
        world.advance(Duration::from_millis(250)).await;
        if round > 20 && world.count(under_way).await == 0 {
            break;
        }
        assert!(round < 200, "never done");
    }
    world.finish().await;
    let counts = received(&world, 2_000..2_150, "hello").await;
    assert!(counts.iter().all(|count| *count == 1), "{counts:?}");
    let transcript = admin.transcript().await;
    assert!(transcript.contains("Sent: 151 of 151"), "{transcript}");
    world.assert_clean().await;
}
