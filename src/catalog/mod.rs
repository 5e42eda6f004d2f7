//! What the bot sells: categories and services with their inputs, prices, and the ways to the
//! providers that can make them.
//!
//! The catalogue is a TOML file (`catalog.toml` is compiled in; `CATALOG_PATH` replaces it). It is read once at
//! start, and a wrong one is refused with every problem at once, each naming file, service and field.
//! An order keeps its own snapshot of what it needs, so a changed catalogue never touches an order in flight.

mod fields;
mod input;
mod instant;
mod link;
mod making;
mod panel;
mod params;
mod payee;
mod payout;
mod problem;
mod read;
mod route;
mod validate;

#[cfg(test)]
mod tests;

use std::path::Path;

use serde::Serialize;

pub use input::{DefaultValue, Input, InputKind, InputOption, NumberRange};
pub use instant::Instant;
pub use link::normal_link;
pub use making::FAMILIES;
pub use panel::{OrderKind, PanelOrder, Priced};
pub use params::{ParamError, provider_input};
pub use payee::{PayeeField, masked};
pub use payout::{DetailField, PayoutMethod, Withdrawals};
pub use problem::Problem;
pub use route::{Failover, Micros, Route, UnitRange};

use crate::base::money::{Amount, Currency};

/// The catalogue that is compiled in.
const SHIPPED: &str = include_str!("../../catalog.toml");
/// The providers that it names.
#[cfg(test)]
pub(crate) const SHIPPED_PROVIDERS: &[&str] = &["kie", "replicate"];
/// The name by which problems of the compiled-in catalogue are reported.
const SHIPPED_NAME: &str = "catalog.toml (built in)";
/// A catalogue beyond this many bytes is refused unread.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Everything that is on sale, in the order in which it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Catalog {
    /// The one currency of all prices and wallets.
    pub currency: Currency,
    /// In the order of the file.
    pub categories: Vec<Category>,
    /// In the order of the file; at least one.
    pub services: Vec<Service>,
    /// What users may withdraw; none: nothing.
    pub withdrawals: Option<Withdrawals>,
}

/// A shelf of the shop.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Category {
    /// At most 24 bytes of `[a-z0-9-]`; stands in callback data.
    pub id: String,
    /// At most 40 characters per language.
    pub title: LocalText,
}

/// One thing a user can order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Service {
    /// At most 24 bytes of `[a-z0-9-]`; stands in callback data and in stored orders: never reuse one.
    pub id: String,
    /// The [`Category::id`] it is shown under.
    pub category: String,
    /// At most 40 characters per language.
    pub title: LocalText,
    /// At most 300 characters per language.
    pub description: LocalText,
    /// Price of one order, or of a thousand units ([`Service::is_by_thousand`]); zero for a free service.
    pub price: Amount,
    /// How many orders a user may make per day (UTC), if limited by the catalogue.
    pub free_per_day: Option<u32>,
    /// What the user is asked for, in this order.
    pub inputs: Vec<Input>,
    /// What comes out.
    pub result: ResultKind,
    /// Who can make it, in the order of preference; at least one.
    pub routes: Vec<Route>,
    /// What becomes of new orders while the provider that should make them is ill.
    pub failover: Failover,
    /// How long it usually takes, in seconds; shown to the user.
    pub estimate_s: u32,
    /// Its order form, if it is a service of an order panel.
    pub panel: Option<PanelOrder>,
    /// What is answered at once, in this process, if nobody makes it.
    pub instant: Option<Instant>,
    /// Whether it is on sale: one of its providers is configured here. One that is not is still known by its id.
    pub is_offered: bool,
}

impl Service {
    /// Whether an order costs nothing.
    pub fn is_free(&self) -> bool {
        self.price.is_zero()
    }

    /// An input by its id.
    pub fn input(&self, id: &str) -> Option<&Input> {
        self.inputs.iter().find(|input| input.id == id)
    }
}

/// How the result is sent to the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultKind {
    /// One or several pictures.
    Image,
    /// A video.
    Video,
    /// Speech or music.
    Audio,
    /// A file as it is, uncompressed.
    Document,
    /// Nothing that could be sent: it happens elsewhere.
    Delivery,
}

/// A text in every language the bot speaks. English is always there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LocalText {
    /// English, the fallback.
    pub en: String,
    /// Russian.
    pub ru: String,
    /// Spanish.
    pub es: String,
}

impl LocalText {
    /// The text for a language tag such as `ru` or `es-MX`; English for what is not known.
    pub fn get(&self, language: &str) -> &str {
        match language.split(['-', '_']).next() {
            Some("ru") => &self.ru,
            Some("es") => &self.es,
            _ => &self.en,
        }
    }
}

impl Catalog {
    /// Reads the compiled-in catalogue.
    ///
    /// # Errors
    /// Every problem found, for example a service bound to a provider that is not among `providers`.
    pub fn shipped(providers: &[&str]) -> Result<Self, Vec<Problem>> {
        Self::parse(SHIPPED_NAME, SHIPPED, providers)
    }

    /// Reads the compiled-in catalogue with `more` at its end.
    ///
    /// # Errors
    /// Every problem found.
    pub fn shipped_with(more: &str, providers: &[&str]) -> Result<Self, Vec<Problem>> {
        Self::parse(SHIPPED_NAME, &format!("{SHIPPED}\n{more}"), providers)
    }

    /// Reads `path`, or the compiled-in catalogue without one.
    ///
    /// # Errors
    /// Every problem found, the unreadable file among them.
    pub fn load(path: Option<&Path>, providers: &[&str]) -> Result<Self, Vec<Problem>> {
        let Some(path) = path else {
            return Self::shipped(providers);
        };
        let file = path.display().to_string();
        let refuse = |message: String| vec![Problem::of_file(&file, message)];
        let length = std::fs::metadata(path)
            .map_err(|error| refuse(format!("cannot be read: {error}")))?
            .len();
        if length > FILE_BYTES_MAX {
            return Err(refuse(format!(
                "is larger than {FILE_BYTES_MAX} bytes; is this the right file?"
            )));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| refuse(format!("cannot be read: {error}")))?;
        Self::parse(&file, &text, providers)
    }

    /// Reads a catalogue from its text; `file` is the name used in problems.
    ///
    /// # Errors
    /// Every problem found.
    pub fn parse(file: &str, text: &str, providers: &[&str]) -> Result<Self, Vec<Problem>> {
        let (catalog, mut problems) = read::catalog(file, text)?;
        validate::catalog(file, &catalog, providers, &mut problems);
        if let Some(withdrawals) = &catalog.withdrawals {
            payout::validate(file, withdrawals, &mut problems);
        }
        if problems.is_empty() {
            Ok(catalog)
        } else {
            Err(problems)
        }
    }

    /// A service by its id.
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id)
    }

    /// A category by its id.
    pub fn category(&self, id: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.id == id)
    }

    /// The services on sale in a category, in the order of the file.
    pub fn in_category<'a>(&'a self, category: &'a str) -> impl Iterator<Item = &'a Service> {
        self.services
            .iter()
            .filter(move |service| service.category == category && service.is_offered)
    }

    /// Takes everything off the shelves that no provider among `enabled` can make.
    pub fn offer_only(&mut self, enabled: &[&str]) {
        for service in &mut self.services {
            let mut routes = service.routes.iter();
            service.is_offered = service.instant.is_some()
                || routes.any(|route| enabled.contains(&route.provider.as_str()));
        }
    }

    /// What `/command` asks for in one message.
    pub fn by_command(&self, command: &str) -> Option<&Service> {
        self.services.iter().find(|service| {
            let instant = service.instant.as_ref();
            instant.and_then(|instant| instant.command.as_deref()) == Some(command)
        })
    }

    /// The first free service, which the welcome message offers.
    pub fn free_first(&self) -> Option<&Service> {
        let mut services = self.services.iter();
        services
            .find(|service| service.is_free() && service.is_offered && service.instant.is_none())
    }
}
