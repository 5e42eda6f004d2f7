//! A panel over HTTP, on a clock that only the test moves.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::KEY;
use crate::{SimConfig, Simulator};

struct World {
    sim: Simulator,
    http: reqwest::Client,
}

impl World {
    async fn start() -> Self {
        let sim = Simulator::start(SimConfig {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: "1000000001:TEST".to_owned(),
            manual_clock: Some(OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)),
            seed: 7,
            kie_key: "key".to_owned(),
            kie_speed: 1.0,
        });
        Self {
            sim: sim.await.unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn call(&self, fields: &[(&str, &str)]) -> Value {
        let mut form = vec![("key", KEY)];
        form.extend_from_slice(fields);
        let request = self.http.post(self.sim.panel_url("one")).form(&form);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    async fn members(&self, link: &str) -> String {
        let add = [
            ("action", "add"),
            ("service", "101"),
            ("link", link),
            ("quantity", "1000"),
        ];
        self.call(&add).await["order"].to_string()
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/sim/panel/one/{path}", self.sim.telegram_url());
        let response = self.http.post(url).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    fn error<'a>(&self, answer: &'a Value) -> &'a str {
        answer["error"].as_str().unwrap_or_default()
    }
}

#[tokio::test]
async fn an_order_goes_on_with_the_clock_and_its_charge_comes_back_in_part() {
    let world = World::start().await;
    let (good, part) = (
        world.members("https://t.me/a").await,
        world.members("https://t.me/partial").await,
    );
    let both = format!("{good},{part},7");
    let question = [("action", "status"), ("orders", both.as_str())];
    let answer = world.call(&question).await;
    assert_eq!(answer[&good]["status"], "Pending");
    assert_eq!(answer["7"], json!({"error": "Incorrect order ID"}));
    world.sim.clock().advance(Duration::from_secs(30));
    let answer = world.call(&question).await;
    assert_eq!(answer[&good]["status"], "In progress");
    // One order's numbers are numbers, the next one's are strings.
    assert_eq!(answer[&good]["remains"], 500);
    assert_eq!(answer[&part]["remains"], "600");
    world.sim.clock().advance(Duration::from_secs(30));
    let answer = world.call(&question).await;
    assert_eq!(
        (&answer[&good]["status"], &answer[&good]["remains"]),
        (&json!("Completed"), &json!(0))
    );
    assert_eq!(
        (&answer[&part]["status"], &answer[&part]["remains"]),
        (&json!("Partial"), &json!("600"))
    );
    let balance = world.call(&[("action", "balance")]).await;
    assert_eq!(balance, json!({"balance": "98.74000", "currency": "USD"}));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_in_prose_or_in_codes() {
    let world = World::start().await;
    let add = |more: &[(&'static str, &'static str)]| {
        let mut fields = vec![("action", "add"), ("service", "101")];
        fields.extend_from_slice(more);
        fields
    };
    let link = ("link", "https://t.me/a");
    for (fields, prose) in [
        (
            add(&[link, ("quantity", "10")]),
            "Quantity less than minimal 50",
        ),
        (
            add(&[link, ("quantity", "10001")]),
            "Quantity more than maximum 10000",
        ),
        (
            add(&[("quantity", "100")]),
            "Incorrect request: link is required",
        ),
        (
            add(&[("link", "t.me/a"), ("quantity", "100")]),
            "Incorrect link",
        ),
        (
            add(&[link, ("quantity", "100"), ("comments", "x")]),
            "Incorrect request: comments",
        ),
        (
            add(&[link, ("quantity", "100"), ("runs", "2")]),
            "Incorrect runs or interval",
        ),
        (vec![("action", "nothing")], "Incorrect action"),
    ] {
        let answer = world.call(&fields).await;
        assert_eq!(world.error(&answer), prose);
    }
    world.members("https://t.me/a").await;
    world.control("settings", json!({"errors": "codes"})).await;
    let answer = world.call(&add(&[link, ("quantity", "100")])).await;
    assert_eq!(world.error(&answer), "neworder.error.link_duplicate");
    let wrong = world
        .http
        .post(world.sim.panel_url("one"))
        .form(&[("key", "x"), ("action", "balance")]);
    let answer: Value = wrong.send().await.unwrap().json().await.unwrap();
    assert_eq!(world.error(&answer), "error.incorrect_api_key");
    let json = world
        .http
        .post(world.sim.panel_url("one"))
        .json(&json!({"key": KEY, "action": "balance"}));
    let answer: Value = json.send().await.unwrap().json().await.unwrap();
    assert_eq!(world.error(&answer), "Incorrect request");
}

#[tokio::test]
async fn an_order_is_refilled_and_taken_back_where_the_service_allows_it() {
    let world = World::start().await;
    let order = world.members("https://t.me/a").await;
    let refill = [("action", "refill"), ("order", order.as_str())];
    assert_eq!(
        world.error(&world.call(&refill).await),
        "Order not eligible for refill."
    );
    world.sim.clock().advance(Duration::from_secs(60));
    assert_eq!(world.call(&refill).await, json!({"refill": "1"}));
    let status = [("action", "refill_status"), ("refill", "1")];
    assert_eq!(world.call(&status).await, json!({"status": "Pending"}));
    world.sim.clock().advance(Duration::from_secs(60));
    assert_eq!(world.call(&status).await, json!({"status": "Completed"}));
    let other = world.members("https://t.me/b").await;
    let both = format!("{order},{other}");
    let answer = world
        .call(&[("action", "cancel"), ("orders", both.as_str())])
        .await;
    assert_eq!(answer[0]["cancel"]["error"], "The order cannot be canceled");
    assert_eq!(answer[1]["cancel"], 1);
}
