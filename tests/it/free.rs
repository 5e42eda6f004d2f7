//! What is free: answered at once, within the day's share, without any table of money, and from memory while the database
//! is away.

use std::time::Duration;

use bulwark::engine::limits::{self, DailyUses};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::intake::deliver;
use crate::world::{User, World};

/// Sends without letting the bot work: there is no database to work on.
async fn writes(user: User<'_>, text: &str) {
    user.world
        .post(
            &format!("/sim/users/{}/send", user.id),
            json!({ "text": text }),
        )
        .await;
    user.world.sim.idle().await;
}

async fn said(user: User<'_>, what: &str) -> usize {
    user.transcript().await.matches(what).count()
}

#[tokio::test]
async fn a_tool_answers_at_once_by_button_and_by_command() {
    let world = World::with(&[("WELCOME_GRANT", "0")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.presses("All services").await;
    anna.presses("Free tools").await;
    anna.presses("Check a post").await;
    anna.hears("⚡ at once").await;
    anna.says("one two #three https://a.example").await;
    anna.hears("Words: 4, lines: 1").await;
    anna.hears("Links: 1, hashtags: 1").await;
    anna.presses("Again").await;
    anna.says(&"x".repeat(1100)).await;
    anna.hears("Left in a caption (1024): -76").await;
    anna.says("/check *bold* _and_ [x](http://a)").await;
    anna.hears("Words: 3").await;
    anna.says("/check").await;
    anna.hears("Send a text of 1 to 4096 characters").await;
    anna.says("four words are here").await;
    anna.hears("Words: 4").await;

    anna.says("/menu").await;
    anna.presses("Free tools").await;
    anna.presses("Write a prompt").await;
    anna.says("a fox").await;
    anna.presses("Watercolor").await;
    anna.presses("Night").await;
    anna.hears("a fox, watercolor on rough paper, night, neon reflections, highly detailed")
        .await;
    assert_eq!(
        world.count("select count(*) from storefront_order").await,
        0
    );
    assert_eq!(world.count("select count(*) from job").await, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_tool_is_free_so_often_a_day_and_not_once_more() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    world
        .pool
        .execute("insert into daily_use values (11, 'post-check', '2026-03-01', 49)")
        .await
        .expect("a row");
    anna.says("/check one").await;
    anna.hears("Words: 1").await;
    anna.says("/check two").await;
    anna.hears("as often as possible today").await;
    world.user(12).says("/check one").await;
    world.user(12).hears("Words: 1").await;
    world.advance(Duration::from_secs(12 * 3600)).await;
    anna.says("/check three").await;
    anna.hears("Words: 1").await;
    world.assert_clean().await;
}

const NO_MONEY: &str = "drop table hold_resolution, hold, transfer, account, ledger_audit cascade";
const NO_PAYMENTS: &str = "drop table payment_refund, payment, payment_event, payment_intent, payment_rate, topup_question cascade";
const NO_STARS: &str = "drop table star_refund, star_payment, star_invoice cascade";

#[tokio::test]
async fn without_the_tables_of_money_what_is_free_goes_on() {
    let mut world = World::with(&[("TOPUP_STARS", "50")]).await;
    for sql in [NO_MONEY, NO_STARS, NO_PAYMENTS] {
        world.pool.execute(sql).await.expect("dropped");
    }
    world.restart().await;
    let ready = world
        .http
        .get(format!("http://{}/readyz", world.address))
        .send()
        .await
        .expect("an answer");
    assert_eq!(ready.status(), StatusCode::OK);
    let body: Value = ready.json().await.expect("JSON");
    assert_eq!(
        body["off"],
        json!(["money", "stars", "payments", "rewards"])
    );

    let anna = world.user(11);
    anna.says("/start").await;
    anna.hears("balance cannot be shown").await;
    anna.presses("(free)").await;
    anna.says("a red fox asleep in the snow").await;
    anna.presses("Confirm").await;
    world.finish().await;
    let transcript = anna.transcript().await;
    assert!(
        transcript.contains("It was free.")
            && transcript.contains("[photo]") | transcript.contains("[image]"),
        "{transcript}"
    );
    // One that fails gives the day's use back, and no money.
    anna.says("/start").await;
    anna.presses("(free)").await;
    anna.says("!fail a fox").await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert!(anna.transcript().await.contains("You were not charged."));
    anna.says("/check one two").await;
    anna.hears("Words: 2").await;

    anna.prepares("a lighthouse").await;
    anna.hears("Paid services are out of order").await;
    assert!(
        !anna.last().await.to_string().contains("Confirm"),
        "{}",
        anna.transcript().await
    );
    for (what, answer) in [
        ("/balance", "out of order"),
        ("/topup", "out of order"),
        ("/history", "out of order"),
    ] {
        anna.says(what).await;
        anna.hears(answer).await;
    }
    assert_eq!(
        world
            .count("select count(*) from inbox_update where state = 2")
            .await,
        0
    );
    assert_eq!(world.count("select count(*) from job").await, 0);
}

#[tokio::test]
async fn a_paid_order_that_was_about_to_be_confirmed_is_refused_when_the_tables_are_gone() {
    let mut world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    world.pool.execute(NO_MONEY).await.expect("dropped");
    world.restart().await;
    let anna = world.user(11);
    anna.presses("Confirm").await;
    anna.hears("Paid services are out of order").await;
    assert_eq!(world.count("select count(*) from job").await, 0);
}

#[tokio::test]
async fn while_the_database_is_away_only_what_says_everything_is_answered() {
    let mut world = World::new().await;
    world.user(11).says("/start").await;
    world.app.disconnect().await;
    let (anna, bert) = (world.user(11), world.user(12));
    writes(anna, "/check one two three").await;
    anna.hears("Words: 3").await;
    anna.hears("Reduced mode").await;
    // It was acknowledged with its answer, so the chat goes on.
    writes(anna, "/check one two").await;
    anna.hears("Words: 2").await;
    writes(bert, "/check").await;
    bert.hears("in one message: /check").await;

    let before = anna.messages().await.len();
    writes(anna, "/balance").await;
    writes(anna, "/check late").await;
    writes(anna, "hello").await;
    assert_eq!(
        anna.messages().await.len(),
        before + 3,
        "nothing else pretends to work: {}",
        anna.transcript().await
    );

    world.restart().await;
    world.advance(Duration::from_secs(120)).await;
    world.settle().await;
    let anna = world.user(11);
    let transcript = anna.transcript().await;
    assert!(
        transcript.contains("Your balance: $5.00") || transcript.contains("$5.00"),
        "{transcript}"
    );
    assert_eq!(
        said(anna, "Words: 1").await,
        1,
        "what waited is answered once: {transcript}"
    );
    assert_eq!(
        said(anna, "Words: 3").await,
        1,
        "what was answered is not answered again: {transcript}"
    );
    assert_eq!(said(anna, "Reduced mode").await, 2, "{transcript}");
    assert!(
        transcript.contains("I do not know what to do with that"),
        "{transcript}"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn in_reduced_mode_a_user_has_a_share_and_a_group_has_none() {
    let world = World::new().await;
    world.app.disconnect().await;
    let check = |update_id: i64, user: i64, chat: Value| {
        json!({ "update_id": update_id, "message": {
            "message_id": update_id, "date": 1_772_366_400, "text": "/check one", "chat": chat,
            "from": { "id": user, "is_bot": false, "first_name": "A", "language_code": "ru" } } })
    };
    let private = || json!({ "id": 11, "type": "private", "first_name": "A" });
    for n in 0..11 {
        let answer = deliver(&world, &check(900_000_000 + n, 11, private())).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let call: Value = answer.json().await.expect("a call");
        assert_eq!(
            (&call["method"], &call["chat_id"]),
            (&json!("sendMessage"), &json!(11))
        );
        let text = call["text"].as_str().expect("a text");
        assert_eq!(text.contains("Слов: 1"), n < 10, "{text}");
        assert!(text.contains("Ограниченный режим"), "{text}");
    }
    let group = json!({ "id": -100, "type": "group", "title": "G" });
    let answer = deliver(&world, &check(900_000_100, 11, group)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let ready = world
        .http
        .get(format!("http://{}/readyz", world.address))
        .send()
        .await
        .expect("an answer");
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_may_have_been_stored_is_left_to_the_database() {
    let world = World::new().await;
    let check = |update_id: i64| {
        json!({ "update_id": update_id, "message": {
            "message_id": update_id, "date": 1_772_366_400, "text": "/check one",
            "chat": { "id": update_id, "type": "private", "first_name": "A" },
            "from": { "id": update_id, "is_bot": false, "first_name": "A" } } })
    };
    let mut lock = PgConnection::connect_with(&world.options)
        .await
        .expect("a connection");
    lock.execute("begin; lock table inbox_update in access exclusive mode")
        .await
        .expect("a lock");
    let answer = deliver(&world, &check(900_000_001)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    world.app.disconnect().await;
    // Whether the statement that was given up is carried out, nobody here knows.
    let again = deliver(&world, &check(900_000_001)).await;
    assert_eq!(again.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(again.headers().contains_key("retry-after"));
    let another = deliver(&world, &check(900_000_002)).await;
    assert_eq!(another.status(), StatusCode::OK);
    lock.execute("rollback").await.expect("the lock is gone");
}

#[tokio::test]
async fn what_was_granted_elsewhere_counts_among_the_days_uses() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/check one").await;
    let granted = [DailyUses {
        user_id: 11,
        what: "post-check".to_owned(),
        uses: 48,
    }];
    for uses in [48, 96] {
        limits::count_daily(&world.pool, world.now().date(), &granted)
            .await
            .expect("the database");
        let used = "select uses::bigint from daily_use where user_id = 11";
        assert_eq!(world.count(used).await, 1 + uses);
    }
    anna.says("/check two").await;
    anna.hears("as often as possible today").await;
    world.assert_clean().await;
}
