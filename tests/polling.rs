//! `bulwark demo` with a bot token: the real binary asks for its updates, without a public address.
#![expect(clippy::expect_used, reason = "a test fails where it stands")]

#[path = "it/database.rs"]
mod database;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::time::Duration;

use bulwark_simulator::{SimConfig, Simulator};
use serde_json::{Value, json};

const TOKEN: &str = "100000001:test-token-of-the-simulator-0000000";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_of_your_own_needs_no_address() {
    let sim = Simulator::start(SimConfig {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        token: TOKEN.to_owned(),
        manual_clock: None,
        seed: 3,
        kie_key: "unused".to_owned(),
        kie_speed: 4.0,
    })
    .await
    .expect("the simulator");
    let database = database::fresh().await;
    let socket = database
        .get_socket()
        .expect("a socket")
        .display()
        .to_string();
    let name = database.get_database().expect("a name");
    let mut child = Command::new(env!("CARGO_BIN_EXE_bulwark"))
        .args(["demo", "--headless"])
        .env_clear()
        .envs([
            ("TELEGRAM_BOT_TOKEN", TOKEN.to_owned()),
            ("TELEGRAM_API_URL", sim.telegram_url()),
            (
                "DATABASE_URL",
                format!(
                    "postgres://postgres@localhost:{}/{name}?host={socket}",
                    database.get_port()
                ),
            ),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary");
    let http = reqwest::Client::new();
    let send = format!("{}/sim/users/5/send", sim.telegram_url());
    http.post(send)
        .json(&json!({ "text": "/start" }))
        .send()
        .await
        .expect("the simulator");
    let chat = format!("{}/sim/chats/5", sim.telegram_url());
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    let answered = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            ticks.tick().await;
            let chat: Value = http
                .get(&chat)
                .send()
                .await
                .expect("the simulator")
                .json()
                .await
                .expect("JSON");
            let messages = chat["messages"].as_array().cloned().unwrap_or_default();
            if messages.iter().any(|message| message["sender"] == "bot") {
                return;
            }
        }
    })
    .await;
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");
    assert!(answered.is_ok(), "the bot did not answer");
}
