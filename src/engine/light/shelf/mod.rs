//! Light jobs for a person to read, try again, or give up. Whoever changes one locks its row first, so of two operators
//! only one does, and it is recorded in the same transaction.

mod store;

use serde::Serialize;
use serde_json::Value;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

pub use store::{find, list};

use crate::engine::operator::{self, Act, Operator, Outcome, Queue, Verb};

/// How a light job stands, as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LightState {
    /// Set aside: it failed too often.
    Dead,
    /// Due, in hand or resting after a failure.
    Due,
    /// Its time has not come.
    Scheduled,
}

impl LightState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Dead, Self::Due, Self::Scheduled];

    /// For people and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Due => "due",
            Self::Scheduled => "scheduled",
        }
    }
}

/// Which light jobs.
#[derive(Clone, Debug)]
pub struct Filter {
    /// In one of these states.
    pub states: Vec<LightState>,
    /// Made since then.
    pub since: Option<OffsetDateTime>,
    /// At most so many, the newest.
    pub limit: i64,
}

/// A light job as it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeptLight {
    /// Its id.
    pub id: i64,
    /// Who does it.
    pub kind: String,
    /// dead, due or scheduled.
    pub state: String,
    /// Tries that were begun.
    pub attempts: i16,
    /// How the last one failed.
    pub error: Option<String>,
    /// No other that is not dead has the same.
    pub unique_key: Option<String>,
    /// What it needs to know.
    #[serde(skip)]
    pub payload: Value,
    /// When it may begin.
    #[serde(with = "time::serde::rfc3339")]
    pub run_at: OffsetDateTime,
    /// When it was queued.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Follows it everywhere.
    pub correlation: Uuid,
}

/// What names a light job among the actions on jobs.
pub fn item(id: i64) -> String {
    format!("light {id}")
}

/// Puts a dead one back, with all its tries; makes one that waits due now.
///
/// # Errors
/// The database's; nothing has changed then.
pub async fn retry(
    pool: &PgPool,
    id: i64,
    by: &Operator,
    now: Option<OffsetDateTime>,
) -> Result<Outcome, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let Some(job) = store::lock(&mut tx, id, now).await? else {
        return Ok(Outcome::NotFound);
    };
    if job.is_in_hand {
        return Ok(Outcome::Already(
            "already in the hands of a worker".to_owned(),
        ));
    }
    if job.state == LightState::Due.name() {
        return Ok(Outcome::Already("already waiting".to_owned()));
    }
    if job.has_successor {
        let why = "another with the same key waits: that one does it";
        return Ok(Outcome::Refused(why.to_owned()));
    }
    store::revive(&mut tx, id, now).await?;
    record(&mut tx, Verb::Retry, id, job.correlation, by, now).await?;
    tx.commit().await?;
    Ok(Outcome::Changed("due now".to_owned()))
}

/// Gives one up for good: nobody does it any more.
///
/// # Errors
/// The database's; nothing has changed then.
pub async fn discard(
    pool: &PgPool,
    id: i64,
    by: &Operator,
    now: Option<OffsetDateTime>,
) -> Result<Outcome, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let Some(job) = store::lock(&mut tx, id, now).await? else {
        return Ok(Outcome::NotFound);
    };
    store::delete(&mut tx, id).await?;
    record(&mut tx, Verb::Discard, id, job.correlation, by, now).await?;
    tx.commit().await?;
    Ok(Outcome::Changed("given up: it is not done".to_owned()))
}

async fn record(
    conn: &mut sqlx::PgConnection,
    verb: Verb,
    id: i64,
    correlation: Uuid,
    by: &Operator,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    let act = Act {
        by,
        verb,
        queue: Queue::Jobs,
        item: &item(id),
        correlation,
    };
    operator::record(conn, &act, now).await
}
