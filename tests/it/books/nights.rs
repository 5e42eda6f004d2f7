//! The comparison of each night, the alarm, and what is left at providers.

use std::time::Duration;

use bulwark::admin::reconcile::Options;
use bulwark::base::clock::Clock;
use bulwark::engine::books;
use bulwark::engine::ledger::Audit;
use bulwark::engine::task::Task as _;
use serde_json::json;
use sqlx::Executor as _;

use super::{printed, reconciled};
use crate::world::{ADMIN, World};

fn status() -> Options {
    Options {
        status: true,
        ..Options::default()
    }
}

#[tokio::test]
async fn what_the_audit_finds_alarms_once_and_is_gone_when_it_is_mended() {
    let world = World::new().await;
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    world.user(11).says("/start").await;
    let audit = Audit::new(world.pool.clone(), Clock::system());
    audit.run().await.expect("an audit");
    assert_eq!(
        world.app.alarm().await.expect("the database"),
        json!({ "open": 0, "told": 0 })
    );

    world
        .pool
        .execute("update account set available = available - 30 where owner_id = 11")
        .await
        .expect("spoilt");
    audit.run().await.expect("an audit");
    assert_eq!(
        world.app.alarm().await.expect("the database"),
        json!({ "open": 1, "told": 1 })
    );
    world.settle().await;
    admin.hears("The books do not balance").await;
    admin.hears("user 11").await;
    admin.hears("bulwark reconcile").await;
    let messages = admin.messages().await.len();
    audit.run().await.expect("an audit");
    assert_eq!(
        world.app.alarm().await.expect("the database"),
        json!({ "open": 1, "told": 0 })
    );
    world.settle().await;
    assert_eq!(admin.messages().await.len(), messages, "told once");

    let all = world.app.reconciliation();
    let (good, text) = printed(&all, status()).await;
    assert!(
        !good && text.contains("1 findings of the recurring audit are open."),
        "{text}"
    );
    let (good, report) = reconciled(&all, true).await;
    assert!(good, "{report}");
    assert_eq!(world.user(11).wallet().await, (500, 0));
    assert_eq!(
        world.app.alarm().await.expect("the database"),
        json!({ "open": 0, "told": 0 })
    );
    let (good, text) = printed(&all, status()).await;
    assert!(good && text.contains("0 findings"), "{text}");
    world.assert_clean().await;
}

#[tokio::test]
async fn a_finding_that_is_seen_no_more_is_forgotten_by_itself() {
    let world = World::new().await;
    world.user(11).says("/start").await;
    let audit = Audit::new(world.pool.clone(), Clock::system());
    world
        .pool
        .execute("update account set available = 1 where owner_id = 11")
        .await
        .expect("spoilt");
    audit.run().await.expect("an audit");
    world
        .pool
        .execute("update account set available = 500 where owner_id = 11")
        .await
        .expect("mended");
    let mut open = 1;
    for _ in 0..3 {
        audit.run().await.expect("an audit");
        open = world.count("select count(*) from ledger_finding").await;
    }
    assert_eq!(open, 0);
}

#[tokio::test]
async fn each_night_is_compared_once_and_can_be_read_by_an_operator() {
    let world = World::with(&[("TOPUP_STARS", "50"), ("TOPUP_STAR_RATE", "2")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.orders("a lighthouse").await;
    world.finish().await;
    let first = world.app.nightly().await.expect("a comparison");
    assert_eq!(
        (&first["compared"], &first["findings"]),
        (&json!(true), &json!(0))
    );
    let second = world.app.nightly().await.expect("a comparison");
    assert_eq!(second["compared"], false);
    world.advance(Duration::from_secs(24 * 3600)).await;
    world.app.nightly().await.expect("a comparison");
    let all = world.app.reconciliation();
    let (good, text) = printed(&all, status()).await;
    assert!(good && text.matches("2026-0").count() >= 2, "{text}");
    let nights = books::reconciliations(&world.pool, 5)
        .await
        .expect("nights");
    assert_eq!(nights.len(), 2);
    assert_eq!(nights[0].status["processors"][0]["processor"], "stars");
    assert!(
        nights[0].status["providers"]
            .as_array()
            .is_some_and(|it| it.len() > 1)
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn credits_that_went_and_no_job_explains_are_a_finding() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    world
        .post("/sim/kie/settings", json!({ "credits": 1000 }))
        .await;
    books::note_balance(&world.pool, "kie", 1000, Some(world.now()))
        .await
        .expect("noted");
    world.advance(Duration::from_secs(3 * 3600)).await;
    anna.orders("a lighthouse").await;
    world.finish().await;
    let all = world.app.reconciliation();
    let (good, report) = reconciled(&all, false).await;
    let kie = &report["providers"][0];
    assert_eq!(
        (&kie["provider"], &kie["verdict"], &kie["unit"]),
        (&json!("kie"), &json!("agrees"), &json!("credits"))
    );
    assert!(
        good && kie["believed"].as_i64().is_some_and(|it| it > 0),
        "{report}"
    );
    assert_eq!(kie["believed"], kie["went"]);
    // Somebody else spends with our key.
    world
        .post("/sim/kie/settings", json!({ "credits": 700 }))
        .await;
    let (good, report) = reconciled(&all, true).await;
    assert!(!good);
    assert_eq!(report["providers"][0]["verdict"], "more_went");
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["source"], &finding["state"]),
        (&json!("kie"), &json!("open"))
    );
    // We paid in there.
    world
        .post("/sim/kie/settings", json!({ "credits": 5000 }))
        .await;
    let (good, report) = reconciled(&all, false).await;
    assert!(good);
    assert_eq!(report["providers"][0]["verdict"], "more_came");
    let second = all.provider_lines().await.expect("lines");
    assert!(
        second
            .iter()
            .any(|line| line.provider == "one" && line.went.is_none())
    );
    world.assert_clean().await;
}
