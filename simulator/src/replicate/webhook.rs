//! Tells the caller that a prediction has ended, signed as Standard Webhooks are ("Verify webhooks").

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::{SIGNING_KEY, api};
use crate::core::Core;
use crate::server::Cut;

/// Pauses before each further attempt, on the simulator's clock: "otherwise, the webhook might be retried".
const PAUSES_S: [u64; 3] = [2, 10, 60];
/// Real time: the other side is a real server.
const TIMEOUT: Duration = Duration::from_secs(15);

/// `v1,` and base64(HMAC-SHA256(key, id.timestamp.body)), where the key is in base64 after `whsec_`.
pub(super) fn signature(key: &str, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD.decode(key.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Some(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

/// Waits for the end and calls, a few times if need be.
pub(super) async fn when_ended(core: &Core, id: &str) {
    let end = core.replicate.lock().find(id).and_then(|one| one.end());
    let Some((at, _)) = end else {
        return;
    };
    core.clock.sleep_until(at).await;
    let mut busy = Some(core.replicate.begin());
    let Some((url, body)) = due(core, id) else {
        return;
    };
    let message_id = format!("msg_{}", core.random_name(24));
    for pause_s in PAUSES_S.map(Some).into_iter().chain([None]) {
        if attempt(core, id, &message_id, &url, &body).await {
            return;
        }
        let Some(pause_s) = pause_s else { return };
        // Read while still busy, so that who waits for quiet and then moves the clock does not move it under our feet.
        let next = core.clock.now() + Duration::from_secs(pause_s);
        set_next(core, id, Some(next));
        drop(busy.take());
        core.clock.sleep_until(next).await;
        busy = Some(core.replicate.begin());
        set_next(core, id, None);
    }
}

/// What is to be said where, unless it was said or is not the end after all.
fn due(core: &Core, id: &str) -> Option<(String, Value)> {
    let now = core.clock.now();
    let inner = core.replicate.lock();
    let one = inner.find(id).filter(|_| inner.settings.webhooks)?;
    if !one.owes_a_webhook(now) {
        return None;
    }
    let shown = one.json(&api::base(core), now, inner.settings.shows_webhook);
    Some((one.webhook.clone()?, shown))
}

fn set_next(core: &Core, id: &str, next: Option<time::OffsetDateTime>) {
    if let Some(one) = core.replicate.lock().find_mut(id) {
        one.next_try = next;
    }
}

/// True when the other side took it.
async fn attempt(core: &Core, id: &str, message_id: &str, url: &str, body: &Value) -> bool {
    let act = async { send(core, message_id, url, body).await };
    let response = core
        .faults
        .around(&core.clock, "replicate.webhook", None, act)
        .await;
    let cut = response.extensions().get::<Cut>().is_some();
    let status = if cut { 0 } else { response.status().as_u16() };
    if let Some(one) = core.replicate.lock().find_mut(id) {
        one.told.push(status);
    }
    core.log.push(
        core.clock.now(),
        "replicate.webhook",
        body.clone(),
        status,
        Value::Null,
    );
    (200..300).contains(&status)
}

/// The other side's status; 502 when it gave no answer.
async fn send(core: &Core, message_id: &str, url: &str, body: &Value) -> Response {
    let timestamp = core.clock.now().unix_timestamp();
    let body = body.to_string().into_bytes();
    let signed = signature(SIGNING_KEY, message_id, timestamp, &body).unwrap_or_default();
    let request = core
        .http
        .post(url)
        .timeout(TIMEOUT)
        .header("Content-Type", "application/json")
        .header("webhook-id", message_id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signed)
        .body(body);
    match request.send().await {
        Ok(response) => response.status().into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
