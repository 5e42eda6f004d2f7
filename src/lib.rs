//! Bulwark: the service behind a Telegram bot that takes money and runs slow jobs.
//!
//! Invariants that hold across modules:
//! * An update answered 2xx is committed; its effects commit together, exactly once, or not at all.
//! * Handlers touch no network. Network calls hold no transaction.
//! * SQL lives in `store` modules; one module writes each table.
//! * Time, ids and randomness come from [`base::clock`] and [`base::ids`].
//!
//! Who may import whom, left may import right:
//! `main, app → http, admin, demo → features → engine, providers → telegram → base`.

pub mod admin;
pub mod app;
pub mod base;
pub mod catalog;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod embedded;
pub mod engine;
pub mod features;
pub mod http;
pub mod providers;
pub mod telegram;

/// The version, with the commit where the build knows it.
pub const VERSION: &str = match option_env!("BULWARK_COMMIT") {
    Some(_) => concat!(env!("CARGO_PKG_VERSION"), " (release build)"),
    None => env!("CARGO_PKG_VERSION"),
};
