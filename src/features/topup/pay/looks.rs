//! What becomes of an intent: its link, and whether its money came without anybody telling us.

use std::time::Duration;

use sqlx::PgConnection;

use super::desk::{Desk, after, backoff};
use super::intents::INTENT_LIFE;
use super::wording;
use crate::base::fault::{self, Point};
use crate::engine::payments::{self, FoundBy, Intent, State};
use crate::features::topup::credit::language_of;
use crate::features::topup::refunds::failure;
use crate::features::topup::speech;
use crate::providers::breaker::Phase;
use crate::providers::payments::{NewLink, Processor, ProcessorError, Standing, currency};

/// Nobody waits longer for a link.
const LINK_PATIENCE: Duration = Duration::from_secs(300);
/// When an intent is looked at for the first time after its link was made; then after twice as long, and so on.
const FIRST_LOOK: Duration = Duration::from_secs(30);
const LOOK_PAUSE_MAX: Duration = Duration::from_secs(6 * 3600);
/// After so long only events and the comparison of the nights find a payment.
const LOOKED_FOR: Duration = Duration::from_secs(72 * 3600);
/// What a payer is told whose page could not be made.
const FAILED: &str = "payment-failed";

impl Desk {
    pub(super) async fn see_to(&self, intent: &Intent) -> Result<(), anyhow::Error> {
        let Some(processor) = self.processor(&intent.processor) else {
            return self.rest(intent, None, Some("not configured")).await;
        };
        match (intent.state, &intent.link) {
            (State::New, _) => self.make_link(processor.as_ref(), intent).await,
            (_, Some(_)) => self.look_up(processor.as_ref(), intent).await,
            // Nobody was ever led to where it could be paid.
            (_, None) => self.rest(intent, None, None).await,
        }
    }

    async fn make_link(
        &self,
        processor: &dyn Processor,
        intent: &Intent,
    ) -> Result<(), anyhow::Error> {
        let Some(currency) = currency(&intent.price_currency) else {
            return self.fail(intent, "an unknown currency", FAILED).await;
        };
        if processor.breaker().phase() == Phase::Isolated {
            // Nobody knows for how long: its payer need not wait to hear that there are other ways.
            return self.fail(intent, "isolated", "payment-paused").await;
        }
        let return_url = format!(
            "{}/payments/{}/return/{}",
            self.public_url, intent.processor, intent.id
        );
        let language = {
            let mut conn = self.pool.acquire().await?;
            let language = language_of(&mut conn, intent.user_id).await;
            language.map_err(failure)?
        };
        let about = wording::about(&self.env, intent);
        let new = NewLink {
            reference: &intent.reference,
            price: intent.price,
            currency: &currency,
            email: &self.email_of(intent.user_id),
            return_url: &return_url,
            title: &speech(language).plain("payment-title", &about),
            life: INTENT_LIFE,
        };
        fault::reach(Point::LinkAsking);
        let link = processor.link(&new).await;
        fault::reach(Point::LinkAnswered);
        let link = match link {
            Ok(link) => link,
            Err(ProcessorError::Refused { detail }) => {
                tracing::error!(
                    processor = processor.name(),
                    detail,
                    "a payment link is refused"
                );
                return self.fail(intent, &detail, FAILED).await;
            }
            Err(error) => {
                tracing::warn!(error = %error, "no payment link yet");
                let pause = backoff(
                    Duration::from_secs(2),
                    intent.attempts,
                    Duration::from_secs(60),
                );
                let pause = pause.max(after(&error).unwrap_or_default());
                let until = intent.created_at + LINK_PATIENCE;
                if self.env.clock.now() + pause > until {
                    return self.fail(intent, &error.to_string(), FAILED).await;
                }
                return self
                    .rest(intent, Some(pause), Some(&error.to_string()))
                    .await;
            }
        };
        let now = self.env.clock.sql_now();
        let mut tx = self.pool.begin().await?;
        if payments::opened(&mut tx, intent.id, &link, FIRST_LOOK, now).await? {
            let shown = wording::show_payable(&mut tx, &self.env, intent, &link, None);
            shown.await.map_err(failure)?;
        }
        fault::reach(Point::LinkOpening);
        tx.commit().await?;
        fault::reach(Point::LinkOpened);
        self.messages.notify();
        Ok(())
    }

    /// Receipts of the processor go nowhere: nobody was asked for an address. It is one of our own domain.
    fn email_of(&self, user_id: i64) -> String {
        let host = reqwest::Url::parse(&self.public_url).ok();
        let host = host.as_ref().and_then(|url| url.domain());
        let host = host.filter(|host| host.contains('.'));
        format!("user{user_id}@{}", host.unwrap_or("example.com"))
    }

    async fn fail(&self, intent: &Intent, why: &str, told: &str) -> Result<(), anyhow::Error> {
        let now = self.env.clock.sql_now();
        let mut tx = self.pool.begin().await?;
        // Another replica may have made its link meanwhile: then it is looked at as ever.
        if payments::turn(&mut tx, intent.id, State::New, State::Failed).await? {
            payments::put_intent_back(&mut tx, intent.id, None, Some(why), now).await?;
            let shown = wording::show_ended(&mut tx, &self.env, intent, told);
            shown.await.map_err(failure)?;
        }
        tx.commit().await?;
        self.messages.notify();
        Ok(())
    }

    /// Whether the money came, without anybody telling us.
    async fn look_up(
        &self,
        processor: &dyn Processor,
        intent: &Intent,
    ) -> Result<(), anyhow::Error> {
        fault::reach(Point::IntentAsking);
        let found = processor.of_reference(&intent.reference).await;
        fault::reach(Point::IntentAnswered);
        let mut tx = self.pool.begin().await?;
        let now = self.env.clock.sql_now();
        let (remark, error) = match found {
            Ok(found) => {
                let by = FoundBy::LookUp;
                let is_ours = self
                    .settle_all(&mut tx, processor.name(), &found, by)
                    .await?;
                if is_ours {
                    payments::put_intent_back(&mut tx, intent.id, None, None, now).await?;
                    fault::reach(Point::IntentSettling);
                    tx.commit().await?;
                    fault::reach(Point::IntentSettled);
                    self.messages.notify();
                    return Ok(());
                }
                match found.iter().any(|one| one.standing == Standing::Pending) {
                    true => ("remark-pending", None),
                    false => ("remark-not-yet", None),
                }
            }
            Err(error) => ("remark-unchecked", Some(error)),
        };
        // What was claimed is old by now: while the processor was asked, an event may have brought the money, or its user may
        // have cancelled, or asked.
        let (reference, was_asked) = (&intent.reference, intent.is_asked);
        let intent = payments::intent_by_reference(&mut tx, processor.name(), reference).await?;
        let Some(intent) = intent.filter(|intent| intent.state != State::Paid) else {
            return Ok(());
        };
        if intent.is_asked && !was_asked {
            // Due again already: what was found out before they asked does not answer them.
            return Ok(());
        }
        let intent = &intent;
        let is_over = self.env.clock.now() >= intent.expires_at;
        if intent.state == State::Open && is_over {
            payments::turn(&mut tx, intent.id, State::Open, State::Expired).await?;
            let shown = wording::show_ended(&mut tx, &self.env, intent, "payment-expired");
            shown.await.map_err(failure)?;
        } else if intent.is_asked {
            self.tell(&mut tx, intent, remark).await?;
        }
        let least = error.as_ref().and_then(after);
        let pause = self.look_pause(intent, least);
        let why = error.map(|error| error.to_string());
        payments::put_intent_back(&mut tx, intent.id, pause, why.as_deref(), now).await?;
        tx.commit().await?;
        self.messages.notify();
        Ok(())
    }

    /// Its user waits for an answer.
    async fn tell(
        &self,
        conn: &mut PgConnection,
        intent: &Intent,
        remark: &str,
    ) -> Result<(), anyhow::Error> {
        let env = &self.env;
        let told = match (intent.state, &intent.link) {
            (State::Open, Some(link)) => {
                wording::show_payable(conn, env, intent, link, Some(remark)).await
            }
            _ => wording::show_ended(conn, env, intent, "payment-nothing-came").await,
        };
        told.map_err(failure)
    }

    /// When to look again: while it can be paid, also at the end of that time. None: not any more.
    fn look_pause(&self, intent: &Intent, least: Option<Duration>) -> Option<Duration> {
        let now = self.env.clock.now();
        if now - intent.created_at >= LOOKED_FOR {
            return None;
        }
        let pause = backoff(FIRST_LOOK * 2, intent.attempts, LOOK_PAUSE_MAX);
        let pause = pause.max(least.unwrap_or_default());
        let left = Duration::try_from(intent.expires_at - now).unwrap_or_default();
        let left = left + Duration::from_secs(1);
        let is_open = intent.state == State::Open && now < intent.expires_at;
        Some(if is_open { pause.min(left) } else { pause })
    }

    async fn rest(
        &self,
        intent: &Intent,
        pause: Option<Duration>,
        why: Option<&str>,
    ) -> Result<(), anyhow::Error> {
        let mut conn = self.pool.acquire().await?;
        let now = self.env.clock.sql_now();
        payments::put_intent_back(&mut conn, intent.id, pause, why, now).await?;
        Ok(())
    }
}
