//! The bot was down for a night: what Telegram kept comes over forty connections at once.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Executor as _, Row as _};

use crate::database;
use crate::service::{Outside, Service, deliver, free_port};

const KEPT: i64 = 3_000;
/// `WEBHOOK_MAX_CONNECTIONS`.
const CONNECTIONS: usize = 40;
const FIRST: i64 = 5_000_000_000;
/// Only few of all updates are to be answered: Telegram lets a bot say thirty things a second.
const ANSWERED_EVERY: i64 = 20;
const CHATS: i64 = 40;

/// Commands, presses that Telegram would take no answer to, and what asks for nothing; all written hours ago.
fn kept(n: i64) -> Value {
    let user = 100 + (n / ANSWERED_EVERY) % CHATS;
    let from = json!({ "id": user, "is_bot": false, "first_name": "A", "language_code": "en" });
    let message = json!({ "message_id": 1 + n, "date": 1_772_366_400 + n, "text": "/help",
        "chat": { "id": user, "type": "private", "first_name": "A" }, "from": from });
    match n % ANSWERED_EVERY {
        0 => json!({ "update_id": FIRST + n, "message": message }),
        1 => json!({ "update_id": FIRST + n, "callback_query": {
            "id": format!("kept-{n}"), "from": from, "message": message, "chat_instance": "1", "data": "?" } }),
        _ => json!({ "update_id": FIRST + n, "edited_message": message }),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nights_backlog_is_worked_off_in_order() {
    let outside = Outside::start().await;
    let database = database::fresh().await;
    let port = free_port().await;
    let _service = Service::start(&outside.sim, (port, port), &database, &[]);
    for user in 100..100 + CHATS {
        let chat = outside.chat(user);
        chat.says("/start").await;
        chat.until("the welcome", |messages| (messages.len() > 1).then_some(()))
            .await;
    }

    let next = AtomicI64::new(0);
    let connections = (0..CONNECTIONS).map(async |_| {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= KEPT {
                return;
            }
            // As Telegram does, again until it is taken.
            while deliver(&outside, port, &kept(n)).await != StatusCode::OK {
                tokio::task::yield_now().await;
            }
        }
    });
    join_all(connections).await;

    let pool = PgPoolOptions::new().connect_with(database).await.unwrap();
    check(&outside, &pool).await;
}

async fn check(outside: &Outside, pool: &PgPool) {
    let count = async |sql: &'static str| pool.fetch_one(sql).await.unwrap().get::<i64, _>(0);
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    let idle = tokio::time::timeout(Duration::from_secs(120), async {
        let waiting = "select (select count(*) from inbox_update where state = 0) + (select count(*) from outbox_message)";
        while count(waiting).await > 0 {
            ticks.tick().await;
        }
    });
    idle.await.expect("all is worked off");
    let handled = "select count(*) from inbox_update where state = 1 and update_id >= 5000000000";
    assert_eq!(count(handled).await, KEPT, "each once, none as a flood");
    let overtaken = "select count(*) from (select finished_at < lag(finished_at) over (partition by lane order by seq) as early
         from inbox_update) rows where early";
    assert_eq!(count(overtaken).await, 0, "in order");
    let mut said = 0;
    for user in 100..100 + CHATS {
        let messages = outside.chat(user).messages().await;
        let texts = messages.iter().filter_map(|m| m["text"].as_str());
        said += texts.filter(|text| text.contains("How it works")).count();
    }
    let expected = KEPT / ANSWERED_EVERY * 2;
    assert_eq!(i64::try_from(said).unwrap(), expected, "each answered once");
}
