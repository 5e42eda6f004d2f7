//! Flutterwave over HTTP, on a clock that only the test moves.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Method, StatusCode};
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
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            sim: sim.await.unwrap(),
            http: http.build().unwrap(),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("{}{path}", self.sim.flutterwave_url());
        let request = self.http.request(method, url).bearer_auth(KEY).json(&body);
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/sim/flutterwave/{path}", self.sim.telegram_url());
        let response = self.http.post(url).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    async fn link(&self, reference: &str) -> String {
        let (status, answer) = self.call(Method::POST, "/payments", order(reference)).await;
        assert_eq!(status, 200, "{answer}");
        answer["data"]["link"].as_str().unwrap().to_owned()
    }

    async fn chooses(&self, link: &str, action: &str) -> String {
        let form = self.http.post(link).form(&[("action", action)]);
        let response = form.send().await.unwrap();
        assert_eq!(response.status(), 303);
        let to = response.headers().get("location").unwrap();
        to.to_str().unwrap().to_owned()
    }
}

fn order(reference: &str) -> Value {
    json!({
        "tx_ref": reference, "amount": 1600.5, "currency": "NGN", "redirect_url": "https://bot.example.com/back",
        "customer": { "email": "user@bot.example.com" }, "session_duration": 60,
    })
}

#[tokio::test]
async fn a_link_is_paid_declined_or_left() {
    let world = World::start().await;
    let link = world.link("one").await;
    let page = world.http.get(&link).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("1600.5 NGN"));
    let back = world.chooses(&link, "cancel").await;
    assert_eq!(
        back,
        "https://bot.example.com/back?status=cancelled&tx_ref=one"
    );
    let (status, none) = world
        .get("/transactions/verify_by_reference?tx_ref=one")
        .await;
    assert_eq!(
        (status, none["status"].as_str()),
        (StatusCode::BAD_REQUEST, Some("error"))
    );
    let back = world.chooses(&link, "fail").await;
    assert!(back.contains("status=failed"), "{back}");
    let back = world.chooses(&link, "pay").await;
    let id = back.rsplit_once("transaction_id=").unwrap().1;
    let (_, found) = world.get(&format!("/transactions/{id}/verify")).await;
    assert_eq!(found["data"]["tx_ref"], "one");
    assert_eq!(found["data"]["amount"], 1600.5);
    assert_eq!(found["data"]["status"], "successful");
    let (_, list) = world.get("/transactions?tx_ref=one").await;
    assert_eq!(list["meta"]["page_info"]["total"], 2);
    world.sim.clock().advance(Duration::from_secs(3600));
    assert_eq!(world.http.get(&link).send().await.unwrap().status(), 410);
}

#[tokio::test]
async fn what_is_not_right_is_refused() {
    let world = World::start().await;
    for (field, value) in [
        ("tx_ref", json!("")),
        ("amount", json!(0)),
        ("currency", json!("naira")),
        ("redirect_url", json!("bot")),
        ("customer", json!({ "email": "nobody" })),
        ("session_duration", json!(1_441)),
    ] {
        let mut body = order("one");
        body[field] = value;
        let (status, answer) = world.call(Method::POST, "/payments", body).await;
        assert_eq!(status, 400, "{field}");
        assert_eq!(answer["status"], "error");
    }
    let url = format!("{}/transactions", world.sim.flutterwave_url());
    let stranger = world.http.get(url).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
}

#[tokio::test]
async fn a_transaction_is_refunded_up_to_what_was_paid() {
    let world = World::start().await;
    world.link("one").await;
    let paid = world.control("pay", json!({})).await;
    let path = format!("/transactions/{}/refund", paid["transaction_id"]);
    let (status, _) = world
        .call(Method::POST, &path, json!({ "amount": 1700 }))
        .await;
    assert_eq!(status, 400);
    let (status, part) = world
        .call(Method::POST, &path, json!({ "amount": 600.5 }))
        .await;
    assert_eq!(
        (status, part["data"]["status"].as_str()),
        (StatusCode::OK, Some("completed"))
    );
    let (_, rest) = world.call(Method::POST, &path, json!({})).await;
    assert_eq!(rest["data"]["amount_refunded"], 1000);
    let (status, _) = world.call(Method::POST, &path, json!({})).await;
    assert_eq!(status, 400);
    let (_, list) = world
        .get(&format!("/refunds?id={}", paid["transaction_id"]))
        .await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}

#[test]
fn the_signature_is_that_of_the_documents() {
    // Computed with: printf '%s' '{"a":1}' | openssl dgst -sha256 -hmac key -binary | base64
    assert_eq!(
        super::webhook::sign("key", b"{\"a\":1}"),
        "iKZ/JLvNrtDmyZdAS7eadDuvRMa6svTCcyjjAJ0i40I="
    );
}
