//! The outbox under strain: who goes first, what a refusal means for the rest.

mod order;
mod replicas;
mod rig;

use std::time::Duration;

use bulwark::engine::outbox::OnUnknown;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::world::{ADMIN, World};
use rig::{Post, sends};

const GROUP: i64 = -77;
const SUPERGROUP: i64 = -1_000_000_000_077;

#[tokio::test]
async fn an_answer_goes_out_within_a_second_whatever_waits() {
    let world = World::new().await;
    rig::people(&world, 3_000..4_500);
    world.user(11).says("/start").await;
    for chat_id in 3_000..4_500 {
        Post::to(chat_id, "news").low().put(&world).await;
    }
    // The flood runs at its full pace before anybody asks for anything.
    world.run_for(Duration::from_secs(10)).await;
    for round in 0..3 {
        let before = sends(&world).await.len();
        let asked_at = world.now();
        world
            .post("/sim/users/11/send", json!({ "text": "/balance" }))
            .await;
        world.run_for(Duration::from_secs(2)).await;
        let later = sends(&world).await.split_off(before);
        let turn = later.iter().position(|send| send.chat_id == 11);
        let turn = turn.expect("answered");
        assert!(later[turn].at - asked_at <= Duration::from_secs(1));
        // What was on its way already, and what goes in the rest of the second.
        assert!(turn < 24 + 16, "round {round}: {turn} went before");
        assert!(later.len() > turn + 24, "the flood goes on behind it");
    }
    let news = sends(&world)
        .await
        .iter()
        .filter(|send| send.text == "news")
        .count();
    assert!(news >= 24 * 10, "{news}: nor is the flood starved");
}

#[tokio::test]
async fn a_chat_with_a_long_backlog_keeps_its_order_and_holds_up_nobody() {
    let world = World::new().await;
    for user in [11, 12] {
        world.user(user).says("/start").await;
    }
    for n in 0..60 {
        Post::to(11, &format!("n{n}")).put(&world).await;
    }
    Post::to(12, "quick").put(&world).await;
    world.step().await;
    world.user(12).hears("quick").await;
    world.finish().await;
    let to_anna = sends(&world)
        .await
        .into_iter()
        .filter(|send| send.chat_id == 11);
    let texts: Vec<String> = to_anna.map(|send| send.text).collect();
    let expected: Vec<String> = (0..60).map(|n| format!("n{n}")).collect();
    assert_eq!(texts[texts.len() - 60..], expected);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_group_that_becomes_a_supergroup_gets_everything_in_order_and_once() {
    let world = World::new().await;
    world
        .post(&format!("/sim/chats/{GROUP}"), json!({ "title": "we" }))
        .await;
    for n in 0..6 {
        Post::to(GROUP, &format!("n{n}")).put(&world).await;
    }
    world.step().await;
    let before = sends(&world).await.len();
    assert!((1..6).contains(&before), "{before}: a burst, then its pace");
    let moves = json!({ "migrate_to": SUPERGROUP });
    world.post(&format!("/sim/chats/{GROUP}"), moves).await;
    Post::to(SUPERGROUP, "to the new one").put(&world).await;
    world.finish().await;
    let all = sends(&world).await;
    let refused = all.iter().filter(|send| send.status == 400).count();
    assert_eq!(refused, 1, "the others are not asked about");
    let sent: Vec<String> = all
        .into_iter()
        .filter(|send| send.status == 200)
        .map(|send| send.text)
        .collect();
    let mut old = sent.clone();
    old.retain(|text| text != "to the new one");
    let expected: Vec<String> = (0..6).map(|n| format!("n{n}")).collect();
    assert_eq!((old, sent.len()), (expected, 7));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_group_that_is_said_to_have_become_nonsense_is_a_dead_letter() {
    let world = World::new().await;
    world.user(11).says("/start").await;
    for to in [11, -1_000_000_000_005_i64, -5] {
        let body = json!({ "ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded to a supergroup chat",
            "parameters": { "migrate_to_chat_id": to } });
        world
            .fault(json!({ "target": "telegram.sendMessage", "status": 400, "body": body, "times": 1 }))
            .await;
        Post::to(11, "hello").put(&world).await;
    }
    world.finish().await;
    assert_eq!(rig::dead(&world).await, 3);
}

#[tokio::test]
async fn who_writes_again_is_not_blocked_though_the_news_of_it_was_lost() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    world
        .fault(refusal(403, "Forbidden: bot was blocked by the user"))
        .await;
    for n in 0..5 {
        Post::to(11, &format!("n{n}")).put(&world).await;
    }
    Post::to(11, "paid for").owed().put(&world).await;
    let before = sends(&world).await.len();
    world.finish().await;
    let blocked = "select count(*) from chat where id = 11 and blocked_at is not null";
    assert_eq!(world.count(blocked).await, 1);
    assert_eq!(sends(&world).await.len() - before, 1, "one refusal for all");
    let dropped = "select count(*) from outbox_sent where outcome = 'blocked'";
    assert_eq!(world.count(dropped).await, 5);
    assert_eq!(
        world
            .count("select count(*) from outbox_message where state = 4")
            .await,
        1
    );

    anna.says("/balance").await;
    assert_eq!(world.count(blocked).await, 0);
    let transcript = anna.transcript().await;
    assert_eq!(transcript.matches("paid for").count(), 1, "{transcript}");
    assert_eq!(transcript.matches("n1").count(), 0, "{transcript}");
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_owed_for_too_long_is_given_up() {
    let world = World::new().await;
    world.user(11).says("/start").await;
    world
        .fault(refusal(403, "Forbidden: bot was blocked by the user"))
        .await;
    Post::to(11, "paid for").owed().put(&world).await;
    world.finish().await;
    world.advance(Duration::from_secs(8 * 86_400)).await;
    world.app.upkeep().await;
    assert_eq!(world.count("select count(*) from outbox_message").await, 0);
    let record = "select count(*) from outbox_sent where outcome = 'blocked'";
    assert_eq!(world.count(record).await, 1);
}

#[tokio::test]
async fn a_lost_answer_means_what_the_message_says() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let cut = json!({ "target": "telegram.sendMessage", "drop_after": true, "times": 2 });
    world.fault(cut).await;
    Post::to(11, "better twice").put(&world).await;
    world.finish().await;
    Post::to(11, "better never")
        .on_unknown(OnUnknown::GiveUp)
        .put(&world)
        .await;
    world
        .fault(json!({ "target": "telegram.sendMessage", "drop_after": true, "times": 1 }))
        .await;
    world.finish().await;
    let transcript = anna.transcript().await;
    assert_eq!(
        transcript.matches("better twice").count(),
        3,
        "{transcript}"
    );
    assert_eq!(
        transcript.matches("better never").count(),
        1,
        "{transcript}"
    );
    assert_eq!(rig::dead(&world).await, 1, "a person may look at it");
}

#[tokio::test]
async fn notices_to_admins_that_wait_become_one_message() {
    let world = World::new().await;
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    let before = sends(&world).await.len();
    for n in 0..20 {
        Post::to(ADMIN, &format!("notice {n}"))
            .low()
            .merged()
            .put(&world)
            .await;
    }
    world.finish().await;
    let sent = sends(&world).await.split_off(before);
    assert_eq!(sent.len(), 1, "{}", admin.transcript().await);
    assert!(
        sent[0].text.starts_with("notice 0\n\nnotice 1\n\n") && sent[0].text.ends_with("notice 19")
    );
    world.assert_clean().await;
}

fn refusal(status: u16, why: &str) -> Value {
    let body = json!({ "ok": false, "error_code": status, "description": why });
    json!({ "target": "telegram.sendMessage", "status": status, "body": body, "times": 1 })
}

#[tokio::test]
async fn an_urgent_row_takes_those_before_it_along_and_none_behind_it() {
    let world = World::new().await;
    world.user(11).says("/start").await;
    for n in 0..4 {
        Post::to(11, &format!("low {n}")).low().put(&world).await;
    }
    Post::to(11, "reply").put(&world).await;
    for n in 4..8 {
        Post::to(11, &format!("low {n}")).low().put(&world).await;
    }
    let asked_at = world.now();
    world.finish().await;
    let sent = sends(&world).await;
    let at = |text: &str| sent.iter().find(|send| send.text == text).expect("sent").at;
    // Five messages at the pace of messages, not of notifications; those behind it at theirs.
    assert!(
        at("reply") - asked_at < Duration::from_secs(5),
        "{}",
        at("reply") - asked_at
    );
    assert!(at("low 3") <= at("reply") && at("reply") <= at("low 4"));
    assert!(
        at("low 7") - at("reply") > Duration::from_secs(8),
        "{}",
        at("low 7") - at("reply")
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_set_aside_and_its_chat_goes_on() {
    let world = World::new().await;
    rig::people(&world, 11..13);
    for chat_id in [11, 12] {
        for n in 0..3 {
            let notice = Post::to(chat_id, &format!("n{n}")).low().merged();
            notice.put(&world).await;
        }
    }
    // Of a version that is not known yet, and damaged; at the head of a lane, and among those that would be merged.
    for sql in [
        r#"update outbox_message set payload = payload || '{"v":"9"}' where chat_id = 11 and payload::text like '%n0%'"#,
        r#"update outbox_message set payload = payload - 'text' where chat_id = 12 and payload::text like '%n1%'"#,
    ] {
        world.pool.execute(sql).await.expect("a row");
    }
    let began = world.now();
    world.finish().await;
    let texts: Vec<(i64, String)> = sends(&world)
        .await
        .into_iter()
        .map(|send| (send.chat_id, send.text))
        .collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts.contains(&(11, "n1\n\nn2".to_owned())), "{texts:?}");
    let to_12: Vec<&str> = texts
        .iter()
        .filter(|(chat_id, _)| *chat_id == 12)
        .map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(to_12, ["n0", "n2"]);
    assert_eq!(rig::dead(&world).await, 2);
    let last = sends(&world).await.last().expect("a call").at;
    assert!(last - began < Duration::from_secs(90), "{}", last - began);
}
