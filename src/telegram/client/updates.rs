//! How updates come: the webhook's settings, or long polling.

use std::time::Duration;

use crate::base::redact::{ExposeSecret, Secret};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Client, typed};
use crate::telegram::call_error::CallError;
use crate::telegram::lenient::Object;

/// Polling waits this much longer than Telegram was asked to.
const POLL_MARGIN: Duration = Duration::from_secs(10);

/// What `setWebhook` is told; Bot API docs, "setWebhook".
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    pub url: String,
    /// 1 to 256 characters of `[A-Za-z0-9_-]`; comes back in a header of every delivery.
    pub secret: Secret,
    /// 1 to 100.
    pub max_connections: u8,
    /// Names from [`crate::telegram::methods::ALLOWED_UPDATES`].
    pub allowed_updates: Vec<String>,
    /// Forgets what is waiting. Never at an ordinary start: those are people's messages.
    pub drop_pending_updates: bool,
}

/// One update from long polling, as the bytes that a webhook would have brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    pub update_id: i64,
    pub raw: Vec<u8>,
}

impl Client {
    /// Tells Telegram where to deliver. With unchanged settings Telegram does nothing, so this is safe at every start.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn set_webhook(&self, settings: &WebhookSettings) -> Result<(), CallError> {
        let params = json!({
            "url": settings.url,
            "secret_token": settings.secret.expose_secret(),
            "max_connections": settings.max_connections,
            "allowed_updates": settings.allowed_updates,
            "drop_pending_updates": settings.drop_pending_updates,
        });
        self.call("setWebhook", &params).await.map(|_| ())
    }

    /// Stops deliveries; what is waiting is kept for polling.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn delete_webhook(&self) -> Result<(), CallError> {
        self.call("deleteWebhook", &json!({})).await.map(|_| ())
    }

    /// `getWebhookInfo` as Telegram gives it.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn get_webhook_info(&self) -> Result<Value, CallError> {
        self.call("getWebhookInfo", &json!({})).await
    }

    /// Waits up to `wait` for updates from `offset` on, which confirms all before it.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn get_updates(
        &self,
        offset: Option<i64>,
        wait: Duration,
        allowed_updates: &[&str],
    ) -> Result<Vec<Update>, CallError> {
        let mut params = json!({
            "timeout": wait.as_secs(),
            "allowed_updates": allowed_updates,
        });
        if let Some(offset) = offset {
            params["offset"] = json!(offset);
        }
        let updates = self
            .call_within("getUpdates", &params, wait + POLL_MARGIN)
            .await?;
        let updates: Vec<&RawValue> = typed(&updates)?;
        Ok(updates
            .into_iter()
            .filter_map(|raw| {
                Some(Update {
                    update_id: Object::parse(raw.get())?.read("update_id")?,
                    raw: raw.get().as_bytes().to_vec(),
                })
            })
            .collect())
    }

    /// The commands that Telegram offers while typing, for one language, or for all others.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn set_my_commands(
        &self,
        commands: &[(&str, String)],
        language_code: Option<&str>,
    ) -> Result<(), CallError> {
        let commands: Vec<Value> = commands
            .iter()
            .map(|(command, description)| json!({ "command": command, "description": description }))
            .collect();
        let mut params = json!({ "commands": commands });
        if let Some(code) = language_code {
            params["language_code"] = json!(code);
        }
        self.call("setMyCommands", &params).await.map(|_| ())
    }
}
