//! Submitting a job, once, and finding out whether it arrived when its answer was lost.

use std::time::Duration;

use serde_json::json;

use super::finish::StepError;
use super::job::{self, Ending, Job, JobEvent};
use super::outcome::class;
use super::runner::JobRunner;
use super::steps::stoppable;
use super::store;
use crate::base::fault::{self, Mutant, Point};
use crate::providers::{
    Arrived, FailureReason, Provider, ProviderError, Step, SubmitRequest, Submitted,
};

const LOOK_FOR_EVIDENCE: Duration = Duration::from_secs(5);
/// Evidence is looked at once soon, and once at the end.
const EVIDENCE_FIRST: Duration = Duration::from_secs(9);
const SUBMIT_TRIES_MAX: i16 = 8;
const EVIDENCE_TRIES_MAX: u32 = 8;

impl JobRunner {
    pub(super) async fn submit(&self, job: &Job, provider: &dyn Provider) -> Result<(), StepError> {
        if let Some(wait) = self.vitals.hold_back(provider, Step::Submit).await {
            return self.snooze(job, wait, false, false).await;
        }
        let request = self.request(job);
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
        let answered = provider.submit(&request).await;
        fault::reach(Point::SubmitAnswered);
        match answered {
            Ok(submitted) => match self.started(job, provider, &submitted).await {
                Ok(()) => Ok(()),
                Err(error) => {
                    self.leave_evidence(job, &submitted.external_id).await;
                    Err(error)
                }
            },
            Err(error) => self.submit_failed(job, error).await,
        }
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

    async fn started(
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

    async fn submit_failed(&self, job: &Job, error: ProviderError) -> Result<(), StepError> {
        tracing::warn!(error = %error, attempts = job.attempts + 1, "the provider did not take the job");
        self.note(
            job,
            "submit",
            class(&error),
            Some(&json!({ "error": error.to_string() })),
        )
        .await?;
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
                let pause = Duration::from_secs(2)
                    * 2_u32.pow(job.attempts.clamp(0, 6).unsigned_abs().into());
                self.snooze(job, pause / 2 + self.ids.jitter(pause / 2), false, true)
                    .await
            }
            ProviderError::Rejected { reason, .. } => self.end(job, Ending::Failed(reason)).await,
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

    /// A callback with our unguessable token that names a task is evidence that the submit arrived, as is an answer
    /// that came too late for the worker that asked.
    pub(super) async fn look_for_evidence(
        &self,
        job: &Job,
        provider: &dyn Provider,
    ) -> Result<(), StepError> {
        let Some(external_id) = store::find_hint(&self.pool, job.id).await? else {
            let is_over = job
                .submitted_at
                .is_some_and(|at| at + self.limits.unknown_max <= self.clock.steady());
            let is_over = is_over || self.is_late(job);
            if is_over || self.running_for(job) < EVIDENCE_FIRST {
                self.weigh(job, provider).await?;
            }
            return if is_over {
                self.end_late(job).await
            } else {
                self.unsure_still(job).await
            };
        };
        let external_id = provider.task_named(&job.snapshot.provider_service, &external_id);
        tracing::info!(%external_id, "a callback names the task of an unknown submit");
        let answer = json!({ "evidence": "callback" });
        self.started(
            job,
            provider,
            &Submitted {
                external_id,
                answer,
            },
        )
        .await
    }

    /// Notes what speaks for and against its arrival, for the person who looks: early, and before the money is released.
    async fn weigh(&self, job: &Job, provider: &dyn Provider) -> Result<(), StepError> {
        fault::reach(Point::EvidenceWeighing);
        let evidence = provider.evidence(&self.request(job)).await;
        fault::reach(Point::EvidenceWeighed);
        let Some(evidence) = evidence else {
            return Ok(());
        };
        let outcome = match evidence.arrived {
            Arrived::Likely => "likely",
            Arrived::Unlikely => "unlikely",
            Arrived::Unclear => "unclear",
        };
        tracing::warn!(arrived = outcome, seen = %evidence.seen, "whether a submit arrived");
        self.note(job, "evidence", outcome, Some(&evidence.seen))
            .await
    }

    async fn unsure_still(&self, job: &Job) -> Result<(), StepError> {
        let mut tx = self.pool.begin().await?;
        let (wait, now) = (self.limits.unknown_max, self.clock.sql_now());
        if !store::mark_unknown(&mut tx, job, LOOK_FOR_EVIDENCE, wait, now).await? {
            return Err(StepError::LeaseLost);
        }
        fault::reach(Point::UnsureResting);
        tx.commit().await?;
        fault::reach(Point::UnsureRested);
        Ok(())
    }
}
