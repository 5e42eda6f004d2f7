//! The real binary, and the world outside of it: the simulator and somebody who talks to the bot.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use axum::http::StatusCode;
use bulwark::base::redact::{ExposeSecret as _, Secret};
use bulwark::config::{Config, Env};
use bulwark_simulator::{SimConfig, Simulator};
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;

pub const TOKEN: &str = "100000001:test-token-of-the-simulator-0000000";
pub const KIE_KEY: &str = "test-key-of-the-simulator";
const PATIENCE: Duration = Duration::from_secs(60);

/// A port that nobody has now.
pub async fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let address = listener.and_then(|listener| listener.local_addr());
    address.expect("a free port").port()
}

/// A running `bulwark serve`.
pub struct Service {
    child: Child,
}

impl Service {
    /// Starts it on `port`; Telegram and the providers reach it at `public_port`.
    pub fn start(
        sim: &Simulator,
        (port, public_port): (u16, u16),
        database: &PgConnectOptions,
        settings: &[(&str, &str)],
    ) -> Self {
        let socket = database
            .get_socket()
            .expect("a socket")
            .display()
            .to_string();
        let name = database.get_database().expect("a name");
        let url = format!(
            "postgres://postgres@localhost:{}/{name}?host={socket}",
            database.get_port()
        );
        let child = Command::new(env!("CARGO_BIN_EXE_bulwark"))
            .arg("serve")
            .env_clear()
            .envs([
                ("TELEGRAM_BOT_TOKEN", TOKEN.to_owned()),
                ("TELEGRAM_API_URL", sim.telegram_url()),
                ("KIE_API_KEY", KIE_KEY.to_owned()),
                ("KIE_API_URL", sim.kie_url()),
                ("KIE_WEBHOOK_KEY", KIE_KEY.to_owned()),
                ("PUBLIC_URL", format!("http://127.0.0.1:{public_port}")),
                ("HOST", "127.0.0.1".to_owned()),
                ("PORT", port.to_string()),
                ("DATABASE_URL", url),
                ("ORDERS_PER_USER", "50".to_owned()),
                ("RATE_LIMIT_PER_MINUTE", "600".to_owned()),
                ("RATE_LIMIT_BURST", "600".to_owned()),
                ("LOG_LEVEL", "error".to_owned()),
            ])
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .spawn()
            .expect("the binary");
        Self { child }
    }

    /// Asks it to stop, and waits until it has: whether it says that all was in order.
    pub async fn stop(mut self) -> bool {
        let signal = ["-TERM", &self.child.id().to_string()];
        let sent = Command::new("kill").args(signal).status();
        assert!(sent.expect("a signal").success());
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            if let Some(status) = self.child.try_wait().expect("its state") {
                return status.success();
            }
        }
    }

    /// As a power cut.
    pub fn kill(&mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("its end");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The simulator, without limits and in a hurry.
pub struct Outside {
    pub sim: Simulator,
    pub http: reqwest::Client,
}

impl Outside {
    pub async fn start() -> Self {
        let sim = Simulator::start(SimConfig {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: TOKEN.to_owned(),
            manual_clock: None,
            seed: 7,
            kie_key: KIE_KEY.to_owned(),
            kie_speed: 4.0,
        });
        let outside = Self {
            sim: sim.await.expect("the simulator"),
            http: reqwest::Client::new(),
        };
        outside
            .post("/sim/limits", json!({ "enabled": false }))
            .await;
        outside
    }

    pub fn chat(&self, user: i64) -> Chat<'_> {
        Chat {
            outside: self,
            user,
        }
    }

    /// What the provider was asked for.
    pub async fn tasks(&self) -> Vec<Value> {
        let tasks = self.get("/sim/kie/tasks").await;
        let list = tasks.as_array().or_else(|| tasks["tasks"].as_array());
        list.cloned().expect("a list of tasks")
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.sim.telegram_url());
        let answer = self
            .http
            .post(url)
            .json(&body)
            .send()
            .await
            .expect("the simulator");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.sim.telegram_url());
        self.http
            .get(url)
            .send()
            .await
            .expect("the simulator")
            .json()
            .await
            .unwrap_or_default()
    }
}

/// Delivers an update as Telegram does.
pub async fn deliver(outside: &Outside, port: u16, update: &Value) -> StatusCode {
    static SECRET: LazyLock<Secret> = LazyLock::new(|| {
        let env = Env::from([
            ("TELEGRAM_BOT_TOKEN", TOKEN),
            ("KIE_API_KEY", "x-x-x-x-x"),
            ("PUBLIC_URL", "https://a.example"),
            ("DATABASE_URL", "postgres://a@b/c"),
        ]);
        let config = Config::from_env(&env).expect("a configuration");
        config.telegram.webhook_secret
    });
    let answer = outside
        .http
        .post(format!("http://127.0.0.1:{port}/webhook"))
        .header("X-Telegram-Bot-Api-Secret-Token", SECRET.expose_secret())
        .body(update.to_string())
        .send();
    let answer = answer.await.expect("an answer");
    let status = answer.status();
    // Read to its end, so that the connection is used again.
    answer.bytes().await.expect("a body");
    status
}

/// Somebody who talks to the bot.
#[derive(Clone, Copy)]
pub struct Chat<'o> {
    outside: &'o Outside,
    user: i64,
}

impl Chat<'_> {
    pub async fn messages(&self) -> Vec<Value> {
        let chat = self.outside.get(&format!("/sim/chats/{}", self.user)).await;
        chat["messages"].as_array().cloned().unwrap_or_default()
    }

    pub async fn says(&self, text: &str) {
        let path = format!("/sim/users/{}/send", self.user);
        self.outside.post(&path, json!({ "text": text })).await;
    }

    /// Waits for something to be true of the chat.
    pub async fn until<T>(&self, what: &str, check: impl Fn(&[Value]) -> Option<T>) -> T {
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                ticks.tick().await;
                if let Some(found) = check(&self.messages().await) {
                    return found;
                }
            }
        });
        match found.await {
            Ok(found) => found,
            Err(_) => panic!("waited for {what} in vain: {:#?}", self.messages().await),
        }
    }

    /// Presses the newest button with this label below a message that is newer than `after`.
    pub async fn presses(&self, label: &str, after: i64) {
        let (message_id, row, column) = self
            .until(label, |messages| find(messages, label, after))
            .await;
        let body = json!({ "chat_id": self.user, "message_id": message_id, "button": [row, column], "wait": false });
        self.outside
            .post(&format!("/sim/users/{}/press", self.user), body)
            .await;
    }

    pub async fn newest(&self) -> i64 {
        let messages = self.messages().await;
        let ids = messages.iter().filter_map(|m| m["message_id"].as_i64());
        ids.max().unwrap_or(0)
    }

    /// Orders the paid "Image from text", up to the tap on Confirm.
    pub async fn orders(&self) {
        let before = self.newest().await;
        self.says("/menu").await;
        self.presses("Create images", before).await;
        self.presses("Image from text", before).await;
        self.until("the question", |messages| find(messages, "Cancel", before))
            .await;
        self.says("a house by the sea").await;
        self.presses("Skip", before).await;
        self.presses("Confirm", before).await;
    }

    /// Waits for so many results in all.
    pub async fn receives(&self, count: usize) {
        self.until("the result", |messages| {
            (results(messages) >= count).then_some(())
        })
        .await;
    }
}

fn find(messages: &[Value], label: &str, after: i64) -> Option<(i64, usize, usize)> {
    messages.iter().rev().find_map(|message| {
        let id = message["message_id"].as_i64().filter(|id| *id > after)?;
        let rows = message["buttons"].as_array()?;
        rows.iter().enumerate().find_map(|(row, buttons)| {
            let column = buttons.as_array()?.iter().position(|button| {
                button["text"]
                    .as_str()
                    .is_some_and(|text| text.contains(label))
            })?;
            Some((id, row, column))
        })
    })
}

/// The media that the bot sent.
pub fn results(messages: &[Value]) -> usize {
    messages
        .iter()
        .filter(|message| message["sender"] == "bot" && message["media"].is_object())
        .count()
}
