//! Messages that were set aside, for a person to read, send again or give up.
//!
//! A dead letter that is sent again goes before everything that waits for its chat. Both changes lock the row first, so
//! of two operators only one changes it, and each is recorded in the same transaction. Payloads are read as plain JSON:
//! one that this version cannot decode must still be readable.

mod store;

use serde::Serialize;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

pub use store::{carrying, find, list, payload};

use crate::engine::operator::{self, Act, Operator, Outcome, Queue, Verb};

/// How a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// Waits for its turn.
    Pending,
    /// Under the lease of a sender.
    Sending,
    /// A dead letter.
    Dead,
    /// Owed to somebody who cannot be reached; goes out when they write.
    Parked,
    /// Left the queue; the list then says how: sent, unchanged, expired, dropped, discarded.
    Ended,
}

/// Which messages.
#[derive(Clone, Debug)]
pub struct Filter {
    /// In one of these states.
    pub states: Vec<MessageState>,
    /// To this chat.
    pub chat_id: Option<i64>,
    /// Made since then.
    pub since: Option<OffsetDateTime>,
    /// At most so many, the newest.
    pub limit: i64,
}

/// A message without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptMessage {
    /// Its id.
    pub id: i64,
    /// To whom.
    pub chat_id: i64,
    /// What kind of call.
    pub kind: String,
    /// pending, sending, dead, parked; or how it ended: sent, unchanged, expired, dropped, discarded.
    pub state: String,
    /// Tries.
    pub attempts: i16,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Not tried again before.
    #[serde(with = "time::serde::rfc3339::option")]
    pub not_before: Option<OffsetDateTime>,
    /// Worthless afterwards.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
    /// Telegram's id of it.
    pub message_id: Option<i64>,
    /// Why the last try failed.
    pub error: Option<String>,
    /// Follows the update or job.
    pub correlation: Uuid,
}

/// Puts a dead letter back.
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
    let Some(row) = store::lock(&mut tx, id, now).await? else {
        return Ok(match find(pool, id).await? {
            None => Outcome::NotFound,
            Some(message) if message.state == DISCARDED => {
                Outcome::Refused("it was discarded, for good".to_owned())
            }
            Some(message) => Outcome::Already(format!("already done: {}", message.state)),
        });
    };
    match row.state {
        PENDING => return Ok(Outcome::Already("already waiting".to_owned())),
        SENDING => return Ok(Outcome::Already("already being sent".to_owned())),
        _ => {}
    }
    if row.expired {
        let why = "it has expired and would be dropped unsent; discard it";
        return Ok(Outcome::Refused(why.to_owned()));
    }
    if row.superseded {
        let why = "a newer version of the same message is waiting; discard it";
        return Ok(Outcome::Refused(why.to_owned()));
    }
    store::put_back(&mut tx, id).await?;
    record(&mut tx, Verb::Retry, id, row.correlation, by, now).await?;
    tx.commit().await?;
    Ok(Outcome::Changed(match row.kind.as_deref() {
        Some("edit" | "buttons") => {
            "waiting again; it overwrites what was shown there since".to_owned()
        }
        _ => "waiting again, before what waits for its chat".to_owned(),
    }))
}

/// Gives a dead letter up for good; a record of it stays with the sent ones.
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
    let Some(row) = store::lock(&mut tx, id, now).await? else {
        return Ok(match find(pool, id).await? {
            None => Outcome::NotFound,
            Some(message) if message.state == DISCARDED => {
                Outcome::Already("already discarded".to_owned())
            }
            Some(_) => Outcome::Refused("it is done with already".to_owned()),
        });
    };
    if row.state != DEAD && row.state != PARKED {
        let why = "it was not set aside: it waits for its turn";
        return Ok(Outcome::Refused(why.to_owned()));
    }
    store::give_up(&mut tx, id, now).await?;
    record(&mut tx, Verb::Discard, id, row.correlation, by, now).await?;
    tx.commit().await?;
    Ok(Outcome::Changed("discarded".to_owned()))
}

const PENDING: i16 = 0;
const SENDING: i16 = 1;
const DEAD: i16 = 3;
const PARKED: i16 = 4;

const DISCARDED: &str = "discarded";

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
        queue: Queue::Outbox,
        item: &id.to_string(),
        correlation,
    };
    operator::record(conn, &act, now).await
}
