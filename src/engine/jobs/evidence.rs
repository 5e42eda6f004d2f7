//! What became of a submit whose answer was lost: what tells it by itself, what speaks for it, and who is asked.
//!
//! A callback with our unguessable token that names a task is evidence that the submit arrived, as is an answer that came too
//! late for the worker that asked, and as is the word of a person who looked at the provider. The provider's own word goes
//! first.

use std::time::Duration;

use serde_json::{Value, json};

use super::finish::StepError;
use super::job::{Ending, Job, JobEvent};
use super::question::{Doubt, Verdict};
use super::runner::JobRunner;
use super::store;
use crate::base::fault::{self, Mutant, Point};
use crate::providers::{Arrived, FailureReason, Provider, ProviderError, REFILL, Submitted};

pub(super) const LOOK_FOR_EVIDENCE: Duration = Duration::from_secs(5);
/// Nobody waits for a look once people were asked: a callback and an answer have it looked at at once.
const LOOK_WHILE_ASKED: Duration = Duration::from_secs(30);
/// Evidence is looked at once soon, before anybody is asked, and once at the end.
const EVIDENCE_FIRST: Duration = Duration::from_secs(9);
/// Before a provider that could not be asked about a named task is asked again.
const CONFIRM_AGAIN: Duration = Duration::from_secs(10);

impl JobRunner {
    pub(super) async fn look_for_evidence(
        &self,
        job: &Job,
        provider: &dyn Provider,
    ) -> Result<(), StepError> {
        if let Some(named) = store::find_hint(&self.pool, job.id).await? {
            let external_id = provider.task_named(&job.snapshot.provider_service, &named);
            tracing::info!(%external_id, "a callback names the task of an unknown submit");
            return self
                .arrived(
                    job,
                    provider,
                    external_id,
                    json!({ "evidence": "callback" }),
                )
                .await;
        }
        let mut conn = self.pool.acquire().await?;
        let question = store::question(&mut conn, job.id).await?;
        drop(conn);
        let is_asked = question.is_some();
        let said = question.and_then(|question| question.said);
        let waited = self.running_for(job);
        let is_over = waited >= self.limits.unknown_max || self.is_late(job);
        match said.map(|said| (said.verdict, said.by)) {
            Some((Verdict::NotThere, by)) => self.never_arrived(job, by).await,
            Some((_, by)) if fault::mutant(Mutant::ReleasedThoughThere) => {
                self.never_arrived(job, by).await
            }
            Some((Verdict::WentThrough(task), by)) => {
                self.confirm(job, provider, task, by, is_over).await
            }
            None => self.wait_or_ask(job, provider, is_asked, is_over).await,
        }
    }

    async fn wait_or_ask(
        &self,
        job: &Job,
        provider: &dyn Provider,
        is_asked: bool,
        is_over: bool,
    ) -> Result<(), StepError> {
        let waited = self.running_for(job);
        // A refill costs nobody anything.
        let may_ask = !is_asked && job.snapshot.provider_service != REFILL;
        let asks = !is_over && may_ask && self.limits.unknown_ask.is_some_and(|at| waited >= at);
        let doubt = if is_over || asks || waited < EVIDENCE_FIRST {
            Some(self.weigh(job, provider).await?)
        } else {
            None
        };
        match doubt {
            _ if is_over => self.end_late(job).await,
            Some(doubt) if asks => self.ask_people(job, &doubt).await,
            Some(_) | None => {
                let again = if is_asked {
                    LOOK_WHILE_ASKED
                } else {
                    LOOK_FOR_EVIDENCE
                };
                self.unsure_still(job, again).await
            }
        }
    }

    async fn arrived(
        &self,
        job: &Job,
        provider: &dyn Provider,
        external_id: String,
        answer: Value,
    ) -> Result<(), StepError> {
        let submitted = Submitted {
            external_id,
            answer,
        };
        self.started(job, provider, &submitted).await
    }

    async fn never_arrived(&self, job: &Job, by: i64) -> Result<(), StepError> {
        tracing::warn!(by, "a person says that the provider never got this job");
        let answer = json!({ "by": by });
        self.note(job, "answer", "not_there", Some(&answer)).await?;
        self.end(job, Ending::Failed(FailureReason::NotReceived))
            .await
    }

    /// A person named the task: if the provider knows it, its own answers decide from now on. Once the job's time is over
    /// the person is believed even if the provider cannot be asked.
    async fn confirm(
        &self,
        job: &Job,
        provider: &dyn Provider,
        task: String,
        by: i64,
        is_over: bool,
    ) -> Result<(), StepError> {
        let task = provider.task_named(&job.snapshot.provider_service, &task);
        fault::reach(Point::TaskConfirming);
        let known = provider.knows(&task).await;
        fault::reach(Point::TaskConfirmed);
        let outcome = match &known {
            Ok(true) => "went_through",
            Ok(false) => "no_such_task",
            Err(error) => super::outcome::class(error),
        };
        let answer = json!({ "by": by, "task": task });
        self.note(job, "answer", outcome, Some(&answer)).await?;
        match known {
            Ok(true) => self.arrived(job, provider, task, answer).await,
            Ok(false) => self.ask_again(job, task).await,
            Err(ProviderError::Rejected { .. }) => self.ask_again(job, task).await,
            Err(_) if is_over => self.arrived(job, provider, task, answer).await,
            Err(_) => self.unsure_still(job, CONFIRM_AGAIN).await,
        }
    }

    /// Notes what speaks for and against its arrival, for the person who looks: early, and before the money is released.
    async fn weigh(&self, job: &Job, provider: &dyn Provider) -> Result<Doubt, StepError> {
        let clues = store::clues(&self.pool, job).await?;
        fault::reach(Point::EvidenceWeighing);
        let evidence = provider.evidence(&clues).await;
        fault::reach(Point::EvidenceWeighed);
        let Some(evidence) = evidence else {
            return Ok(Doubt {
                arrived: Arrived::Unclear,
                candidates: Vec::new(),
                seen: json!({}),
            });
        };
        let candidates = store::nobodys(&self.pool, job, &evidence.candidates).await?;
        let arrived = match evidence.arrived {
            // Work of ours that nobody here knows of says more than a balance, unless it may be that of another one.
            Arrived::Unclear if !candidates.is_empty() && clues.others_open == 0 => Arrived::Likely,
            arrived => arrived,
        };
        let doubt = Doubt {
            arrived,
            candidates,
            seen: evidence.seen,
        };
        let outcome = match doubt.arrived {
            Arrived::Likely => "likely",
            Arrived::Unlikely => "unlikely",
            Arrived::Unclear => "unclear",
        };
        tracing::warn!(arrived = outcome, seen = %doubt.seen, candidates = ?doubt.candidates, "whether a submit arrived");
        let kept = json!({ "seen": doubt.seen, "candidates": doubt.candidates });
        self.note(job, "evidence", outcome, Some(&kept)).await?;
        Ok(doubt)
    }

    async fn ask_people(&self, job: &Job, doubt: &Doubt) -> Result<(), StepError> {
        let mut tx = self.pool.begin().await?;
        let (wait, now) = (self.limits.unknown_max, self.clock.sql_now());
        if !store::mark_unknown(&mut tx, job, LOOK_WHILE_ASKED, wait, now).await? {
            return Err(StepError::LeaseLost);
        }
        store::ask(&mut tx, job, &self.ids.short(), doubt, now).await?;
        self.tell(&mut tx, job, &JobEvent::Undecided { wrong_task: None })
            .await?;
        fault::reach(Point::QuestionAsking);
        tx.commit().await?;
        fault::reach(Point::QuestionAsked);
        self.jobs.committed();
        Ok(())
    }

    async fn ask_again(&self, job: &Job, task: String) -> Result<(), StepError> {
        tracing::warn!(%task, "the provider knows no task that a person named");
        let mut tx = self.pool.begin().await?;
        let (wait, now) = (self.limits.unknown_max, self.clock.sql_now());
        if !store::mark_unknown(&mut tx, job, LOOK_WHILE_ASKED, wait, now).await? {
            return Err(StepError::LeaseLost);
        }
        store::reopen(&mut tx, job.id).await?;
        let event = JobEvent::Undecided {
            wrong_task: Some(task),
        };
        self.tell(&mut tx, job, &event).await?;
        fault::reach(Point::QuestionReopening);
        tx.commit().await?;
        fault::reach(Point::QuestionReopened);
        self.jobs.committed();
        Ok(())
    }

    async fn unsure_still(&self, job: &Job, again: Duration) -> Result<(), StepError> {
        let mut tx = self.pool.begin().await?;
        let (wait, now) = (self.limits.unknown_max, self.clock.sql_now());
        if !store::mark_unknown(&mut tx, job, again, wait, now).await? {
            return Err(StepError::LeaseLost);
        }
        fault::reach(Point::UnsureResting);
        tx.commit().await?;
        fault::reach(Point::UnsureRested);
        Ok(())
    }

    /// Another order for the same target was refused: that speaks for those whose answers were lost.
    pub(super) async fn note_duplicate(&self, job: &Job) -> Result<(), StepError> {
        let mut conn = self.pool.acquire().await?;
        store::note_duplicate(&mut conn, job, self.clock.sql_now()).await?;
        Ok(())
    }
}
