//! Counts what was granted in reduced mode where all else is counted, as soon as the database is back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::engine::limits;
use crate::engine::task::Task;
use crate::features::storefront::Reduced;

/// Writes the free uses down that were granted from memory.
pub(super) struct GrantedUses {
    pool: PgPool,
    free: Arc<Reduced>,
}

impl GrantedUses {
    pub(super) fn new(pool: PgPool, free: Arc<Reduced>) -> Self {
        Self { pool, free }
    }
}

#[async_trait]
impl Task for GrantedUses {
    fn name(&self) -> &'static str {
        "granted_uses"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let Some((day, uses)) = self.free.uncounted() else {
            return Ok(json!({ "users": 0 }));
        };
        limits::count_daily(&self.pool, day, &uses).await?;
        self.free.counted(day, &uses);
        Ok(json!({ "users": uses.len() }))
    }
}
