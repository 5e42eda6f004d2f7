//! The payment processors that are configured: one more is one more line here, and one in [`offer`].

use std::sync::Arc;

use super::build::BuildError;
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::config::Config;
use crate::features::cx::Switch;
use crate::features::paying::{PayRate, PaymentsOffer, ProcessorOffer};
use crate::features::topup::PaymentComparison;
use crate::providers::breaker::{Breakers, Class};
use crate::providers::payments::flutterwave::{Flutterwave, FlutterwaveConfig};
use crate::providers::payments::{Processor, currency};

/// All that are configured.
pub(super) fn all(
    config: &Config,
    breakers: &Breakers,
    clock: &Clock,
    ids: &Ids,
) -> Result<Vec<Arc<dyn Processor>>, BuildError> {
    let mut processors: Vec<Arc<dyn Processor>> = Vec::new();
    if let Some(account) = &config.payments.flutterwave {
        let settings = FlutterwaveConfig {
            api_key: account.api_key.clone(),
            api_url: account.api_url.clone(),
            secret_hash: account.secret_hash.clone(),
            signing_key: account.signing_key.clone(),
        };
        let flutterwave = Flutterwave::new(settings, clock.clone(), ids.clone())
            .map_err(|error| BuildError::Http(error.to_string()))?;
        let breaker = breakers.make(Class::Payment, Flutterwave::NAME);
        processors.push(Arc::new(flutterwave.behind(breaker)));
    }
    Ok(processors)
}

/// What is offered at them.
pub(super) fn offer(config: &Config, processors: &[Arc<dyn Processor>]) -> PaymentsOffer {
    let payments = &config.payments;
    let flutterwave = payments.flutterwave.as_ref();
    let offered = processors.iter().map(|processor| {
        let processor = Arc::clone(processor);
        let rates = match processor.name() {
            Flutterwave::NAME => flutterwave.map(|account| account.rates.as_slice()),
            _ => None,
        };
        ProcessorOffer {
            name: processor.name(),
            rates: rates.unwrap_or_default().iter().filter_map(rate).collect(),
            is_unavailable: Box::new(move || processor.breaker().is_open()),
        }
    });
    PaymentsOffer {
        switch: Switch::default(),
        processors: offered.collect(),
        packages: payments.packages.clone(),
        least: payments.least,
        most: payments.most,
    }
}

fn rate((code, micros): &(String, i64)) -> Option<PayRate> {
    let currency = currency(code)?;
    Some(PayRate {
        currency,
        micros: *micros,
    })
}

impl super::App {
    /// Compares the list of a payment processor with ours.
    pub fn payment_comparison(&self, processor: &str) -> Option<PaymentComparison> {
        self.desk.comparison(processor)
    }
}
