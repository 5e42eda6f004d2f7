//! Looks after our own accounts at the providers: an empty one stops every order.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use metrics::gauge;
use serde_json::{Map, Value, json};

use crate::engine::task::Task;
use crate::http::metrics::PROVIDER_BALANCE;
use crate::providers::Provider;

/// Asks each provider what is left.
pub(super) struct Funds {
    providers: Vec<Arc<dyn Provider>>,
}

impl Funds {
    pub(super) fn new(providers: Vec<Arc<dyn Provider>>) -> Self {
        Self { providers }
    }
}

#[async_trait]
impl Task for Funds {
    fn name(&self) -> &'static str {
        "provider_funds"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(300)
    }

    fn at_start(&self) -> bool {
        false
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let mut balances = Map::new();
        for provider in &self.providers {
            let balance = match provider.balance().await {
                Ok(Some(balance)) => balance,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(provider = provider.name(), error = %error, "cannot ask for our balance");
                    continue;
                }
            };
            if balance <= 0 {
                tracing::error!(
                    provider = provider.name(),
                    balance,
                    "our account at the provider is empty"
                );
            }
            gauge!(PROVIDER_BALANCE, "provider" => provider.name().to_owned())
                .set(f64::from(i32::try_from(balance).unwrap_or(i32::MAX)));
            balances.insert(provider.name().to_owned(), json!(balance));
        }
        Ok(Value::Object(balances))
    }
}
