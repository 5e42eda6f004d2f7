//! The steps of a job: which one is due, stopping, fetching results.

use std::time::Duration;

use serde_json::{Value, json};

use super::artifact::StoreError;
use super::finish::StepError;
use super::job::{Artifact, Ending, Job};
use super::outcome::{FetchError, class};
use super::runner::JobRunner;
use super::store;
use crate::base::fault::{self, Mutant, Point};
use crate::providers::breaker::backoff;
use crate::providers::{FailureReason, Provider, ResultUrl, Step, Stopped};

/// Results taken from one job at most; Telegram's albums hold ten.
const RESULTS_MAX: usize = 10;
/// Between two tries to fetch a result, doubled with each.
const DOWNLOAD_BACKOFF: Duration = Duration::from_secs(5);
const DOWNLOAD_BACKOFF_MAX: Duration = Duration::from_secs(60);

/// Whether this job can be stopped while its provider works on it.
pub(super) fn stoppable(job: &Job, provider: &dyn Provider) -> bool {
    provider.can_cancel() && job.snapshot.stoppable
}

impl JobRunner {
    /// One step; the lease is given back, or ended with the job, on every way out.
    pub(super) async fn advance(&self, job: &Job) -> Result<(), StepError> {
        let Some(provider) = self
            .providers
            .iter()
            .find(|provider| provider.name() == job.provider)
        else {
            tracing::error!("the job's provider is not configured");
            return self
                .end(job, Ending::Failed(FailureReason::ProviderUnavailable))
                .await;
        };
        let provider = provider.as_ref();
        match (job.state.as_str(), &job.external_id) {
            ("queued", _) if job.is_cancel_requested => self.end(job, Ending::Cancelled).await,
            ("queued", _) if self.is_late(job) => self.end_late(job).await,
            ("queued", _) => self.submit(job, provider).await,
            ("unknown", _) => self.look_for_evidence(job, provider).await,
            (_, Some(external_id)) if job.is_cancel_requested && stoppable(job, provider) => {
                self.stop(job, provider, external_id).await
            }
            (_, Some(external_id)) => self.poll(job, provider, external_id).await,
            (state, None) => Err(StepError::Owner(anyhow::anyhow!(
                "a job that is {state} has no task id"
            ))),
        }
    }

    /// Its time is over. One at the provider is asked about once more: after a long outage it may well be done.
    pub(super) fn is_late(&self, job: &Job) -> bool {
        job.deadline_at.is_some_and(|at| at <= self.clock.steady())
    }

    pub(super) async fn end_late(&self, job: &Job) -> Result<(), StepError> {
        self.note(job, "deadline", &job.state, None).await?;
        match job.state.as_str() {
            "queued" => {
                self.end(job, Ending::Failed(FailureReason::ProviderUnavailable))
                    .await
            }
            "unknown" => {
                tracing::error!(
                    "nobody can tell whether the provider got this job; its money is released"
                );
                self.end(job, Ending::Failed(FailureReason::Unknown)).await
            }
            _ => self.end(job, Ending::TimedOut).await,
        }
    }

    /// Asks the provider to stop. If it is too late for that, the job goes on as if nobody had asked.
    async fn stop(
        &self,
        job: &Job,
        provider: &dyn Provider,
        external_id: &str,
    ) -> Result<(), StepError> {
        fault::reach(Point::StopAsking);
        let answer = provider.cancel(external_id).await;
        fault::reach(Point::StopAsked);
        let outcome = match &answer {
            Ok(Stopped::Yes) => "stopped",
            Ok(Stopped::Asked) => "asked",
            Ok(Stopped::TooLate) => "too_late",
            Err(error) => class(error),
        };
        self.note(job, "cancel", outcome, None).await?;
        match answer {
            Ok(Stopped::Yes) => self.end(job, Ending::Cancelled).await,
            Ok(Stopped::Asked) if fault::mutant(Mutant::StopBelieved) => {
                self.end(job, Ending::Cancelled).await
            }
            // How it ends, and with which part of it done, the next questions tell.
            Ok(Stopped::Asked | Stopped::TooLate) => {
                fault::reach(Point::StopMarking);
                if !store::mark_unstoppable(&self.pool, job).await? {
                    return Err(StepError::LeaseLost);
                }
                fault::reach(Point::StopMarked);
                self.poll(job, provider, external_id).await
            }
            Err(error) => {
                tracing::warn!(error = %error, "the provider did not say whether it stops the job");
                self.poll(job, provider, external_id).await
            }
        }
    }

    /// Fetches the results before the provider forgets them, and ends the job.
    pub(super) async fn fetch(
        &self,
        job: &Job,
        provider: &dyn Provider,
        results: &[ResultUrl],
    ) -> Result<(), StepError> {
        if results.is_empty() {
            return self
                .end(job, Ending::Failed(FailureReason::ResultLost))
                .await;
        }
        if let Some(wait) = self.vitals.hold_back(provider, Step::Download).await {
            return self.snooze(job, wait, true, false).await;
        }
        let mut artifacts = Vec::new();
        for (result, position) in results.iter().take(RESULTS_MAX).zip(0_i16..) {
            match self.fetch_one(job, provider, result, position).await {
                Ok(artifact) => artifacts.push(artifact),
                Err(FetchError::Ending(reason)) => {
                    return self.end(job, Ending::Failed(reason)).await;
                }
                Err(FetchError::Again(detail)) => {
                    tracing::warn!(%detail, "cannot fetch a result");
                    self.note(job, "download", "failed", Some(&json!({ "error": detail })))
                        .await?;
                    return self.fetch_later(job).await;
                }
                Err(FetchError::Database(error)) => return Err(error.into()),
            }
        }
        self.end(job, Ending::Succeeded(artifacts)).await
    }

    async fn fetch_later(&self, job: &Job) -> Result<(), StepError> {
        let failures = store::passing_failures(&self.pool, job.id, "download").await?;
        let pause = backoff(DOWNLOAD_BACKOFF, failures, DOWNLOAD_BACKOFF_MAX, &self.ids);
        // The provider was in time: the user should not read that it took too long.
        let again_at = self.clock.steady() + pause;
        if job.deadline_at.is_some_and(|at| at <= again_at) {
            let ending = Ending::Failed(FailureReason::ResultLost);
            return self.end(job, ending).await;
        }
        self.snooze(job, pause, true, false).await
    }

    async fn fetch_one(
        &self,
        job: &Job,
        provider: &dyn Provider,
        result: &ResultUrl,
        position: i16,
    ) -> Result<Artifact, FetchError> {
        fault::reach(Point::ResultFetching);
        let download = provider.download(result).await?;
        fault::reach(Point::ResultOpened);
        let bytes_max = self.limits.result_bytes_max;
        match self
            .artifacts
            .store(job.id, position, &result.url, download, bytes_max)
            .await
        {
            Ok(artifact) => Ok(artifact),
            Err(StoreError::TooLarge) => Err(FetchError::Ending(FailureReason::ResultTooLarge)),
            Err(StoreError::Source(error)) => Err(FetchError::Again(error.to_string())),
            Err(StoreError::Database(error)) => Err(FetchError::Database(error)),
        }
    }

    pub(super) async fn snooze(
        &self,
        job: &Job,
        delay: Duration,
        polled: bool,
        surely_unsent: bool,
    ) -> Result<(), StepError> {
        let mut tx = self.pool.begin().await?;
        if !store::rest(
            &mut tx,
            job,
            delay,
            polled,
            surely_unsent,
            self.clock.sql_now(),
        )
        .await?
        {
            return Err(StepError::LeaseLost);
        }
        fault::reach(Point::JobSnoozing);
        tx.commit().await?;
        fault::reach(Point::JobSnoozed);
        Ok(())
    }

    pub(super) async fn note(
        &self,
        job: &Job,
        step: &str,
        outcome: &str,
        answer: Option<&Value>,
    ) -> Result<(), StepError> {
        let mut tx = self.pool.begin().await?;
        let now = self.clock.sql_now();
        if !store::record_attempt(&mut tx, job, step, outcome, answer, now).await? {
            return Err(StepError::LeaseLost);
        }
        fault::reach(Point::JobNoting);
        tx.commit().await?;
        fault::reach(Point::JobNoted);
        Ok(())
    }

    pub(super) fn running_for(&self, job: &Job) -> Duration {
        job.submitted_at.map_or(Duration::ZERO, |at| {
            (self.clock.steady() - at)
                .try_into()
                .unwrap_or(Duration::ZERO)
        })
    }
}
