//! The Bot API and its updates as a bot and a person see them, over HTTP, on a clock that the test moves.

mod calls;
mod content;
mod control;
mod delivery;
mod stars;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::{SimConfig, Simulator};

const TOKEN: &str = "42:secret";

/// A simulator on a clock of its own, and a client.
struct Bench {
    sim: Simulator,
    http: reqwest::Client,
}

impl Bench {
    async fn new() -> Self {
        let config = SimConfig {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: TOKEN.to_owned(),
            manual_clock: OffsetDateTime::from_unix_timestamp(1_750_000_000).ok(),
            seed: 7,
            kie_key: "key".to_owned(),
            kie_speed: 1.0,
        };
        Self {
            sim: Simulator::start(config).await.unwrap(),
            http: reqwest::Client::new(),
        }
    }

    /// Calls the Bot API; gives the status and the body.
    async fn call(&self, method: &str, params: Value) -> (u16, Value) {
        let url = format!("{}/bot{TOKEN}/{method}", self.sim.telegram_url());
        let response = self.http.post(url).json(&params).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    async fn result(&self, method: &str, params: Value) -> Value {
        let (status, body) = self.call(method, params).await;
        assert_eq!(status, 200, "{body}");
        body["result"].clone()
    }

    async fn refusal(&self, method: &str, params: Value) -> String {
        let (status, body) = self.call(method, params).await;
        assert_eq!(body["ok"], false, "{body}");
        assert_eq!(body["error_code"], status);
        body["description"].as_str().unwrap().to_owned()
    }

    /// Calls the control API.
    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.try_post(path, body).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn try_post(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.sim.telegram_url());
        let response = self.http.post(url).json(&body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.sim.telegram_url());
        let response = self.http.get(url).send().await.unwrap();
        response.json().await.unwrap()
    }

    async fn says(&self, user: i64, text: &str) -> Value {
        self.post(&format!("/sim/users/{user}/send"), json!({ "text": text }))
            .await
    }

    fn advance(&self, seconds: u64) {
        self.sim.clock().advance(Duration::from_secs(seconds));
    }

    /// Starts a bot that takes updates, and sets the webhook to it.
    async fn bot(&self) -> Bot {
        let bot = Bot::start(&self.sim).await;
        let params = json!({"url": bot.url, "secret_token": "s3cret", "max_connections": 3});
        self.result("setWebhook", params).await;
        bot
    }
}

/// What the bot answers to an update.
type Reply = (u16, Option<u32>, Value);

/// A webhook with answers to order.
#[derive(Clone)]
struct Bot {
    url: String,
    received: Arc<Mutex<Vec<Value>>>,
    secrets: Arc<Mutex<Vec<String>>>,
    /// Used up one by one; then 200.
    replies: Arc<Mutex<VecDeque<Reply>>>,
    /// An answer takes one of these.
    gate: Arc<Semaphore>,
}

impl Bot {
    async fn start(sim: &Simulator) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let bot = Self {
            url,
            received: Arc::default(),
            secrets: Arc::default(),
            replies: Arc::default(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        };
        let router = Router::new()
            .route("/hook", post(hook))
            .with_state(bot.clone());
        sim.core().spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        bot
    }

    fn reply(&self, status: u16, retry_after: Option<u32>) {
        let reply = (status, retry_after, Value::Null);
        self.replies.lock().unwrap().push_back(reply);
    }

    /// The texts and data that arrived, in order.
    fn received(&self) -> Vec<String> {
        let received = self.received.lock().unwrap();
        let text = |update: &Value| {
            let text = update["message"]["text"].as_str();
            let text = text.or_else(|| update["callback_query"]["data"].as_str());
            text.unwrap_or("?").to_owned()
        };
        received.iter().map(text).collect()
    }
}

async fn hook(State(bot): State<Bot>, headers: HeaderMap, body: bytes::Bytes) -> Response {
    let update = serde_json::from_slice(&body).unwrap();
    bot.received.lock().unwrap().push(update);
    let secret = headers.get("x-telegram-bot-api-secret-token");
    let secret = secret.map_or("", |secret| secret.to_str().unwrap());
    bot.secrets.lock().unwrap().push(secret.to_owned());
    bot.gate.acquire().await.unwrap().forget();
    let reply = bot.replies.lock().unwrap().pop_front();
    let (status, retry_after, body) = reply.unwrap_or((200, None, Value::Null));
    let mut response = (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    response
}
