//! What is set, for an operator's eyes: secrets only as set or not.

use serde::Serialize;

use super::{Env, VARIABLES, Variable};
use crate::base::redact;

/// One variable as `bulwark check-config` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name.
    pub variable: &'static str,
    /// Its value, or for a secret only that there is one.
    pub value: String,
    /// Whether it was set or is the default.
    pub is_set: bool,
}

/// Every variable with what it is set to, without secrets.
pub fn describe(env: &Env) -> Vec<Setting> {
    VARIABLES
        .iter()
        .map(|variable| setting(env, variable))
        .collect()
}

fn setting(env: &Env, variable: &Variable) -> Setting {
    let value = match (env.get(variable.name), variable.secret) {
        (Some(_), true) => "(secret, set)".to_owned(),
        (Some(value), false) => shown(value),
        (None, _) if variable.default.is_empty() => "(not set)".to_owned(),
        (None, _) => variable.default.to_owned(),
    };
    Setting {
        variable: variable.name,
        value,
        is_set: env.get(variable.name).is_some(),
    }
}

/// A value as it may be shown. A secret that stands in the wrong variable is still a secret.
fn shown(value: &str) -> String {
    if value.contains("://") && value.contains('@') {
        return "(hidden: contains a user name or password)".to_owned();
    }
    let clean: String = value
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect();
    redact::text(&clean).into_owned()
}
