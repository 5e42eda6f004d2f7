//! Finding one's way: pages, help, odd words, groups, and updates that are not for the bot.

use bulwark::catalog::Catalog;
use bulwark::config::Providers;
use serde_json::{Value, json};

use crate::world::{ADMIN, World};

async fn group(world: &World, text: &str) -> Vec<Value> {
    let body = json!({ "chat_id": -100, "text": text });
    world.post("/sim/users/11/send", body).await;
    world.settle().await;
    let chat = world.get("/sim/chats/-100").await;
    let messages = chat["messages"].as_array().cloned().expect("messages");
    let of_the_bot = messages.into_iter().filter(|m| m["sender"] == "bot");
    of_the_bot.collect()
}

#[tokio::test]
async fn a_long_shelf_is_turned_page_by_page() {
    let mut catalog = Catalog::shipped(Providers::NAMES).expect("the catalogue");
    let first = catalog.service("voice-clean").expect("a service").clone();
    for n in 1..=10 {
        let mut more = first.clone();
        more.id = format!("more-{n}");
        catalog.services.push(more);
    }
    let world = World::selling(catalog, &[]).await;
    let anna = world.user(11);
    anna.says("/menu").await;
    anna.presses("Audio").await;
    let mut seen = Vec::new();
    for turn in ["▶️", "▶️", "◀️", "◀️"] {
        let rows = anna.last().await["buttons"].clone();
        let buttons: Vec<_> = rows
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|row| row.as_array().cloned().unwrap_or_default())
            .collect();
        let services = buttons.iter().filter(|button| {
            button["callback_data"]
                .as_str()
                .is_some_and(|data| data.starts_with("s:"))
        });
        seen.push(services.count());
        anna.presses(turn).await;
    }
    assert_eq!(seen, [6, 6, 1, 6]);
    anna.presses_data("c:audio:999").await;
    anna.find("◀️").await;
    anna.presses("Clean up a voice").await;
    anna.hears("Clean up a voice").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn many_movements_are_turned_page_by_page() {
    let world = World::new().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    anna.says("/start").await;
    admin.says("/start").await;
    for n in 1..=8 {
        admin
            .says(&format!("/grant 11 0.0{n} gift number {n}"))
            .await;
    }
    let first = anna.statement().await;
    assert!(
        first.contains("number 8") && first.contains("number 3") && !first.contains("number 2"),
        "{first}"
    );
    anna.presses("Older").await;
    let second = anna.last_text().await;
    assert!(
        second.contains("number 2") && second.contains("welcome") && !second.contains("number 3"),
        "{second}"
    );
    assert!(!anna.transcript().await.contains("<Older"), "the last page");
    anna.presses("Newer").await;
    assert_eq!(anna.last_text().await, first);
    world.assert_clean().await;
}

#[tokio::test]
async fn commands_are_understood_however_they_are_written() {
    let world = World::new().await;
    let anna = world.user(11);
    for (text, answer) in [
        ("/start", "Hi, User 11"),
        ("/START", "Hi, User 11"),
        ("/start ref-from-an-advert", "Hi, User 11"),
        ("/start@bulwark_sim_bot", "Hi, User 11"),
        ("/help", "How it works"),
        ("/menu now please", "What would you like to make?"),
        ("/", "I do not know this command"),
        ("/grant", "I do not know this command"),
        ("//start", "I do not know this command"),
        ("start", "I do not know what to do with that"),
        ("🦊", "I do not know what to do with that"),
    ] {
        anna.says(text).await;
        let said = anna.last_text().await;
        assert!(said.contains(answer), "{text}: {said}");
        assert!(
            anna.last().await["buttons"][0].is_array(),
            "a way on from {text}"
        );
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn a_command_in_the_middle_of_an_order_leaves_it_waiting() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.picks("quick-image").await;
    for command in ["/help", "/balance", "/language", "/nonsense"] {
        anna.says(command).await;
    }
    anna.says("a red fox").await;
    anna.hears("Description: a red fox").await;
    anna.says("/start").await;
    anna.says("a red fox").await;
    assert!(
        anna.last_text()
            .await
            .contains("I do not know what to do with that")
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn in_a_group_only_a_command_is_answered_with_the_way_to_a_private_chat() {
    let world = World::new().await;
    let member = |status: &str| json!({ "status": status, "user": { "id": 1, "is_bot": true, "first_name": "B" } });
    let added = |old, new| {
        json!({ "my_chat_member": { "chat": { "id": -100, "type": "group", "title": "G" }, "date": 1_772_366_400,
        "from": { "id": 11, "is_bot": false, "first_name": "A" }, "old_chat_member": member(old), "new_chat_member": member(new) } })
    };
    world.post("/sim/raw_update", added("left", "member")).await;
    assert_eq!(group(&world, "hello everybody").await.len(), 0);
    assert_eq!(
        group(&world, "what does @bulwark_sim_bot do?").await.len(),
        0
    );
    for text in ["/start", "/menu@bulwark_sim_bot", "/grant 11 5 me"] {
        let said = group(&world, text).await;
        let last = said.last().expect("an answer");
        assert!(
            last["text"]
                .as_str()
                .is_some_and(|text| text.contains("private chat")),
            "{last}"
        );
    }
    world
        .post("/sim/raw_update", added("member", "kicked"))
        .await;
    let anna = world.user(11);
    anna.says("/start").await;
    assert!(
        anna.last_text().await.contains("$5.00"),
        "the gift waited for her"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn in_a_group_commands_for_other_bots_are_left_alone() {
    let world = World::new().await;
    for text in ["/menu@other_bot", "/menu@", "/ban @somebody", "/", "/@x"] {
        assert_eq!(group(&world, text).await.len(), 0, "{text}");
    }
    let said = group(&world, "/whatever@Bulwark_Sim_Bot").await;
    let link = &said[0]["buttons"][0][0]["url"];
    assert_eq!(link, "https://t.me/bulwark_sim_bot", "{said:?}");
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_not_for_the_bot_is_left_alone() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.picks("quick-image").await;
    let seen = anna.messages().await.len();
    let (chat, from) = (
        json!({ "id": 11, "type": "private" }),
        json!({ "id": 11, "is_bot": false, "first_name": "A" }),
    );
    let message = json!({ "message_id": 2, "date": 1_772_366_400, "edit_date": 1_772_366_401, "chat": chat, "from": from, "text": "a red fox" });
    let mut pinned = message.clone();
    pinned["pinned_message"] = json!({});
    for update in [
        json!({ "edited_message": message }),
        json!({ "inline_query": { "id": "1", "from": from, "query": "fox", "offset": "" } }),
        json!({ "chosen_inline_result": { "result_id": "1", "from": from, "query": "fox" } }),
        json!({ "message_reaction": { "chat": chat, "message_id": 2, "user": from, "date": 1, "old_reaction": [], "new_reaction": [] } }),
        json!({ "channel_post": { "message_id": 1, "date": 1, "chat": { "id": -1_000_000_000_001_i64, "type": "channel" }, "text": "/start" } }),
        json!({ "message": pinned }),
    ] {
        world.post("/sim/raw_update", update).await;
    }
    world.settle().await;
    assert_eq!(anna.messages().await.len(), seen);
    anna.says("a blue fox").await;
    anna.hears("Description: a blue fox").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn other_bots_are_not_talked_to() {
    let world = World::new().await;
    let from = json!({ "id": 77, "is_bot": true, "first_name": "Bot" });
    let message = json!({ "message_id": 2, "date": 1_772_366_400, "chat": { "id": 77, "type": "private" }, "from": from, "text": "/start" });
    world
        .post("/sim/raw_update", json!({ "message": message }))
        .await;
    world.settle().await;
    assert_eq!(world.calls("sendMessage").await, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn who_comes_back_after_blocking_the_bot_is_welcome() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    for blocked in [true, false] {
        world
            .post("/sim/users/11", json!({ "blocked": blocked }))
            .await;
        world.settle().await;
    }
    anna.says("/start").await;
    anna.hears("$5.00").await;
    assert!(
        !anna.last_text().await.contains("to start with"),
        "one gift for ever"
    );
    world.assert_clean().await;
}
