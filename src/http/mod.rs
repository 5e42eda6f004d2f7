//! The HTTP surface: Telegram's webhook, providers' callbacks, users' files, health and metrics.
//!
//! Every request has limits: size of headers and body, time to send them, connections in all. Errors are small and
//! say nothing of the inside.

pub mod callbacks;
pub mod express;
pub mod health;
pub mod intake;
pub mod media;
pub mod metrics;
pub mod middleware;
pub mod payments;
pub mod reduced;
pub mod routes;
pub mod server;
pub mod webhook;
