//! Predictions over a restart of the simulator.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::prediction::Prediction;
use super::{State, webhook};
use crate::core::Core;

/// What the provider keeps: predictions and the account.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Saved {
    /// None before anything was kept.
    credit_micros: Option<i64>,
    create_calls: u64,
    predictions: Vec<Prediction>,
}

impl State {
    pub(crate) fn saved(&self) -> Saved {
        let inner = self.lock();
        Saved {
            credit_micros: Some(inner.settings.credit_micros),
            create_calls: inner.create_calls,
            predictions: inner.predictions.iter().cloned().collect(),
        }
    }
}

/// Puts all in place, and goes on with the webhooks that are owed.
pub(crate) fn restore(core: &Arc<Core>, saved: Saved) {
    let mut untold = Vec::new();
    {
        let mut inner = core.replicate.lock();
        if let Some(credit_micros) = saved.credit_micros {
            inner.settings.credit_micros = credit_micros;
        }
        inner.create_calls = saved.create_calls;
        for mut prediction in saved.predictions {
            // Whoever waited for it is gone.
            prediction.next_try = None;
            if prediction.told.is_empty() {
                untold.push(prediction.id.clone());
            }
            inner.predictions.push_back(prediction);
        }
    }
    for id in untold {
        let teller = Arc::clone(core);
        core.spawn(async move { webhook::when_ended(&teller, &id).await });
    }
}
