//! The commands of an operator, one file each, over the same functions as the service.

pub mod audit;
pub mod check_config;
pub mod healthcheck;
pub mod migrate;
pub mod reconcile;
pub mod shelf;
