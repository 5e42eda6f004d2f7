//! The outbox of several replicas, of one that dies, and of one whose database is away.

use std::time::Duration;

use bulwark::engine::outbox::OnUnknown;
use serde_json::json;
use sqlx::Executor as _;

use super::rig::{self, Post, sends};
use crate::database;
use crate::world::World;

#[tokio::test]
async fn a_wait_for_the_whole_bot_is_heard_by_every_replica() {
    let world = World::new().await;
    let [here, there] = [world.replica(), world.replica()];
    // Both take their share of the lanes.
    for _ in 0..4 {
        here.drain().await.expect("the database");
        there.drain().await.expect("the database");
        world.advance(Duration::from_millis(1_500)).await;
    }
    rig::people(&world, 100..400);
    // Three chats of one replica are told to wait.
    let mine = rig::chats_of(&world, 0, 100..400).await;
    let others = rig::chats_of(&world, 1, 100..400).await;
    assert!(mine.len() > 50 && others.len() > 50);
    world
        .fault(json!({ "target": "telegram.sendMessage", "retry_after": 30, "times": 3 }))
        .await;
    let told_at = world.now();
    for chat_id in &mine[..3] {
        Post::to(*chat_id, "too fast").put(&world).await;
    }
    // All three are noted at the very same time: none of these transactions sees what another has not committed.
    let mut held = world.pool.begin().await.expect("a transaction");
    held.execute("select from outbox_pace for update")
        .await
        .expect("the lock");
    let owner = rig::owner_of(&world, mine[0], [&here, &there]).await;
    let noted = async {
        database::until_blocked(&world.pool, 3).await;
        held.rollback().await.expect("a rollback");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        drained = owner.drain() => drained.map(drop).expect("the database"),
        () = noted => {}
    }
    assert_eq!(sends(&world).await.len(), 3, "all refused");
    // The other replica has work of its own, and does not touch it.
    Post::to(others[0], "unrelated").put(&world).await;
    rig::owner_of(&world, others[0], [&here, &there])
        .await
        .drain()
        .await
        .expect("the database");
    assert_eq!(sends(&world).await.len(), 3);
    let mut waited = Duration::ZERO;
    while sends(&world).await.len() < 7 {
        world.advance(Duration::from_secs(1)).await;
        waited += Duration::from_secs(1);
        here.drain().await.expect("the database");
        there.drain().await.expect("the database");
        assert!(waited < Duration::from_secs(60), "never goes on");
    }
    let sent = sends(&world).await;
    let early = sent
        .iter()
        .skip(3)
        .filter(|send| send.at < told_at + Duration::from_secs(30));
    assert_eq!(early.count(), 0);
}

#[tokio::test]
async fn replicas_share_the_pace() {
    let world = World::new().await;
    let [here, there] = [world.replica(), world.replica()];
    rig::people(&world, 1_000..1_600);
    for chat_id in 1_000..1_600 {
        Post::to(chat_id, "hello").put(&world).await;
    }
    for _ in 0..4 {
        here.drain().await.expect("the database");
        there.drain().await.expect("the database");
        world.advance(Duration::from_millis(1_500)).await;
    }
    for _ in 0..100 {
        world.advance(Duration::from_millis(100)).await;
        let both = tokio::join!(here.drain(), there.drain());
        both.0.and(both.1).expect("the database");
    }
    let sent = sends(&world).await;
    assert!(
        sent.iter().all(|send| send.status == 200),
        "Telegram never complains"
    );
    let from = world.now() - Duration::from_secs(10);
    let lately = sent.iter().filter(|send| send.at >= from).count();
    assert!((200..=290).contains(&lately), "{lately} in ten seconds");
}

#[tokio::test]
async fn a_dead_senders_lane_moves_on_within_ten_seconds() {
    let world = World::new().await;
    rig::people(&world, 11..12);
    let [victim, heir] = [world.replica(), world.replica()];
    victim.drain().await.expect("the database");
    // The call is on its way when the process dies: Telegram acts, and nobody hears the answer.
    world
        .fault(json!({ "target": "telegram.sendMessage", "delay_ms": 60_000, "times": 1 }))
        .await;
    Post::to(11, "first").put(&world).await;
    Post::to(11, "second").put(&world).await;
    let claimed = "select count(*) from outbox_message where state = 1";
    tokio::select! {
        drained = victim.drain() => panic!("still calling: {drained:?}"),
        () = async { while world.count(claimed).await == 0 {} } => {}
    }
    drop(victim);
    let died_at = world.now();
    let mut sent: Vec<rig::Send> = Vec::new();
    while sent.len() < 2 {
        world.advance(Duration::from_millis(250)).await;
        heir.drain().await.expect("the database");
        sent = sends(&world).await;
        sent.retain(|send| ["first", "second"].contains(&send.text.as_str()));
        assert!(
            world.now() - died_at < Duration::from_secs(60),
            "never moves on"
        );
    }
    let texts: Vec<&str> = sent.iter().map(|send| send.text.as_str()).collect();
    assert_eq!(texts, ["first", "second"]);
    assert!(
        sent[1].at - died_at < Duration::from_secs(10),
        "{}",
        sent[1].at - died_at
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_written_down_at_once_is_not_forgotten() {
    let world = World::new().await;
    rig::people(&world, 11..12);
    world
        .pool
        .execute(
            "create sequence refusals;
             create function refuse() returns trigger language plpgsql as $$
             begin
                 if nextval('refusals') <= 4 then
                     raise exception 'away' using errcode = '57P03';
                 end if;
                 return new;
             end $$;
             create trigger refuse before insert on outbox_sent for each row execute function refuse()",
        )
        .await
        .expect("a database that refuses");
    Post::to(11, "once")
        .on_unknown(OnUnknown::GiveUp)
        .put(&world)
        .await;
    tokio::select! {
        drained = world.app.drain() => drained.map(drop).expect("the database"),
        () = async {
            loop {
                world.count("select count(*) from outbox_message").await;
                world.advance(Duration::from_millis(20)).await;
            }
        } => {}
    }
    world.finish().await;
    assert_eq!(world.count("select last_value from refusals").await, 5);
    assert_eq!(world.calls("sendMessage").await, 1);
    let sent = "select count(*) from outbox_sent where outcome = 'sent' and attempts = 1";
    assert_eq!(world.count(sent).await, 1);
    world.assert_clean().await;
}
