//! The story of one thing, wherever one begins.

use bulwark::admin::trace::{Options, What, on};
use serde_json::Value;
use sqlx::{Executor as _, Row as _};

use crate::world::{ADMIN, World};

async fn story(world: &World, what: What, id: &str, json: bool) -> (bool, String) {
    let options = Options {
        what,
        id: id.to_owned(),
        limit: 50,
        json,
    };
    let mut out = Vec::new();
    let found = on(&world.pool, world.app.clock(), &options, &mut out)
        .await
        .expect("a story");
    (found, String::from_utf8(out).expect("UTF-8"))
}

async fn text(world: &World, sql: &'static str) -> String {
    world.pool.fetch_one(sql).await.expect("a row").get(0)
}

async fn ordered() -> World {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.orders("a secret lighthouse").await;
    world.finish().await;
    world
}

const UPDATE: &str =
    "select i.update_id::text from inbox_update i join job_history j using (correlation)";
const JOB: &str = "select id::text from job_history";
const TRANSFER: &str = "select id::text from transfer where kind = 'capture'";
const MESSAGE: &str = "select max(o.id)::text from outbox_sent o join job_history j using (correlation) where o.kind = 'file'";

#[tokio::test]
async fn an_order_is_one_story_wherever_one_begins() {
    let world = ordered().await;
    let mut stories = Vec::new();
    for (what, sql) in [
        (What::Update, UPDATE),
        (What::Job, JOB),
        (What::Transfer, TRANSFER),
        (What::Message, MESSAGE),
    ] {
        let id = text(&world, sql).await;
        let (found, story) = story(&world, what, &id, false).await;
        assert!(found, "{what:?} {id}");
        for expected in [
            "update: received: callback_query",
            "hold: set aside 10 USD in wallet of user 11 for text-to-image",
            "job: queued: text-to-image at kie",
            "attempt: submit: accepted",
            "attempt: poll: succeeded",
            "hold: resolved: 10 captured, 0 released",
            "transfer: capture 10 USD from wallet of user 11 to revenue",
            "message: file to chat 11",
            "job: succeeded",
        ] {
            assert!(
                story.contains(expected),
                "{what:?}: `{expected}` is not in\n{story}"
            );
        }
        assert!(
            !story.contains("lighthouse"),
            "what users write is private: {story}"
        );
        assert!(
            story.lines().all(|line| line.chars().count() <= 100),
            "{story}"
        );
        let begin = story.find("  update: received").expect("the update");
        stories.push(story[begin..].to_owned());
    }
    assert!(
        stories.windows(2).all(|pair| pair[0] == pair[1]),
        "{stories:#?}"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn it_is_told_in_order_also_to_programs() {
    let world = ordered().await;
    let job = text(&world, JOB).await;
    let (_, json) = story(&world, What::Job, &job, true).await;
    let value: Value = serde_json::from_str(&json).expect("JSON");
    let happened = value["happened"].as_array().expect("a list");
    let at: Vec<&str> = happened.iter().filter_map(|it| it["at"].as_str()).collect();
    let mut sorted = at.clone();
    sorted.sort_unstable();
    assert_eq!(at, sorted);
    assert_eq!(value["facts"]["state"], "succeeded");
    assert!(
        !json.contains("lighthouse") && !json.contains("Anna"),
        "{json}"
    );
}

#[tokio::test]
async fn what_retention_took_is_said_to_be_missing() {
    let world = ordered().await;
    let transfer = text(&world, TRANSFER).await;
    world
        .pool
        .execute("delete from inbox_update; delete from outbox_sent")
        .await
        .expect("gone");
    let (found, story) = story(&world, What::Transfer, &transfer, false).await;
    assert!(found && story.contains("capture 10 USD"), "{story}");
    assert!(
        story.contains("attempt: poll: succeeded"),
        "the job is found by its hold: {story}"
    );
    assert!(story.contains("older than INBOX_RETENTION_DAYS"), "{story}");
}

#[tokio::test]
async fn of_a_person_everything_is_told_but_who_they_are() {
    let world = ordered().await;
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    admin.says("/grant 11 0.70 for patience").await;
    let (found, story) = story(&world, What::User, "11", false).await;
    assert!(found);
    for expected in [
        "wallet: 560 USD to spend, 0 set aside",
        "transfer: grant 500 USD from grants to wallet of user 11",
        "transfer: capture 10 USD",
        "job: succeeded",
        "message: file to chat 11",
        "update: received: message",
        "admin: grant by admin 900, on 11:",
        "for patience",
    ] {
        assert!(story.contains(expected), "`{expected}` is not in\n{story}");
    }
    assert!(!story.contains("lighthouse"), "{story}");
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let world = World::new().await;
    let nobody = "00000000-0000-0000-0000-000000000001";
    for (what, id) in [
        (What::Update, "7"),
        (What::Message, "7"),
        (What::User, "7"),
        (What::Job, nobody),
        (What::Transfer, nobody),
    ] {
        let (found, told) = story(&world, what, id, false).await;
        assert!(!found && told.contains("no such thing"), "{told}");
    }
    let options = Options {
        what: What::Job,
        id: "seven".to_owned(),
        limit: 5,
        json: false,
    };
    let wrong = on(&world.pool, world.app.clock(), &options, &mut Vec::new()).await;
    assert!(wrong.is_err_and(|error| error.to_string().contains("looks like")));
}
