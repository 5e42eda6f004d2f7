//! `POST /callbacks/{provider}/{token}`: a provider says that it is done.
//!
//! The token in the address is unguessable and belongs to one job. What the body claims is only a hint: it is stored,
//! and the result is fetched from the provider before any money moves.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use sqlx::PgPool;

use crate::base::clock::Clock;
use crate::base::fault::{self, Point};
use crate::engine::jobs;
use crate::engine::wake::Wake;
use crate::providers::Provider;

/// Longer than any token of ours.
const TOKEN_BYTES_MAX: usize = 100;

/// What the callbacks need.
pub struct Callbacks {
    /// The database.
    pub pool: PgPool,
    /// The time.
    pub clock: Clock,
    /// Those who may call back.
    pub providers: Vec<Arc<dyn Provider>>,
    /// Notified when a job should be looked at.
    pub wake: Wake,
}

/// Handles one callback. Whether a token is unknown or its job long gone is not told apart for a stranger.
pub async fn callback(
    State(callbacks): State<Arc<Callbacks>>,
    Path((provider, token)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Some(provider) = callbacks
        .providers
        .iter()
        .find(|known| known.name() == provider)
    else {
        return StatusCode::NOT_FOUND;
    };
    if !is_token(&token) {
        return StatusCode::NOT_FOUND;
    }
    let job_id = match jobs::find_by_callback(&callbacks.pool, &token).await {
        Ok(Some((job_id, owner))) if owner == provider.name() => job_id,
        Ok(_) => return StatusCode::NOT_FOUND,
        Err(error) => {
            tracing::warn!(error = %error, "cannot look a callback up");
            return StatusCode::SERVICE_UNAVAILABLE;
        }
    };
    let pairs: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let hint = match provider.verify_callback(&pairs, &body) {
        Ok(hint) => hint,
        Err(error) => {
            tracing::warn!(%job_id, error = %error, "a callback is not believed");
            return StatusCode::UNAUTHORIZED;
        }
    };
    fault::reach(Point::CallbackStoring);
    match jobs::record_callback(&callbacks.pool, job_id, &hint, callbacks.clock.sql_now()).await {
        Ok(()) => {
            fault::reach(Point::CallbackStored);
            tracing::info!(%job_id, verified = hint.verified, "callback received");
            callbacks.wake.notify();
            StatusCode::OK
        }
        Err(error) => {
            tracing::warn!(%job_id, error = %error, "cannot store a callback");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// Of the alphabet of our tokens. Anything may stand in an address, also a NUL, which Postgres refuses: such a question would
/// fail for ever, and look like a database that is ill.
fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=TOKEN_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed)
}
