//! Submitting a job, once.

use std::time::Duration;

use serde_json::Value;

use super::evidence::LOOK_FOR_EVIDENCE;
use super::finish::StepError;
use super::job::{self, Ending, Job, JobEvent};
use super::outcome::{class, said};
use super::runner::JobRunner;
use super::steps::stoppable;
use super::store;
use crate::base::fault::{self, Mutant, Point};
use crate::providers::breaker::backoff;
use crate::providers::transcript;
use crate::providers::{FailureReason, Provider, ProviderError, Step, SubmitRequest, Submitted};

const SUBMIT_TRIES_MAX: i16 = 8;
/// Between two tries of a submit that surely did not arrive, doubled with each.
const BACKOFF: Duration = Duration::from_secs(4);
const BACKOFF_MAX: Duration = Duration::from_secs(240);
const EVIDENCE_TRIES_MAX: u32 = 8;

impl JobRunner {
    pub(super) async fn submit(&self, job: &Job, provider: &dyn Provider) -> Result<(), StepError> {
        let failures = self.failures(job, "submit").await?;
        if let Some(wait) = self.held_back(provider, failures).await {
            return self.snooze(job, wait, false, false).await;
        }
        let request = self.request(job);
        if let Some(note) = provider.note(&request).await
            && !store::keep_note(&self.pool, job, &note).await?
        {
            return Err(StepError::LeaseLost);
        }
        let (asked_at, now) = (self.leases.asked_at(), self.clock.sql_now());
        let unfenced = fault::mutant(Mutant::SubmitUnfenced);
        fault::reach(Point::SubmitIntending);
        if !store::begin_submit(&self.pool, job, self.limits.lease, now).await? && !unfenced {
            if store::is_cancel_requested(&self.pool, job).await? {
                return self.end(job, Ending::Cancelled).await;
            }
            return Err(StepError::LeaseLost);
        }
        fault::reach(Point::SubmitIntended);
        self.leases.renew(job, asked_at);
        if !self.leases.runs(job) && !unfenced {
            // This process stood still: by now others may hold the job for one whose submit was cut off.
            return self.snooze(job, Duration::ZERO, false, true).await;
        }
        let (answered, heard) = transcript::listen(provider.submit(&request)).await;
        fault::reach(Point::SubmitAnswered);
        match answered {
            Ok(submitted) => match self.started(job, provider, &submitted).await {
                Ok(()) => Ok(()),
                Err(error) => {
                    self.leave_evidence(job, &submitted.external_id).await;
                    Err(error)
                }
            },
            Err(error) => self.submit_failed(job, error, &heard, failures).await,
        }
    }

    /// If it must not be submitted now: how long to wait. A repeated submit needs its share of the provider's calls, too.
    async fn held_back(&self, provider: &dyn Provider, failures: u32) -> Option<Duration> {
        let is_repeated = failures > 0;
        if is_repeated
            && provider.submits_now() > 0
            && let Some(wait) = self.vitals.repeat_later(provider)
        {
            tracing::info!(
                ?wait,
                "too much is repeated at this provider, the job waits"
            );
            return Some(wait);
        }
        let wait = self.vitals.hold_back(provider, Step::Submit).await;
        if wait.is_none() && !is_repeated {
            self.vitals.first_try(provider);
        }
        wait
    }

    /// How often a step of this job failed in a passing way. Only a job that was sent before costs a look.
    pub(super) async fn failures(&self, job: &Job, step: &str) -> Result<u32, StepError> {
        if job.attempts == 0 {
            return Ok(0);
        }
        Ok(store::passing_failures(&self.pool, job.id, step).await?)
    }

    /// The task exists, and nobody else knows its id: worth some patience with a database that is away.
    async fn leave_evidence(&self, job: &Job, external_id: &str) {
        let mut pause = Duration::from_millis(250);
        for _ in 0..EVIDENCE_TRIES_MAX {
            let now = self.clock.sql_now();
            fault::reach(Point::EvidenceLeaving);
            match store::leave_evidence(&self.pool, job.id, external_id, now).await {
                Ok(()) => {
                    fault::reach(Point::EvidenceLeft);
                    return;
                }
                Err(error) => tracing::warn!(error = %error, "cannot note the id of a task"),
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
        tracing::error!(%external_id, "the id of a task could not be stored");
    }

    fn request(&self, job: &Job) -> SubmitRequest {
        let mut input = job.snapshot.params.clone();
        job::fill_media(&mut input, &|file_id| self.links.media(file_id));
        SubmitRequest {
            service: job.snapshot.provider_service.clone(),
            params: input,
            callback_url: self.links.callback(&job.provider, &job.callback_token),
            correlation: job.correlation,
        }
    }

    pub(super) async fn started(
        &self,
        job: &Job,
        provider: &dyn Provider,
        submitted: &Submitted,
    ) -> Result<(), StepError> {
        let mut tx = self.pool.begin().await?;
        let (first, deadline, now) = (
            provider.next_poll(Duration::ZERO),
            provider.deadline(),
            self.clock.sql_now(),
        );
        let (id, stoppable) = (&submitted.external_id, stoppable(job, provider));
        if !store::mark_running(&mut tx, job, id, stoppable, first, deadline, now).await? {
            return Err(StepError::LeaseLost);
        }
        store::record_attempt(
            &mut tx,
            job,
            "submit",
            "accepted",
            Some(&submitted.answer),
            now,
        )
        .await?;
        self.tell(&mut tx, job, &JobEvent::Started { stoppable })
            .await?;
        fault::reach(Point::JobStarting);
        tx.commit().await?;
        fault::reach(Point::JobStarted);
        self.jobs.committed();
        tracing::info!(external_id = %submitted.external_id, "job submitted");
        Ok(())
    }

    async fn submit_failed(
        &self,
        job: &Job,
        error: ProviderError,
        heard: &[Value],
        failures: u32,
    ) -> Result<(), StepError> {
        let kept = said(&error, heard);
        tracing::warn!(error = %error, answer = %kept["answers"], attempts = job.attempts + 1, "the provider did not take the job");
        self.note(job, "submit", class(&error), Some(&kept)).await?;
        fault::reach(Point::SubmitFailed);
        match error {
            ProviderError::Ambiguous { .. } if fault::mutant(Mutant::SubmitAgain) => {
                self.snooze(job, Duration::ZERO, false, true).await
            }
            ProviderError::Ambiguous { .. } if fault::mutant(Mutant::LostTakenAsRefused) => {
                let reason = FailureReason::ProviderUnavailable;
                self.end(job, Ending::Failed(reason)).await
            }
            ProviderError::Ambiguous { .. } => self.unsure(job).await,
            ProviderError::RateLimited { after } => self.snooze(job, after, false, true).await,
            ProviderError::Transient { .. } if job.attempts + 1 < SUBMIT_TRIES_MAX => {
                let pause = backoff(BACKOFF, failures, BACKOFF_MAX, &self.ids);
                self.snooze(job, pause, false, true).await
            }
            ProviderError::Rejected { reason, .. } => {
                if reason == FailureReason::TargetBusy {
                    self.note_duplicate(job).await?;
                }
                self.end(job, Ending::Failed(reason)).await
            }
            ProviderError::NoFunds => {
                tracing::error!("our account at the provider is empty");
                self.end(job, Ending::Failed(FailureReason::ProviderUnavailable))
                    .await
            }
            ProviderError::Permanent { .. } => {
                tracing::error!(error = %error, "the provider refuses for a reason that an operator must mend");
                self.end(job, Ending::Failed(FailureReason::ProviderUnavailable))
                    .await
            }
            ProviderError::Transient { .. } => {
                self.end(job, Ending::Failed(FailureReason::ProviderUnavailable))
                    .await
            }
        }
    }

    async fn unsure(&self, job: &Job) -> Result<(), StepError> {
        let mut tx = self.pool.begin().await?;
        let (wait, now) = (self.limits.unknown_max, self.clock.sql_now());
        if !store::mark_unknown(&mut tx, job, LOOK_FOR_EVIDENCE, wait, now).await? {
            return Err(StepError::LeaseLost);
        }
        self.tell(&mut tx, job, &JobEvent::Unsure).await?;
        fault::reach(Point::JobParking);
        tx.commit().await?;
        fault::reach(Point::JobParked);
        self.jobs.committed();
        Ok(())
    }
}
