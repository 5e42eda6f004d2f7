//! Telegram Stars at Telegram: refunds and the list of transactions; and what works on them.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::build::{self, Parts};
use super::funds::Low;
use crate::base::clock::Clock;
use crate::base::db::PoolLimits;
use crate::base::ids::Ids;
use crate::config::{Config, Env, problem_list};
use crate::engine::task::Task as _;
use crate::engine::wake::Wake;
use crate::features::topup::{Direction, Nightly, Reconciler, StarsApi, Transaction};
use crate::telegram::methods::{self, Call};
use crate::telegram::{CallError, Client};

/// The Bot API's side.
pub(super) struct BotStars(pub(super) Client);

impl BotStars {
    async fn call(&self, call: &Call) -> Result<Value, CallError> {
        self.0.call(call.method, &call.params).await
    }
}

#[async_trait]
impl StarsApi for BotStars {
    async fn refund(&self, user_id: i64, charge_id: &str) -> Result<(), CallError> {
        let call = methods::refund_star_payment(user_id, charge_id);
        self.call(&call).await.map(|_| ())
    }

    async fn transactions(&self, offset: u64, limit: u64) -> Result<Vec<Transaction>, CallError> {
        let answer = self
            .call(&methods::get_star_transactions(offset, limit))
            .await?;
        let list = answer["transactions"].as_array();
        let list = list.ok_or_else(|| CallError::Rejected {
            code: 200,
            description: "a list of transactions of another shape".to_owned(),
        })?;
        Ok(list.iter().map(transaction).collect())
    }
}

/// Bot API docs, "StarTransaction" and "TransactionPartnerUser". What is no payment of an invoice has no payer.
fn transaction(line: &Value) -> Transaction {
    let (direction, partner) = match line.get("source") {
        Some(source) => (Direction::In, source),
        None => (Direction::Out, &line["receiver"]),
    };
    let kind = partner["transaction_type"].as_str();
    let is_invoice = partner["type"] == "user" && kind.is_none_or(|kind| kind == "invoice_payment");
    Transaction {
        id: line["id"].as_str().unwrap_or_default().to_owned(),
        stars: line["amount"].as_i64().unwrap_or(0),
        direction,
        payer: partner["user"]["id"].as_i64().filter(|_| is_invoice),
        payload: partner["invoice_payload"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// What `bulwark reconcile` works with, by the environment of the service.
///
/// # Errors
/// What is wrong with the environment or the catalogue.
pub fn reconciler(env: &Env) -> Result<Reconciler, anyhow::Error> {
    #[cfg(feature = "faults")]
    crate::base::fault::arm(crate::config::faults(env).map_err(anyhow::Error::msg)?);
    let config =
        Config::from_env(env).map_err(|problems| anyhow::anyhow!("{}", problem_list(&problems)))?;
    let catalog = super::serve::catalog(&config)?;
    let route = config.database.route()?;
    let client = build::client(&config)?;
    let parts = Parts {
        config,
        catalog: Arc::new(catalog),
        clock: Clock::system(),
        ids: Ids::random(),
    };
    let limits = PoolLimits {
        connections_max: 2,
        ..PoolLimits::default()
    };
    let pool = route.pool(&limits);
    let world = Arc::new(build::env(&parts, &[], &Low::default()));
    let api = Arc::new(BotStars(client));
    // The service's next poll finds what is to be sent.
    Ok(Reconciler::new(pool, world, api, Wake::default()))
}

impl super::App {
    /// Compares Telegram's list of Star transactions with ours, as `bulwark reconcile` does.
    pub fn reconciler(&self) -> Reconciler {
        self.reconciler.clone()
    }

    /// The comparison of this night, if it was not made yet.
    ///
    /// # Errors
    /// Telegram's or the database's.
    pub async fn nightly(&self) -> Result<Value, anyhow::Error> {
        Nightly(self.reconciler()).run().await
    }
}
