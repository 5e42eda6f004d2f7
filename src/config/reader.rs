//! Reads variables one by one and keeps every problem instead of stopping at the first.
//!
//! Each method returns a usable placeholder after a problem; [`Reader::finish`] makes sure that nobody sees it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;

use super::{Env, Problem, variables};
use crate::base::redact::Secret;

/// Reads from one [`Env`].
pub(super) struct Reader<'a> {
    env: &'a Env,
    problems: Vec<Problem>,
    asked: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(env: &'a Env) -> Self {
        Self {
            env,
            problems: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// `value` if there was no problem.
    pub(super) fn finish<T>(mut self, value: T) -> Result<T, Vec<Problem>> {
        if self.problems.is_empty() {
            return Ok(value);
        }
        let rank = |name| variables::VARIABLES.iter().position(|v| v.name == name);
        self.problems.sort_by_key(|problem| rank(problem.variable));
        Err(self.problems)
    }

    /// The names that were asked for, to be compared with the table.
    #[cfg(test)]
    pub(super) fn asked(&self) -> &[&'static str] {
        &self.asked
    }

    pub(super) fn problem(
        &mut self,
        variable: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.problems.push(Problem {
            variable,
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    /// The value, else the default of the table.
    pub(super) fn text(&mut self, name: &'static str) -> Option<&'a str> {
        self.asked.push(name);
        self.env.get(name).or_else(|| {
            let default = variables::find(name)?.default;
            (!default.is_empty()).then_some(default)
        })
    }

    pub(super) fn required(&mut self, name: &'static str, remedy: &str) -> Option<&'a str> {
        let value = self.text(name);
        if value.is_none() {
            self.problem(name, "is not set", remedy);
        }
        value
    }

    pub(super) fn secret(&mut self, name: &'static str, length_min: usize) -> Option<Secret> {
        let value = self.text(name)?;
        if value.len() < length_min {
            self.problem(
                name,
                format!("is shorter than {length_min} characters"),
                "set a random value, for example the output of `openssl rand -hex 32`",
            );
        }
        Some(Secret::from(value))
    }

    /// The value of a variable whose name depends on another one's value.
    pub(super) fn unlisted(&self, name: &str) -> Option<&'a str> {
        self.env.get(name)
    }

    pub(super) fn path(&mut self, name: &'static str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    pub(super) fn number<T>(&mut self, name: &'static str, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Copy + Display,
    {
        let value = self.text(name).and_then(|text| text.parse().ok());
        match value {
            Some(number) if range.contains(&number) => number,
            Some(_) | None => {
                let (least, most) = (range.start(), range.end());
                self.problem(
                    name,
                    "is not a whole number in its range",
                    format!("set a number from {least} to {most}, or remove it for the default"),
                );
                *range.start()
            }
        }
    }

    pub(super) fn millis(&mut self, name: &'static str, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.number(name, range))
    }

    pub(super) fn days(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Duration {
        Duration::from_secs(u64::from(self.number(name, range)) * 86_400)
    }

    /// One of a few words; the first is the placeholder.
    pub(super) fn word<T: Copy>(&mut self, name: &'static str, words: [(&str, T); 2]) -> T {
        let text = self.text(name).map(str::to_ascii_lowercase);
        for (word, value) in words {
            if text.as_deref() == Some(word) {
                return value;
            }
        }
        let [(first, value), (second, _)] = words;
        self.problem(
            name,
            "is not a known word",
            format!("set {first} or {second}"),
        );
        value
    }

    /// The base address of an API, without a trailing slash. Plain http is accepted only where it stays local: a key
    /// travels with every request.
    pub(super) fn api_url(&mut self, name: &'static str) -> String {
        let text = self.text(name).unwrap_or_default();
        match base_url(text) {
            Ok(url) if url.scheme() == "https" || is_local(&url) => {
                url.as_str().trim_end_matches('/').to_owned()
            }
            Ok(_) => {
                self.problem(
                    name,
                    "is plain http to a public host, which would show the key to everyone on the way",
                    "use https",
                );
                String::new()
            }
            Err(message) => {
                self.problem(
                    name,
                    message,
                    "set an address such as https://api.example.com, or remove it for the default",
                );
                String::new()
            }
        }
    }
}

/// An http or https address that has only a host, a port and maybe a path.
pub(super) fn base_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not an address")?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("is not an http or https address");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("contains a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("contains a query or fragment");
    }
    Ok(url)
}

/// Whether an address leads no further than this machine or its private network: loopback, private ranges, and names
/// without a dot as container networks have them.
pub(super) fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(v4)) => v4.is_loopback() || v4.is_private(),
        Ok(std::net::IpAddr::V6(v6)) => v6.is_loopback() || v6.is_unique_local(),
        Err(_) => {
            !host.contains('.') || host.ends_with(".internal") || host.ends_with(".localhost")
        }
    }
}

/// Whether an address is this machine itself.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    }
}
