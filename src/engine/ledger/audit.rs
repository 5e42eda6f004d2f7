//! The invariants of the books, checked on a schedule and by command.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};

use crate::engine::task::Task;

mod store;

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Each broken invariant; none is a clean audit.
    pub findings: Vec<Finding>,
}

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub check: String,
    /// Where, as a person can look it up.
    pub subject: String,
}

impl AuditReport {
    /// Checks everything. At most 100 findings of each check.
    pub async fn make(conn: &mut PgConnection) -> Result<Self, sqlx::Error> {
        Ok(Self {
            findings: store::findings(conn).await?,
        })
    }
}

/// The recurring audit. It alarms; it never repairs by itself.
#[derive(Debug)]
pub struct Audit {
    pool: PgPool,
}

impl Audit {
    /// Audits the books behind `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl Task for Audit {
    fn name(&self) -> &'static str {
        "audit_ledger"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(300)
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let mut conn = self.pool.acquire().await?;
        let report = AuditReport::make(&mut conn).await?;
        for finding in &report.findings {
            tracing::error!(check = %finding.check, subject = %finding.subject, "the books do not balance");
        }
        Ok(json!({ "findings": report.findings.len() }))
    }
}
