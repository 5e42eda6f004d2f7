//! SQL of tips.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::db::interval;
use crate::base::money::Amount;

/// A tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    pub(super) id: Uuid,
    pub(super) short_id: String,
    pub(super) sender_id: i64,
    pub(super) recipient_id: i64,
    pub(super) amount: Amount,
    pub(super) currency: String,
    pub(super) chat_id: i64,
    pub(super) message_ref: Uuid,
    pub(super) note: String,
    pub(super) correlation: Uuid,
}

impl Tip {
    /// Whether it was asked for where others read along.
    pub(super) fn is_in_group(&self) -> bool {
        self.chat_id != self.sender_id
    }
}

/// Where a tip stands. The names are stored: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Asked,
    Settling,
    Done,
    Failed,
    Cancelled,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Settling => "settling",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

pub(super) async fn add(
    conn: &mut PgConnection,
    tip: &Tip,
    state: State,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into tip
             (id, short_id, sender_id, recipient_id, amount, currency, state, chat_id, message_ref, note, correlation, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, coalesce($12::timestamptz, now()))",
        tip.id,
        tip.short_id,
        tip.sender_id,
        tip.recipient_id,
        tip.amount.0,
        tip.currency,
        state.name(),
        tip.chat_id,
        tip.message_ref,
        tip.note,
        tip.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A tip, whether it waits for its sender's word, and whether it has waited longer than `max`. Locked: whoever decides on it
/// comes one after the other.
pub(super) async fn asked(
    conn: &mut PgConnection,
    short_id: &str,
    max: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Option<(Tip, bool, bool)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select id, short_id, sender_id, recipient_id, amount, currency, chat_id, message_ref, note, correlation,
                  state = 'asked' as "is_asked!", created_at < coalesce($3::timestamptz, now()) - $2::interval as "is_old!"
           from tip where short_id = $1 for update"#,
        short_id,
        interval(max),
        now,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let tip = Tip {
            id: row.id,
            short_id: row.short_id,
            sender_id: row.sender_id,
            recipient_id: row.recipient_id,
            amount: Amount(row.amount),
            currency: row.currency,
            chat_id: row.chat_id,
            message_ref: row.message_ref,
            note: row.note,
            correlation: row.correlation,
        };
        (tip, row.is_asked, row.is_old)
    }))
}

pub(super) async fn by_id(conn: &mut PgConnection, id: Uuid) -> Result<Option<Tip>, sqlx::Error> {
    sqlx::query_as!(
        Tip,
        "select id, short_id, sender_id, recipient_id, amount, currency, chat_id, message_ref, note, correlation
         from tip where id = $1",
        id
    )
    .fetch_optional(conn)
    .await
}

/// Moves a tip from one state to the next. False: it is in another.
pub(super) async fn turn(
    conn: &mut PgConnection,
    id: Uuid,
    (from, to): (State, State),
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let is_end = match to {
        State::Asked | State::Settling => false,
        State::Done | State::Failed | State::Cancelled => true,
    };
    let turned = sqlx::query!(
        "update tip set state = $3, finished_at = case when $4 then coalesce($5::timestamptz, now()) end
         where id = $1 and state = $2",
        id,
        from.name(),
        to.name(),
        is_end,
        now,
    )
    .execute(conn)
    .await?;
    Ok(turned.rows_affected() == 1)
}

/// Deletes tips that were asked about longer than `keep` ago and never decided on.
pub async fn purge(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let purged = sqlx::query!(
        "delete from tip where id in (
             select id from tip where state = 'asked' and created_at < coalesce($3::timestamptz, now()) - $1::interval
             limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(purged.rows_affected())
}
