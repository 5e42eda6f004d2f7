//! What admins do in the chat, and what it looks like to everybody else.

use serde_json::json;

use crate::world::{ADMIN, User, World};

/// An admin, and Anna, who has a name at Telegram.
async fn both(world: &World) -> (User<'_>, User<'_>) {
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    anna.send(json!({ "text": "/start", "username": "Anna_K", "first_name": "Anna" }))
        .await;
    admin.says("/start").await;
    (anna, admin)
}

async fn audited(world: &World) -> i64 {
    world.count("select count(*) from admin_audit").await
}

#[tokio::test]
async fn a_grant_by_name_or_id_is_announced_and_audited() {
    let world = World::new().await;
    let (anna, admin) = both(&world).await;
    admin.says("/grant @anna_k 2.50 for *patience*").await;
    let text = admin.last_text().await;
    assert!(
        text.contains("$2.50 for @Anna_K (11): for *patience*. Balance: $7.50"),
        "{text}"
    );
    let text = anna.last_text().await;
    assert!(
        text.contains("You received $2.50: for *patience*. Your balance: $7.50"),
        "{text}"
    );
    admin.says("/GRANT 11 1,5 more").await;
    assert_eq!(anna.wallet().await, (900, 0));
    let statement = anna.statement().await;
    assert!(
        statement.contains("+$2.50  gift: for *patience*"),
        "{statement}"
    );
    let rows = "select count(*) from admin_audit where admin_id = 900 and action = 'grant' and target = '11'
        and detail ->> 'reason' in ('for *patience*', 'more') and (detail ->> 'amount')::bigint in (250, 150)";
    assert_eq!((world.count(rows).await, audited(&world).await), (2, 2));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_negative_grant_takes_back_what_is_there_and_no_more() {
    let world = World::new().await;
    let (anna, admin) = both(&world).await;
    admin.says("/grant 11 -5.01 too much").await;
    admin.hears("They have only $5.00").await;
    assert_eq!((anna.wallet().await, audited(&world).await), ((500, 0), 0));
    admin.says("/grant 11 −2 a mistake").await;
    admin.hears("-$2.00 for @Anna_K").await;
    assert_eq!((anna.wallet().await, audited(&world).await), ((300, 0), 1));
    let statement = anna.statement().await;
    assert!(
        statement.contains("-$2.00  correction: a mistake"),
        "{statement}"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_grant_that_cannot_be_meant_is_explained() {
    let world = World::new().await;
    let (anna, admin) = both(&world).await;
    for (command, answer) in [
        ("/grant", "Usage"),
        ("/grant 11", "Usage"),
        ("/grant 11 5.00", "give a reason"),
        ("/grant 11 0 nothing", "0 is not an amount"),
        ("/grant 11 0.00 nothing", "not an amount"),
        ("/grant 11 1.234 too fine", "not an amount"),
        ("/grant 11 1e9 too clever", "not an amount"),
        ("/grant 11 five words", "not an amount"),
        ("/grant 11 $5 words", "not an amount"),
        ("/grant 11 99999999999999999999 huge", "not an amount"),
        ("/grant @nobody 5 hello", "I do not know @nobody"),
        ("/grant 12345 5 hello", "I do not know 12345"),
        ("/grant @ 5 hello", "I do not know @"),
        ("/grant 99999999999999999999 5 hello", "I do not know"),
        ("/user", "Usage"),
        ("/user @nobody", "I do not know @nobody"),
    ] {
        admin.says(command).await;
        let text = admin.last_text().await;
        assert!(text.contains(answer), "{command}: {text}");
    }
    assert_eq!((anna.wallet().await, audited(&world).await), ((500, 0), 0));
    world.assert_clean().await;
}

/// Names change hands: whoever takes one over would be given what is meant for somebody else.
#[tokio::test]
async fn of_two_who_have_gone_by_a_name_nobody_is_guessed() {
    let world = World::new().await;
    let (anna, admin) = both(&world).await;
    let eve = world.user(12);
    for (id, user) in [(11, anna), (12, eve)] {
        let name = serde_json::json!({ "username": "the_boss" });
        world.post(&format!("/sim/users/{id}"), name).await;
        user.says("/start").await;
    }
    for command in [
        "/grant @the_boss 5 for the team",
        "/grant The_Boss 5 for the team",
        "/user @the_boss",
    ] {
        admin.says(command).await;
        admin
            .hears("More than one person has gone by the name")
            .await;
    }
    assert_eq!(
        (anna.wallet().await, eve.wallet().await),
        ((500, 0), (500, 0))
    );
    admin.says("/grant 11 5 for the team").await;
    assert_eq!(
        (anna.wallet().await, eve.wallet().await),
        ((1_000, 0), (500, 0))
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn the_largest_grants_add_up() {
    let world = World::new().await;
    let (anna, admin) = both(&world).await;
    for _ in 0..3 {
        admin.says("/grant 11 999999999.99 riches").await;
    }
    assert_eq!(anna.wallet().await, (300_000_000_497, 0));
    assert!(anna.statement().await.contains("$3000000004.97"));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_long_reason_is_cut() {
    let world = World::new().await;
    let (anna, admin) = both(&world).await;
    admin
        .says(&format!("/grant 11 1 {}", "why ".repeat(900)))
        .await;
    assert_eq!(anna.wallet().await, (600, 0));
    assert!(anna.last_text().await.chars().count() < 300);
    anna.statement().await;
    world.assert_clean().await;
}

#[tokio::test]
async fn an_admin_sees_a_user_and_that_is_audited() {
    let world = World::new().await;
    let (anna, admin) = both(&world).await;
    world
        .post("/sim/kie/settings", json!({ "speed": 0.01 }))
        .await;
    anna.orders("a lighthouse").await;
    admin.says("/user @Anna_K").await;
    let text = admin.last_text().await;
    for part in [
        "Anna @Anna_K (11)",
        "Since 2026-03-01 12:00",
        "Language: en",
        "Balance: $4.90, set aside: $0.10",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let rows = "select count(*) from admin_audit where admin_id = 900 and action = 'user' and target = '11'";
    assert_eq!(world.count(rows).await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn to_others_the_commands_of_admins_do_not_exist() {
    let world = World::new().await;
    let (anna, _) = both(&world).await;
    anna.says("/nonsense").await;
    let unknown = anna.last_text().await;
    for command in ["/grant 11 5.00 please", "/grant", "/user 900", "/user"] {
        anna.says(command).await;
        assert_eq!(anna.last_text().await, unknown, "{command}");
    }
    assert_eq!((anna.wallet().await, audited(&world).await), ((500, 0), 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn whose_first_words_are_refused_still_has_the_welcome_gift() {
    let world = World::new().await;
    let admin = world.user(ADMIN);
    admin.says("/user @nobody").await;
    admin.hears("I do not know @nobody").await;
    assert_eq!(admin.wallet().await, (500, 0));
    world.assert_clean().await;
}
