//! Steps that our own code could not finish: tried again a bounded number of times, then set aside.
//!
//! A bug in an owner, a panic, a step that never ends: none of them may hold a worker, or repeat for ever. The money
//! stays held meanwhile, an admin is told, and after the mend the job goes on from where it was.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::Connection as _;

use super::finish::StepError;
use super::job::{Job, JobEvent};
use super::runner::JobRunner;
use super::store;
use crate::base::supervise::panic_text;

/// So often in a row.
const FAULTS_MAX: i16 = 5;
/// The first pause; each one is three times as long as the one before.
const PAUSE: Duration = Duration::from_secs(5);
const ERROR_CHARS_MAX: usize = 500;

impl JobRunner {
    /// A panic, and a step that never ends, are bugs of ours like any other.
    pub(super) async fn bounded<T>(
        &self,
        step: impl Future<Output = Result<T, StepError>>,
    ) -> Result<T, StepError> {
        let step = AssertUnwindSafe(step).catch_unwind();
        match tokio::time::timeout(self.limits.step_max, step).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(StepError::Owner(anyhow::anyhow!(
                "a step panicked: {}",
                panic_text(&*panic)
            ))),
            Err(_) => Err(StepError::Owner(anyhow::anyhow!("a step did not end"))),
        }
    }

    /// Counts the fault. If even that fails, the lease runs out and the step is tried again.
    pub(super) async fn fault(&self, job: &Job, error: &anyhow::Error) {
        tracing::error!(
            error = format!("{error:#}"),
            faults = job.faults + 1,
            "a step failed"
        );
        let kept: String = format!("{error:#}").chars().take(ERROR_CHARS_MAX).collect();
        match self.bounded(self.count_fault(job, &kept)).await {
            Ok(()) => {}
            Err(error) => tracing::warn!(error = %error, "cannot note that a step failed"),
        }
    }

    async fn count_fault(&self, job: &Job, error: &str) -> Result<(), StepError> {
        let pause = PAUSE * 3_u32.pow(job.faults.clamp(0, FAULTS_MAX).unsigned_abs().into());
        let mut tx = self.pool.begin().await?;
        let now = self.clock.sql_now();
        let parked = store::fault(&mut tx, job, error, pause, FAULTS_MAX, now).await?;
        if parked.ok_or(StepError::LeaseLost)? {
            tracing::error!("the job is set aside; `bulwark jobs list` shows it");
            // What its owner cannot say either must not bring the job back.
            let mut told = tx.begin().await?;
            match self.tell(&mut told, job, &JobEvent::Stuck).await {
                Ok(()) => told.commit().await?,
                Err(_) => told.rollback().await?,
            }
        }
        tx.commit().await?;
        self.jobs.committed();
        Ok(())
    }
}
