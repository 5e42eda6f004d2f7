//! setWebhook, deleteWebhook, getWebhookInfo and getUpdates.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::params::Params;
use super::refusal::Refusal;
use super::updates::{Fate, Updates};
use crate::core::Core;

const CONNECTIONS_DEFAULT: usize = 40;
const CONNECTIONS_MAX: i64 = 100;
const POLL_MAX_SECONDS: i64 = 50;
const CONFLICT: &str = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const TERMINATED: &str = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";

/// Where updates are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub url: String,
    pub secret: Option<String>,
    pub connections_max: usize,
    pub ip_address: Option<String>,
    pub has_certificate: bool,
}

/// How the delivery goes.
#[derive(Debug, Default)]
pub struct Delivery {
    pub webhook: Option<Webhook>,
    pub set_at: Option<OffsetDateTime>,
    pub active: usize,
    pub last_success_at: Option<OffsetDateTime>,
    /// The first failure since the last success.
    pub failing_since: Option<OffsetDateTime>,
    pub last_started_at: Option<OffsetDateTime>,
    pub last_error: Option<(OffsetDateTime, String)>,
    /// Since when the bot answers 410.
    pub gone_since: Option<OffsetDateTime>,
    /// Which getUpdates call is the newest.
    pub poll: u64,
}

/// setWebhook: the result and its description.
pub(super) fn set(core: &Core, params: &Params) -> Result<(Value, &'static str), Refusal> {
    let url = params.text("url").unwrap_or_default();
    if url.is_empty() {
        return delete(core, params);
    }
    check_url(&url)?;
    let secret = params
        .text("secret_token")
        .filter(|secret| !secret.is_empty());
    check_secret(secret.as_deref().unwrap_or_default())?;
    let allowed = allowed_updates(params)?;
    let connections = params.integer("max_connections").filter(|count| *count > 0);
    let connections = connections.map_or(CONNECTIONS_DEFAULT, |count| {
        usize::try_from(count.min(CONNECTIONS_MAX)).unwrap_or(CONNECTIONS_DEFAULT)
    });
    let webhook = Webhook {
        url,
        secret,
        connections_max: connections,
        ip_address: params
            .text("ip_address")
            .filter(|address| !address.is_empty()),
        has_certificate: params.files.contains_key("certificate"),
    };
    let now = core.clock.now();
    let is_limited = core.telegram.limits().is_enabled;
    let mut state = core.telegram.state();
    if params.flag("drop_pending_updates") {
        state.updates.drop_all();
    }
    let is_same_filter = allowed.is_none() || allowed == state.updates.allowed;
    if state.delivery.webhook.as_ref() == Some(&webhook) && is_same_filter {
        return Ok((json!(true), "Webhook is already set"));
    }
    let set_at = state.delivery.set_at;
    if is_limited && set_at.is_some_and(|at| now - at < time::Duration::SECOND) {
        return Err(Refusal::flood(1));
    }
    if allowed.is_some() {
        state.updates.allowed = allowed;
    }
    state.delivery = Delivery {
        webhook: Some(webhook),
        set_at: Some(now),
        active: state.delivery.active,
        poll: state.delivery.poll + 1,
        ..Delivery::default()
    };
    for queue in state.updates.queues.values_mut() {
        queue.next_at = now;
        queue.failures = 0;
    }
    drop(state);
    core.telegram.wake();
    Ok((json!(true), "Webhook was set"))
}

/// HTTPS as with Telegram; plain HTTP is for this machine only.
fn check_url(url: &str) -> Result<(), Refusal> {
    let wrong = |reason: &str| Refusal::bad(format!("bad webhook: {reason}"));
    let parsed = reqwest::Url::parse(url).map_err(|_| wrong("URL host is empty"))?;
    let host = parsed.host_str().unwrap_or_default().to_owned();
    let is_local = host == "localhost" || host.starts_with("127.") || host == "[::1]";
    match parsed.scheme() {
        "https" => {
            let port = parsed.port_or_known_default().unwrap_or_default();
            if is_local || [80, 88, 443, 8443].contains(&port) {
                Ok(())
            } else {
                Err(wrong(
                    "Webhook can be set up only on ports 80, 88, 443 or 8443",
                ))
            }
        }
        "http" if is_local => Ok(()),
        _ => Err(wrong("An HTTPS URL must be provided for webhook")),
    }
}

fn check_secret(secret: &str) -> Result<(), Refusal> {
    if secret.len() > 256 {
        return Err(Refusal::bad("secret token is too long"));
    }
    let is_plain = secret
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if is_plain {
        Ok(())
    } else {
        Err(Refusal::bad("secret token contains unallowed characters"))
    }
}

/// None: keep what was set before.
fn allowed_updates(params: &Params) -> Result<Option<Vec<String>>, Refusal> {
    let cannot = || Refusal::bad("can't parse allowed updates JSON object");
    let allowed = params.structure("allowed_updates").map_err(|()| cannot())?;
    allowed
        .map(|allowed| serde_json::from_value(allowed).map_err(|_| cannot()))
        .transpose()
}

/// deleteWebhook.
pub(super) fn delete(core: &Core, params: &Params) -> Result<(Value, &'static str), Refusal> {
    let mut state = core.telegram.state();
    if params.flag("drop_pending_updates") {
        state.updates.drop_all();
    }
    let was_set = state.delivery.webhook.take().is_some();
    state.delivery.last_error = None;
    drop(state);
    core.telegram.wake();
    let text = match was_set {
        true => "Webhook was deleted",
        false => "Webhook is already deleted",
    };
    Ok((json!(true), text))
}

/// getWebhookInfo.
pub(super) fn info(core: &Core) -> Value {
    let state = core.telegram.state();
    let mut info = json!({
        "url": "",
        "has_custom_certificate": false,
        "pending_update_count": state.updates.pending.len(),
    });
    if let Some(webhook) = &state.delivery.webhook {
        info["url"] = json!(webhook.url);
        info["has_custom_certificate"] = json!(webhook.has_certificate);
        info["max_connections"] = json!(webhook.connections_max);
        info["ip_address"] = json!(webhook.ip_address.as_deref().unwrap_or("127.0.0.1"));
    }
    if let Some((at, message)) = &state.delivery.last_error {
        info["last_error_date"] = json!(at.unix_timestamp());
        info["last_error_message"] = json!(message);
    }
    if let Some(allowed) = state
        .updates
        .allowed
        .as_ref()
        .filter(|list| !list.is_empty())
    {
        info["allowed_updates"] = json!(allowed);
    }
    info
}

/// getUpdates: waits up to `timeout` seconds on the simulator's clock for the first update.
pub(super) async fn poll(core: &Arc<Core>, params: &Params) -> Result<Value, Refusal> {
    let allowed = allowed_updates(params)?;
    let limit = params.integer("limit").unwrap_or(100).clamp(1, 100);
    let limit = usize::try_from(limit).unwrap_or(100);
    let timeout = params.integer("timeout").unwrap_or(0);
    let timeout = timeout.clamp(0, POLL_MAX_SECONDS).unsigned_abs();
    let deadline = core.clock.now() + Duration::from_secs(timeout);
    let conflict = |text: &str| Refusal::new(409, text.to_owned());
    let poll = {
        let mut state = core.telegram.state();
        state.delivery.poll += 1;
        if allowed.is_some() {
            state.updates.allowed = allowed;
        }
        if let Some(offset) = params.integer("offset") {
            confirm(&mut state.updates, offset);
        }
        state.delivery.poll
    };
    // A poll that waits elsewhere learns that it was replaced.
    core.telegram.wake();
    loop {
        let changed = core.telegram.woken();
        {
            let mut state = core.telegram.state();
            if state.delivery.webhook.is_some() {
                return Err(conflict(CONFLICT));
            }
            if state.delivery.poll != poll {
                return Err(conflict(TERMINATED));
            }
            state.updates.expire(core.clock.now());
            let first = state.updates.pending.values().take(limit);
            let found: Vec<Value> = first.map(|pending| pending.json.clone()).collect();
            if !found.is_empty() || core.clock.now() >= deadline {
                return Ok(Value::Array(found));
            }
        }
        tokio::select! {
            () = changed => {}
            () = core.clock.sleep_until(deadline) => {}
        }
    }
}

/// Everything before `offset` has arrived; a negative one counts from the end.
fn confirm(updates: &mut Updates, offset: i64) {
    let first = match u64::try_from(offset) {
        Ok(offset) => offset,
        Err(_) => {
            let back = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            let mut newest_first = updates.pending.keys().rev();
            match newest_first.nth(back.saturating_sub(1)) {
                Some(id) => *id,
                None => return,
            }
        }
    };
    let confirmed: Vec<u64> = updates.pending.range(..first).map(|(id, _)| *id).collect();
    for id in confirmed {
        updates.remove(id, Fate::Delivered);
    }
}
