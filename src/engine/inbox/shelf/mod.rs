//! Updates that were set aside, for a person to read, replay or give up.
//!
//! A replayed update goes back to its place in its chat: before everything that came later and still waits. Both changes
//! lock the row first, so of two operators only one changes it, and each is recorded in the same transaction.

mod store;

use serde::Serialize;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

pub use store::{carrying, find, list, payload};

use crate::engine::operator::{self, Act, Operator, Outcome, Queue, Verb};

/// How an update stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateState {
    /// Waits for its turn.
    Pending,
    /// Handled.
    Done,
    /// Set aside after its last try.
    Quarantined,
    /// Over the flood limit: a record, never handled.
    Shed,
    /// Given up by an operator.
    Discarded,
}

impl UpdateState {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Done,
        Self::Quarantined,
        Self::Shed,
        Self::Discarded,
    ];

    /// The stored code.
    pub fn code(self) -> i16 {
        match self {
            Self::Pending => 0,
            Self::Done => 1,
            Self::Quarantined => 2,
            Self::Shed => 3,
            Self::Discarded => 4,
        }
    }

    /// For people and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Quarantined => "quarantined",
            Self::Shed => "shed",
            Self::Discarded => "discarded",
        }
    }

    fn of_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// Which updates.
#[derive(Clone, Debug)]
pub struct Filter {
    /// In one of these states.
    pub states: Vec<UpdateState>,
    /// Of this chat.
    pub chat_id: Option<i64>,
    /// Received since then.
    pub since: Option<OffsetDateTime>,
    /// At most so many, the newest.
    pub limit: i64,
}

/// An update without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptUpdate {
    /// Telegram's id.
    pub update_id: i64,
    /// Order of arrival.
    pub seq: i64,
    /// The chat, else the user, else 0.
    pub chat_id: i64,
    /// The name of its kind.
    pub kind: String,
    /// [`UpdateState::name`].
    pub state: String,
    /// Failed tries.
    pub attempts: i16,
    /// When it came.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// Not tried again before.
    #[serde(with = "time::serde::rfc3339::option")]
    pub not_before: Option<OffsetDateTime>,
    /// When it left the queue.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// Why the last try failed.
    pub error: Option<String>,
    /// Follows it everywhere.
    pub correlation: Uuid,
    /// Size of the raw body.
    pub payload_bytes: i32,
}

/// Puts a quarantined update back.
///
/// # Errors
/// The database's; nothing has changed then.
pub async fn retry(
    pool: &PgPool,
    update_id: i64,
    by: &Operator,
    now: Option<OffsetDateTime>,
) -> Result<Outcome, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let Some((state, correlation)) = store::lock(&mut tx, update_id).await? else {
        return Ok(Outcome::NotFound);
    };
    match UpdateState::of_code(state) {
        Some(UpdateState::Quarantined) => {}
        Some(UpdateState::Pending) => return Ok(Outcome::Already("already waiting".to_owned())),
        Some(UpdateState::Done) => return Ok(Outcome::Already("already done".to_owned())),
        Some(UpdateState::Shed) => {
            let why = "it was over the flood limit, and its sender was told: it is only a record";
            return Ok(Outcome::Refused(why.to_owned()));
        }
        Some(UpdateState::Discarded) => {
            return Ok(Outcome::Refused("it was discarded, for good".to_owned()));
        }
        None => return Ok(Outcome::Refused(format!("unknown state {state}"))),
    }
    store::put_back(&mut tx, update_id).await?;
    record(&mut tx, Verb::Retry, update_id, correlation, by, now).await?;
    tx.commit().await?;
    let done = "waiting again, before what came later in its chat";
    Ok(Outcome::Changed(done.to_owned()))
}

/// Gives a quarantined update up for good.
///
/// # Errors
/// The database's; nothing has changed then.
pub async fn discard(
    pool: &PgPool,
    update_id: i64,
    by: &Operator,
    now: Option<OffsetDateTime>,
) -> Result<Outcome, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let Some((state, correlation)) = store::lock(&mut tx, update_id).await? else {
        return Ok(Outcome::NotFound);
    };
    match UpdateState::of_code(state) {
        Some(UpdateState::Quarantined) => {}
        Some(UpdateState::Discarded) => {
            return Ok(Outcome::Already("already discarded".to_owned()));
        }
        Some(UpdateState::Done | UpdateState::Shed) => {
            return Ok(Outcome::Refused("it is done with already".to_owned()));
        }
        Some(UpdateState::Pending) | None => {
            let why = "it was not set aside: it waits for its turn";
            return Ok(Outcome::Refused(why.to_owned()));
        }
    }
    store::give_up(&mut tx, update_id, now).await?;
    record(&mut tx, Verb::Discard, update_id, correlation, by, now).await?;
    tx.commit().await?;
    Ok(Outcome::Changed("discarded".to_owned()))
}

async fn record(
    conn: &mut sqlx::PgConnection,
    verb: Verb,
    update_id: i64,
    correlation: Uuid,
    by: &Operator,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    let act = Act {
        by,
        verb,
        queue: Queue::Inbox,
        item: &update_id.to_string(),
        correlation,
    };
    operator::record(conn, &act, now).await
}
