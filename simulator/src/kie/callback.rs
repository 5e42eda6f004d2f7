//! Tells the caller that a task has ended.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::api::settle;
use super::families;
use super::records;
use super::settings::WebhookKey;
use super::tasks::{Callback, Task};
use crate::core::Core;

/// Pauses before each further attempt, on the simulator's clock.
const PAUSES_S: [u64; RETRIES] = [2, 10, 60];
pub(super) const RETRIES: usize = 3;
/// Real time: the other side is a real server.
const TIMEOUT: Duration = Duration::from_secs(15);

/// base64(HMAC-SHA256(key, taskId + "." + timestamp)) (docs.kie.ai, "Webhook Security Verification").
pub(super) fn signature(key: &str, task_id: &str, timestamp: i64) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(format!("{task_id}.{timestamp}").as_bytes());
    Some(STANDARD.encode(mac.finalize().into_bytes()))
}

/// Calls back once for every stage before the end of a task. Nobody repeats these.
async fn stages(core: &Core, id: &str) {
    loop {
        let next = core.kie.lock().task(id).and_then(Task::next_stage);
        let Some((at, stage)) = next else { return };
        core.clock.sleep_until(at).await;
        let _busy = core.kie.begin();
        let told = {
            let mut inner = core.kie.lock();
            let callbacks = inner.settings.callbacks;
            let Some(task) = inner.task_mut(id) else {
                return;
            };
            task.staged += 1;
            let url = task.callback_url.clone().filter(|_| callbacks);
            let family = families::of(task.model);
            url.zip(family.map(|family| family.callback(core, task, Some(stage))))
        };
        if let Some((url, body)) = told {
            attempt(core, id, &url, &body, false).await;
        }
    }
}

/// Waits for the end of a task and calls back, a few times if need be.
pub(super) async fn when_ended(core: &Core, id: &str) {
    stages(core, id).await;
    let Some(ends) = core.kie.lock().task(id).and_then(Task::ends) else {
        return;
    };
    core.clock.sleep_until(ends).await;
    let busy = core.kie.begin();
    let (url, body) = {
        let mut inner = core.kie.lock();
        settle(&mut inner, id, core.clock.now());
        let shape = inner.settings.shape;
        let Some(task) = inner.task(id).filter(|_| inner.settings.callbacks) else {
            return;
        };
        let Some(url) = task.callback_url.clone() else {
            return;
        };
        (url, records::callback(core, shape, task))
    };
    let mut busy = Some(busy);
    for pause_s in PAUSES_S.map(Some).into_iter().chain([None]) {
        if attempt(core, id, &url, &body, true).await {
            return;
        }
        let Some(pause_s) = pause_s else { return };
        // Read while still busy, so that who waits for quiet and then moves the clock does not move it under our feet.
        let next = core.clock.now() + Duration::from_secs(pause_s);
        set_next(core, id, Some(next));
        drop(busy.take());
        core.clock.sleep_until(next).await;
        busy = Some(core.kie.begin());
        set_next(core, id, None);
    }
}

fn set_next(core: &Core, id: &str, next: Option<time::OffsetDateTime>) {
    if let Some(task) = core.kie.lock().task_mut(id) {
        task.next_callback = next;
    }
}

/// True when the other side took it. Only calls at the end are counted.
async fn attempt(core: &Core, id: &str, url: &str, body: &Value, at_end: bool) -> bool {
    let act = async { send(core, id, url, body).await };
    let response = core
        .faults
        .around(&core.clock, "kie.callback", None, act)
        .await;
    let cut = response.extensions().get::<crate::server::Cut>().is_some();
    let status = if cut { 0 } else { response.status().as_u16() };
    if let Some(task) = core.kie.lock().task_mut(id).filter(|_| at_end) {
        task.callbacks.push(Callback {
            at: core.clock.now(),
            status,
        });
    }
    core.log.push(
        core.clock.now(),
        "kie.callback",
        body.clone(),
        status,
        Value::Null,
    );
    (200..300).contains(&status)
}

/// The other side's status; 502 when it gave no answer.
async fn send(core: &Core, id: &str, url: &str, body: &Value) -> Response {
    let timestamp = core.clock.now().unix_timestamp();
    let key = match &core.kie.lock().settings.webhook_key {
        WebhookKey::ApiKey => Some(core.config.kie_key.clone()),
        WebhookKey::Own(key) => Some(key.clone()),
        WebhookKey::None => None,
    };
    let mut request = core.http.post(url).timeout(TIMEOUT).json(body);
    if let Some(signature) = key.and_then(|key| signature(&key, id, timestamp)) {
        request = request
            .header("X-Webhook-Timestamp", timestamp.to_string())
            .header("X-Webhook-Signature", signature);
    }
    match request.send().await {
        Ok(response) => response.status().into_response(),
        Err(_) => axum::http::StatusCode::BAD_GATEWAY.into_response(),
    }
}
