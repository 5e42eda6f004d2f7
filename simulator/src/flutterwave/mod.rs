//! Flutterwave (API v3): payment links, the hosted page at which people pay, the look-up of transactions, refunds, and the
//! webhooks of both generations. Strict about what it takes.
//!
//! Real addresses begin with `https://api.flutterwave.com/v3`, ours with `/flutterwave/v3`. A webhook is sent once, before the
//! payer is led back, and never again by itself: what is lost is lost, as far as a test asks for it
//! (`POST /sim/flutterwave/webhook` sends one again, late, twice, or forged).
//! Source: developer.flutterwave.com, "Flutterwave Standard", "Transactions", "Refunds", "Webhooks".

mod api;
mod checkout;
mod control;
mod records;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::core::{Core, lock};
pub(crate) use records::Account;

/// Opens the simulated account. Not a secret.
pub const KEY: &str = "FLWSECK_TEST-key-of-the-simulated-account-X";
/// What webhooks of version 3 carry as it is. Not a secret.
pub const SECRET_HASH: &str = "secret-hash-of-the-simulated-account";
/// What webhooks of version 4 are signed with. Not a secret.
pub const SIGNING_KEY: &str = "signing-key-of-the-simulated-account";

const BODY_MAX_BYTES: usize = 256 * 1024;

/// The one account.
#[derive(Debug, Default)]
pub struct State(Mutex<Account>);

impl State {
    /// Forgets links, transactions and refunds; where webhooks go stays.
    pub fn reset(&self) {
        let mut account = self.lock();
        let settings = account.settings.clone();
        *account = Account::default();
        account.settings = settings;
    }

    /// Where webhooks go from now on.
    pub fn send_webhooks_to(&self, url: String) {
        self.lock().settings.webhook_url = Some(url);
    }

    pub(crate) fn saved(&self) -> Account {
        self.lock().clone()
    }

    /// Where webhooks go was said anew by whoever started the simulator.
    pub(crate) fn restore(&self, saved: Account) {
        let mut account = self.lock();
        let settings = account.settings.clone();
        *account = saved;
        account.settings = settings;
    }

    fn lock(&self) -> MutexGuard<'_, Account> {
        lock(&self.0)
    }
}

/// Mounted under `/flutterwave/v3`.
pub fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/payments", post(api::payments))
        .route("/hosted/pay/{id}", get(checkout::page).post(checkout::act))
        .route("/transactions", get(api::transactions))
        .route(
            "/transactions/verify_by_reference",
            get(api::verify_by_reference),
        )
        .route("/transactions/{id}/verify", get(api::verify))
        .route("/transactions/{id}/refund", post(api::refund))
        .route("/refunds", get(api::refunds))
        .fallback(api::no_such_route)
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(core)
}

/// The control API: `/sim/flutterwave/…`.
pub(crate) fn control_router() -> Router<Arc<Core>> {
    Router::new()
        .route("/sim/flutterwave", get(control::account))
        .route("/sim/flutterwave/settings", post(control::change))
        .route("/sim/flutterwave/pay", post(control::pay))
        .route("/sim/flutterwave/webhook", post(control::webhook))
        .route("/sim/flutterwave/transactions/{id}", post(control::decide))
        .route("/sim/flutterwave/refunds", post(control::refund))
}
