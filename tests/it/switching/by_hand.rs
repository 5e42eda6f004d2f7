//! Taking a provider out by hand and letting it in again, and what is left on our accounts.

use std::time::Duration;

use serde_json::json;

use super::{OTHER_ADMIN, orders, split, wants, world, world_with};
use crate::payments;
use crate::shelf::run;
use crate::world::{ADMIN, World};

const RECORDED: &str = "select string_agg(admin_id || ' ' || action || ' ' || target || ' ' || coalesce(detail ->> 'reason', '-'), ', ' order by id)
    from admin_audit where action in ('isolate_provider', 'release_provider')";
const BY_OPERATORS: &str = "select string_agg(operator || ' ' || action || ' ' || item, ', ' order by id) from operator_action";

const ACTS: &str = "select count(*) from operator_action";

async fn check_funds(world: &World) {
    world.app.check_funds().await.expect("the database");
    world.settle().await;
}

/// An admin takes the first panel out, and reads at once that it is.
async fn takes_one_out(world: &World) {
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    admin.says("/providers").await;
    admin.presses("🔌 one").await;
    admin.presses("Take it out").await;
    admin.hears("Send nothing more to one?").await;
    admin.hears("Orders under way go on").await;
    admin.presses("No").await;
    assert_eq!(world.count(ACTS).await, 0);
    admin.presses("Take it out").await;
    admin.presses("Orders fail or vanish").await;
    assert!(admin.notice().await.contains("within seconds"));
    // And not only when this replica has heard of it.
    admin.hears("🔌 one: taken out by an operator").await;
    admin
        .hears("Taken out by admin 900 1 second ago: orders fail or vanish there.")
        .await;
}

/// Another one, who reads Russian, lets it in again.
async fn lets_one_in(world: &World) {
    let other = world.user(OTHER_ADMIN);
    other.says("/start").await;
    other.says("/language").await;
    other.presses("Русский").await;
    other.says("/providers").await;
    other.hears("• one: выведен оператором").await;
    other.presses("🔌 Поставщик one").await;
    other
        .hears("причина: заказы там не выполняются или пропадают")
        .await;
    other.presses("Вернуть в работу").await;
    other.hears("Вернуть one в работу?").await;
    other.presses("Да, вернуть").await;
    other.hears("one: восстанавливается").await;
}

#[tokio::test]
async fn an_admin_takes_a_provider_out_and_lets_it_in_again() {
    let world = world().await;
    let (anna, ben, cleo) = (world.user(11), world.user(12), world.user(13));
    Box::pin(orders(anna, "members", "t.me/fox")).await;
    Box::pin(wants(cleo, "votes", "t.me/poll", "100")).await;
    cleo.says("1").await;
    Box::pin(takes_one_out(&world)).await;
    world.settle().await;
    Box::pin(orders(ben, "members", "t.me/hen")).await;
    assert_eq!(split(&world).await, (1, 1), "the next one has it");
    cleo.presses("Confirm").await;
    cleo.hears("not available at the moment. Nothing was charged")
        .await;
    // Votes are sold by the first alone: nobody is asked for anything in vain.
    ben.begins("votes").await;
    assert!(ben.last_text().await.contains("not available"));
    world.finish().await;
    anna.hears("Done: 100 of 100").await;
    let (_, list) = Box::pin(run(&world, "providers list")).await;
    assert!(list.contains("admin 900: orders fail or vanis"), "{list}");
    Box::pin(lets_one_in(&world)).await;
    world.settle().await;
    cleo.presses("Confirm").await;
    world.finish().await;
    cleo.hears("Done: 100 of 100").await;
    assert_eq!(split(&world).await, (2, 1));
    assert_eq!(
        world.text_of(RECORDED).await,
        "900 isolate_provider one orders fail or vanish there, 901 release_provider one -"
    );
    assert_eq!(
        world.text_of(BY_OPERATORS).await,
        "admin 900 isolate one, admin 901 release one"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn of_two_who_take_it_out_at_once_one_is_told_and_an_old_button_does_nothing() {
    let world = world().await;
    let (admin, other) = (world.user(ADMIN), world.user(OTHER_ADMIN));
    for admin in [admin, other] {
        admin.says("/start").await;
        admin.says("/providers").await;
        admin.presses("🔌 one").await;
        admin.presses("Take it out").await;
    }
    admin.presses("Maintenance").await;
    other.presses("It does wrong things").await;
    assert!(other.notice().await.contains("Somebody has changed this"));
    other.hears("Taken out by admin 900").await;
    assert_eq!(
        world.text_of(BY_OPERATORS).await,
        "admin 900 isolate one",
        "recorded once"
    );
    // By command, meanwhile.
    assert!(Box::pin(run(&world, "providers release one")).await.0);
    admin.presses("Let it in again").await;
    admin.presses("Yes, let it in").await;
    assert!(admin.notice().await.contains("Somebody has changed this"));
    for data in [
        "vi:three",
        "vx:three:pause",
        "vr:telegram",
        "vx:telegram:pause",
        "vw:nobody",
    ] {
        admin.presses_data(data).await;
        let text = admin.last_text().await;
        assert!(text.starts_with("🔌 Providers"), "{data}: {text}");
    }
    let anna = world.user(11);
    for data in ["vi:one", "vx:one:pause", "vr:one", "vw:one"] {
        anna.says("/start").await;
        anna.presses_data(data).await;
        anna.hears("This is for admins.").await;
    }
    let recorded =
        "select count(*) from admin_audit where action in ('isolate_provider', 'release_provider')";
    assert_eq!(world.count(recorded).await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_way_to_pay_is_taken_out_and_what_was_begun_there_is_credited() {
    let world = payments::world().await;
    let (anna, admin) = (world.user(11), payments::admin(&world).await);
    anna.says("/start").await;
    payments::begins(anna).await;
    admin.says("/providers").await;
    admin.hears("• flutterwave (payments): ready").await;
    admin.presses("💳 flutterwave").await;
    admin.presses("Take it out").await;
    admin
        .hears("What was begun there goes on: payments are looked up and credited")
        .await;
    admin.presses("Maintenance").await;
    admin
        .hears("💳 flutterwave: taken out by an operator")
        .await;
    world.settle().await;
    payments::pays(&world, json!({})).await;
    assert_eq!(anna.wallet().await, (500, 0), "{}", anna.transcript().await);
    anna.says("/topup").await;
    anna.hears("Topping up is paused for the moment").await;
    admin.presses("Let it in again").await;
    admin.presses("Yes, let it in").await;
    world.finish().await;
    anna.presses("Look again").await;
    anna.hears("You pay in NGN").await;
    assert_eq!(
        world.text_of(RECORDED).await,
        "900 isolate_provider flutterwave a pause for maintenance, 900 release_provider flutterwave -"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_left_at_providers_is_shown_with_its_age_and_a_warning() {
    let world = world_with(&[("PANEL_BALANCE_LOW", "500")]).await;
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    admin.says("/providers").await;
    let text = admin.last_text().await;
    assert!(!text.contains("💰"), "nobody has asked yet: {text}");
    world
        .post("/sim/kie/settings", json!({ "credits": 1234 }))
        .await;
    world
        .post(
            "/sim/panel/two/settings",
            json!({ "balance_micros": 5_000_000 }),
        )
        .await;
    check_funds(&world).await;
    admin.says("/providers").await;
    for line in [
        "• kie: ready, 2 services · 💰 1234 credits",
        "• one: ready, 6 services · 💰 100.00 USD",
        "• two: our account there is empty, or nearly, 4 services · ⚠️ only 5.00 USD left",
    ] {
        admin.hears(line).await;
    }
    world.advance(Duration::from_secs(180)).await;
    admin.presses("🔌 two").await;
    admin
        .hears("Our account there: 5.00 USD, asked 3 minutes ago")
        .await;
    admin
        .hears("⚠️ That is too little, for 3 minutes now")
        .await;
    // Nobody can ask any more: the figure gets old, and is said to be.
    world
        .fault(json!({ "target": "kie.credit", "status": 502, "body": "<html>" }))
        .await;
    world.advance(Duration::from_secs(1_200)).await;
    check_funds(&world).await;
    admin.says("/providers").await;
    admin.hears("⚠️ 1234 credits, an old figure").await;
    admin.presses("🔌 kie").await;
    admin.hears("Nobody could ask since.").await;
    world.assert_clean().await;
}
