//! What upkeep runs. It stands beside the engines because each brings tasks of its own.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

/// A recurring task.
#[async_trait]
pub trait Task: Send + Sync + 'static {
    /// Stored with its status.
    fn name(&self) -> &'static str;
    /// Time between two runs.
    fn every(&self) -> Duration;
    /// Whether it also runs at start, before the service is ready: what repairs the database does, what calls out does not.
    fn at_start(&self) -> bool {
        true
    }
    /// Does what is there to do, and says what it did.
    async fn run(&self) -> Result<Value, anyhow::Error>;
}
