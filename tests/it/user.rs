//! Somebody who talks to the bot: what they do, what they see.

use serde_json::{Value, json};

use crate::world::World;

/// Somebody who talks to the bot.
#[derive(Clone, Copy)]
pub struct User<'w> {
    pub world: &'w World,
    pub id: i64,
}

impl<'w> User<'w> {
    pub fn of(world: &'w World, id: i64) -> Self {
        Self { world, id }
    }

    /// Sends something and lets the bot answer.
    pub async fn send(&self, body: Value) {
        self.world
            .post(&format!("/sim/users/{}/send", self.id), body)
            .await;
        self.world.settle().await;
    }

    /// Writes a text and lets the bot answer.
    pub async fn says(&self, text: &str) {
        self.send(json!({ "text": text })).await;
    }

    /// Presses the newest button whose label contains `label`, and lets the bot answer.
    pub async fn presses(&self, label: &str) {
        let (message_id, row, column) = self.find(label).await;
        self.press_at(message_id, row, column).await;
        self.world.settle().await;
    }

    /// Presses a button that may be gone, under the newest message of the bot.
    pub async fn presses_data(&self, data: &str) {
        let message_id = self.last().await["message_id"].clone();
        let body =
            json!({ "chat_id": self.id, "message_id": message_id, "data": data, "wait": false });
        self.world
            .post(&format!("/sim/users/{}/press", self.id), body)
            .await;
        self.world.settle().await;
    }

    /// Takes a service from its shelf.
    pub async fn picks(&self, service: &str) {
        self.presses_data(&format!("s:{service}")).await;
    }

    /// Starts, and takes a service.
    pub async fn begins(&self, service: &str) {
        self.says("/start").await;
        self.picks(service).await;
    }

    /// The bot's newest words contain `expected`.
    pub async fn hears(&self, expected: &str) {
        let text = self.last_text().await;
        let transcript = self.transcript().await;
        assert!(
            text.contains(expected),
            "instead of `{expected}`: {text}\n\n{transcript}"
        );
    }

    /// Answers all questions of the paid "Image from text", up to its summary.
    pub async fn prepares(&self, prompt: &str) {
        self.says("/menu").await;
        self.presses("Create images").await;
        self.presses("Image from text").await;
        self.says(prompt).await;
        self.presses("Skip").await;
    }

    /// Orders the paid "Image from text" for $0.10; the world works on what it can do at once.
    pub async fn orders(&self, prompt: &str) {
        self.prepares(prompt).await;
        self.presses("Confirm").await;
    }

    /// What the newest press was answered with: the text that appears for a moment.
    pub async fn notice(&self) -> String {
        let answers = self.world.log("answerCallbackQuery").await;
        let newest = answers.last().cloned().unwrap_or_default();
        newest["params"]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The lines of `/balance`.
    pub async fn statement(&self) -> String {
        self.says("/balance").await;
        self.last_text().await
    }

    /// Presses without letting the bot answer.
    pub async fn press_at(&self, message_id: i64, row: usize, column: usize) {
        let body = json!({ "chat_id": self.id, "message_id": message_id, "button": [row, column], "wait": false });
        self.world
            .post(&format!("/sim/users/{}/press", self.id), body)
            .await;
    }

    /// The newest button whose label contains `label`.
    pub async fn find(&self, label: &str) -> (i64, usize, usize) {
        for message in self.messages().await.iter().rev() {
            let rows = message["buttons"].as_array().cloned().unwrap_or_default();
            for (row, buttons) in rows.iter().enumerate() {
                for (column, button) in buttons.as_array().into_iter().flatten().enumerate() {
                    if button["text"]
                        .as_str()
                        .is_some_and(|text| text.contains(label))
                    {
                        return (message["message_id"].as_i64().expect("an id"), row, column);
                    }
                }
            }
        }
        panic!("no button `{label}` in:\n{}", self.transcript().await);
    }

    /// All messages of the chat, oldest first.
    pub async fn messages(&self) -> Vec<Value> {
        let chat = self.world.get(&format!("/sim/chats/{}", self.id)).await;
        chat["messages"].as_array().cloned().unwrap_or_default()
    }

    /// The newest message of the bot.
    pub async fn last(&self) -> Value {
        let messages = self.messages().await;
        messages
            .iter()
            .rev()
            .find(|message| !is_from(message, self.id))
            .cloned()
            .unwrap_or_default()
    }

    /// The text of the newest message of the bot.
    pub async fn last_text(&self) -> String {
        text_of(&self.last().await)
    }

    /// The chat as lines, for assertions and for people.
    pub async fn transcript(&self) -> String {
        let mut lines = Vec::new();
        for message in self.messages().await {
            let who = if is_from(&message, self.id) {
                "user"
            } else {
                "bot"
            };
            let media = &message["media"];
            let kind = media["kind"]
                .as_str()
                .or(media["type"].as_str())
                .map(|kind| format!("[{kind}] "))
                .unwrap_or_default();
            let rows = message["buttons"].as_array().cloned().unwrap_or_default();
            let buttons: Vec<String> = rows
                .iter()
                .flat_map(|row| row.as_array().cloned().unwrap_or_default())
                .map(|button| format!("<{}>", button["text"].as_str().unwrap_or_default()))
                .collect();
            lines.push(
                format!("{who}: {kind}{} {}", text_of(&message), buttons.join(" "))
                    .trim_end()
                    .to_owned(),
            );
        }
        lines.join("\n")
    }

    /// What the bot thinks the user has, in minor units: available and held.
    pub async fn wallet(&self) -> (i64, i64) {
        let mut conn = self.world.pool.acquire().await.expect("a connection");
        let wallet = bulwark::engine::ledger::wallet(&mut conn, self.id, "USD")
            .await
            .expect("a wallet");
        (wallet.available.0, wallet.held.0)
    }
}

fn is_from(message: &Value, user_id: i64) -> bool {
    message["from"]["id"].as_i64() == Some(user_id)
}

fn text_of(message: &Value) -> String {
    message["text"].as_str().unwrap_or_default().to_owned()
}
