//! `POST /webhook`: Telegram's deliveries.
//!
//! The secret is checked before the body is read. Every authenticated update is answered 2xx whatever its content (with the
//! answer in it, if it could be answered from memory), or 503 with `Retry-After`, which Telegram honours, when it cannot be stored now. Never 410: after a day of it Telegram
//! removes the webhook.

use std::sync::Arc;

use axum::BoxError;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::intake::{Intake, Taken, as_webhook_answer};
use super::middleware::rate_limit::KeyedLimiter;
use crate::base::fault::{self, Point};
use crate::base::redact::{ExposeSecret as _, Secret};

const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

/// What the webhook needs.
pub struct Webhook {
    intake: Arc<Intake>,
    /// Digests, so that a comparison takes the same time whatever the length.
    secrets: Vec<[u8; 32]>,
    body_bytes_max: usize,
    /// How much is said of those who do not know the secret: anybody can be one, as often as they like.
    strangers: KeyedLimiter<()>,
}

/// Lines a minute, and at once.
const STRANGERS_LOGGED: (u32, u32) = (10, 20);

impl Webhook {
    /// Accepts the current secret and, after a change, the previous one.
    pub fn new(
        intake: Arc<Intake>,
        secret: &Secret,
        previous: Option<&Secret>,
        body_bytes_max: usize,
    ) -> Self {
        let secrets = std::iter::once(secret)
            .chain(previous)
            .map(|secret| digest(secret.expose_secret().as_bytes()));
        Self {
            intake,
            secrets: secrets.collect(),
            body_bytes_max,
            strangers: KeyedLimiter::per_minute(STRANGERS_LOGGED.0, STRANGERS_LOGGED.1),
        }
    }

    fn is_telegram(&self, headers: &HeaderMap) -> bool {
        let Some(given) = headers.get(SECRET_HEADER) else {
            return false;
        };
        let given = digest(given.as_bytes());
        self.secrets.iter().fold(false, |found, secret| {
            found | bool::from(secret.ct_eq(&given))
        })
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Handles one delivery on the way of all requests, which knows where it came from.
pub async fn webhook(State(webhook): State<Arc<Webhook>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    deliver(&webhook, &parts.headers, body, None).await
}

/// Handles one delivery. `request_id` for the log, where no span has it.
pub(super) async fn deliver<B>(
    webhook: &Webhook,
    headers: &HeaderMap,
    body: B,
    request_id: Option<&str>,
) -> Response
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    if !webhook.is_telegram(headers) {
        if webhook.strangers.check(&(), 1).is_ok() {
            tracing::warn!(request_id, "a delivery without the right secret");
        }
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let body = match read(body, webhook.body_bytes_max).await {
        Ok(body) => body,
        Err(status) => return status.into_response(),
    };
    fault::reach(Point::WebhookTaken);
    match webhook.intake.take(body).await {
        Taken::Committed(call) => {
            fault::reach(Point::WebhookAnswering);
            match call {
                Some(call) => axum::Json(as_webhook_answer(&call)).into_response(),
                None => StatusCode::OK.into_response(),
            }
        }
        Taken::FromMemory(call) => axum::Json(as_webhook_answer(&call)).into_response(),
        Taken::NotAnUpdate => {
            tracing::warn!(
                request_id,
                "an authenticated delivery that is not an update"
            );
            StatusCode::OK.into_response()
        }
        Taken::TryAgain(error) => {
            let seconds = error.retry_after_s();
            tracing::warn!(request_id, error = %error, retry_after_s = seconds, "an update could not be stored");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                [(header::RETRY_AFTER, seconds.to_string())],
            )
                .into_response()
        }
    }
}

/// Telegram never sends an update above 512 KiB (TDLib, `TQueue.cpp`): a body beyond the limit is not from Telegram.
async fn read<B>(body: B, bytes_max: usize) -> Result<Bytes, StatusCode>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}
