//! What a test may change about a panel: `POST /sim/panel/{name}/settings`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::services::{Changed, SERVICES, Service, micros};

/// An account at the start has 100 dollars.
const BALANCE_MICROS: i64 = 100_000_000;

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    pub(crate) numbers: Numbers,
    pub(crate) errors: Errors,
    /// Millionths of a dollar.
    pub(crate) balance_micros: i64,
    /// 2.0 is twice as fast.
    pub(crate) speed: f64,
    /// Whether `status` takes several orders; some panels never learnt it.
    pub(crate) multi: bool,
    /// Whether `status` says what an order cost; some panels do not.
    pub(crate) charges: bool,
    /// What it says otherwise of single services.
    pub(crate) services: BTreeMap<String, Changed>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            numbers: Numbers::default(),
            errors: Errors::default(),
            balance_micros: BALANCE_MICROS,
            speed: 1.0,
            multi: true,
            charges: true,
            services: BTreeMap::new(),
        }
    }
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Numbers {
    /// As strings for one order, as numbers for the next.
    #[default]
    Mixed,
    Strings,
    Digits,
}

/// How errors are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Errors {
    #[default]
    Prose,
    Codes,
}

/// Body of `POST /sim/panel/{name}/settings`; what is left out stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    numbers: Option<Numbers>,
    errors: Option<Errors>,
    balance_micros: Option<i64>,
    speed: Option<f64>,
    multi: Option<bool>,
    charges: Option<bool>,
}

impl Settings {
    /// Changes what `change` names, or says what is wrong with it.
    pub(crate) fn apply(&mut self, change: Change) -> Result<(), String> {
        if let Some(speed) = change.speed {
            if !(speed.is_finite() && (0.001..=100_000.0).contains(&speed)) {
                return Err("speed: from 0.001 to 100000".to_owned());
            }
            self.speed = speed;
        }
        self.numbers = change.numbers.unwrap_or(self.numbers);
        self.errors = change.errors.unwrap_or(self.errors);
        self.balance_micros = change.balance_micros.unwrap_or(self.balance_micros);
        self.multi = change.multi.unwrap_or(self.multi);
        self.charges = change.charges.unwrap_or(self.charges);
        Ok(())
    }

    /// A service as the panel sells it now.
    pub(crate) fn service(&self, id: &str) -> Option<Service> {
        let service = SERVICES.iter().find(|service| service.id == id)?;
        match self.services.get(id) {
            Some(changed) => changed.applied(service),
            None => Some(service.clone()),
        }
    }

    /// Sells a service otherwise from now on, or says what is wrong with that.
    pub(crate) fn change_service(&mut self, id: &str, changed: Changed) -> Result<(), String> {
        if SERVICES.iter().all(|service| service.id != id) {
            return Err("there is no such service".to_owned());
        }
        if changed
            .rate
            .as_deref()
            .is_some_and(|rate| micros(rate).is_none())
        {
            return Err("rate: a decimal with at most six decimals".to_owned());
        }
        let before = self.services.remove(id).unwrap_or_default();
        self.services.insert(id.to_owned(), changed.over(before));
        Ok(())
    }
}
