//! What was set aside is read, replayed and given up by commands, each at most once.

mod jobs;
mod light;

use std::process::Command as Process;

use bulwark::admin::shelf::{Command, Desk};
use bulwark::config::Env;
use clap::Parser;
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, Executor as _, Row as _};

use crate::intake::deliver;
use crate::world::{ADMIN, World};

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// A command line; whether it went well, and what it printed, on one line.
pub async fn run(world: &World, line: &str) -> (bool, String) {
    let (good, text) = raw(world, line).await;
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    (good, text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The same, as it was printed.
pub async fn raw(world: &World, line: &str) -> (bool, String) {
    tried(world, line).await.expect("an answer")
}

/// Why a command line is not carried out.
pub async fn refusal(world: &World, line: &str) -> String {
    let refused = tried(world, line).await;
    refused.expect_err("it was carried out").to_string()
}

async fn tried(world: &World, line: &str) -> Result<(bool, String), anyhow::Error> {
    let words = line.split_whitespace().map(|word| word.replace('_', " "));
    let words = std::iter::once("bulwark".to_owned()).chain(words);
    let line = Line::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    let mut env = Env::from([("USER", "tester")]);
    env.set("ADMIN_IDS", ADMIN.to_string());
    for name in ["PANELS", "TIP_SETTLEMENT_URL"] {
        env.set(name, world.port_env.get(name).unwrap_or_default());
    }
    let desk = Desk::on(world.pool.clone(), world.app.clock().clone(), &env).expect("a desk");
    let mut out = Vec::new();
    let good = desk.run(&line.command, &mut out).await?;
    Ok((good, String::from_utf8(out).expect("UTF-8")))
}

pub async fn run_json(world: &World, line: &str) -> Value {
    let (_, text) = run(world, &format!("{line} --json")).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn number(world: &World, sql: &'static str) -> i64 {
    world.pool.fetch_one(sql).await.expect("a row").get(0)
}

pub async fn text(world: &World, sql: &'static str) -> String {
    world.pool.fetch_one(sql).await.expect("a row").get(0)
}

fn message(update_id: i64, text: &str) -> Value {
    json!({ "update_id": update_id, "message": {
        "message_id": update_id, "date": 1_772_366_400, "text": text,
        "chat": { "id": 11, "type": "private", "first_name": "Anna" },
        "from": { "id": 11, "is_bot": false, "first_name": "Anna", "language_code": "en" } } })
}

/// Two updates of one chat, the first as if its handler had failed until the end.
async fn with_quarantined(world: &World) {
    world.user(11).says("/start").await;
    deliver(world, &message(900_000_001, "/help")).await;
    let set_aside = "update inbox_update set state = 2, attempts = 5, finished_at = received_at,
                     error = 'bug: it broke at 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0'
                     where update_id = 900000001";
    world.pool.execute(set_aside).await.expect("set aside");
}

#[tokio::test]
async fn a_quarantined_update_is_replayed_once_and_in_its_place() {
    let world = World::new().await;
    assert!(!run(&world, "inbox list").await.0, "nothing needs a person");
    with_quarantined(&world).await;

    let (good, list) = run(&world, "inbox list --chat 11 --since 1h").await;
    assert!(
        good && list.contains("900000001") && list.contains("quarantined"),
        "{list}"
    );
    assert!(
        list.contains("[redacted]") && !list.contains("AAHdq"),
        "{list}"
    );
    let (good, story) = run(&world, "inbox show 900000001").await;
    assert!(good && story.contains("bug: it broke"), "{story}");
    assert!(
        !story.contains("/help"),
        "what users write is private: {story}"
    );
    let (_, story) = run(&world, "inbox show 900000001 --payload").await;
    assert!(
        story.contains("wrote: /help") && story.contains("Anna (@-, 11)"),
        "{story}"
    );

    deliver(&world, &message(900_000_002, "/balance")).await;
    let lines = [
        "inbox retry 900000001 --reason mended",
        "inbox retry 900000001 --as other",
    ];
    let (a, b) = tokio::join!(run(&world, lines[0]), run(&world, lines[1]));
    assert!(a.0 && b.0);
    let both = format!("{}{}", a.1, b.1);
    assert_eq!(both.matches("waiting again").count(), 1, "{both}");
    assert_eq!(both.matches("already waiting").count(), 1, "{both}");
    world.settle().await;
    let said = world.user(11).transcript().await;
    let (help, balance) = (said.find("How it works"), said.find("Last movements"));
    assert!(
        help.is_some() && help < balance,
        "before what came later: {said}"
    );
    assert_eq!(said.matches("How it works").count(), 1);
    assert!(
        run(&world, "inbox retry 900000001")
            .await
            .1
            .contains("already done")
    );
    assert_eq!(
        number(&world, "select count(*) from operator_action").await,
        1
    );

    let story = run_json(&world, "inbox show 900000001").await;
    assert_eq!(story["update"]["state"], "done");
    assert_eq!(story["operator_actions"][0]["action"], "retry");
    assert_eq!(story["same_correlation"][0]["what"], "message", "{story}");
    world.assert_clean().await;
}

#[tokio::test]
async fn a_discarded_update_stays_so_and_says_who_and_why() {
    let world = World::new().await;
    with_quarantined(&world).await;
    let (good, said) = run(
        &world,
        "inbox discard 900000001 --reason spam_again --as eve",
    )
    .await;
    assert!(good && said.contains("discarded"), "{said}");
    let (good, said) = run(&world, "inbox discard 900000001 --reason twice").await;
    assert!(good && said.contains("already discarded"), "{said}");
    let (good, said) = run(&world, "inbox retry 900000001").await;
    assert!(!good && said.contains("refused"), "{said}");
    let (good, said) = run(&world, "inbox discard 5 --reason none").await;
    assert!(!good && said.contains("no such update"), "{said}");
    let who = "select operator || ': ' || action || ': ' || reason from operator_action";
    assert_eq!(text(&world, who).await, "eve: discard: spam again");
    assert!(
        world
            .pool
            .execute("delete from operator_action")
            .await
            .is_err()
    );
    let listed = run_json(&world, "inbox list --state discarded").await;
    assert_eq!(listed[0]["update_id"], 900_000_001);
    assert!(
        !run(&world, "inbox retry --all").await.0,
        "nothing is set aside any more"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_dead_letter_is_sent_again_once() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let body =
        json!({ "ok": false, "error_code": 400, "description": "Bad Request: SOMETHING_NEW" });
    let rule = json!({ "target": "telegram.sendMessage", "chat_id": 11, "status": 400, "body": body, "times": 2 });
    world.post("/sim/faults", rule).await;
    anna.says("/help").await;
    anna.says("/balance").await;
    let dead = run_json(&world, "outbox list").await;
    assert_eq!(dead.as_array().map(Vec::len), Some(2), "{dead}");
    let (balance, help) = (&dead[0]["id"], &dead[1]["id"]);
    let (_, story) = run(&world, &format!("outbox show {help}")).await;
    assert!(
        story.contains("SOMETHING_NEW") && !story.contains("How it works"),
        "{story}"
    );
    assert!(
        story.contains("update"),
        "the update that caused it: {story}"
    );
    let (_, story) = run(&world, &format!("outbox show {help} --payload")).await;
    assert!(story.contains("How it works"), "{story}");

    let (good, said) = run(&world, &format!("outbox discard {balance} --reason stale")).await;
    assert!(good, "{said}");
    let (good, said) = run(&world, "outbox retry --all").await;
    assert!(good && said.contains("waiting again"), "{said}");
    let (good, said) = run(&world, &format!("outbox retry {help}")).await;
    assert!(good && said.contains("already waiting"), "{said}");
    world.settle().await;
    assert_eq!(anna.transcript().await.matches("How it works").count(), 1);
    let (good, said) = run(&world, &format!("outbox retry {help}")).await;
    assert!(good && said.contains("already done: sent"), "{said}");
    assert!(
        !run(&world, &format!("outbox retry {balance}")).await.0,
        "discarded for good"
    );
    let ended = run_json(&world, "outbox list --state ended --chat 11").await;
    assert!(ended.to_string().contains("discarded"), "{ended}");
    world.assert_clean().await;
}

#[tokio::test]
async fn the_program_tells_by_its_exit_code() {
    let world = World::new().await;
    with_quarantined(&world).await;
    let url = world.options.to_url_lossy().to_string();
    let code = async |line: &str| {
        let mut process = Process::new(env!("CARGO_BIN_EXE_bulwark"));
        process
            .args(line.split_whitespace())
            .env("DATABASE_URL", &url);
        let output = tokio::task::spawn_blocking(move || process.output());
        let output = output.await.expect("a thread").expect("an answer");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            output.status.code(),
            text + &String::from_utf8_lossy(&output.stderr),
        )
    };
    for (line, expected, says) in [
        ("inbox list", 0, "900000001"),
        ("inbox list --chat 5", 1, "Nothing"),
        ("jobs list --json", 1, "[]"),
        ("inbox show 5", 1, "no update 5"),
        ("inbox retry 900000001", 0, "waiting again"),
        ("inbox retry", 2, "--all"),
        ("inbox discard 1", 2, "--reason"),
        ("jobs show 12", 2, "looks like"),
        ("outbox list --since never", 2, "12h"),
        (
            "jobs resolve 0f8fad5b-d9cb-469f-a165-70867728950e",
            2,
            "--release",
        ),
        (
            "jobs discard 0f8fad5b-d9cb-469f-a165-70867728950e --reason late",
            1,
            "say who does it, with --as",
        ),
    ] {
        let (found, text) = code(line).await;
        assert_eq!(found, Some(expected), "{line}: {text}");
        assert!(text.contains(says), "{line}: {text}");
    }
}
