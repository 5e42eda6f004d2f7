//! Integration tests: the app as production builds it, over real Postgres, against the strict simulator over HTTP.
//!
//! A scenario reads like a chat. Nothing waits for time: the clock is turned, and [`world::World::settle`] works off
//! what is to be done until nothing is left.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails where it stands"
)]

mod admins;
mod apologies;
mod around;
mod audit;
mod books;
mod broadcast;
mod catalogue;
mod database;
mod delivery;
mod failures;
mod families;
mod files;
mod forged;
mod free;
mod funds;
mod grants;
mod hostile;
mod inputs;
mod inquiry;
mod intake;
mod isolation;
mod jobs;
mod journeys;
mod languages;
mod ledger;
mod ledger_races;
mod ledger_waits;
mod ledger_wallets;
mod light;
mod migrations;
mod orders;
mod outbox;
mod panels;
mod payments;
mod poison;
mod questions;
mod replicas;
mod replicate;
mod rewards;
mod shelf;
mod stars;
mod storm;
mod switching;
mod user;
mod vitals;
mod waiting;
mod withdrawals;
mod world;
