//! Asking providers how jobs stand: one by one, or many in one call where a provider takes that.

use std::time::Duration;

use serde_json::Value;

use super::finish::StepError;
use super::job::{Ending, Job, JobEvent};
use super::outcome::{class, said};
use super::runner::JobRunner;
use super::steps::stoppable;
use super::store;
use crate::base::fault::{self, Mutant, Point};
use crate::providers::transcript;
use crate::providers::{Counts, FailureReason, PollState, Polled, Provider, ProviderError, Step};

impl JobRunner {
    /// The jobs of a claim as they are worked on: those that one question can be about together, all others alone.
    pub(super) fn grouped(&self, claimed: Vec<Job>) -> Vec<Vec<Job>> {
        let mut groups: Vec<Vec<Job>> = Vec::new();
        for job in claimed {
            let together_max = self.asked_together(&job);
            let fits = |group: &&mut Vec<Job>| {
                group.len() < together_max
                    && group.first().is_some_and(|first| {
                        first.provider == job.provider && self.asked_together(first) > 1
                    })
            };
            match groups.iter_mut().find(fits) {
                Some(group) => group.push(job),
                None => groups.push(vec![job]),
            }
        }
        groups
    }

    /// How many jobs, this one among them, its next question may be about; 1 if its next step is none.
    fn asked_together(&self, job: &Job) -> usize {
        let is_asked =
            job.state == "running" && job.external_id.is_some() && !job.is_cancel_requested;
        let provider = self.providers.iter().find(|one| one.name() == job.provider);
        provider
            .filter(|_| is_asked)
            .map_or(1, |provider| provider.polls_together().max(1))
    }

    /// One question about several jobs of one provider, and for each of them the step that follows from its answer.
    pub(super) async fn ask_together(&self, jobs: &[Job]) {
        let provider = jobs.first().and_then(|job| {
            let mut providers = self.providers.iter();
            providers.find(|provider| provider.name() == job.provider)
        });
        let Some(provider) = provider.map(AsRef::as_ref) else {
            return;
        };
        if let Some(wait) = self.vitals.hold_back(provider, Step::Poll).await {
            for job in jobs {
                self.step_by(job, self.look_again(job, wait, false)).await;
            }
            return;
        }
        let ids: Vec<&str> = jobs
            .iter()
            .filter_map(|job| job.external_id.as_deref())
            .collect();
        let asked = self.bounded(async { Ok(question(provider, &ids).await) });
        match asked.await {
            Ok((mut answers, heard)) => {
                for job in jobs {
                    let answer = answers.next().unwrap_or_else(no_answer);
                    self.step_by(job, self.polled(job, provider, answer, &heard))
                        .await;
                }
            }
            Err(error) => {
                let text = error.to_string();
                for job in jobs {
                    let failed =
                        std::future::ready(Err(StepError::Owner(anyhow::anyhow!("{text}"))));
                    self.step_by(job, failed).await;
                }
            }
        }
    }

    pub(super) async fn poll(
        &self,
        job: &Job,
        provider: &dyn Provider,
        external_id: &str,
    ) -> Result<(), StepError> {
        if let Some(wait) = self.vitals.hold_back(provider, Step::Poll).await {
            return self.look_again(job, wait, false).await;
        }
        let (mut answers, heard) = question(provider, &[external_id]).await;
        let answer = answers.next().unwrap_or_else(no_answer);
        self.polled(job, provider, answer, &heard).await
    }

    /// What follows from an answer.
    async fn polled(
        &self,
        job: &Job,
        provider: &dyn Provider,
        answer: Result<Polled, ProviderError>,
        heard: &[Value],
    ) -> Result<(), StepError> {
        let again = provider.next_poll(self.running_for(job));
        let Polled { state, answer } = match answer {
            Ok(polled) => polled,
            Err(error) => return self.poll_failed(job, error, heard, again).await,
        };
        match state {
            PollState::Succeeded { results } => {
                self.note(job, "poll", "succeeded", Some(&answer)).await?;
                self.fetch(job, provider, &results).await
            }
            PollState::Delivered(counts) => {
                self.note(job, "poll", "succeeded", Some(&answer)).await?;
                self.end(job, Ending::Delivered(counts)).await
            }
            PollState::Partial { remains, start } => {
                tracing::warn!(remains, %answer, "the provider did a part of the job");
                self.note(job, "poll", "partial", Some(&answer)).await?;
                self.end(job, in_part(job, remains, start)).await
            }
            PollState::Failed { reason, code } => {
                tracing::warn!(%code, ?reason, %answer, "the provider failed the job");
                self.note(job, "poll", "failed", Some(&answer)).await?;
                self.end(job, Ending::Failed(reason)).await
            }
            PollState::Running { progress_percent } => {
                let counts = Counts::default();
                self.progress(job, provider, progress_percent, counts, again)
                    .await
            }
            PollState::Counting(counts) => self.progress(job, provider, None, counts, again).await,
            PollState::Waiting => {
                self.progress(job, provider, None, Counts::default(), again)
                    .await
            }
        }
    }

    async fn poll_failed(
        &self,
        job: &Job,
        error: ProviderError,
        heard: &[Value],
        again: Duration,
    ) -> Result<(), StepError> {
        let kept = said(&error, heard);
        match error {
            ProviderError::RateLimited { after } => self.look_again(job, after, true).await,
            ProviderError::Rejected { reason, .. } => {
                tracing::warn!(?reason, answer = %kept["answers"], "the provider gives the job up");
                self.note(job, "poll", "rejected", Some(&kept)).await?;
                self.end(job, Ending::Failed(reason)).await
            }
            error => {
                tracing::warn!(error = %error, answer = %kept["answers"], "cannot ask how the job stands");
                self.note(job, "poll", class(&error), Some(&kept)).await?;
                let again = again.max(Duration::from_secs(5));
                self.look_again(job, again, true).await
            }
        }
    }

    async fn look_again(&self, job: &Job, wait: Duration, polled: bool) -> Result<(), StepError> {
        if self.is_late(job) {
            return self.end_late(job).await;
        }
        self.snooze(job, wait, polled, false).await
    }

    async fn progress(
        &self,
        job: &Job,
        provider: &dyn Provider,
        percent: Option<u8>,
        counts: Counts,
        again: Duration,
    ) -> Result<(), StepError> {
        if self.is_late(job) {
            return self.end_late(job).await;
        }
        let mut tx = self.pool.begin().await?;
        if !store::rest(&mut tx, job, again, true, false, self.clock.sql_now()).await? {
            return Err(StepError::LeaseLost);
        }
        if counts != Counts::default() && counts != job.counts {
            store::note_counts(&mut tx, job, counts).await?;
        }
        let running_s = self.running_for(job).as_secs();
        let event = JobEvent::Progress {
            stoppable: stoppable(job, provider),
            percent,
            counts,
            running_s,
        };
        self.tell(&mut tx, job, &event).await?;
        fault::reach(Point::JobProgressing);
        tx.commit().await?;
        fault::reach(Point::JobProgressed);
        self.jobs.committed();
        Ok(())
    }
}

type Answers = std::vec::IntoIter<Result<Polled, ProviderError>>;

/// One call, about one job or several; the answers in the order of the ids, and what was heard.
async fn question(provider: &dyn Provider, external_ids: &[&str]) -> (Answers, Vec<Value>) {
    fault::reach(Point::JobPolling);
    let asked = async {
        match external_ids {
            [external_id] => vec![provider.poll(external_id).await],
            several => provider.poll_many(several).await,
        }
    };
    let (mut answers, heard) = transcript::listen(asked).await;
    fault::reach(Point::JobPolled);
    if answers.len() > 1 && fault::mutant(Mutant::AnswersSwapped) {
        answers.reverse();
    }
    (answers.into_iter(), heard)
}

fn no_answer() -> Result<Polled, ProviderError> {
    let detail = "a question had too few answers".to_owned();
    Err(ProviderError::Transient { detail })
}

/// How a job ends of which the provider did only a part. Whatever cannot be reckoned is in the user's favour.
fn in_part(job: &Job, remains: u64, start: Option<i64>) -> Ending {
    match job.snapshot.units {
        Some(_) if remains == 0 => Ending::Delivered(Counts {
            start,
            remains: Some(0),
        }),
        Some(units) if remains < units => Ending::Partial {
            units,
            remains,
            start,
        },
        Some(_) | None => Ending::Failed(FailureReason::Cancelled),
    }
}
