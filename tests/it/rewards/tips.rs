//! Tips that the ledger settles: by name, by id, in reply; and all that speaks against one.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stars::admin;
use crate::world::{User, World};

const TIPS: [(&str, &str); 4] = [
    ("TIP_MAX", "300"),
    ("TIP_MIN", "5"),
    ("TIP_PER_DAY", "400"),
    ("TIP_CONFIRM_ABOVE", "100"),
];

/// Everybody starts with $5.00.
async fn world() -> World {
    World::with(&TIPS).await
}

async fn with(more: &[(&'static str, &'static str)]) -> World {
    let mut variables = TIPS.to_vec();
    variables.extend_from_slice(more);
    World::with(&variables).await
}

/// Somebody with a name, who has started.
async fn starts<'w>(world: &'w World, id: i64, name: &str) -> User<'w> {
    world
        .post(&format!("/sim/users/{id}"), json!({ "username": name }))
        .await;
    let user = world.user(id);
    user.says("/start").await;
    user
}

async fn in_group(world: &World, id: i64, text: &str, reply_to: Option<i64>) -> Value {
    let body = json!({ "chat_id": -100, "text": text, "reply_to": reply_to });
    let sent = world.post(&format!("/sim/users/{id}/send"), body).await;
    world.settle().await;
    sent
}

/// The newest words of the bot in the group.
async fn group(world: &World) -> String {
    let chat = world.get("/sim/chats/-100").await;
    let messages = chat["messages"].as_array().cloned().unwrap_or_default();
    let said = messages
        .iter()
        .rev()
        .find(|message| message["from"]["is_bot"] == true);
    said.map_or_else(String::new, |message| {
        message["text"].as_str().unwrap_or_default().to_owned()
    })
}

#[tokio::test]
async fn a_tip_moves_at_once_and_both_are_told() {
    let world = world().await;
    let (anna, boris) = (
        starts(&world, 11, "anna").await,
        starts(&world, 12, "Boris").await,
    );
    for (n, command) in [
        "/tip @boris 1",
        "/send BORIS 0.5",
        "/give 12 $0,50",
        "/TIP @boris 1.00",
    ]
    .iter()
    .enumerate()
    {
        anna.says(command).await;
        assert!(
            anna.last_text().await.contains("@Boris has got"),
            "{command}"
        );
        boris.hears("@anna gave you").await;
        assert_eq!(
            world
                .count("select count(*) from tip where state = 'done'")
                .await,
            1 + i64::try_from(n).unwrap()
        );
    }
    assert_eq!(
        (anna.wallet().await, boris.wallet().await),
        ((200, 0), (800, 0))
    );
    anna.hears("Your balance: $2.00").await;
    boris.hears("Your balance: $8.00").await;
    let statement = anna.statement().await;
    assert!(statement.contains("-$1.00  tip to @Boris"), "{statement}");
    let statement = boris.statement().await;
    assert!(statement.contains("+$1.00  tip from @anna"), "{statement}");
    world.assert_clean().await;
}

#[tokio::test]
async fn above_the_bound_it_is_asked_about_and_sent_once() {
    let world = world().await;
    let (anna, boris) = (
        starts(&world, 11, "anna").await,
        starts(&world, 12, "boris").await,
    );
    anna.says("/tip @boris 1.01").await;
    anna.hears("Give $1.01 to @boris? It cannot be taken back.")
        .await;
    assert_eq!(boris.wallet().await, (500, 0));
    let (message_id, row, column) = anna.find("Send").await;
    for _ in 0..4 {
        anna.press_at(message_id, row, column).await;
    }
    world.settle().await;
    assert_eq!(
        (anna.wallet().await, boris.wallet().await),
        ((399, 0), (601, 0))
    );
    anna.hears("@boris has got $1.01").await;
    assert!(
        world
            .get("/sim/log?method=answerCallbackQuery")
            .await
            .to_string()
            .contains("decided already")
    );
    anna.says("/tip @boris 2").await;
    anna.presses("Cancel").await;
    anna.hears("Nothing was sent").await;
    anna.says("/tip @boris 2").await;
    let (message_id, row, column) = anna.find("Send").await;
    world.advance(Duration::from_secs(16 * 60)).await;
    anna.press_at(message_id, row, column).await;
    world.settle().await;
    anna.hears("too old").await;
    assert_eq!(boris.wallet().await, (601, 0));
    anna.presses_data("ty:0123456789").await;
    assert!(anna.notice().await.contains("not there any more"));
    world.assert_clean().await;
}

#[tokio::test]
async fn whoever_cannot_be_meant_is_refused_politely() {
    let world = world().await;
    let anna = starts(&world, 11, "anna").await;
    let boris = starts(&world, 12, "boris").await;
    let clara = starts(&world, 13, "clara").await;
    // Clara's name went to somebody else, who was seen with it, too.
    starts(&world, 14, "clara").await;
    let _ = clara;
    // Somebody who only ever wrote in a group, and somebody who left.
    world
        .post("/sim/users/15", json!({ "username": "dora" }))
        .await;
    in_group(&world, 15, "/menu", None).await;
    world
        .post("/sim/users/12", json!({ "blocked": true }))
        .await;
    world.settle().await;
    for (command, answer) in [
        ("/tip", "Usage"),
        ("/tip 5", "Usage"),
        ("/tip @boris", "Usage"),
        ("/tip @boris 1 please", "Usage"),
        ("/tip @nobody 1", "I do not know @nobody"),
        ("/tip 999 1", "I do not know 999"),
        ("/tip -100 1", "I do not know -100"),
        ("/tip 99999999999999999999 1", "I do not know"),
        ("/tip @ 1", "I do not know"),
        ("/tip @clara 1", "More than one person"),
        ("/tip @dora 1", "has not started the bot yet"),
        ("/tip @boris 1", "cannot be reached"),
        ("/tip @ANNA 1", "cannot tip yourself"),
        ("/tip 11 1", "cannot tip yourself"),
        ("/tip 14 0", "is not an amount"),
        ("/tip 14 -1", "is not an amount"),
        ("/tip 14 1.234", "is not an amount"),
        ("/tip 14 1e2", "is not an amount"),
        ("/tip 14 lots", "is not an amount"),
        ("/tip 14 0.04", "smallest tip is $0.05"),
        ("/tip 14 3.01", "largest tip is $3.00"),
        ("/tip 14 99999999999", "is not an amount"),
    ] {
        anna.says(command).await;
        let said = anna.last_text().await;
        assert!(said.contains(answer), "{command}: {said}");
    }
    assert_eq!(
        (anna.wallet().await, boris.wallet().await),
        ((500, 0), (500, 0))
    );
    assert_eq!(world.count("select count(*) from tip").await, 0);
    // By id there is no doubt, and whoever was seen in a group may start later.
    anna.says("/tip 14 1").await;
    anna.hears("@clara has got $1.00").await;
    world.user(15).says("/start").await;
    anna.says("/tip @dora 1").await;
    anna.hears("@dora has got $1.00").await;
    let back = json!({ "blocked": false });
    world.post("/sim/users/12", back).await;
    world.settle().await;
    world.user(12).says("/tip 11 1").await;
    anna.hears("@boris gave you").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_day_has_its_limit_and_a_wallet_its_end() {
    let world = world().await;
    let (anna, admin) = (starts(&world, 11, "anna").await, admin(&world).await);
    let boris = starts(&world, 12, "boris").await;
    for _ in 0..4 {
        anna.says("/tip @boris 1").await;
    }
    anna.says("/tip @boris 0.05").await;
    anna.hears("You can give $4.00 a day at most").await;
    assert_eq!(boris.wallet().await, (900, 0));
    world.advance(Duration::from_secs(24 * 3600)).await;
    anna.says("/tip @boris 1").await;
    assert_eq!(
        (anna.wallet().await, boris.wallet().await),
        ((0, 0), (1_000, 0))
    );
    anna.says("/tip @boris 0.05").await;
    anna.hears("Your balance of $0.00 is not enough").await;
    // What was refused does not count against the day.
    admin.says("/grant 11 3.00 more").await;
    anna.says("/tip @boris 3").await;
    anna.presses("Send").await;
    anna.hears("@boris has got $3.00").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn in_a_group_a_reply_names_the_recipient_and_nobody_reads_a_balance() {
    let world = world().await;
    let (anna, boris) = (
        starts(&world, 11, "anna").await,
        starts(&world, 12, "boris").await,
    );
    let clara = starts(&world, 13, "clara").await;
    let said = in_group(&world, 12, "/what a day", None).await;
    let message_id = said["message_id"].as_i64();
    assert!(message_id.is_some(), "{said}");
    in_group(&world, 11, "/tip@bulwark_sim_bot 1", message_id).await;
    assert_eq!(group(&world).await, "✅ @boris has got $1.00.");
    boris.hears("@anna gave you $1.00").await;
    in_group(&world, 11, "/tip @clara 0.50", message_id).await;
    clara.hears("@anna gave you $0.50").await;
    in_group(&world, 12, "/tip 1", message_id).await;
    assert!(group(&world).await.contains("cannot tip yourself"));
    in_group(&world, 11, "/tip", None).await;
    assert!(group(&world).await.starts_with("Usage"));
    // Above the bound: the button is the sender's.
    in_group(&world, 11, "/tip 2", message_id).await;
    assert!(group(&world).await.contains("Give $2.00 to @boris?"));
    let chat = world.get("/sim/chats/-100").await;
    let asked = chat["messages"].as_array().unwrap().last().unwrap()["message_id"].clone();
    for (who, decided) in [(13, false), (12, false), (11, true)] {
        let body = json!({ "chat_id": -100, "message_id": asked, "button": [0, 0], "wait": false });
        world.post(&format!("/sim/users/{who}/press"), body).await;
        world.settle().await;
        assert_eq!(
            group(&world).await.contains("has got $2.00"),
            decided,
            "{who}"
        );
    }
    assert_eq!(
        (anna.wallet().await, boris.wallet().await),
        ((150, 0), (800, 0))
    );
    in_group(&world, 11, "/tip 3", message_id).await;
    let chat = world.get("/sim/chats/-100").await;
    let asked = chat["messages"].as_array().unwrap().last().unwrap()["message_id"].clone();
    let body = json!({ "chat_id": -100, "message_id": asked, "button": [0, 0], "wait": false });
    world.post("/sim/users/11/press", body).await;
    world.settle().await;
    let group_says = group(&world).await;
    assert!(!group_says.contains("1.50"), "{group_says}");
    assert_eq!(anna.wallet().await, (150, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn terms_are_accepted_before_the_first_tip() {
    let world = with(&[("TIP_TERMS_URL", "https://bot.example.com/terms")]).await;
    let (anna, boris) = (
        starts(&world, 11, "anna").await,
        starts(&world, 12, "boris").await,
    );
    anna.says("/tip @boris 1").await;
    anna.hears("accept the terms").await;
    assert_eq!(boris.wallet().await, (500, 0));
    anna.presses("I accept").await;
    assert!(anna.notice().await.contains("send the command again"));
    anna.presses("I accept").await;
    anna.says("/tip @boris 1").await;
    anna.hears("@boris has got $1.00").await;
    // Boris has not accepted them, and may receive all the same.
    boris.says("/tip @anna 1").await;
    boris.hears("accept the terms").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn only_the_verified_may_tip_where_it_is_set_so() {
    let world = with(&[("TIP_VERIFIED_ONLY", "on")]).await;
    let (anna, admin) = (starts(&world, 11, "anna").await, admin(&world).await);
    let boris = starts(&world, 12, "boris").await;
    anna.says("/tip @boris 1").await;
    anna.hears("Only verified users").await;
    for (command, answer) in [
        ("/verify", "Usage"),
        ("/verify @nobody", "I do not know"),
        ("/verify @anna", "@anna (11) is verified"),
        ("/verify 11", "is verified"),
    ] {
        admin.says(command).await;
        admin.hears(answer).await;
    }
    anna.says("/tip @boris 1").await;
    anna.hears("@boris has got $1.00").await;
    admin.says("/unverify anna").await;
    admin.hears("not verified any more").await;
    anna.says("/tip @boris 1").await;
    anna.hears("Only verified users").await;
    boris.says("/nonsense").await;
    let unknown = boris.last_text().await;
    boris.says("/verify 12").await;
    assert_eq!(boris.last_text().await, unknown);
    assert_eq!(
        world
            .count("select count(*) from admin_audit where action in ('verify', 'unverify')")
            .await,
        2
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn tips_both_ways_from_many_chats_at_once_lose_nothing() {
    let world = World::with(&[
        ("TIP_MAX", "300"),
        ("TIP_PER_DAY", "1000000"),
        ("TIP_CONFIRM_ABOVE", "300"),
    ])
    .await;
    for id in 11..14 {
        world.user(id).says("/start").await;
    }
    // Each person writes in private and in several groups: their updates are handled side by side.
    for n in 0..120_i64 {
        let (who, to) = (11 + n % 3, 11 + (n + 1 + n / 60) % 3);
        let chat_id = if n % 4 == 0 { who } else { -100 - n % 4 };
        let body = json!({ "chat_id": chat_id, "text": format!("/tip {to} 0.50") });
        world.post(&format!("/sim/users/{who}/send"), body).await;
    }
    world.run_for(Duration::from_secs(900)).await;
    let mut sum = 0;
    for id in 11..14 {
        let (available, held) = world.user(id).wallet().await;
        assert_eq!(held, 0);
        sum += available;
    }
    assert_eq!(sum, 1_500);
    assert_eq!(
        world
            .count("select count(*) from tip where state <> 'done'")
            .await,
        0
    );
    world.assert_clean().await;
}
