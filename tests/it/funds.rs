//! Our account at a provider runs low: admins hear of it once, new orders wait politely, what is under way goes on.

use serde_json::json;

use crate::world::{ADMIN, World};

async fn credits(world: &World, credits: i64) {
    world
        .post("/sim/kie/settings", json!({ "credits": credits }))
        .await;
    world.app.check_funds().await.expect("the database");
    world.settle().await;
}

/// How often the admin was told something.
async fn told(world: &World, what: &str) -> usize {
    world.user(ADMIN).transcript().await.matches(what).count()
}

#[tokio::test]
async fn with_few_credits_new_orders_wait_and_running_ones_go_on() {
    let world = World::with(&[("KIE_CREDITS_LOW", "50")]).await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    anna.says("/start").await;
    // Slow enough to be under way when the account runs low.
    let slow = json!({ "speed": 0.05 });
    world.post("/sim/kie/settings", slow).await;
    credits(&world, 51).await;
    assert_eq!(told(&world, "is low").await, 0);
    anna.orders("a lighthouse").await;
    assert_eq!(anna.wallet().await, (490, 10));

    anna.prepares("a second lighthouse").await;
    credits(&world, 47).await;
    admin
        .hears("Our account at kie is low: 47 credits left")
        .await;
    anna.presses("Confirm").await;
    anna.hears("not available at the moment. Nothing was charged")
        .await;
    // Nobody types anything for an order that cannot be taken.
    let ben = world.user(12);
    ben.begins("text-to-image").await;
    let said = ben.last_text().await;
    assert!(said.contains("not available at the moment"), "{said}");
    assert_eq!(
        anna.wallet().await,
        (490, 10),
        "nothing was set aside for it"
    );
    world.finish().await;
    assert_eq!(
        anna.wallet().await,
        (490, 0),
        "the first one went on and was paid"
    );

    // A little more is not enough: an account at its limit would be reported every minute.
    for balance in [55, 48, 53, 20] {
        credits(&world, balance).await;
    }
    assert_eq!(told(&world, "is low").await, 1);
    assert_eq!(told(&world, "enough again").await, 0);

    credits(&world, 500).await;
    admin
        .hears("Our account at kie has enough again: 500 credits")
        .await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (480, 0), "{}", anna.transcript().await);

    credits(&world, 3).await;
    assert_eq!(told(&world, "is low").await, 2, "a new turn is told again");
    world.assert_clean().await;
}

#[tokio::test]
async fn a_restart_knows_that_the_account_is_low() {
    let mut world = World::with(&[("KIE_CREDITS_LOW", "50")]).await;
    world.user(ADMIN).says("/start").await;
    world.user(11).prepares("a lighthouse").await;
    credits(&world, 10).await;
    world.restart().await;
    let anna = world.user(11);
    anna.presses("Confirm").await;
    anna.hears("Nothing was charged").await;
    let ben = world.user(12);
    ben.begins("text-to-image").await;
    assert!(ben.last_text().await.contains("not available"));
    credits(&world, 9).await;
    assert_eq!(told(&world, "is low").await, 1, "told before the restart");
    credits(&world, 900).await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (490, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn of_replicas_one_tells_and_all_refuse() {
    let world = World::with(&[("KIE_CREDITS_LOW", "50")]).await;
    world.user(ADMIN).says("/start").await;
    let other = world.replica();
    world
        .post("/sim/kie/settings", json!({ "credits": 10 }))
        .await;
    let (ours, theirs) = tokio::join!(world.app.check_funds(), other.check_funds());
    ours.and(theirs).expect("the database");
    world.settle().await;
    assert_eq!(told(&world, "is low").await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_balance_that_nobody_can_read_changes_nothing() {
    let world = World::with(&[("KIE_CREDITS_LOW", "50")]).await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    anna.says("/start").await;
    credits(&world, 10).await;
    for body in [
        json!({"code": 200, "data": "plenty"}),
        json!("<html>"),
        json!({"code": 200, "data": null}),
    ] {
        world
            .fault(json!({ "target": "kie.credit", "body": body, "times": 1 }))
            .await;
        world.app.check_funds().await.expect("the database");
        world.settle().await;
    }
    assert_eq!(told(&world, "enough again").await, 0);
    anna.begins("text-to-image").await;
    anna.hears("Nothing was charged").await;
    world.assert_clean().await;
}
