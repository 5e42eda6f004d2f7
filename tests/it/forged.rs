//! Buttons that were never shown to who presses them: apps other than Telegram's own send whatever data they like.

use serde_json::{Value, json};

use crate::world::{ADMIN, World};

async fn group(world: &World) -> Vec<Value> {
    let chat = world.get("/sim/chats/-100").await;
    chat["messages"].as_array().cloned().expect("messages")
}

async fn forges(world: &World, id: i64, message_id: &Value, data: &str) {
    let body = json!({ "chat_id": -100, "message_id": message_id, "data": data, "wait": false });
    world.post(&format!("/sim/users/{id}/press"), body).await;
    world.settle().await;
}

/// A page would stand in place of somebody else's message, under the bot's name, for all to read.
#[tokio::test]
async fn nobody_puts_pages_of_their_own_in_place_of_a_message_in_a_group() {
    let world = World::with(&[("TIP_MAX", "300"), ("TIP_CONFIRM_ABOVE", "100")]).await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    boris.says("/start").await;
    boris.orders("call me at evil.example").await;
    world.finish().await;
    let order = world.text_of("select short_id from storefront_order").await;
    let body = json!({ "chat_id": -100, "text": "/tip 12 2" });
    world.post("/sim/users/11/send", body).await;
    world.settle().await;
    let before = group(&world).await;
    let asked = before.last().expect("the question")["message_id"].clone();
    for data in [
        "h",
        "hn",
        "b:0",
        "hi:all:0",
        "csn",
        "s:text-to-image",
        "ls:ru",
        "tu",
        "w:b",
        "no such button",
        "",
        &format!("oa:{order}"),
        &format!("oc:{order}"),
    ] {
        forges(&world, 12, &asked, data).await;
        assert_eq!(group(&world).await, before, "{data}");
    }
    assert_eq!(
        world
            .count("select count(*) from conversation where chat_id < 0")
            .await,
        0
    );
    // The question is still there for whom it was asked.
    let body = json!({ "chat_id": -100, "message_id": asked, "button": [0, 0], "wait": false });
    world.post("/sim/users/11/press", body).await;
    world.settle().await;
    assert_eq!(anna.wallet().await, (300, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_callback_address_that_is_none_of_ours_is_not_even_looked_up() {
    let world = World::new().await;
    let long = "a".repeat(5_000);
    for token in ["%00", "a%00b", "%FF", "%20", "a%2Fb", "-", long.as_str()] {
        let address = format!("http://{}/callbacks/kie/{token}", world.address);
        let request = world.http.post(address).body("{}");
        let status = request.send().await.expect("an answer").status();
        assert!(status.is_client_error(), "{token}: {status}");
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn a_command_for_another_bot_moves_nothing() {
    let world = World::with(&[("TIP_MAX", "300"), ("BOT_USERNAME", "bulwark_sim_bot")]).await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    boris.says("/start").await;
    for (text, has_moved) in [
        ("/tip@other_tip_bot 12 1", 0),
        ("/tip@Bulwark_sim_bot 12 1", 100),
    ] {
        let body = json!({ "chat_id": -100, "text": text });
        world.post("/sim/users/11/send", body).await;
        world.settle().await;
        assert_eq!(boris.wallet().await, (500 + has_moved, 0), "{text}");
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn many_who_write_commands_in_a_group_do_not_fill_it_with_hints() {
    let world = World::with(&[("TIP_MAX", "300")]).await;
    for id in 11..=40 {
        let body = json!({ "chat_id": -100, "text": "/menu" });
        world.post(&format!("/sim/users/{id}/send"), body).await;
    }
    world.settle().await;
    let hints = async || {
        let said = group(&world).await;
        let hints = said.iter().filter(|message| message["sender"] == "bot");
        hints.count()
    };
    assert_eq!(hints().await, 3);
    world.advance(std::time::Duration::from_secs(60)).await;
    let body = json!({ "chat_id": -100, "text": "/menu" });
    world.post("/sim/users/11/send", body).await;
    world.settle().await;
    assert_eq!(hints().await, 4);
    world.assert_clean().await;
}

/// Who passes on what somebody else wrote does not mean it: it would give tips, and an admin's would give grants.
#[tokio::test]
async fn a_command_in_somebody_elses_words_is_none() {
    let world = World::with(&[("TIP_MAX", "300")]).await;
    let (eve, admin) = (world.user(12), world.user(ADMIN));
    eve.says("/start").await;
    admin.says("/start").await;
    let origin = json!({ "type": "user", "date": 1_772_366_400, "sender_user": { "id": 12, "is_bot": false, "first_name": "Eve" } });
    let bot = json!({ "id": 77, "is_bot": true, "first_name": "B", "username": "gif_bot" });
    for (chat, kind) in [(ADMIN, "private"), (-100, "group")] {
        for (text, how, what) in [
            ("/tip 12 1", "forward_origin", &origin),
            ("/tip 12 1", "via_bot", &bot),
            ("/grant 12 5 for a good idea", "forward_origin", &origin),
        ] {
            let message = json!({ "message_id": 9_000, "date": 1_772_366_400, "text": text, how: what,
                "chat": { "id": chat, "type": kind, "title": "G" },
                "from": { "id": ADMIN, "is_bot": false, "first_name": "A" } });
            world
                .post("/sim/raw_update", json!({ "message": message }))
                .await;
            world.settle().await;
            assert_eq!(eve.wallet().await, (500, 0), "{text} by {how} in {kind}");
        }
    }
    // In words of their own both work.
    admin.says("/tip 12 1").await;
    admin.says("/grant 12 5 for a good idea").await;
    assert_eq!(eve.wallet().await, (1_100, 0));
    world.assert_clean().await;
}
