//! The real binary, killed in the middle of orders, and started again.
//!
//! The simulator's own record is the outside truth: each order was submitted once, charged once, and its result came.
//! The moments of the kills are spread over an order's life, from the confirmation to the delivery.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails where it stands"
)]

#[path = "it/database.rs"]
mod database;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bulwark::engine::ledger::{self, AuditReport};
use bulwark_simulator::{SimConfig, Simulator};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::net::TcpListener;

const TOKEN: &str = "100000001:test-token-of-the-simulator-0000000";
const KIE_KEY: &str = "test-key-of-the-simulator";
const USER: i64 = 77;
const PRICE: i64 = 10;
const WELCOME: i64 = 500;
/// How long after the confirmation the process is killed.
const KILLS_MS: [u64; 8] = [0, 15, 40, 90, 250, 700, 1_500, 2_600];
const PATIENCE: Duration = Duration::from_secs(60);

struct Service {
    child: Child,
}

impl Service {
    fn start(sim: &Simulator, port: u16, database: &PgConnectOptions) -> Self {
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
                ("PUBLIC_URL", format!("http://127.0.0.1:{port}")),
                ("HOST", "127.0.0.1".to_owned()),
                ("PORT", port.to_string()),
                ("DATABASE_URL", url),
                ("WELCOME_GRANT", WELCOME.to_string()),
                ("ORDERS_PER_USER", "50".to_owned()),
                ("RATE_LIMIT_PER_MINUTE", "600".to_owned()),
                ("RATE_LIMIT_BURST", "600".to_owned()),
                ("LOG_LEVEL", "error".to_owned()),
            ])
            .stdin(Stdio::null())
            .spawn()
            .expect("the binary");
        Self { child }
    }

    fn kill(&mut self) {
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

struct Outside {
    sim: Simulator,
    http: reqwest::Client,
}

impl Outside {
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

    async fn messages(&self) -> Vec<Value> {
        let chat = self.get(&format!("/sim/chats/{USER}")).await;
        chat["messages"].as_array().cloned().unwrap_or_default()
    }

    async fn says(&self, text: &str) {
        self.post(&format!("/sim/users/{USER}/send"), json!({ "text": text }))
            .await;
    }

    /// Waits for something to be true of the chat.
    async fn until<T>(&self, what: &str, check: impl Fn(&[Value]) -> Option<T>) -> T {
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
    async fn presses(&self, label: &str, after: i64) {
        let (message_id, row, column) = self
            .until(label, |messages| find(messages, label, after))
            .await;
        let body = json!({ "chat_id": USER, "message_id": message_id, "button": [row, column], "wait": false });
        self.post(&format!("/sim/users/{USER}/press"), body).await;
    }

    async fn newest(&self) -> i64 {
        self.messages()
            .await
            .iter()
            .filter_map(|message| message["message_id"].as_i64())
            .max()
            .unwrap_or(0)
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

fn results(messages: &[Value]) -> usize {
    messages
        .iter()
        .filter(|message| message["sender"] == "bot" && message["media"].is_object())
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_end_once_whenever_the_process_is_killed() {
    let sim = Simulator::start(SimConfig {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        token: TOKEN.to_owned(),
        manual_clock: None,
        seed: 7,
        kie_key: KIE_KEY.to_owned(),
        kie_speed: 4.0,
    })
    .await
    .expect("the simulator");
    let outside = Outside {
        sim,
        http: reqwest::Client::new(),
    };
    outside
        .post("/sim/limits", json!({ "enabled": false }))
        .await;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let database = database::fresh().await;

    let mut service = Service::start(&outside.sim, port, &database);
    outside.says("/start").await;
    for (done, kill_after_ms) in KILLS_MS.into_iter().enumerate() {
        let before = outside.newest().await;
        outside.says("/menu").await;
        outside.presses("Create images", before).await;
        outside.presses("Image from text", before).await;
        outside
            .until("the question", |messages| find(messages, "Cancel", before))
            .await;
        outside.says("a house by the sea").await;
        outside.presses("Skip", before).await;
        outside.presses("Confirm", before).await;
        let mut moment = tokio::time::interval(Duration::from_millis(kill_after_ms.max(1)));
        moment.tick().await;
        moment.tick().await;
        service.kill();
        service = Service::start(&outside.sim, port, &database);
        outside
            .until("the result", |messages| {
                (results(messages) > done).then_some(())
            })
            .await;
    }
    check(&outside, &database).await;
}

async fn check(outside: &Outside, database: &PgConnectOptions) {
    let orders = i64::try_from(KILLS_MS.len()).unwrap();
    let tasks = outside.get("/sim/kie/tasks").await;
    let tasks = tasks
        .as_array()
        .cloned()
        .or_else(|| tasks["tasks"].as_array().cloned())
        .expect("a list of tasks");
    assert_eq!(
        tasks.len(),
        KILLS_MS.len(),
        "an order was submitted twice, or never: {tasks:#?}"
    );
    let shown = results(&outside.messages().await);
    // A message is sent again only if the kill took Telegram's answer with it: at most once a kill.
    assert!(
        (KILLS_MS.len()..=2 * KILLS_MS.len()).contains(&shown),
        "{shown} results"
    );

    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(database.clone())
        .await
        .unwrap();
    let mut conn = pool.acquire().await.unwrap();
    let wallet = ledger::wallet(&mut conn, USER, "USD").await.unwrap();
    assert_eq!(
        (wallet.available.0, wallet.held.0),
        (WELCOME - orders * PRICE, 0)
    );
    let report = AuditReport::make(&mut conn).await.unwrap();
    assert_eq!(report.findings, []);
}
