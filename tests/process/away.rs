//! Postgres is stopped under the real binary: what is free is answered from memory, all else when Postgres is back.

use std::time::Duration;

use bulwark::config::{Demo, Env};
use bulwark::embedded::{self, Durability, Embedded, EmbeddedEnv, PassedOn};
use serde_json::Value;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

use crate::service::{Chat, Outside, Service, free_port};

async fn postgres(folder: &std::path::Path) -> Embedded {
    let process = Env::process();
    let demo = Demo::from_env(&process);
    let options = embedded::Options {
        data_dir: folder.to_owned(),
        durability: Durability::Durable,
        may_fetch: false,
        env: EmbeddedEnv {
            search_path: demo.search_path,
            home: demo.home,
            data_home: demo.data_home,
            pg_bin: demo.pg_bin,
            passed_on: PassedOn::select(process.iter()),
        },
    };
    embedded::start(options).await.expect("Postgres")
}

/// Waits until `count` messages of the bot say this.
async fn hears(chat: Chat<'_>, what: &str, count: usize) {
    let said = |messages: &[Value]| {
        let texts = messages
            .iter()
            .filter_map(|message| message["text"].as_str());
        (texts.filter(|text| text.contains(what)).count() == count).then_some(())
    };
    chat.until(what, said).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn free_requests_are_answered_while_postgres_is_stopped_and_the_rest_afterwards() {
    let outside = Outside::start().await;
    let port = free_port().await;
    let folder = std::env::temp_dir().join(format!("bulwark-away-{}", std::process::id()));
    let server = postgres(&folder).await;
    let _service = Service::start(&outside.sim, (port, port), &server.connect_options(), &[]);
    let (anna, bert) = (outside.chat(11), outside.chat(12));
    anna.says("/check one two three four").await;
    hears(anna, "Words: 4", 1).await;

    server.stop().await.expect("it stops");
    // What stood in the middle of a connection may have to wait; from then on everything is answered at once.
    for (chat, text, answer) in [
        (bert, "/check one two", "Words: 2"),
        (bert, "/check one two three", "Words: 3"),
        (anna, "/check one", "Words: 1"),
    ] {
        chat.says(text).await;
        hears(chat, answer, 1).await;
    }
    hears(bert, "Reduced mode", 2).await;
    hears(anna, "Reduced mode", 1).await;
    anna.says("/balance").await;
    anna.says("/check one two three four five").await;

    let server = postgres(&folder).await;
    hears(anna, "Words: 5", 1).await;
    hears(anna, "Your balance", 1).await;
    let messages = anna.messages().await;
    let texts: Vec<&str> = messages
        .iter()
        .filter_map(|message| message["text"].as_str())
        .filter(|text| !text.starts_with('/'))
        .collect();
    let [first, reduced, balance, last] = &texts[..] else {
        panic!("each is answered once, in order: {texts:#?}");
    };
    assert!(
        first.contains("Words: 4") && reduced.contains("Words: 1"),
        "{texts:#?}"
    );
    assert!(
        balance.contains("Your balance") && last.contains("Words: 5"),
        "{texts:#?}"
    );
    assert!(!last.contains("Reduced mode"), "{last}");
    // What was granted from memory counts among the day's uses.
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    let mut conn = PgConnection::connect_with(&server.connect_options())
        .await
        .unwrap();
    let used = "select coalesce(sum(uses), 0)::bigint from daily_use where what = 'post-check'";
    let counted = tokio::time::timeout(Duration::from_secs(40), async {
        while conn.fetch_one(used).await.unwrap().get::<i64, _>(0) != 5 {
            ticks.tick().await;
        }
    });
    counted.await.expect("five uses are counted");
    conn.close().await.unwrap();
    server.stop().await.expect("it stops");
    let _ = std::fs::remove_dir_all(&folder);
}
