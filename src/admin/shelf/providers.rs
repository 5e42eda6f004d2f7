//! `bulwark providers`: how they stand, and an operator's hand on their breakers.

use std::io::Write;

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::options::ProvidersAction;
use super::queue::{self, Asked};
use super::render::{Table, when, when_if};
use crate::base::clock::Clock;
use crate::engine::operator::Outcome;
use crate::engine::vitals::{self, BreakerStanding};

pub(super) struct Providers<'a> {
    pub(super) pool: &'a PgPool,
    pub(super) clock: &'a Clock,
    /// Those that the environment names.
    pub(super) names: &'a [String],
}

impl Providers<'_> {
    /// Carries out one action. False: there is none of that name, or it was refused.
    pub(super) async fn run(
        &self,
        action: &ProvidersAction,
        asked: &Asked<'_>,
        out: &mut (impl Write + Send),
    ) -> Result<bool, anyhow::Error> {
        let now = self.clock.sql_now();
        let mut tx = self.pool.begin().await?;
        let (name, outcome): (&str, Outcome) = match action {
            ProvidersAction::List => {
                let standings = vitals::standings(&mut tx, self.names).await?;
                if asked.json {
                    queue::print_json(&json!(standings), out)?;
                } else {
                    table(&standings).print(0, out)?;
                }
                return Ok(true);
            }
            ProvidersAction::Isolate(options) => {
                let (name, reason) = (&options.provider, Some(options.reason.clone()));
                let by = queue::operator(asked, reason);
                let done = vitals::isolate(&mut tx, self.names, name, &by, Uuid::nil(), now);
                (name, done.await?)
            }
            ProvidersAction::Release(options) => {
                let name = &options.provider;
                let by = queue::operator(asked, options.reason.clone());
                let done = vitals::release(&mut tx, self.names, name, &by, Uuid::nil(), now);
                (name, done.await?)
            }
        };
        tx.commit().await?;
        queue::tell(&[(name.to_owned(), outcome)], "provider", asked.json, out)
    }
}

fn table(standings: &[BreakerStanding]) -> Table {
    let rows = standings.iter().map(|standing| {
        let polls = standing.polls.clone().unwrap_or_default();
        vec![
            standing.name.clone(),
            standing.class.clone(),
            standing.submits.clone(),
            polls,
            when_if(standing.since),
            why(standing),
        ]
    });
    Table {
        head: &["NAME", "CLASS", "CALLS", "QUESTIONS", "SINCE", "WHY"],
        rows: rows.collect(),
    }
}

fn why(standing: &BreakerStanding) -> String {
    match (&standing.isolated, standing.open_until) {
        (Some(isolated), _) => format!("{}: {}", isolated.by, isolated.reason),
        (None, Some(until)) if standing.submits == "open" => format!("probes at {}", when(until)),
        (None, _) => String::new(),
    }
}
