//! Orders at panels, from the first question to the last coin: every kind, and every ugly way to end.

mod trouble;

use std::time::Duration;

use bulwark::catalog::Catalog;
use serde_json::{Value, json};

use crate::user::User;
use crate::world::World;

const CATALOG: &str = include_str!("panels/catalog.toml");

/// A world with a panel's services on sale, in which a new user starts with $5.00.
pub async fn world(variables: &[(&str, &str)]) -> World {
    let catalog = Catalog::parse("panels", CATALOG, &["one", "two"]).expect("the catalogue");
    World::selling(catalog, variables).await
}

impl World {
    /// What the panel knows.
    async fn panel(&self) -> Value {
        self.get("/sim/panel/one/orders").await
    }

    /// The panel's orders, oldest first.
    pub async fn panel_orders(&self) -> Vec<Value> {
        let orders = self.panel().await["orders"].as_array().cloned();
        orders.expect("a list")
    }

    /// The newest order is from now on as it is said here.
    async fn decide(&self, decided: Value) {
        let newest = self.panel_orders().await.last().cloned().expect("an order");
        let path = format!("/sim/panel/one/orders/{}", newest["order"]);
        self.post(&path, decided).await;
    }
}

impl User<'_> {
    /// Answers the questions of "Channel members", up to its summary.
    pub async fn wants_members(&self, link: &str, quantity: &str) {
        self.begins("members").await;
        self.says(link).await;
        self.says(quantity).await;
    }

    /// Orders channel members; the panel has the order then.
    pub async fn orders_members(&self, link: &str, quantity: &str) {
        self.wants_members(link, quantity).await;
        self.presses("Confirm").await;
    }
}

#[tokio::test]
async fn an_order_is_counted_from_its_start_to_its_end() {
    let world = world(&[]).await;
    let anna = world.user(11);
    anna.wants_members("t.me/fox_channel", "1000").await;
    anna.hears("Price: $0.90").await;
    anna.presses("Confirm $0.90").await;
    assert_eq!(anna.wallet().await, (410, 90));
    world.run_for(Duration::from_secs(30)).await;
    anna.hears("of 1000").await;
    anna.hears("Counted from").await;
    assert!(anna.last_text().await.contains('▓'));
    world.finish().await;
    anna.hears("done").await;
    anna.hears("Done: 1000 of 1000").await;
    anna.hears("Charged: $0.90. Balance: $4.10").await;
    let orders = world.panel_orders().await;
    let expected =
        json!({"link": "https://t.me/fox_channel", "quantity": "1000", "service": "101"});
    assert_eq!(orders[0]["fields"], expected);
    let kept = world
        .count(
            "select remains from job_history where state = 'succeeded' and start_count is not null",
        )
        .await;
    assert_eq!(kept, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn every_kind_of_order_costs_what_its_units_cost() {
    let world = world(&[("WELCOME_GRANT", "10000"), ("ORDERS_PER_USER", "10")]).await;
    let anna = world.user(11);
    for (service, answers, price, units) in [
        ("drip", vec!["t.me/a", "100", "5"], "$0.45", 500),
        (
            "comments",
            vec!["t.me/b/1", "Good\n\nVery good\nBest"],
            "$0.24",
            3,
        ),
        ("mentions", vec!["t.me/c/1", "@ann\n@ben"], "$0.10", 2),
        ("posts", vec!["fox_channel", "50", "4"], "$0.24", 200),
        ("votes", vec!["t.me/d/1", "50", "2"], "$0.10", 50),
        ("starter", vec!["t.me/e"], "$3.00", 1),
    ] {
        anna.begins(service).await;
        for answer in answers {
            anna.says(answer).await;
        }
        anna.presses(&format!("Confirm {price}")).await;
        let newest = world.panel_orders().await.pop().expect("an order");
        assert_eq!(newest["quantity"], units, "{service}: {newest}");
    }
    world.finish().await;
    assert_eq!(anna.wallet().await, (10_000 - 413, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn the_shelf_says_what_a_thousand_cost_and_hides_what_no_panel_here_can_do() {
    let world = world(&[]).await;
    let anna = world.user(11);
    anna.says("/menu").await;
    anna.presses("Promotion").await;
    let transcript = anna.transcript().await;
    assert!(
        transcript.contains("<Channel members · $0.90 / 1000>"),
        "{transcript}"
    );
    anna.presses("▶️").await;
    let transcript = anna.transcript().await;
    assert!(
        transcript.contains("<Starter pack · $3.00>"),
        "{transcript}"
    );
    assert!(!transcript.contains("At another panel"), "{transcript}");
    anna.picks("elsewhere").await;
    assert!(anna.notice().await.contains("no longer offered"));
    let other = self::world(&[("TWO_API_KEY", bulwark_simulator::panel::KEY)]).await;
    let ben = other.user(12);
    ben.begins("elsewhere").await;
    ben.says("t.me/fox").await;
    ben.presses("Confirm").await;
    other.finish().await;
    let orders = other.get("/sim/panel/two/orders").await;
    assert_eq!(orders["add_calls"], 1, "{orders}");
    other.assert_clean().await;
}

#[tokio::test]
async fn what_does_not_fit_the_order_form_is_asked_for_again() {
    let world = world(&[]).await;
    let anna = world.user(11);
    anna.begins("members").await;
    anna.hears("Send a link to t.me").await;
    for wrong in [
        "hello",
        "https://example.com/fox",
        "https://t.me/",
        "t.me.evil.example/x",
    ] {
        anna.says(wrong).await;
        anna.hears("I need a link to t.me").await;
    }
    anna.says("HTTP://T.me/fox#x").await;
    for wrong in ["49", "10001", "many", "50.5"] {
        anna.says(wrong).await;
        anna.hears("50").await;
    }
    anna.says("50").await;
    anna.hears("https://t.me/fox").await;
    // A part of a cent is a cent.
    anna.hears("Price: $0.05").await;
    anna.begins("comments").await;
    anna.hears("instagram.com").await;
    anna.says("https://www.instagram.com/p/abc/").await;
    anna.says("Only one").await;
    anna.hears("2 to 100 lines").await;
    assert_eq!(world.panel().await["add_calls"], 0);
}

#[tokio::test]
async fn an_order_is_taken_back_while_it_is_under_way_and_what_was_done_is_paid() {
    let world = world(&[]).await;
    let anna = world.user(11);
    anna.orders_members("t.me/fox", "1000").await;
    world.run_for(Duration::from_secs(25)).await;
    anna.presses("Cancel the order").await;
    assert!(anna.notice().await.contains("asked the service to stop"));
    world.finish().await;
    anna.hears("done in part").await;
    let order = world.panel_orders().await[0].clone();
    assert_eq!(order["status"], "Partial");
    let done = 1000 - order["remains"].as_i64().expect("a number");
    assert_eq!(anna.wallet().await, (500 - 90 * done / 1000, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_lost_again_is_refilled_for_nothing() {
    let world = world(&[]).await;
    let anna = world.user(11);
    anna.orders_members("t.me/fox", "100").await;
    world.finish().await;
    anna.presses("Refill").await;
    assert!(anna.notice().await.contains("asked for a refill"));
    anna.hears("the refill is on its way").await;
    anna.presses("Refill").await;
    assert!(anna.notice().await.contains("under way already"));
    world.finish().await;
    anna.hears("the refill is done").await;
    assert_eq!(anna.wallet().await, (491, 0));
    assert_eq!(world.panel().await["refills"], 1);
    world
        .post("/sim/panel/one/settings", json!({"errors": "codes"}))
        .await;
    let before = world.panel().await["refills"].clone();
    anna.presses("Refill").await;
    world
        .post("/sim/panel/one/refills/2", json!({"status": "Rejected"}))
        .await;
    world.finish().await;
    anna.hears("nothing to refill").await;
    assert_eq!(
        (before, world.panel().await["refills"].clone()),
        (json!(1), json!(2))
    );
    world.assert_clean().await;
}

/// It costs its user nothing, and its panel as much as an order.
#[tokio::test]
async fn who_asks_for_refills_again_and_again_has_to_wait() {
    let world = world(&[]).await;
    let anna = world.user(11);
    anna.orders_members("t.me/fox", "100").await;
    world.finish().await;
    let (message, row, column) = anna.find("Refill").await;
    for n in 1..=4 {
        anna.press_at(message, row, column).await;
        world.settle().await;
        if n < 4 {
            let path = format!("/sim/panel/one/refills/{n}");
            world.post(&path, json!({"status": "Rejected"})).await;
            world.finish().await;
            anna.hears("nothing to refill").await;
        }
    }
    anna.hears("a lot at once").await;
    assert_eq!(world.panel().await["refills"], 3);
    world.assert_clean().await;
}

#[tokio::test]
async fn over_a_hundred_orders_are_asked_about_in_two_calls() {
    const ORDERS: usize = 105;
    let world = world(&[]).await;
    world
        .post(
            "/sim/panel/one/settings",
            json!({"speed": 0.001, "balance_micros": 1_000_000_000}),
        )
        .await;
    let users: Vec<User<'_>> = (0_i64..105).map(|n| world.user(100 + n)).collect();
    let send = async |user: &User<'_>, text: String| {
        let path = format!("/sim/users/{}/send", user.id);
        world.post(&path, json!({ "text": text })).await;
    };
    for user in &users {
        send(user, "/start".to_owned()).await;
    }
    world.settle().await;
    for user in &users {
        let message_id = user.last().await["message_id"].clone();
        let press = json!({ "message_id": message_id, "data": "s:starter", "wait": false });
        world
            .post(&format!("/sim/users/{}/press", user.id), press)
            .await;
    }
    world.settle().await;
    for user in &users {
        send(user, format!("t.me/channel{}", user.id)).await;
    }
    world.settle().await;
    for user in &users {
        let (message_id, row, column) = user.find("Confirm").await;
        user.press_at(message_id, row, column).await;
    }
    for _ in 0..30 {
        // All that are under way by then are asked about together.
        world.advance(Duration::from_secs(15)).await;
        world.step().await;
        if world.panel_orders().await.len() == ORDERS {
            break;
        }
    }
    let before = world.calls("status").await;
    world.advance(Duration::from_secs(600)).await;
    world.step().await;
    let asked = world.log("status").await;
    let asked: Vec<usize> = asked[before..]
        .iter()
        .filter_map(|call| Some(call["params"]["orders"].as_str()?.split(',').count()))
        .collect();
    assert_eq!(asked, [100, 5]);
}
