//! What Telegram's answer means for the row: sent, once more, set aside, dropped, moved.

use std::time::Duration;

use super::deliver::Delivered;
use super::message::{Action, OnUnknown, Priority};
use super::sender::{Sender, UNKNOWNS_MAX};
use super::store::{self, Again, Claimed, DeadLetter};
use crate::base::fault::{self, Mutant, Point};
use crate::base::ids::Ids;
use crate::base::redact;
use crate::engine::lanes::Verdict;
use crate::telegram::CallError;

/// What could not be sent in so many tries because Telegram was away is a dead letter: two days, at a try a minute.
const TRIES_MAX: i16 = 2_900;
/// Ids of supergroups begin here, those of groups are above (Bot API docs, "Dialogs IDs"): nothing moves twice, so rows
/// cannot be sent round in circles.
const SUPERGROUP_MAX: i64 = -1_000_000_000_000;
const UNREADABLE_TRIES_MAX: i16 = 7;
const UNAUTHORIZED_PAUSE: Duration = Duration::from_secs(30);

/// A call that did not do what it should.
pub(super) struct Failure<'a> {
    pub(super) action: &'a Action,
    pub(super) on_unknown: OnUnknown,
    pub(super) error: &'a CallError,
}

impl Sender {
    pub(super) async fn record(
        &self,
        row: &Claimed,
        action: &Action,
        delivered: Delivered,
    ) -> Result<Verdict, sqlx::Error> {
        if fault::mutant(Mutant::OutcomeForgotten) {
            return Ok(Verdict::Done);
        }
        let mut tx = self.pool.begin().await?;
        let (kind, now) = (action.name(), self.clock.sql_now());
        if store::finish(
            &mut tx,
            row,
            kind,
            delivered.message_id,
            delivered.outcome,
            now,
        )
        .await?
        {
            fault::reach(Point::MessageRecording);
            tx.commit().await?;
            fault::reach(Point::MessageRecorded);
            tracing::debug!(
                outcome = delivered.outcome,
                message_id = delivered.message_id,
                "message done"
            );
        } else {
            tracing::warn!("the lease of a sent message was lost, it may be sent twice");
        }
        Ok(Verdict::Done)
    }

    /// What Telegram said about the pace holds whatever becomes of the row.
    pub(super) fn heed(&self, row: &Claimed, error: &CallError) {
        let now = self.clock.monotonic();
        match error {
            CallError::FloodWait { retry_after_s } => {
                tracing::warn!(retry_after_s, "Telegram asks to wait");
                let pause = flood_pause(*retry_after_s);
                self.pacing().flooded(row.chat_id, pause, now);
            }
            CallError::Unauthorized => {
                tracing::error!("Telegram does not accept the bot's token, all messages wait");
                self.pacing().halt(UNAUTHORIZED_PAUSE, now);
            }
            _ => {}
        }
    }

    pub(super) async fn failed(
        &self,
        row: &Claimed,
        failure: Failure<'_>,
    ) -> Result<Verdict, sqlx::Error> {
        let Failure { action, error, .. } = failure;
        match error {
            CallError::Unknown { .. } if fault::mutant(Mutant::UnknownCountsAsSent) => {
                self.record(row, action, Delivered::nothing("sent")).await
            }
            CallError::FloodWait { retry_after_s } => {
                let pause = flood_pause(*retry_after_s);
                let verdict = self.wait(row, "flood", pause).await?;
                self.tell_of_flood(row.chat_id, pause).await?;
                Ok(verdict)
            }
            CallError::Unauthorized => self.wait(row, "unauthorized", UNAUTHORIZED_PAUSE).await,
            CallError::Transient { .. } if row.attempts < TRIES_MAX => {
                tracing::warn!(error = %error, attempts = row.attempts, "Telegram is away, the message waits");
                self.try_again(row, error, false).await
            }
            CallError::Unknown { .. }
                if failure.on_unknown == OnUnknown::SendAgain
                    && row.unknowns + 1 < UNKNOWNS_MAX =>
            {
                tracing::warn!(error = %error, "the answer was lost, the message is sent again");
                self.try_again(row, error, true).await
            }
            CallError::Blocked | CallError::ChatGone => self.unreachable(row, action).await,
            CallError::Migrated { to_chat_id }
                if (SUPERGROUP_MAX + 1..0).contains(&row.chat_id)
                    && *to_chat_id <= SUPERGROUP_MAX =>
            {
                self.moved(row, *to_chat_id).await
            }
            CallError::NotModified => {
                self.record(row, action, Delivered::nothing("unchanged"))
                    .await
            }
            CallError::MessageGone | CallError::CallbackTooOld => {
                self.record(row, action, Delivered::nothing("dropped"))
                    .await
            }
            CallError::Transient { .. }
            | CallError::Unknown { .. }
            | CallError::Migrated { .. }
            | CallError::BadEntities { .. }
            | CallError::TooLong
            | CallError::MediaRefused { .. }
            | CallError::Rejected { .. } => self.bury(row, action.name(), &error.to_string()).await,
        }
    }

    /// The row and all that wait for its chat end here: each of them would only be refused for itself. What is owed is
    /// kept until the chat can be reached again.
    async fn unreachable(&self, row: &Claimed, action: &Action) -> Result<Verdict, sqlx::Error> {
        let now = self.clock.sql_now();
        let mut tx = self.pool.begin().await?;
        self.events.unreachable(&mut tx, row.chat_id).await?;
        let ended = if row.owed {
            store::park(&mut tx, row).await?
        } else {
            store::finish(&mut tx, row, action.name(), None, "blocked", now).await?
        };
        if !ended {
            return Ok(Verdict::Done);
        }
        let others = store::drop_unreachable(&mut tx, row, now).await?;
        fault::reach(Point::ChatDropping);
        tx.commit().await?;
        fault::reach(Point::ChatDropped);
        tracing::info!(others, "the user cannot be reached, what waits is dropped");
        Ok(Verdict::Done)
    }

    async fn moved(&self, row: &Claimed, to_chat_id: i64) -> Result<Verdict, sqlx::Error> {
        tracing::info!(to_chat_id, "the group moved");
        let mut tx = self.pool.begin().await?;
        if !store::migrate(&mut tx, row, to_chat_id).await? {
            return Ok(Verdict::Done);
        }
        self.events
            .migrated(&mut tx, row.chat_id, to_chat_id)
            .await?;
        fault::reach(Point::ChatMoving);
        tx.commit().await?;
        fault::reach(Point::ChatMoved);
        Ok(Verdict::Done)
    }

    /// The lease ran low before the call was made: as if it had not been claimed, if it is ours still.
    pub(super) async fn unsent(&self, row: &Claimed) -> Result<Verdict, sqlx::Error> {
        tracing::warn!("too late to begin the call, the message waits");
        self.wait(row, "late", Duration::ZERO).await
    }

    /// After a pause that Telegram asked for; it costs no try.
    async fn wait(
        &self,
        row: &Claimed,
        error: &str,
        delay: Duration,
    ) -> Result<Verdict, sqlx::Error> {
        let again = Again {
            delay,
            error,
            costs_attempt: false,
            is_unknown: false,
        };
        self.put_back(row, again).await
    }

    async fn try_again(
        &self,
        row: &Claimed,
        error: &CallError,
        is_unknown: bool,
    ) -> Result<Verdict, sqlx::Error> {
        let again = Again {
            delay: backoff(row.attempts, &self.ids),
            error: &error.to_string(),
            costs_attempt: true,
            is_unknown,
        };
        self.put_back(row, again).await
    }

    async fn put_back(&self, row: &Claimed, again: Again<'_>) -> Result<Verdict, sqlx::Error> {
        fault::reach(Point::MessagePuttingBack);
        store::put_back(&self.pool, row, again, self.clock.sql_now()).await?;
        fault::reach(Point::MessagePutBack);
        Ok(self.again_in(again.delay))
    }

    pub(super) fn again_in(&self, delay: Duration) -> Verdict {
        Verdict::Again {
            at: self.clock.steady() + delay,
        }
    }

    /// Left for about a minute to a replica of a newer version, which may have written it.
    pub(super) async fn unreadable(&self, row: &Claimed) -> Result<Verdict, sqlx::Error> {
        let error = "this version cannot read it";
        if row.attempts >= UNREADABLE_TRIES_MAX {
            return self.bury(row, "unreadable", error).await;
        }
        tracing::error!(
            id = row.id,
            attempts = row.attempts,
            "{error}, the message waits"
        );
        let again = Again {
            delay: backoff(row.attempts, &self.ids),
            error,
            costs_attempt: true,
            is_unknown: false,
        };
        self.put_back(row, again).await
    }

    /// Sets the row aside with its story; the admins are told by [`super::DeadLetterReport`].
    pub(super) async fn bury(
        &self,
        row: &Claimed,
        kind: &'static str,
        error: &str,
    ) -> Result<Verdict, sqlx::Error> {
        let error = redact::text(error).into_owned();
        let mut tx = self.pool.begin().await?;
        if store::bury(&mut tx, row, &error).await? {
            let letter = DeadLetter {
                chat_id: row.chat_id,
                kind,
                is_notification: row.priority >= Priority::Low.code(),
                correlation: row.correlation,
            };
            self.events.dead_letter(&mut tx, &letter).await?;
            fault::reach(Point::MessageBurying);
            tx.commit().await?;
            fault::reach(Point::MessageBuried);
            tracing::error!(%error, attempts = row.attempts, "message became a dead letter");
        }
        Ok(Verdict::Done)
    }
}

fn flood_pause(retry_after_s: u32) -> Duration {
    Duration::from_secs(retry_after_s.max(1).into())
}

/// 500 ms doubled with each attempt, at most a minute, half of it at random.
fn backoff(attempts: i16, ids: &Ids) -> Duration {
    let doubled = Duration::from_millis(500)
        * 2_u32.saturating_pow(attempts.clamp(0, 8).unsigned_abs().into());
    let base = doubled.min(Duration::from_secs(60)) / 2;
    base + ids.jitter(base)
}
