//! `bulwark jobs`: slow work at providers, with all its attempts.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::options::{JobFilter, List, Resolve};
use super::queue::{ALL_MAX, Listing, Shelf};
use super::related::{self, Subject};
use super::render::{Story, Table, pretty, when, when_if, without_payload, without_secrets};
use crate::base::clock::Clock;
use crate::engine::jobs::JobKind;
use crate::engine::jobs::shelf::{self, Attempt, Filter, JobState, KeptCallback, KeptJob};
use crate::engine::operator::{Operator, Outcome, Queue};

pub(super) struct Jobs<'a> {
    pub(super) pool: &'a PgPool,
    pub(super) clock: &'a Clock,
    /// Those who settle the money.
    pub(super) kinds: &'a [Arc<dyn JobKind>],
}

impl Jobs<'_> {
    pub(super) async fn resolve(
        &self,
        options: &Resolve,
        by: &Operator,
    ) -> Result<Outcome, anyhow::Error> {
        let (pool, now) = (self.pool, self.clock.sql_now());
        Ok(match &options.task {
            Some(task) => shelf::resolve_as_task(pool, options.id, task, by, now).await?,
            None => shelf::resolve_as_not_there(pool, self.kinds, options.id, by, now).await?,
        })
    }
}

#[async_trait]
impl Shelf for Jobs<'_> {
    type State = JobFilter;
    type Id = Uuid;
    const ONE: &'static str = "job";

    async fn list(
        &self,
        options: &List<JobFilter>,
        since: Option<OffsetDateTime>,
    ) -> Result<Listing, anyhow::Error> {
        let filter = Filter {
            states: states(&options.state),
            chat_id: options.chat,
            since,
            limit: options.limit,
        };
        let jobs = shelf::list(self.pool, &filter, self.clock.sql_now()).await?;
        let rows = jobs.iter().map(|job| {
            vec![
                job.id.to_string(),
                job.state.clone(),
                job.attempts.to_string(),
                when(job.created_at),
                what(job),
            ]
        });
        let table = Table {
            head: &["JOB", "STATE", "TRIES", "MADE", "WHAT"],
            rows: rows.collect(),
        };
        Ok(Listing {
            table,
            json: json!(jobs),
        })
    }

    async fn show(&self, id: &Uuid, payload: bool) -> Result<Option<Story>, anyhow::Error> {
        let Some(job) = shelf::find(self.pool, *id, self.clock.sql_now()).await? else {
            return Ok(None);
        };
        let attempts = shelf::attempts(self.pool, *id).await?;
        let callbacks = shelf::callbacks(self.pool, *id, job.created_at).await?;
        let snapshot = shelf::snapshot(self.pool, *id).await?.unwrap_or_default();
        let shown = |value: &Value| {
            let value = without_secrets(value);
            if payload {
                value
            } else {
                without_payload(&value)
            }
        };
        let attempts: Vec<Attempt> = attempts
            .into_iter()
            .map(|attempt| Attempt {
                answer: attempt.answer.as_ref().map(&shown),
                ..attempt
            })
            .collect();
        let snapshot = shown(&snapshot);
        let mut story = Story {
            facts: facts(&job, &snapshot),
            tables: vec![
                ("Attempts", attempts_table(&attempts)),
                ("Callbacks", callbacks_table(&callbacks)),
            ],
            texts: Vec::new(),
            json: json!({ "job": job, "snapshot": snapshot, "attempts": attempts, "callbacks": callbacks }),
        };
        if payload {
            story
                .texts
                .push(("Parameters", pretty(&snapshot["params"])));
        }
        let answers = attempts.iter().filter_map(|attempt| {
            let answer = attempt.answer.as_ref()?;
            Some(format!("{} {}: {answer}", when(attempt.at), attempt.step))
        });
        let answers: Vec<String> = answers.collect();
        story.texts.push(("Answers", answers.join("\n")));
        let subject = Subject {
            queue: Queue::Jobs,
            id: &id.to_string(),
            correlation: job.correlation,
            at: job.created_at,
            chat_id: job.user_id,
        };
        related::complete(self.pool, &subject, &mut story).await?;
        Ok(Some(story))
    }

    /// Stuck and overdue ones: hurrying all the others would only press the provider, and unknown ones are never sent again.
    async fn set_aside(&self) -> Result<Vec<Uuid>, anyhow::Error> {
        let filter = Filter {
            states: vec![JobState::Attention],
            chat_id: None,
            since: None,
            limit: ALL_MAX,
        };
        let newest_first = shelf::list(self.pool, &filter, self.clock.sql_now()).await?;
        let waiting = newest_first
            .iter()
            .rev()
            .filter(|job| job.state == "stuck" || job.overdue && job.state != "unknown");
        Ok(waiting.map(|job| job.id).collect())
    }

    async fn retry(&self, id: &Uuid, by: &Operator) -> Result<Outcome, anyhow::Error> {
        Ok(shelf::retry(self.pool, *id, by, self.clock.sql_now()).await?)
    }

    async fn discard(&self, id: &Uuid, by: &Operator) -> Result<Outcome, anyhow::Error> {
        Ok(shelf::discard(self.pool, self.kinds, *id, by, self.clock.sql_now()).await?)
    }
}

fn states(filters: &[JobFilter]) -> Vec<JobState> {
    use JobState as S;
    const LIVE: [S; 5] = [S::Queued, S::Submitting, S::Running, S::Unknown, S::Stuck];
    const ENDED: [S; 5] = [
        S::Succeeded,
        S::Partial,
        S::Failed,
        S::TimedOut,
        S::Cancelled,
    ];
    if filters.is_empty() {
        return vec![S::Attention];
    }
    let states = filters.iter().flat_map(|filter| match filter {
        JobFilter::Attention => vec![S::Attention],
        JobFilter::Stuck => vec![S::Stuck],
        JobFilter::Live => LIVE.to_vec(),
        JobFilter::Ended => ENDED.to_vec(),
        JobFilter::Queued => vec![S::Queued],
        JobFilter::Submitting => vec![S::Submitting],
        JobFilter::Running => vec![S::Running],
        JobFilter::Unknown => vec![S::Unknown],
        JobFilter::Succeeded => vec![S::Succeeded],
        JobFilter::Partial => vec![S::Partial],
        JobFilter::Failed => vec![S::Failed],
        JobFilter::TimedOut => vec![S::TimedOut],
        JobFilter::Cancelled => vec![S::Cancelled],
        JobFilter::All => [LIVE.as_slice(), ENDED.as_slice()].concat(),
    });
    states.collect()
}

/// The service, and what is wrong with it.
fn what(job: &KeptJob) -> String {
    let service = &job.service;
    match &job.failure {
        Some(failure) => format!("{failure}: {service}"),
        None if job.overdue => format!("overdue: {service}"),
        None => service.clone(),
    }
}

fn facts(job: &KeptJob, snapshot: &Value) -> Vec<(&'static str, String)> {
    let state = if job.overdue {
        format!("{}, overdue", job.state)
    } else {
        job.state.clone()
    };
    vec![
        ("job", job.id.to_string()),
        ("state", state),
        ("failure", job.failure.clone().unwrap_or_default()),
        ("error", job.error.clone().unwrap_or_default()),
        ("service", job.service.clone()),
        ("price", snapshot["price"].to_string()),
        (
            "provider",
            format!(
                "{} {}",
                job.provider,
                snapshot["provider_service"].as_str().unwrap_or_default()
            ),
        ),
        ("task there", job.external_id.clone().unwrap_or_default()),
        ("delivered", delivered(job)),
        ("user", job.user_id.to_string()),
        ("chat", job.chat_id.to_string()),
        ("made", when(job.created_at)),
        ("submitted", when_if(job.submitted_at)),
        ("looked at next", when_if(job.run_at)),
        ("deadline", when_if(job.deadline_at)),
        ("ended", when_if(job.finished_at)),
        ("submits", job.attempts.to_string()),
        ("polls", job.polls.to_string()),
        ("correlation", job.correlation.to_string()),
    ]
}

/// How far the work is that is done in units; nothing for any other, and before the provider has counted.
fn delivered(job: &KeptJob) -> String {
    let (Some(units), Some(remains)) = (job.units, job.remains) else {
        return String::new();
    };
    let start = job
        .start_count
        .map_or_else(|| "?".to_owned(), |start| start.to_string());
    format!(
        "{} of {units}, counted from {start}",
        units - remains.min(units)
    )
}

fn attempts_table(attempts: &[Attempt]) -> Table {
    let rows = attempts.iter().map(|attempt| {
        vec![
            when(attempt.at),
            attempt.step.clone(),
            attempt.outcome.clone(),
        ]
    });
    Table {
        head: &["WHEN", "STEP", "OUTCOME"],
        rows: rows.collect(),
    }
}

fn callbacks_table(callbacks: &[KeptCallback]) -> Table {
    let rows = callbacks.iter().map(|callback| {
        let verified = if callback.verified { "yes" } else { "no" };
        let task = callback.external_id.clone().unwrap_or_default();
        vec![when(callback.received_at), verified.to_owned(), task]
    });
    Table {
        head: &["WHEN", "VERIFIED", "TASK"],
        rows: rows.collect(),
    }
}
