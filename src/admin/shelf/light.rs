//! `bulwark light`: work without money, done many at once.

use async_trait::async_trait;
use serde_json::json;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::options::{LightFilter, List};
use super::queue::{ALL_MAX, Listing, Shelf};
use super::related::{self, Subject};
use super::render::{Story, Table, pretty, when, without_secrets};
use crate::base::clock::Clock;
use crate::engine::light::shelf::{self, Filter, KeptLight, LightState};
use crate::engine::operator::{Operator, Outcome, Queue};

pub(super) struct Light<'a> {
    pub(super) pool: &'a PgPool,
    pub(super) clock: &'a Clock,
}

#[async_trait]
impl Shelf for Light<'_> {
    type State = LightFilter;
    type Id = i64;
    const ONE: &'static str = "light job";

    async fn list(
        &self,
        options: &List<LightFilter>,
        since: Option<OffsetDateTime>,
    ) -> Result<Listing, anyhow::Error> {
        anyhow::ensure!(options.chat.is_none(), "a light job belongs to no chat");
        let filter = Filter {
            states: states(&options.state),
            since,
            limit: options.limit,
        };
        let jobs = shelf::list(self.pool, &filter, self.clock.sql_now()).await?;
        let rows = jobs.iter().map(|job| {
            vec![
                job.id.to_string(),
                job.state.clone(),
                job.kind.clone(),
                job.attempts.to_string(),
                when(job.run_at),
                job.error.clone().unwrap_or_default(),
            ]
        });
        let table = Table {
            head: &["LIGHT JOB", "STATE", "KIND", "TRIES", "DUE", "ERROR"],
            rows: rows.collect(),
        };
        Ok(Listing {
            table,
            json: json!(jobs),
        })
    }

    async fn show(&self, id: &i64, payload: bool) -> Result<Option<Story>, anyhow::Error> {
        let Some(job) = shelf::find(self.pool, *id, self.clock.sql_now()).await? else {
            return Ok(None);
        };
        let mut story = story(&job);
        if payload {
            let value = without_secrets(&job.payload);
            story.texts.push(("Payload", pretty(&value)));
            story.json["payload"] = value;
        }
        let subject = Subject {
            queue: Queue::Jobs,
            id: &shelf::item(*id),
            correlation: job.correlation,
            at: job.created_at,
            chat_id: 0,
        };
        related::complete(self.pool, &subject, &mut story).await?;
        Ok(Some(story))
    }

    async fn set_aside(&self) -> Result<Vec<i64>, anyhow::Error> {
        let filter = Filter {
            states: vec![LightState::Dead],
            since: None,
            limit: ALL_MAX,
        };
        let newest_first = shelf::list(self.pool, &filter, self.clock.sql_now()).await?;
        Ok(newest_first.iter().rev().map(|job| job.id).collect())
    }

    async fn retry(&self, id: &i64, by: &Operator) -> Result<Outcome, anyhow::Error> {
        Ok(shelf::retry(self.pool, *id, by, self.clock.sql_now()).await?)
    }

    async fn discard(&self, id: &i64, by: &Operator) -> Result<Outcome, anyhow::Error> {
        Ok(shelf::discard(self.pool, *id, by, self.clock.sql_now()).await?)
    }
}

fn states(filters: &[LightFilter]) -> Vec<LightState> {
    if filters.is_empty() {
        return vec![LightState::Dead];
    }
    let states = filters.iter().flat_map(|filter| match filter {
        LightFilter::Dead => vec![LightState::Dead],
        LightFilter::Due => vec![LightState::Due],
        LightFilter::Scheduled => vec![LightState::Scheduled],
        LightFilter::All => LightState::ALL.to_vec(),
    });
    states.collect()
}

fn story(job: &KeptLight) -> Story {
    Story {
        facts: vec![
            ("light job", job.id.to_string()),
            ("state", job.state.clone()),
            ("kind", job.kind.clone()),
            ("tries", job.attempts.to_string()),
            ("error", job.error.clone().unwrap_or_default()),
            ("key", job.unique_key.clone().unwrap_or_default()),
            ("made", when(job.created_at)),
            ("due", when(job.run_at)),
            ("correlation", job.correlation.to_string()),
        ],
        tables: Vec::new(),
        texts: Vec::new(),
        json: json!({ "light_job": job }),
    }
}
