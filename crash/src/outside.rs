//! The world around the service: the simulator, in this process, with its control API.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bulwark_simulator::Simulator;
use serde_json::{Value, json};

use crate::journal::Journal;

/// How long people wait for an answer when their world closes.
const LAST_PATIENCE: Duration = Duration::from_secs(4);

/// Telegram, the provider, and what was done.
#[derive(Debug)]
pub struct Outside {
    sim: Simulator,
    http: reqwest::Client,
    /// What was done to the service.
    pub journal: Journal,
    closing: AtomicBool,
    numbers: AtomicU64,
    links: Mutex<HashMap<String, String>>,
    done: Mutex<HashMap<String, Instant>>,
}

/// A button that can be seen.
#[derive(Clone, Debug)]
pub struct Button {
    /// Under which message.
    pub message_id: i64,
    /// What it sends.
    pub data: String,
}

impl Outside {
    /// Around `sim`.
    pub fn new(sim: Simulator) -> Self {
        Self {
            sim,
            http: reqwest::Client::new(),
            journal: Journal::default(),
            closing: AtomicBool::new(false),
            numbers: AtomicU64::new(1),
            links: Mutex::default(),
            done: Mutex::default(),
        }
    }

    /// Notes for which link an order will be: the service forgets what users entered.
    pub fn is_for(&self, order: &str, link: &str) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.insert(order.to_owned(), link.to_owned());
    }

    /// The link of an order, by its short id.
    pub fn link_of(&self, order: &str) -> Option<String> {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.get(order).cloned()
    }

    /// Whether something may be done that must not be done again within `pause`: an answer takes its time.
    pub fn is_due(&self, what: &str, pause: Duration) -> bool {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let now = crate::clock::now();
        if done.get(what).is_some_and(|at| now < *at + pause) {
            return false;
        }
        done.insert(what.to_owned(), now);
        true
    }

    /// The simulator.
    pub fn sim(&self) -> &Simulator {
        &self.sim
    }

    /// From now on people only finish what they have begun.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Whether people should begin something new.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// A number that no other thing of this world has.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// A call of the control API.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.sim.telegram_url());
        let answer = self.http.post(url).json(body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path}: {status}: {text}");
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// A look through the control API.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.sim.telegram_url());
        let answer = self.http.get(url).send().await?;
        Ok(answer.json().await?)
    }

    /// A person writes; the number of the update.
    pub async fn says(&self, user: i64, text: &str) -> anyhow::Result<i64> {
        let path = format!("/sim/users/{user}/send");
        let said = self.post(&path, &json!({ "text": text })).await?;
        said["update_id"].as_i64().context("an update id")
    }

    /// A person presses a button.
    pub async fn presses(&self, user: i64, button: &Button) -> anyhow::Result<()> {
        let body = json!({ "message_id": button.message_id, "data": button.data, "wait": false });
        self.post(&format!("/sim/users/{user}/press"), &body)
            .await?;
        Ok(())
    }

    /// The messages of a chat after number `since`.
    pub async fn messages(&self, chat: i64, since: i64) -> Vec<Value> {
        let chat = self.get(&format!("/sim/chats/{chat}?since={since}")).await;
        let messages = chat
            .ok()
            .and_then(|chat| chat["messages"].as_array().cloned());
        messages.unwrap_or_default()
    }

    /// The newest button whose data begins so.
    pub async fn button(&self, chat: i64, since: i64, starts: &str) -> Option<Button> {
        let messages = self.messages(chat, since).await;
        messages.iter().rev().find_map(|message| {
            let message_id = message["message_id"].as_i64()?;
            let rows = message["buttons"].as_array()?.iter();
            let mut all = rows.flat_map(|row| row.as_array().into_iter().flatten());
            all.find_map(|button| {
                let data = button["callback_data"].as_str()?;
                let data = data.starts_with(starts).then(|| data.to_owned())?;
                Some(Button { message_id, data })
            })
        })
    }

    /// As [`Self::button`], but waits for it.
    pub async fn wait_for(
        &self,
        chat: i64,
        since: i64,
        starts: &str,
        patience: Duration,
    ) -> Option<Button> {
        let end = crate::clock::now() + patience;
        loop {
            if let Some(button) = self.button(chat, since, starts).await {
                return Some(button);
            }
            // At the end nobody waits long for what may take minutes.
            let is_over =
                self.is_closing() && crate::clock::now() + patience >= end + LAST_PATIENCE;
            if crate::clock::now() >= end || is_over {
                return None;
            }
            crate::clock::pause(120).await;
        }
    }

    /// Adds a fault to the simulator.
    pub async fn fault(&self, rule: Value) -> anyhow::Result<()> {
        self.post("/sim/faults", &rule).await.map(drop)
    }

    /// The number of the last call in the simulator's log.
    pub fn last_call(&self) -> u64 {
        let calls = self.sim.core().log.since(0, None);
        calls.last().map_or(0, |call| call.seq)
    }

    /// Whether the bot has answered in a chat since a call.
    pub fn has_answered(&self, chat: i64, since: u64) -> bool {
        let calls = self.sim.core().log.since(since, Some("sendMessage"));
        calls.iter().any(|call| {
            let to = &call.params["chat_id"];
            let to = to.as_i64().or_else(|| to.as_str()?.parse().ok());
            call.status == 200 && to == Some(chat)
        })
    }
}
