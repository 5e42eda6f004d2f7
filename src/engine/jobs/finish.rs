//! The transactions that change a job's state together with what follows from it.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use sqlx::PgConnection;

use super::job::{Ending, Job, JobEvent};
use super::runner::{JobRunner, Jobs};
use super::store;
use crate::base::clock::Clock;
use crate::base::fault::{self, Mutant, Point};
use crate::base::supervise::panic_text;

/// Why a step's transaction did not commit.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    /// Another worker has the job now: nothing of ours may count.
    #[error("the lease was lost")]
    LeaseLost,
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The job's owner could not settle it: our bug.
    #[error("the owner of the job failed: {0:#}")]
    Owner(anyhow::Error),
}

impl JobRunner {
    /// Ends the job: lease check, history row, and what its owner makes of it, in one transaction.
    pub(super) async fn end(&self, job: &Job, ending: Ending) -> Result<(), StepError> {
        fault::reach(Point::JobEnding);
        let mut tx = self.pool.begin().await?;
        if !store::end(&mut tx, job, &ending, self.clock.sql_now()).await?
            && !fault::mutant(Mutant::EndUnfenced)
        {
            return Err(StepError::LeaseLost);
        }
        tracing::info!(
            state = ending.state(),
            failure = ending.failure(),
            polls = job.polls,
            "job ended"
        );
        self.tell(&mut tx, job, &JobEvent::Ended(ending)).await?;
        fault::reach(Point::JobEndCommitting);
        tx.commit().await?;
        fault::reach(Point::JobEnded);
        self.jobs.committed();
        Ok(())
    }

    /// Lets the job's owner settle what follows.
    pub(super) async fn tell(
        &self,
        conn: &mut PgConnection,
        job: &Job,
        event: &JobEvent,
    ) -> Result<(), StepError> {
        let Some(kind) = self.kinds.iter().find(|kind| kind.name() == job.kind) else {
            return Err(StepError::Owner(anyhow::anyhow!(
                "no owner for jobs of kind {}",
                job.kind
            )));
        };
        // What follows a failure here, such as noting the id of a task, must follow a panic too.
        match AssertUnwindSafe(kind.on_event(conn, job, event))
            .catch_unwind()
            .await
        {
            Ok(told) => told.map_err(StepError::Owner),
            Err(panic) => Err(StepError::Owner(anyhow::anyhow!(
                "it panicked: {}",
                panic_text(&*panic)
            ))),
        }
    }
}

impl Jobs {
    /// For those who need to look at a callback soon.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}
