//! Tells the merchant what happened, in the way of either generation.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

use super::records::{Transaction, Version};
use super::{SECRET_HASH, SIGNING_KEY};
use crate::core::Core;
use crate::server::Cut;

/// Real time: the other side is a real server.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How a webhook is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Signature {
    #[default]
    Right,
    Wrong,
    Missing,
}

/// Tells of a transaction as it stands. The other side's status; 0 when it gave no answer, None when nobody is to be told.
pub(super) async fn tell(core: &Core, transaction: &Transaction) -> Option<u16> {
    let version = core.flutterwave.lock().settings.version;
    send(core, version, &transaction.event(version), Signature::Right).await
}

/// Sends this body.
pub(super) async fn send(
    core: &Core,
    version: Version,
    body: &Value,
    signature: Signature,
) -> Option<u16> {
    let url = core.flutterwave.lock().settings.webhook_url.clone()?;
    let act = async { deliver(core, &url, version, body, signature).await };
    let target = "flutterwave.webhook";
    let response = core.faults.around(&core.clock, target, None, act).await;
    let cut = response.extensions().get::<Cut>().is_some();
    let status = if cut { 0 } else { response.status().as_u16() };
    core.log
        .push(core.clock.now(), target, body.clone(), status, Value::Null);
    Some(status)
}

async fn deliver(
    core: &Core,
    url: &str,
    version: Version,
    body: &Value,
    signature: Signature,
) -> Response {
    let bytes = body.to_string();
    let right = match version {
        Version::V3 => SECRET_HASH.to_owned(),
        Version::V4 => sign(SIGNING_KEY, bytes.as_bytes()),
    };
    let header = match version {
        Version::V3 => "verif-hash",
        Version::V4 => "flutterwave-signature",
    };
    let mut request = core.http.post(url).timeout(TIMEOUT);
    request = request.header("content-type", "application/json");
    request = match signature {
        Signature::Right => request.header(header, right),
        Signature::Wrong => request.header(header, sign("another key", bytes.as_bytes())),
        Signature::Missing => request,
    };
    match request.body(bytes).send().await {
        Ok(response) => response.status().into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// base64(HMAC-SHA256(key, body)).
pub(super) fn sign(key: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes());
    mac.map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(body);
            STANDARD.encode(mac.finalize().into_bytes())
        },
    )
}
