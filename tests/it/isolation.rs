//! What stands before a dependency that is ill, or that an operator holds open by hand.

use std::time::Duration;

use serde_json::json;

use crate::panels::world;
use crate::shelf::{run, run_json, text};
use crate::world::World;

#[tokio::test]
async fn an_isolated_provider_gets_nothing_more_and_what_is_under_way_goes_on() {
    let world = world(&[]).await;
    let (anna, ben) = (world.user(11), world.user(12));
    anna.orders_members("t.me/fox", "1000").await;
    ben.wants_members("t.me/hen", "100").await;

    let (good, said) = run(&world, "providers isolate one --reason orders_vanish").await;
    assert!(good && said.contains("nothing more is submitted"), "{said}");
    let (good, said) = run(&world, "providers isolate one --reason again").await;
    assert!(good && said.contains("already isolated"), "{said}");
    world.settle().await;
    ben.presses("Confirm").await;
    ben.hears("not available at the moment").await;
    assert_eq!(ben.wallet().await, (500, 0), "nothing was set aside");
    let (_, list) = run(&world, "providers list").await;
    assert!(
        list.contains("one provider isolated closed") && list.contains("tester: orders vanish"),
        "{list}"
    );
    world.run_for(Duration::from_secs(600)).await;
    anna.hears("Done: 1000 of 1000").await;
    assert_eq!(world.panel_orders().await.len(), 1);

    let (good, said) = run(&world, "providers release one --as Ada").await;
    assert!(good && said.contains("probes"), "{said}");
    assert!(
        run(&world, "providers release one")
            .await
            .1
            .contains("not isolated")
    );
    world.settle().await;
    ben.orders_members("t.me/hen", "100").await;
    world.finish().await;
    ben.hears("Done: 100 of 100").await;
    let listed = run_json(&world, "providers list").await;
    let one = listed.as_array().and_then(|all| {
        let is_one = |it: &&serde_json::Value| it["name"] == "one";
        all.iter().find(is_one)
    });
    assert_eq!(one.expect("listed")["isolated"], json!(null));
    let who = "select string_agg(operator || ' ' || action || ' ' || item, ', ' order by id) from operator_action";
    assert_eq!(
        text(&world, who).await,
        "tester isolate one, Ada release one"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn pictures_under_way_at_an_isolated_provider_are_asked_about_and_delivered() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    let (message, row, column) = anna.find("Confirm").await;
    anna.press_at(message, row, column).await;
    while world.tasks().await.is_empty() {
        world.step().await;
    }
    assert!(run(&world, "providers isolate kie --reason a_look").await.0);
    world.finish().await;
    assert_eq!(anna.wallet().await, (490, 0), "{}", anna.transcript().await);
    let (_, list) = run(&world, "providers list").await;
    assert!(list.contains("kie provider isolated closed"), "{list}");
    world.assert_clean().await;
}

#[tokio::test]
async fn orders_that_wait_when_their_provider_is_isolated_go_on_after_the_release() {
    let world = world(&[]).await;
    let anna = world.user(11);
    anna.wants_members("t.me/fox", "100").await;
    let (message, row, column) = anna.find("Confirm").await;
    anna.press_at(message, row, column).await;
    world.sim.idle().await;
    assert!(run(&world, "providers isolate one --reason a_look").await.0);
    world.run_for(Duration::from_secs(60)).await;
    // Taken before the isolation was known, or refused: never sent to the panel.
    assert_eq!(world.panel_orders().await.len(), 0);
    assert!(run(&world, "providers release one").await.0);
    world.finish().await;
    world.assert_clean().await;
}

#[tokio::test]
async fn only_what_an_isolation_helps_can_be_isolated() {
    let world = World::new().await;
    world.settle().await;
    for (name, answer) in [
        ("nobody", "there is no such provider"),
        ("telegram", "cannot be isolated"),
        ("telegram-files", "cannot be isolated"),
    ] {
        let line = format!("providers isolate {name} --reason test");
        let (good, said) = run(&world, &line).await;
        assert!(!good && said.contains(answer), "{name}: {said}");
    }
    let (_, list) = run(&world, "providers list").await;
    for part in [
        "kie provider closed closed",
        "smmflare",
        "telegram chat closed",
    ] {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert_eq!(world.count("select count(*) from operator_action").await, 0);
}

#[tokio::test]
async fn while_telegram_is_ill_messages_wait_and_no_tries_are_spent() {
    let world = World::new().await;
    let users: Vec<_> = (0..10).map(|n| world.user(20 + n)).collect();
    for user in &users {
        user.says("/start").await;
    }
    // It says that it did not act.
    let answer = json!({ "ok": false, "error_code": 500, "description": "Internal Server Error" });
    world
        .fault(json!({ "target": "telegram.sendMessage", "status": 500, "body": answer }))
        .await;
    for user in &users {
        let path = format!("/sim/users/{}/send", user.id);
        world.post(&path, json!({ "text": "/help" })).await;
    }
    let before = world.calls("sendMessage").await;
    world.run_for(Duration::from_secs(120)).await;
    let tried = world.calls("sendMessage").await - before;
    assert!(tried <= 40, "left alone: {tried} calls in two minutes");
    let state = "select state from provider_breaker where breaker = 'telegram'";
    assert_ne!(text(&world, state).await, "closed");
    world.post("/sim/faults", json!([])).await;
    world.run_for(Duration::from_secs(180)).await;
    for user in &users {
        user.hears("How it works").await;
    }
    // Told to the others with the next look.
    world.step().await;
    assert_eq!(text(&world, state).await, "closed");
    world.assert_clean().await;
}
