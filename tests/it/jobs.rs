//! The job engine on real Postgres, with a provider that does what a test says.

mod cancelling;
mod faults;
mod fencing;
mod foreign;
mod lines;
mod order;
mod past;
mod rig;
mod scripted;
mod submitting;
