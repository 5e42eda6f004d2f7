//! The real binary as a process: killed in the middle of its work, replaced under load.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails where it stands"
)]

mod away;
mod backlog;
mod crash;
#[path = "../it/database.rs"]
mod database;
mod rolling;
mod service;
