//! The variables of the environment as a map, so that tests and the demo can bring their own.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the only reader of the process environment"
)]

use std::collections::BTreeMap;

/// Names and values. Has no `Debug`: values may be secret.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// A copy of the process environment. Bytes that are not UTF-8 are replaced, so that the value is refused by
    /// whoever checks it instead of being taken for unset.
    pub fn process() -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self(
            std::env::vars_os()
                .map(|(name, value)| (lossy(name), lossy(value)))
                .collect(),
        )
    }

    /// The value without surrounding white space; an empty one counts as unset, as `NAME=` in a compose file means.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// All names and values, as they are.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The user of this machine who runs the program, as the shell names them, else by number.
    pub fn user_name(&self) -> String {
        let named = self.get("USER").or_else(|| self.get("LOGNAME"));
        let name: String = named.unwrap_or_default().chars().take(64).collect();
        if name.is_empty() || name.contains(char::is_control) {
            return format!("uid {}", rustix::process::geteuid().as_raw());
        }
        name
    }

    /// Sets a variable, replacing what was there.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Sets a variable unless it has a value.
    pub fn set_default(&mut self, name: &str, value: impl Into<String>) {
        if self.get(name).is_none() {
            self.set(name, value);
        }
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Env {
    fn from(pairs: [(&str, &str); N]) -> Self {
        let mut env = Self::default();
        for (name, value) in pairs {
            env.set(name, value);
        }
        env
    }
}
