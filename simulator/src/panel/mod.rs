//! Order panels ("SMM panel API v2"): one address, form-encoded POST, `key` and `action`. Strict about what it takes.
//!
//! Every name under `/panel/{name}/api/v2` is a panel of its own, with its own account and orders. Numbers come as strings or
//! as numbers, errors as prose or as codes, always with HTTP 200, as real panels mix them. How an order stands is a function
//! of the clock, unless a test says it: `POST /sim/panel/{name}/orders/{id}`.

mod actions;
mod api;
mod control;
mod orders;
mod services;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::routing::{any, get, post};
use serde::{Deserialize, Serialize};

use crate::core::{Core, lock};
use orders::{Order, Refill};
use settings::Settings;

/// Opens the account at every simulated panel. Not a secret.
pub const KEY: &str = "key-of-the-simulated-panels";
/// Older orders are forgotten, so that a long demo does not fill the memory.
const KEPT_ORDERS_MAX: usize = 5_000;
const FIRST_ORDER: u64 = 23_501;

/// All panels, by name.
#[derive(Debug, Default)]
pub struct State(Mutex<BTreeMap<String, Panel>>);

/// One panel with our account; what of it outlives a restart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Panel {
    settings: Settings,
    orders: BTreeMap<u64, Order>,
    refills: BTreeMap<u64, Refill>,
    next_order: u64,
    /// Every `add` that came through, refused ones too.
    add_calls: u64,
}

impl Default for Panel {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            orders: BTreeMap::new(),
            refills: BTreeMap::new(),
            next_order: FIRST_ORDER,
            add_calls: 0,
        }
    }
}

impl State {
    /// Forgets every panel's orders and settings.
    pub fn reset(&self) {
        self.lock().clear();
    }

    pub(crate) fn saved(&self) -> BTreeMap<String, Panel> {
        self.lock().clone()
    }

    pub(crate) fn restore(&self, saved: BTreeMap<String, Panel>) {
        *self.lock() = saved;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Panel>> {
        lock(&self.0)
    }

    /// Works on one panel, which is there as soon as somebody asks for it.
    fn with<T>(&self, name: &str, work: impl FnOnce(&mut Panel) -> T) -> T {
        work(self.lock().entry(name.to_owned()).or_default())
    }
}

/// Mounted under `/panel`.
pub fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/{name}/api/v2", any(api::call))
        .with_state(core)
}

/// The control API of the panels: `/sim/panel/{name}/…`.
pub(crate) fn control_router() -> Router<Arc<Core>> {
    Router::new()
        .route("/sim/panel/{name}/orders", get(control::orders))
        .route("/sim/panel/{name}/orders/{id}", post(control::decide))
        .route(
            "/sim/panel/{name}/refills/{id}",
            post(control::decide_refill),
        )
        .route(
            "/sim/panel/{name}/services/{id}",
            post(control::change_service),
        )
        .route(
            "/sim/panel/{name}/settings",
            get(control::settings).post(control::change),
        )
}
