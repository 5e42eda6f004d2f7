//! The breakers of everything that we depend on, by their configuration; and how they stand, for Prometheus.

use std::sync::Arc;

use metrics::gauge;

use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::config::{BreakerLimits, Config};
use crate::http::metrics::BREAKER_STATE;
use crate::providers::Provider;
use crate::providers::breaker::{Breaker, Breakers, Class, Phase, Threshold, Thresholds};

pub(super) fn of(config: &Config, clock: &Clock, ids: &Ids) -> Breakers {
    let limits = &config.breakers;
    let thresholds = Thresholds {
        provider: threshold(limits.provider),
        chat: threshold(limits.chat),
        payment: threshold(limits.payment),
        storage: threshold(limits.storage),
        database: threshold(limits.database),
    };
    Breakers::new(thresholds, clock.clone(), ids.clone())
}

fn threshold(limits: BreakerLimits) -> Threshold {
    Threshold {
        failures: limits.failures,
        within: limits.within,
        open_max: limits.open_max,
    }
}

/// Sets the gauges.
pub(super) fn show(providers: &[Arc<dyn Provider>], others: &Breakers) {
    for provider in providers {
        for (call, breaker) in provider.breakers() {
            set(provider.name(), call, Class::Provider, breaker);
        }
    }
    for other in others.all() {
        set(other.name, "calls", other.class, &other.breaker);
    }
}

fn set(name: &str, call: &'static str, class: Class, breaker: &Breaker) {
    let state = match breaker.phase() {
        Phase::Closed => 0.0,
        Phase::HalfOpen => 1.0,
        Phase::Open { .. } => 2.0,
        Phase::Isolated => 3.0,
    };
    let labels = [
        ("dependency", name.to_owned()),
        ("call", call.to_owned()),
        ("class", class.name().to_owned()),
    ];
    gauge!(BREAKER_STATE, &labels).set(state);
}
