//! Which provider gets an order: what admins choose in `/providers`, weights, fail-over, and the providers' own lists.

mod by_hand;
mod ill;
mod lists;
mod mistakes;

use bulwark::catalog::Catalog;
use serde_json::Value;
use sqlx::{Executor as _, Row as _};
use uuid::Uuid;

use crate::user::User;
use crate::world::{ADMIN, World};

const CATALOG: &str = include_str!("switching/catalog.toml");
const OTHER_ADMIN: i64 = 901;

/// A world in which two panels sell the same, and a new user starts with $50.
async fn world() -> World {
    world_with(&[]).await
}

/// As [`world`], with variables of its own.
pub async fn world_with(variables: &[(&str, &str)]) -> World {
    let catalog = Catalog::parse("switching", CATALOG, &["kie", "one", "two"]);
    let catalog = catalog.expect("the catalogue");
    let admins = format!("{ADMIN},{OTHER_ADMIN}");
    let own = [
        ("TWO_API_KEY", bulwark_simulator::panel::KEY),
        ("ADMIN_IDS", admins.as_str()),
        ("WELCOME_GRANT", "5000"),
    ];
    let all: Vec<_> = own.iter().chain(variables).copied().collect();
    World::selling(catalog, &all).await
}

/// The orders that a panel has, oldest first.
pub async fn orders_at(world: &World, panel: &str) -> Vec<Value> {
    let orders = world.get(&format!("/sim/panel/{panel}/orders")).await;
    orders["orders"].as_array().cloned().expect("a list")
}

/// How many orders each of the two panels has.
async fn split(world: &World) -> (usize, usize) {
    (
        orders_at(world, "one").await.len(),
        orders_at(world, "two").await.len(),
    )
}

/// Answers the questions of one of the services that are sold by the thousand.
pub async fn wants(user: User<'_>, service: &str, link: &str, quantity: &str) {
    user.begins(service).await;
    user.says(link).await;
    user.says(quantity).await;
}

pub async fn orders(user: User<'_>, service: &str, link: &str) {
    wants(user, service, link, "100").await;
    user.presses("Confirm").await;
}

/// Sends new orders for "Channel members" to the second panel.
async fn switches_members(admin: User<'_>) {
    admin.says("/providers").await;
    admin.presses("By service").await;
    admin.presses("Channel members").await;
    admin.presses("Use two").await;
    admin
        .hears("Send new orders for Channel members to two? Orders under way stay")
        .await;
    admin.presses("Yes, switch").await;
}

#[tokio::test]
async fn an_admin_switches_a_service_while_an_order_runs_and_it_stays_where_it_is() {
    let world = world().await;
    let (anna, ben, cleo, admin) = (
        world.user(11),
        world.user(12),
        world.user(13),
        world.user(ADMIN),
    );
    orders(anna, "members", "t.me/fox").await;
    assert_eq!(split(&world).await, (1, 0));
    admin.says("/start").await;
    admin.says("/providers").await;
    admin.hears("• one: ready, 6 services").await;
    admin.hears("New orders go where the catalogue says.").await;
    switches_members(admin).await;
    assert!(
        admin
            .notice()
            .await
            .contains("in force from the next order")
    );
    admin
        .hears("New orders go to two: chosen for this service.")
        .await;
    orders(ben, "members", "t.me/hen").await;
    assert_eq!(split(&world).await, (1, 1));
    assert_eq!(orders_at(&world, "two").await[0]["service"], "107");
    // Another service is none of it.
    orders(cleo, "strict", "t.me/cow").await;
    assert_eq!(split(&world).await, (2, 1));
    world.finish().await;
    for user in [anna, ben, cleo] {
        user.hears("Done: 100 of 100").await;
        assert_eq!(user.wallet().await, (4_988, 0));
    }
    let audited =
        "select count(*) from admin_audit where admin_id = 900 and action = 'switch_provider'
        and target = 'members' and detail = '{\"provider\": \"two\", \"before\": null}'";
    assert_eq!(world.count(audited).await, 1);
    admin.presses("As the catalogue says").await;
    admin.hears("where the catalogue says again?").await;
    admin.presses("Yes, switch").await;
    admin.hears("New orders go to the first of these.").await;
    orders(anna, "members", "t.me/owl").await;
    assert_eq!(split(&world).await, (3, 1));
    world.assert_clean().await;
}

async fn chooses_for_everything_and_for_a_service(world: &World) {
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    admin.says("/providers").await;
    admin.presses("🔌 two").await;
    admin
        .hears("Channel members 107: price $1.20, cost 0.10, margin 1.10")
        .await;
    admin.presses("Use it for everything").await;
    admin.hears("Send all new orders to two").await;
    admin.presses("No").await;
    assert_eq!(world.count("select count(*) from provider_choice").await, 0);
    admin.presses("🔌 two").await;
    admin.presses("Use it for everything").await;
    admin.presses("Yes, switch").await;
    admin
        .hears("New orders go to two wherever it has the service.")
        .await;
    admin.presses("By service").await;
    admin.presses("Strict members").await;
    admin
        .hears("New orders go to two: chosen for everything.")
        .await;
    admin.presses("Use one").await;
    admin.presses("Yes, switch").await;
}

#[tokio::test]
async fn a_choice_for_everything_yields_to_one_for_a_service_and_outlives_a_restart() {
    let mut world = world().await;
    Box::pin(chooses_for_everything_and_for_a_service(&world)).await;
    world.restart().await;
    orders(world.user(11), "members", "t.me/fox").await;
    orders(world.user(12), "strict", "t.me/hen").await;
    let cleo = world.user(13);
    wants(cleo, "votes", "t.me/poll", "100").await;
    cleo.says("1").await;
    cleo.presses("Confirm").await;
    // Votes are sold by the first alone.
    assert_eq!(split(&world).await, (2, 1));
    assert_eq!(orders_at(&world, "one").await[0]["service"], "101");
    world.assert_clean().await;
}

#[tokio::test]
async fn of_two_admins_who_decide_at_once_one_is_told() {
    let world = world().await;
    let (admin, other) = (world.user(ADMIN), world.user(OTHER_ADMIN));
    for admin in [admin, other] {
        admin.says("/start").await;
        admin.says("/providers").await;
        admin.presses("By service").await;
        admin.presses("Channel members").await;
    }
    admin.presses("Use two").await;
    other.presses("Use one").await;
    admin.presses("Yes, switch").await;
    other.presses("Yes, switch").await;
    assert!(other.notice().await.contains("Somebody has changed this"));
    other
        .hears("New orders go to two: chosen for this service.")
        .await;
    // A button of before changes nothing any more.
    other.presses_data("vy:0:one:members").await;
    assert!(other.notice().await.contains("Somebody has changed this"));
    let rows = "select count(*) from provider_choice where scope = 'members' and provider = 'two' and version = 1";
    assert_eq!(world.count(rows).await, 1);
    assert_eq!(world.count("select count(*) from provider_choice").await, 1);
    let audited = "select count(*) from admin_audit where action = 'switch_provider'";
    assert_eq!(world.count(audited).await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn nobody_but_admins_gets_anything() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/nonsense").await;
    let unknown = anna.last_text().await;
    anna.says("/providers").await;
    assert_eq!(anna.last_text().await, unknown);
    for data in [
        "vh",
        "vp:one",
        "vl:0",
        "vs:members",
        "va:two",
        "vn:members",
        "vy:0:two",
        "vy:0:two:members",
        "vz:0",
    ] {
        anna.says("/start").await;
        anna.presses_data(data).await;
        anna.hears("This is for admins.").await;
    }
    assert_eq!(world.count("select count(*) from provider_choice").await, 0);
    let transcript = anna.transcript().await;
    assert!(!transcript.contains("two"), "{transcript}");
    world.assert_clean().await;
}

#[tokio::test]
async fn buttons_of_a_catalogue_of_before_lead_back() {
    let world = world().await;
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    for data in [
        "vp:three",
        "va:three",
        "va:two:votes",
        "vy:0:two:votes",
        "vs:nothing",
        "vy:0:three:members",
    ] {
        admin.presses_data(data).await;
        let text = admin.last_text().await;
        assert!(
            text.starts_with("🔌 Providers") || text.starts_with("🛍 By service"),
            "{data}: {text}"
        );
    }
    assert_eq!(world.count("select count(*) from provider_choice").await, 0);
}

#[tokio::test]
async fn weights_split_orders_by_the_ids_of_their_jobs() {
    let world = world().await;
    for id in 100..112 {
        let user = world.user(id);
        user.begins("split").await;
        user.says(&format!("t.me/channel{id}")).await;
        user.presses("Confirm").await;
    }
    world.finish().await;
    let rows = world
        .pool
        .fetch_all("select id, provider from job_history")
        .await;
    let rows = rows.expect("rows");
    assert_eq!(rows.len(), 12);
    let (mut one, mut two) = (0, 0);
    for row in rows {
        let (id, provider): (Uuid, String) = (row.get(0), row.get(1));
        let expected = if id.as_u64_pair().1 % 3 < 1 {
            "one"
        } else {
            "two"
        };
        assert_eq!(provider, expected);
        if expected == "one" {
            one += 1;
        } else {
            two += 1;
        }
    }
    assert_eq!(split(&world).await, (one, two));
    world.assert_clean().await;
}
