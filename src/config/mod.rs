//! Configuration: the only reader of the environment.
//!
//! [`Config::from_env`] reads everything once at start and reports every problem at once. Lower layers receive plain
//! values and never see this module. [`VARIABLES`] is the one table of names, defaults and meanings; the README and
//! `.env.example` are checked against it. No value of a secret is ever part of a message.

mod breakers;
mod database;
mod demo;
mod env;
#[cfg(feature = "faults")]
mod faults;
mod http;
mod limits;
mod logging;
mod media;
mod payments;
mod payouts;
mod problem;
mod providers;
mod reader;
mod referrals;
mod secret;
mod stars;
mod summary;
mod telegram;
mod tips;
mod variables;
mod wallet;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use breakers::{BreakerLimits, Breakers};
pub use database::{Database, InvalidUrl};
pub use demo::Demo;
pub use env::Env;
#[cfg(feature = "faults")]
pub use faults::faults;
pub use http::{ClientIp, Http, Metrics};
pub use limits::Limits;
pub use logging::Logging;
pub use media::Media;
pub use payments::{Flutterwave, Payments};
pub use payouts::Payouts;
pub use problem::{Problem, problem_list};
pub use providers::{Kie, PANEL, Panel, Providers};
pub use referrals::{Referrals, Reward, RewardedBy, WalletWay};
pub use stars::Stars;
pub use summary::{Setting, describe};
pub use telegram::Telegram;
pub use tips::{SETTLEMENT, SettlementGateway, Tips};
pub use variables::{VARIABLES, Variable};
pub use wallet::Wallet;

use reader::Reader;

/// Everything the service is told from outside. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// The bot and its webhook.
    pub telegram: Telegram,
    /// The database.
    pub database: Database,
    /// The listener, the public address, proxies and shutdown.
    pub http: Http,
    /// Signed media addresses.
    pub media: Media,
    /// Outside providers.
    pub providers: Providers,
    /// Rates, concurrency and retention.
    pub limits: Limits,
    /// When breakers open, and how much may be repeated.
    pub breakers: Breakers,
    /// Admins and the starting amount.
    pub wallet: Wallet,
    /// What is sold for Telegram Stars.
    pub stars: Stars,
    /// What admins may give by themselves, and how long whom to pay is kept.
    pub payouts: Payouts,
    /// What is sold at payment processors.
    pub payments: Payments,
    /// What referrals bring, and ways between a user's own wallets.
    pub referrals: Referrals,
    /// How users may tip each other.
    pub tips: Tips,
    /// How log lines look.
    pub logging: Logging,
    /// The operator's own catalogue; without it the compiled-in one is used.
    pub catalog_path: Option<PathBuf>,
}

impl Config {
    /// Reads and checks every variable of the service.
    ///
    /// # Errors
    /// All problems, in the order of [`VARIABLES`].
    pub fn from_env(env: &Env) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(env);
        let config = Self::read(&mut reader);
        reader.finish(config)
    }

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            telegram: Telegram::read(reader),
            database: Database::read(reader),
            http: Http::read(reader),
            media: Media::read(reader),
            providers: Providers::read(reader),
            limits: Limits::read(reader),
            breakers: Breakers::read(reader),
            wallet: Wallet::read(reader),
            stars: Stars::read(reader),
            payouts: Payouts::read(reader),
            payments: Payments::read(reader),
            referrals: Referrals::read(reader),
            tips: Tips::read(reader),
            logging: Logging::read(reader),
            catalog_path: reader.path("CATALOG_PATH"),
        }
    }
}
