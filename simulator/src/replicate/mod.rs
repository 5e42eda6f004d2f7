//! Replicate's API (replicate.com/docs, "HTTP API"): strict about what it takes, realistic about time, faulty on demand.
//!
//! How a prediction stands is a function of the clock, so a test that moves the clock sees every state in its turn. Words in the
//! prompt decide how it ends: `!refuse`, `!fail`, `!slow`. The control API is `GET /sim/replicate/predictions` and
//! `GET`, `POST /sim/replicate/settings`.

mod api;
mod control;
mod delivery;
mod input;
mod prediction;
mod saved;
#[cfg(test)]
mod tests;
mod webhook;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::core::{Core, lock};
use crate::kie::Window;
use prediction::Prediction;
pub(crate) use saved::{Saved, restore};

/// Opens the account. Not a secret.
pub const TOKEN: &str = "r8_token-of-the-simulated-replicate";
/// Signs its webhooks, in the form in which Replicate gives it out. Not a secret.
pub const SIGNING_KEY: &str = "whsec_a2V5IG9mIHRoZSBzaW11bGF0ZWQgcmVwbGljYXRl";
/// Older predictions are forgotten.
const KEPT_MAX: usize = 2_000;

/// What the provider remembers.
#[derive(Debug)]
pub struct State {
    inner: Mutex<Inner>,
    /// Webhooks under way.
    busy: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Inner {
    settings: Settings,
    predictions: VecDeque<Prediction>,
    /// Every creation that came through, refused ones too.
    create_calls: u64,
    creates: Window,
    others: Window,
}

/// What a test may change: `POST /sim/replicate/settings`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// 1 is realistic.
    speed: f64,
    /// Whether predictions that ask for it are told of.
    webhooks: bool,
    /// Whether an answer shows the webhook of a prediction.
    shows_webhook: bool,
    /// What is left, in millionths of a dollar.
    credit_micros: i64,
    /// Whether the limits of calls per minute are kept.
    limits: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            speed: 1.0,
            webhooks: true,
            shows_webhook: true,
            credit_micros: 10_000_000,
            limits: true,
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            busy: watch::Sender::new(0),
        }
    }
}

impl State {
    /// Forgets every prediction; the settings are as at the start.
    pub fn reset(&self) {
        *self.lock() = Inner::default();
        self.nudge();
    }

    /// Waits until every webhook that is due at `now` was tried.
    pub async fn idle(&self, now: OffsetDateTime) {
        // The sender lives as long as this.
        let _ = self.busy.subscribe().wait_for(|_| self.is_idle(now)).await;
    }

    pub(crate) fn is_idle(&self, now: OffsetDateTime) -> bool {
        let inner = self.lock();
        let owed = |prediction: &Prediction| prediction.owes_a_webhook(now);
        let owes = inner.settings.webhooks && inner.predictions.iter().any(owed);
        *self.busy.borrow() == 0 && !owes
    }

    /// Lets those who wait for quiet look again.
    fn nudge(&self) {
        self.busy.send_modify(|_| {});
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Counts as busy until dropped.
    fn begin(&self) -> Busy {
        self.busy.send_modify(|busy| *busy += 1);
        Busy(self.busy.clone())
    }
}

impl Inner {
    fn find(&self, id: &str) -> Option<&Prediction> {
        self.predictions
            .iter()
            .find(|prediction| prediction.id == id)
    }

    fn find_mut(&mut self, id: &str) -> Option<&mut Prediction> {
        self.predictions
            .iter_mut()
            .find(|prediction| prediction.id == id)
    }
}

/// Something under way.
struct Busy(watch::Sender<usize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|busy| *busy -= 1);
    }
}

/// Mounted under `/replicate`.
pub fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/v1/predictions", post(api::create).get(api::list))
        .route(
            "/v1/models/{owner}/{name}/predictions",
            post(api::create_of_model),
        )
        .route("/v1/predictions/{id}", get(api::one))
        .route("/v1/predictions/{id}/cancel", post(api::cancel))
        .route("/delivery/{id}/{name}", get(delivery::file))
        .fallback(api::not_found)
        .with_state(core)
}

/// The control API of this provider: `/sim/replicate/…`.
pub(crate) fn control_router() -> Router<Arc<Core>> {
    Router::new()
        .route("/sim/replicate/predictions", get(control::predictions))
        .route(
            "/sim/replicate/settings",
            get(control::settings).post(control::change),
        )
}
