//! Outside providers: keys and addresses.

use super::payments::micros;
use super::reader::{base_url, is_local};
use super::tips::SETTLEMENT;
use super::{Env, Reader};
use crate::base::redact::Secret;

/// All providers.
#[derive(Clone, Debug)]
pub struct Providers {
    /// KIE.
    pub kie: Kie,
    /// Every other account that is known, with and without a key: order panels as a rule.
    pub panels: Vec<Panel>,
    /// With so much or less on the account at one of these, hundredths of its currency, new orders are refused.
    pub panel_low: i64,
}

/// The account at KIE.
#[derive(Clone, Debug)]
pub struct Kie {
    /// The account's key.
    pub api_key: Secret,
    /// Base address, without a trailing slash.
    pub api_url: String,
    /// Verifies the signature of callbacks.
    pub webhook_key: Option<Secret>,
    /// With so many credits or fewer new orders are refused.
    pub credits_low: i64,
    /// What one credit costs us, millionths of the main unit of the catalogue's currency; None: nobody says.
    pub credit_micros: Option<i64>,
}

/// The account at an order panel ("SMM panel API v2"), or at a provider of another kind.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Which adapter speaks with it; `panel` as a rule.
    pub kind: String,
    /// Its name in the catalogue; its key's variable is this in capitals with `_API_KEY`.
    pub name: String,
    /// The whole address of its API.
    pub api_url: String,
    /// The account's key; without one the panel is switched off.
    pub api_key: Option<Secret>,
    /// Verifies the signature of callbacks, where there are such.
    pub webhook_key: Option<Secret>,
}

/// An account that needs no more than its keys: everything else about it is known.
struct Known {
    kind: &'static str,
    name: &'static str,
    api_url: &'static str,
    /// Variables that the keys are read from.
    api_key: &'static str,
    webhook_key: Option<&'static str>,
}

impl Known {
    const fn panel(name: &'static str, api_url: &'static str, api_key: &'static str) -> Self {
        Self {
            kind: PANEL,
            name,
            api_url,
            api_key,
            webhook_key: None,
        }
    }
}

/// One more is an entry here and its keys among the variables.
const KNOWN: [Known; 4] = [
    Known::panel(
        "smmflare",
        "https://smmflare.com/api/v2",
        "SMMFLARE_API_KEY",
    ),
    Known::panel(
        "plugsmms",
        "https://plugsmms.com/api/v2",
        "PLUGSMMS_API_KEY",
    ),
    Known::panel(
        "smmstone",
        "https://smmstone.com/api/v2",
        "SMMSTONE_API_KEY",
    ),
    Known {
        kind: "replicate",
        name: "replicate",
        api_url: "https://api.replicate.com/v1",
        api_key: "REPLICATE_API_TOKEN",
        webhook_key: Some("REPLICATE_WEBHOOK_KEY"),
    },
];
/// The kind of those that need no more than an address: order panels.
pub const PANEL: &str = "panel";
const PANELS_MAX: usize = 50;
const NAME_BYTES_MAX: usize = 24;
const KEY_LENGTH_MIN: usize = 8;

impl Providers {
    /// The names that are known without any configuration.
    pub const NAMES: &[&str] = &{
        let mut names = ["kie"; 1 + KNOWN.len()];
        let mut at = 0;
        while at < KNOWN.len() {
            names[at + 1] = KNOWN[at].name;
            at += 1;
        }
        names
    };

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let key = reader.required(
            "KIE_API_KEY",
            "create one in the API key page of your KIE account",
        );
        Self {
            kie: Kie {
                api_key: Secret::from(key.unwrap_or_default()),
                api_url: reader.api_url("KIE_API_URL"),
                webhook_key: reader.secret("KIE_WEBHOOK_KEY", 8),
                credits_low: reader.number("KIE_CREDITS_LOW", 0..=100_000_000),
                credit_micros: credit_micros(reader),
            },
            panels: panels(reader),
            panel_low: reader.number("PANEL_BALANCE_LOW", 0..=100_000_000),
        }
    }

    /// The names a catalogue may bind a service to.
    pub fn names(&self) -> Vec<&str> {
        let panels = self.panels.iter().map(|panel| panel.name.as_str());
        ["kie"].into_iter().chain(panels).collect()
    }

    /// As [`Providers::names`], of an environment that may be wrong otherwise.
    pub fn names_in(env: &Env) -> Vec<String> {
        let panels = panels(&mut Reader::new(env));
        let panels = panels.into_iter().map(|panel| panel.name);
        ["kie".to_owned()].into_iter().chain(panels).collect()
    }

    /// As [`Providers::names_in`], with who settles tips: all that can be taken out by a provider's name.
    pub fn isolable_in(env: &Env) -> Vec<String> {
        let mut names = Self::names_in(env);
        if Reader::new(env).text("TIP_SETTLEMENT_URL").is_some() {
            names.push(SETTLEMENT.to_owned());
        }
        names
    }
}

/// A decimal of the catalogue's currency.
fn credit_micros(reader: &mut Reader<'_>) -> Option<i64> {
    let text = reader.text("KIE_CREDIT_COST")?;
    let cost = micros(text);
    if cost.is_none() {
        reader.problem(
            "KIE_CREDIT_COST",
            "is not an amount of money",
            "set what one credit costs you in the catalogue's currency, such as 0.005, with at most six decimals",
        );
    }
    cost
}

fn panels(reader: &mut Reader<'_>) -> Vec<Panel> {
    let mut panels: Vec<Panel> = Vec::new();
    for known in KNOWN {
        let webhook_key = known.webhook_key;
        panels.push(Panel {
            kind: known.kind.to_owned(),
            name: known.name.to_owned(),
            api_url: known.api_url.to_owned(),
            api_key: reader.secret(known.api_key, KEY_LENGTH_MIN),
            webhook_key: webhook_key.and_then(|variable| reader.secret(variable, KEY_LENGTH_MIN)),
        });
    }
    let given = reader.text("PANELS").unwrap_or_default();
    for entry in given
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
    {
        match entry
            .split_once('=')
            .map(|(name, url)| (name.trim(), url.trim()))
        {
            Some((name, address)) if is_name(name) => match of_kind(address) {
                Ok((kind, api_url)) => put(&mut panels, name, kind, api_url, reader),
                Err(message) => wrong(reader, &format!("the address of {name} {message}")),
            },
            Some(_) | None => wrong(reader, "has an entry that is not name=address"),
        }
    }
    if panels.len() > PANELS_MAX {
        wrong(reader, &format!("names more than {PANELS_MAX} panels"));
    }
    panels
}

/// One more panel, or another address for one that is known.
fn put(
    panels: &mut Vec<Panel>,
    name: &str,
    kind: Option<&str>,
    api_url: String,
    reader: &mut Reader<'_>,
) {
    if let Some(known) = panels.iter_mut().find(|panel| panel.name == name) {
        known.api_url = api_url;
        if let Some(kind) = kind {
            kind.clone_into(&mut known.kind);
        }
        return;
    }
    let account = name.to_uppercase().replace('-', "_");
    let variable = format!("{account}_API_KEY");
    let webhook_key = reader.unlisted(&format!("{account}_WEBHOOK_KEY"));
    let key = reader.unlisted(&variable);
    if key.is_some_and(|key| key.len() < KEY_LENGTH_MIN) {
        let message =
            format!("names {name}, whose {variable} is shorter than {KEY_LENGTH_MIN} characters");
        wrong(reader, &message);
    }
    panels.push(Panel {
        kind: kind.unwrap_or(PANEL).to_owned(),
        name: name.to_owned(),
        api_url,
        api_key: key.map(Secret::from),
        webhook_key: webhook_key.map(Secret::from),
    });
}

fn wrong(reader: &mut Reader<'_>, message: &str) {
    let remedy = "set a list such as first=https://first.example/api/v2,second=https://second.example/api/v2 and the keys \
                  FIRST_API_KEY and SECOND_API_KEY";
    reader.problem("PANELS", message, remedy);
}

/// As it may stand in the catalogue, in an address and in a variable's name; `kie` is taken.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(allowed)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name != "kie"
}

/// `https://panel.example/api/v2`, or `kind+https://…` for what is no panel.
fn of_kind(address: &str) -> Result<(Option<&str>, String), &'static str> {
    match address.split_once('+') {
        Some((kind, address)) if is_kind(kind) => Ok((Some(kind), api_url(address)?)),
        Some(_) | None => Ok((None, api_url(address)?)),
    }
}

fn is_kind(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// https, or http where it stays local: the key travels with every request.
fn api_url(text: &str) -> Result<String, &'static str> {
    let url = base_url(text)?;
    if url.scheme() == "https" || is_local(&url) {
        Ok(url.as_str().trim_end_matches('/').to_owned())
    } else {
        Err("is plain http to a public host, which would show the key to everyone on the way")
    }
}
