//! What processors told us: looked up, and credited if it is so.

use std::time::Duration;

use sqlx::PgConnection;

use super::desk::{Desk, after, backoff};
use super::intents::user_of;
use super::wording;
use crate::base::fault::{self, Mutant, Point};
use crate::engine::payments::{self, Event, FoundBy, State};
use crate::features::topup::refunds::failure;
use crate::providers::payments::{ProcessorError, Standing, Transaction};

/// An event may speak of what the look-up does not know yet; so often it is asked.
const UNKNOWN_TRIES: i32 = 8;
/// An event that cannot be looked up, or whose transaction stays pending, is left to the comparison of the nights.
const EVENT_TRIES: i32 = 24;
const EVENT_PAUSE: Duration = Duration::from_secs(2);
const PAUSE_MAX: Duration = Duration::from_secs(3600);

impl Desk {
    /// An event: what it speaks of is looked up, and credited if it is so.
    pub(super) async fn hear(&self, event: &Event) -> Result<(), anyhow::Error> {
        let Some(processor) = self.processor(&event.processor) else {
            return self.give_up(event, "its processor is not configured").await;
        };
        if event
            .reference
            .as_deref()
            .is_some_and(|named| user_of(named).is_none())
        {
            // Of another shop that uses the account.
            let mut conn = self.pool.acquire().await?;
            payments::finish_event(&mut conn, event.id, None).await?;
            return Ok(());
        }
        fault::reach(Point::EventAsking);
        let found = match (&event.transaction_id, &event.reference) {
            (Some(id), _) => {
                let found = processor.transaction(id).await;
                found.map(|found| found.into_iter().collect())
            }
            (None, Some(reference)) => processor.of_reference(reference).await,
            (None, None) => return self.give_up(event, "it names no transaction").await,
        };
        fault::reach(Point::EventAnswered);
        let mut found = match found {
            Ok(found) => found,
            Err(error) => return self.hear_later(event, &error).await,
        };
        if fault::mutant(Mutant::EventBelieved) {
            let believed = found.iter_mut();
            believed.for_each(|one| one.standing = Standing::Successful);
        }
        let tries = if found.is_empty() {
            UNKNOWN_TRIES
        } else {
            EVENT_TRIES
        };
        let is_open = found.iter().all(|one| one.standing == Standing::Pending);
        if is_open && event.attempts < tries {
            let why = if found.is_empty() {
                "not found"
            } else {
                "pending"
            };
            return self.wait(event, why, None).await;
        }
        if is_open {
            return self.give_up(event, "the look-up does not know it").await;
        }
        let mut tx = self.pool.begin().await?;
        self.settle_all(&mut tx, processor.name(), &found, FoundBy::Event)
            .await?;
        if found.iter().all(|one| one.standing == Standing::Failed) {
            self.declined(&mut tx, processor.name(), &found).await?;
        }
        payments::finish_event(&mut tx, event.id, None).await?;
        fault::reach(Point::EventSettling);
        tx.commit().await?;
        fault::reach(Point::EventSettled);
        self.messages.notify();
        Ok(())
    }

    async fn hear_later(&self, event: &Event, error: &ProcessorError) -> Result<(), anyhow::Error> {
        tracing::warn!(event = %event.id, error = %error, "a payment cannot be looked up, trying again");
        if event.attempts >= EVENT_TRIES {
            return self.give_up(event, &error.to_string()).await;
        }
        self.wait(event, &error.to_string(), after(error)).await
    }

    async fn wait(
        &self,
        event: &Event,
        why: &str,
        least: Option<Duration>,
    ) -> Result<(), anyhow::Error> {
        let pause = backoff(EVENT_PAUSE, event.attempts, PAUSE_MAX).max(least.unwrap_or_default());
        let pause = pause + self.env.ids.jitter(pause / 8);
        let mut conn = self.pool.acquire().await?;
        let now = self.env.clock.sql_now();
        fault::reach(Point::EventWaiting);
        payments::put_event_back(&mut conn, event.id, pause, why, now).await?;
        fault::reach(Point::EventWaits);
        Ok(())
    }

    /// The comparison of the night looks at everything once more.
    async fn give_up(&self, event: &Event, why: &str) -> Result<(), anyhow::Error> {
        tracing::warn!(event = %event.id, processor = event.processor, why, "an event of a payment is given up");
        let mut conn = self.pool.acquire().await?;
        payments::finish_event(&mut conn, event.id, Some(why)).await?;
        Ok(())
    }

    /// The bank said no: the same page can be tried again.
    async fn declined(
        &self,
        conn: &mut PgConnection,
        processor: &'static str,
        found: &[Transaction],
    ) -> Result<(), anyhow::Error> {
        let Some(one) = found.first() else {
            return Ok(());
        };
        let intent = payments::intent_by_reference(conn, processor, &one.reference).await?;
        let Some(intent) = intent.filter(|intent| intent.state == State::Open) else {
            return Ok(());
        };
        let Some(link) = intent.link.clone() else {
            return Ok(());
        };
        let shown = wording::show_payable(conn, &self.env, &intent, &link, Some("remark-declined"));
        shown.await.map_err(failure)
    }
}
