//! What a light job is.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A light job to be queued.
#[derive(Clone, Debug)]
pub struct NewLight {
    /// The [`LightKind`] that does it.
    pub kind: &'static str,
    /// Not before this; None: at once.
    pub run_at: Option<OffsetDateTime>,
    /// If another one with the same key waits or is in hand, this one is not queued.
    pub unique_key: Option<String>,
    /// What it needs to know, versioned by its kind.
    pub payload: Value,
    /// The update or job that caused it.
    pub correlation: Uuid,
}

/// A light job under the lease of a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct LightJob {
    /// Its id.
    pub id: i64,
    /// Who does it.
    pub kind: String,
    /// What proves that the lease is ours.
    pub lease_token: i64,
    /// Tries so far, this one included.
    pub attempts: i16,
    /// What it needs to know.
    pub payload: Value,
    /// Follows it everywhere.
    pub correlation: Uuid,
}

impl LightJob {
    /// Whether somebody had it in hand before, and did not finish it.
    pub(super) fn is_repeated(&self) -> bool {
        self.lease_token > 1
    }
}

/// Who does the light jobs of a kind.
#[async_trait]
pub trait LightKind: Send + Sync + 'static {
    /// Stored with each; never changes.
    fn name(&self) -> &'static str;
    /// Does all of them, in the transaction that takes them out of the queue. An error rolls all of it back, and they
    /// are done one by one.
    async fn run(&self, conn: &mut PgConnection, jobs: &[LightJob]) -> Result<(), anyhow::Error>;
}
