//! The ground everything stands on: time, identity, money, database, tasks, redaction.
//! Imports nothing else of this crate.

pub mod clock;
pub mod csv;
pub mod db;
pub mod deadline;
pub mod fault;
pub mod ids;
pub mod money;
pub mod redact;
pub mod supervise;
pub mod telemetry;
