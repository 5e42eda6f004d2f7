//! What Telegram delivers, and what it answers: floods, repetitions, refusals, lost answers, a database that is away.

use std::time::Duration;

use bulwark::base::redact::ExposeSecret as _;
use bulwark::config::{Config, Env};
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

use crate::world::{START, TOKEN, World};

/// A delivery as Telegram makes it.
pub async fn deliver(world: &World, update: &Value) -> reqwest::Response {
    deliver_raw(world, update.to_string()).await
}

async fn deliver_raw(world: &World, body: String) -> reqwest::Response {
    let env = Env::from([
        ("TELEGRAM_BOT_TOKEN", TOKEN),
        ("KIE_API_KEY", "x-x-x-x-x"),
        ("PUBLIC_URL", "https://a.example"),
        ("DATABASE_URL", "postgres://a@b/c"),
    ]);
    let secret = Config::from_env(&env)
        .expect("a configuration")
        .telegram
        .webhook_secret;
    world
        .http
        .post(format!("http://{}/webhook", world.address))
        .header("X-Telegram-Bot-Api-Secret-Token", secret.expose_secret())
        .body(body)
        .send()
        .await
        .expect("an answer")
}

fn text(update_id: i64, user: i64, text: &str) -> Value {
    json!({ "update_id": update_id, "message": {
        "message_id": update_id, "date": 1_772_366_400, "text": text,
        "chat": { "id": user, "type": "private", "first_name": "A" },
        "from": { "id": user, "is_bot": false, "first_name": "A", "language_code": "en" } } })
}

#[tokio::test]
async fn the_same_update_twice_has_one_effect() {
    let world = World::new().await;
    world.user(11).says("/start").await;
    for _ in 0..2 {
        assert_eq!(
            deliver(&world, &text(900_000_001, 11, "/help"))
                .await
                .status(),
            StatusCode::OK
        );
        world.settle().await;
    }
    let helps = world
        .user(11)
        .transcript()
        .await
        .matches("How it works")
        .count();
    assert_eq!(helps, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_flood_is_recorded_answered_and_not_handled() {
    let world = World::with(&[("RATE_LIMIT_BURST", "5")]).await;
    world.user(11).says("/start").await;
    let mut told = 0;
    for n in 0..30 {
        let answer = deliver(&world, &text(900_000_100 + n, 11, "/help")).await;
        assert_eq!(answer.status(), StatusCode::OK, "never throttled");
        let body = answer.text().await.expect("a body");
        told += usize::from(body.contains("sendMessage"));
    }
    assert_eq!(told, 1, "told once");
    let shed = world
        .count("select count(*) from inbox_update where state = 3")
        .await;
    assert!(shed >= 20, "{shed}");
    assert_eq!(
        deliver(&world, &text(900_000_200, 12, "/help"))
            .await
            .status(),
        StatusCode::OK
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_nights_messages_that_come_at_once_are_no_flood() {
    let world = World::with(&[("RATE_LIMIT_BURST", "5"), ("RATE_LIMIT_PER_MINUTE", "5")]).await;
    world.user(11).says("/start").await;
    let now_s = START.unix_timestamp();
    let night = |update_id, before_s: i64| {
        let mut update = text(update_id, 11, "/help");
        update["message"]["date"] = json!(now_s - before_s);
        update
    };
    for n in 0..40 {
        let update = night(900_000_100 + n, 6 * 3600 - n * 60);
        assert_eq!(deliver(&world, &update).await.status(), StatusCode::OK);
    }
    let shed = "select count(*) from inbox_update where state = 3";
    assert_eq!(world.count(shed).await, 0, "one a minute");
    for n in 0..40 {
        let update = night(900_000_200 + n, 3600);
        assert_eq!(deliver(&world, &update).await.status(), StatusCode::OK);
    }
    assert_eq!(world.count(shed).await, 35, "forty in one minute");
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_said_to_a_press_that_waited_too_long_is_a_message() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let press = |update_id, data: &str| {
        json!({ "update_id": update_id, "callback_query": {
            "id": format!("kept-{update_id}"), "chat_instance": "1", "data": data,
            "from": { "id": 11, "is_bot": false, "first_name": "A", "language_code": "en" },
            "message": { "message_id": 1, "date": 1_772_366_400, "text": "x",
                "chat": { "id": 11, "type": "private", "first_name": "A" } } } })
    };
    // Kept by Telegram, which does not know the query any more; then kept by us.
    for (n, kept_by_us) in [(0, false), (1, true)] {
        let before = anna
            .transcript()
            .await
            .matches("This button is out of date")
            .count();
        let answers = world.calls("answerCallbackQuery").await;
        for (at, data) in [(0, "no-such-button"), (1, "?")] {
            let update = press(900_000_000 + 2 * n + at, data);
            assert_eq!(deliver(&world, &update).await.status(), StatusCode::OK);
        }
        if kept_by_us {
            world.advance(Duration::from_secs(6 * 3600)).await;
        }
        world.settle().await;
        let transcript = anna.transcript().await;
        let said = transcript.matches("This button is out of date").count();
        assert_eq!(said, before + 1, "{transcript}");
        let tried = world.calls("answerCallbackQuery").await - answers;
        assert_eq!(tried, if kept_by_us { 0 } else { 2 });
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn a_payment_question_is_answered_at_once() {
    let world = World::new().await;
    let update = json!({ "update_id": 900_000_001, "pre_checkout_query": {
        "id": "q", "currency": "XTR", "total_amount": 1, "invoice_payload": "p",
        "from": { "id": 11, "is_bot": false, "first_name": "A" } } });
    for _ in 0..2 {
        let answer: Value = deliver(&world, &update)
            .await
            .json()
            .await
            .expect("a method");
        assert_eq!(
            (&answer["method"], &answer["ok"]),
            (&json!("answerPreCheckoutQuery"), &json!(false))
        );
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn nonsense_with_the_right_secret_is_accepted_and_forgotten() {
    let world = World::new().await;
    for body in [
        json!("text"),
        json!([]),
        json!({ "no": "id" }),
        json!({ "update_id": "1" }),
    ] {
        assert_eq!(
            deliver(&world, &body).await.status(),
            StatusCode::OK,
            "{body}"
        );
    }
    let deep = format!(
        "{{\"update_id\":900000009,\"x\":{}1{}}}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    let huge = json!({ "update_id": 900_000_010, "x": "y".repeat(900_000) });
    assert_eq!(deliver(&world, &huge).await.status(), StatusCode::OK);
    assert_eq!(deliver_raw(&world, deep).await.status(), StatusCode::OK);
    let cut = "{\"update_id\": 900000011, \"message\": {".to_owned();
    assert_eq!(deliver_raw(&world, cut).await.status(), StatusCode::OK);
    world.assert_clean().await;
}

#[tokio::test]
async fn without_a_database_telegram_is_asked_to_come_again() {
    let world = World::new().await;
    let address = world.address;
    let get = async |path: &str| {
        world
            .http
            .get(format!("http://{address}{path}"))
            .send()
            .await
            .expect("an answer")
    };
    assert_eq!(get("/readyz").await.status(), StatusCode::OK);
    world.app.disconnect().await;
    let answer = deliver(&world, &text(900_000_001, 11, "/help")).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(get("/healthz").await.status(), StatusCode::OK, "it lives");
    world.advance(Duration::from_secs(3)).await;
    let ready = get("/readyz").await;
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        ready.json::<Value>().await.expect("JSON")["reason"],
        "database"
    );
}

/// A database that answers nothing is worse than one that is gone: every request would wait for it.
#[tokio::test]
async fn while_the_database_hangs_everyone_is_answered_and_afterwards_each_update_is_there_once() {
    let world = World::with(&[("INTAKE_WAITING", "64")]).await;
    let mut lock = PgConnection::connect_with(&world.options)
        .await
        .expect("a connection");
    lock.execute("begin; lock table inbox_update in access exclusive mode")
        .await
        .expect("a lock");
    let all = |from: i64| (from..from + 200).map(|n| text(n, 1000 + n % 50, "/help"));
    let refused = join_all(all(900_000_000).map(async |update| deliver(&world, &update).await));
    for answer in refused.await {
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let wait_s = answer.headers()["retry-after"].to_str().expect("digits");
        assert!((1..=30).contains(&wait_s.parse::<u32>().expect("seconds")));
    }
    lock.execute("rollback").await.expect("the lock is gone");
    // As Telegram does: again and again until it is taken. The window opens as commits succeed.
    let mut waiting: Vec<Value> = all(900_000_000).collect();
    while !waiting.is_empty() {
        let answers = join_all(
            waiting
                .iter()
                .map(async |update| deliver(&world, update).await),
        );
        let taken: Vec<bool> = answers
            .await
            .iter()
            .map(|answer| answer.status() == StatusCode::OK)
            .collect();
        let mut taken = taken.into_iter();
        waiting.retain(|_| taken.next() == Some(false));
    }
    let stored = "select count(*) from inbox_update where update_id >= 900000000";
    assert_eq!(world.count(stored).await, 200);
}

#[tokio::test]
async fn a_message_is_repeated_only_where_its_answer_was_lost() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    for (fault, copies) in [
        (
            json!({ "target": "telegram.sendMessage", "drop_before": true, "times": 1 }),
            1,
        ),
        (
            json!({ "target": "telegram.sendMessage", "drop_after": true, "times": 1 }),
            2,
        ),
        (
            json!({ "target": "telegram.sendMessage", "retry_after": 2, "times": 1 }),
            1,
        ),
    ] {
        let before = anna.transcript().await.matches("How it works").count();
        world.post("/sim/faults", fault.clone()).await;
        anna.says("/help").await;
        world.finish().await;
        let seen = anna.transcript().await.matches("How it works").count() - before;
        assert_eq!(seen, copies, "{fault}");
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn words_arrive_even_if_their_formatting_is_refused() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let body = json!({ "ok": false, "error_code": 400,
        "description": "Bad Request: can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'" });
    let rule = json!({ "target": "telegram.sendMessage", "status": 400, "body": body, "times": 2 });
    world.post("/sim/faults", rule).await;
    anna.says("/help").await;
    assert!(
        anna.last_text().await.contains("How it works"),
        "{}",
        anna.transcript().await
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn who_blocks_the_bot_is_left_alone() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    world
        .post("/sim/users/11", json!({ "blocked": true }))
        .await;
    world.settle().await;
    assert_eq!(
        world
            .count("select count(*) from chat where blocked_at is not null")
            .await,
        1
    );
    world.user(crate::world::ADMIN).says("/start").await;
    world
        .user(crate::world::ADMIN)
        .says("/grant 11 1.00 a gift")
        .await;
    world.assert_clean().await;
    assert_eq!(
        world
            .count("select count(*) from outbox_sent where outcome = 'blocked'")
            .await,
        1
    );
    world
        .post("/sim/users/11", json!({ "blocked": false }))
        .await;
    world.settle().await;
    assert_eq!(
        world
            .count("select count(*) from chat where blocked_at is not null")
            .await,
        0
    );
}

#[tokio::test]
async fn no_secret_is_stored_or_said() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    for prompt in ["a lighthouse", "!fail"] {
        anna.says("/menu").await;
        anna.presses("Create images").await;
        anna.presses("Image from text").await;
        anna.says(prompt).await;
        anna.presses("Skip").await;
        anna.presses("Confirm").await;
        world.finish().await;
    }
    let said = anna.transcript().await;
    let answers = "select coalesce(string_agg(answer::text, ' '), '') from job_attempt";
    let row = world.pool.fetch_one(answers).await;
    let stored: String = row.expect("a row").get(0);
    assert!(stored.contains("taskId"), "answers are kept: {stored}");
    for secret in [
        TOKEN,
        "test-key-of-the-simulator",
        "/callbacks/kie/",
        "Bearer",
    ] {
        assert!(!said.contains(secret), "said: {secret}");
        assert!(!stored.contains(secret), "stored: {secret}: {stored}");
    }
    world.assert_clean().await;
}
