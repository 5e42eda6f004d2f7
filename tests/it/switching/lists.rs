//! `bulwark services sync`: what providers list, what of it changed, and that orders go by it.

use bulwark::admin::services::Command;
use clap::Parser;
use serde_json::{Value, json};

use super::{orders, split, switches_members, wants, world};
use crate::user::User;
use crate::world::{ADMIN, World};

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// `bulwark services …`: whether it went well, and what it printed.
pub(super) async fn services(world: &World, line: &str) -> (bool, String) {
    let words = std::iter::once("services").chain(line.split_whitespace());
    let line = Line::try_parse_from(words).expect("a command");
    let desk = world.app.services_desk("tester").expect("a desk");
    let mut out = Vec::new();
    let good = desk.run(&line.command, &mut out).await.expect("an answer");
    (good, String::from_utf8(out).expect("UTF-8"))
}

async fn sells(world: &World, panel: &str, service: &str, changed: Value) {
    let path = format!("/sim/panel/{panel}/services/{service}");
    world.post(&path, changed).await;
}

#[tokio::test]
async fn a_list_is_shown_first_and_stored_when_asked() {
    let world = world().await;
    let (good, text) = services(&world, "sync").await;
    assert!(good, "{text}");
    assert!(text.contains("kie: has no list"), "{text}");
    assert!(text.contains("one: 7 services, in USD."), "{text}");
    assert!(text.contains("*101 Channel members: new"), "{text}");
    assert!(
        text.contains("4 new ones that the catalogue does not sell"),
        "{text}"
    );
    assert!(text.contains("Nothing was stored"), "{text}");
    let listed = "select count(*) from provider_service where listed_at is not null";
    assert_eq!(world.count(listed).await, 0);
    let (_, text) = services(&world, "sync --apply").await;
    assert!(text.contains("Stored: new orders go by it."), "{text}");
    assert!(
        text.contains("mistaken at one (999) is not in the provider's list"),
        "{text}"
    );
    assert_eq!(world.count(listed).await, 14);
    let audited = "select count(*) from admin_audit where action = 'sync_services' and detail ->> 'operator' = 'tester'
        and (detail ->> 'changed')::int = 7 and target in ('one', 'two')";
    assert_eq!(world.count(audited).await, 2);
    // Once more there is nothing to say, and nothing to write.
    let (good, text) = services(&world, "sync --apply").await;
    assert!(
        good && text.matches("As it is stored.").count() == 2,
        "{text}"
    );
    assert_eq!(world.count(audited).await, 2);
}

#[tokio::test]
async fn a_dearer_narrower_and_a_gone_service_are_shown_and_then_orders_go_by_them() {
    let world = world().await;
    services(&world, "sync --apply").await;
    sells(
        &world,
        "one",
        "101",
        json!({"rate": "1.30", "min": 200, "max": 500, "cancel": false, "name": "Members HQ"}),
    )
    .await;
    sells(&world, "two", "107", json!({"min": 300, "max": 900})).await;
    sells(&world, "one", "105", json!({"gone": true})).await;
    let (_, text) = services(&world, "sync").await;
    for said in [
        "*101 Members HQ: price up from 0.90 to 1.30, limits from 50–10000 to 200–500, was called Channel members, no cancel any more",
        "*107 Views without refill: limits from 100–100000 to 300–900",
        "*105 Poll votes: gone",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let (_, text) = services(&world, "sync --apply --json").await;
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["providers"][1]["stored"], "done");
    assert_eq!(
        answer["providers"][1]["changes"][0]["changes"][0],
        json!({"what": "price", "from": 900_000, "to": 1_300_000})
    );

    let (anna, ben) = (world.user(11), world.user(12));
    anna.begins("members").await;
    anna.says("t.me/fox").await;
    anna.hears("Send a number from 200 to 900.").await;
    for wrong in ["199", "901"] {
        anna.says(wrong).await;
        anna.hears("from 200 to 900").await;
    }
    // More than the first one takes: the second gets it.
    anna.says("600").await;
    anna.presses("Confirm").await;
    assert_eq!(split(&world).await, (0, 1));
    wants(ben, "members", "t.me/hen", "250").await;
    ben.presses("Confirm").await;
    assert_eq!(split(&world).await, (1, 1));
    // The catalogue lets it be stopped; the panel does not any more.
    let stoppable = "select count(*) from job where provider = 'one' and provider_snapshot ->> 'stoppable' = 'false'";
    assert_eq!(world.count(stoppable).await, 1);
    ben.begins("votes").await;
    ben.hears("no longer offered").await;
    world.finish().await;

    // A start says it too.
    world.app.upkeep().await;
    let warned = "select count(*) from upkeep_status where task = 'assortment'
        and status @? '$.findings[*] ? (@.service == \"members\" && @.matter.what == \"loss\")'";
    assert_eq!(world.count(warned).await, 1);
    world.user(ADMIN).says("/start").await;
    let admin = world.user(ADMIN);
    admin.says("/providers").await;
    admin.presses("By service").await;
    admin.presses("Channel members").await;
    admin
        .hears("cost 1.30, margin -0.10, quantity 200–500")
        .await;
    sells(&world, "one", "105", json!({"gone": false})).await;
    let (_, text) = services(&world, "sync --apply --provider one").await;
    assert!(
        text.contains("*105 Poll votes: there again") && !text.contains("two:"),
        "{text}"
    );
    ben.begins("votes").await;
    ben.hears("Step 1 of 3").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_quantity_that_became_too_small_is_refused_with_the_limits() {
    let world = world().await;
    services(&world, "sync --apply").await;
    let anna = world.user(11);
    wants(anna, "members", "t.me/fox", "100").await;
    sells(&world, "one", "101", json!({"min": 200})).await;
    sells(&world, "two", "107", json!({"min": 300})).await;
    services(&world, "sync --apply").await;
    anna.presses("Confirm").await;
    anna.hears("an order of 200 to 100000 at the moment").await;
    assert_eq!(anna.wallet().await, (5_000, 0));
    assert_eq!(split(&world).await, (0, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn half_a_list_is_not_believed_and_no_list_stops_nobody() {
    let world = world().await;
    services(&world, "sync --apply").await;
    for gone in ["102", "103", "104", "105"] {
        sells(&world, "one", gone, json!({"gone": true})).await;
    }
    let (good, text) = services(&world, "sync --apply").await;
    assert!(
        !good && text.contains("Not stored: more than half would be gone"),
        "{text}"
    );
    world
        .fault(json!({"target": "panel.services", "times": 1, "status": 502, "body": "<html>Bad Gateway"}))
        .await;
    let (good, text) = services(&world, "sync --provider one").await;
    assert!(!good && text.contains("one: cannot be read now"), "{text}");
    orders(world.user(11), "members", "t.me/fox").await;
    assert_eq!(split(&world).await, (1, 0));
    let anna = world.user(12);
    anna.begins("votes").await;
    anna.hears("Step 1 of 3").await;
    let (good, _) = services(&world, "sync --apply --force").await;
    assert!(good);
    anna.begins("votes").await;
    anna.hears("no longer offered").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refill_that_the_list_denies_is_not_offered() {
    let world = world().await;
    let (anna, ben) = (world.user(11), world.user(12));
    services(&world, "sync --apply").await;
    orders(anna, "members", "t.me/fox").await;
    world.finish().await;
    assert!(has_refill(anna).await);
    sells(&world, "one", "101", json!({"refill": false})).await;
    let (_, text) = services(&world, "sync --apply").await;
    assert!(text.contains("no refill any more"), "{text}");
    // A button of before says so, and asks the panel for nothing.
    anna.presses("Refill").await;
    let said = anna.notice().await;
    assert!(said.contains("There is no refill for this order"), "{said}");
    orders(ben, "members", "t.me/hen").await;
    world.finish().await;
    ben.hears("Done: 100 of 100").await;
    assert!(!has_refill(ben).await);
    // The other panel never promised it, whatever the catalogue says: what counts is who did the work.
    world.user(ADMIN).says("/start").await;
    switches_members(world.user(ADMIN)).await;
    let cleo = world.user(13);
    orders(cleo, "members", "t.me/cow").await;
    world.finish().await;
    assert_eq!(split(&world).await, (2, 1));
    assert!(!has_refill(cleo).await);
    world.assert_clean().await;
}

/// Whether the newest message has the button.
async fn has_refill(user: User<'_>) -> bool {
    user.last().await.to_string().contains("Refill")
}
