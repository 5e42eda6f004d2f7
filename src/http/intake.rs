//! From a delivered body to a committed update, for the webhook and for long polling alike.
//!
//! Whatever Telegram delivers is committed before it is acknowledged (G1), with two exceptions that have no effect: a free
//! request while the database is away (`reduced`), and a question before a payment. Floods are recorded but not handled; the
//! user is told once how long to wait. A `pre_checkout_query` is answered at once, ahead of any backlog: it is a question
//! that has no effect, so it is answered even where it cannot be committed, with a refusal if need be.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::reduced::Reduced;
use crate::base::clock::Clock;
use crate::base::fault::{self, Mutant, Point};
use crate::base::ids::Ids;
use crate::engine::inbox::{NewUpdate, Receipt, ReceiveError, Receiver};
use crate::features::speech::{Args, Language};
use crate::features::storefront;
use crate::features::topup::Checkouts;
use crate::http::middleware::rate_limit::KeyedLimiter;
use crate::telegram::methods::{self, Call};
use crate::telegram::{Envelope, Kind};

/// Text and presses cost one unit, files three.
const MEDIA_COST: u32 = 3;
/// A flooded user is told again at the earliest after this.
const TELL_EVERY: Duration = Duration::from_secs(30);
const TOLD_MAX: usize = 10_000;

/// Of the ten seconds that Telegram waits for the answer before a payment.
const STORE_QUESTION_MAX: Duration = Duration::from_secs(4);

/// A message that comes later than this was kept for us by Telegram.
const LATE_S: i64 = 90;

/// Takes updates in.
pub struct Intake {
    receiver: Receiver,
    limiter: KeyedLimiter<i64>,
    /// By user and minute of writing: after an outage a night's messages come at once, and nobody wrote too fast.
    late: KeyedLimiter<(i64, i64)>,
    checkouts: Checkouts,
    reduced: Reduced,
    clock: Clock,
    ids: Ids,
    told: Mutex<HashMap<i64, Duration>>,
}

/// What the deliverer is told.
#[derive(Debug, PartialEq)]
pub enum Taken {
    /// Committed; with a method to be carried out by the answer, if there is something to say at once.
    Committed(Option<Call>),
    /// Answered from memory: nothing to commit, and this call is all that was asked for.
    FromMemory(Call),
    /// Not an update at all: nothing to commit, nothing to repeat.
    NotAnUpdate,
    /// Not committed: deliver it again later.
    TryAgain(ReceiveError),
}

impl Intake {
    /// Stores with `receiver`; of a user, sheds what goes beyond `rate` units a minute after `burst` at once.
    pub fn new(
        receiver: Receiver,
        (rate, burst): (u32, u32),
        checkouts: Checkouts,
        reduced: Reduced,
        clock: Clock,
        ids: Ids,
    ) -> Self {
        Self {
            receiver,
            limiter: KeyedLimiter::per_minute(rate, burst),
            late: KeyedLimiter::per_minute(rate, burst),
            checkouts,
            reduced,
            clock,
            ids,
            told: Mutex::default(),
        }
    }

    /// Takes one update in. Returns after the commit.
    pub async fn take(&self, body: Bytes) -> Taken {
        let Ok(envelope) = Envelope::parse(&body) else {
            return Taken::NotAnUpdate;
        };
        let flooded = self.flooded(&envelope);
        let correlation = self.ids.uuid();
        let update_id = if fault::mutant(Mutant::DedupeDropped) {
            self.clock.now().unix_timestamp_nanos() as i64
        } else {
            envelope.update_id
        };
        let update = NewUpdate {
            update_id,
            lane: envelope.chat_id.or(envelope.user_id).unwrap_or(0),
            kind: envelope.kind_name.clone(),
            payload: body,
            correlation,
            shed: flooded.is_some(),
        };
        if let Some(id) = &envelope.pre_checkout_query_id {
            return self.take_question(id, &envelope, update).await;
        }
        let body = update.payload.clone();
        if flooded.is_none()
            && envelope.is_command
            && self.reduced.is_for(update_id, &body)
            && !self.reduced.is_there().await
            && let Some(call) = self.reduced.answer(&body)
        {
            return Taken::FromMemory(call);
        }
        match self.receiver.receive(update).await {
            Ok(Receipt::Stored) => {
                self.reduced.has_stored();
                tracing::debug!(update_id = envelope.update_id, %correlation, kind = %envelope.kind_name, "update stored");
                Taken::Committed(self.answer_now(&envelope, flooded))
            }
            Ok(Receipt::Duplicate) => Taken::Committed(None),
            Err(error) if envelope.is_command && flooded.is_none() => {
                self.not_stored(update_id, &body, error)
            }
            Err(error) => Taken::TryAgain(error),
        }
    }

    /// Only what surely was not stored may be answered from memory.
    fn not_stored(&self, update_id: i64, body: &Bytes, error: ReceiveError) -> Taken {
        if !self.reduced.is_for(update_id, body) {
            return Taken::TryAgain(error);
        }
        let answer = match error {
            ReceiveError::Unavailable { surely: true, .. } => self.reduced.answer(body),
            ReceiveError::Unavailable { surely: false, .. } => {
                self.reduced.doubt(update_id);
                None
            }
            // Never handed over; but too many at once is no outage.
            ReceiveError::Overloaded { .. } => None,
        };
        answer.map_or(Taken::TryAgain(error), Taken::FromMemory)
    }

    /// A question before a payment. Its answer does not wait for its row: Telegram waits ten seconds. A repeated one is
    /// answered again, because the answer may have been lost with the first delivery.
    async fn take_question(&self, id: &str, envelope: &Envelope, update: NewUpdate) -> Taken {
        let language = Language::of_tag(envelope.language_code.as_deref().unwrap_or("en"));
        let body = update.payload.clone();
        let (stored, refusal) = tokio::join!(
            tokio::time::timeout(STORE_QUESTION_MAX, self.receiver.receive(update)),
            self.checkouts.refusal(&body, language),
        );
        if !matches!(stored, Ok(Ok(_))) {
            tracing::warn!(
                "a question before a payment could not be stored, it is answered all the same"
            );
        }
        tracing::info!(
            user = envelope.user_id,
            ?refusal,
            "a question before a payment"
        );
        fault::reach(Point::CheckoutAnswering);
        Taken::Committed(Some(methods::answer_pre_checkout_query(
            id,
            refusal.as_deref(),
        )))
    }

    /// If the user is too fast: how long to wait. Payments and membership changes are never held back.
    fn flooded(&self, envelope: &Envelope) -> Option<Duration> {
        let exempt = envelope.has_payment
            || match envelope.kind {
                Kind::Message | Kind::CallbackQuery => false,
                Kind::MyChatMember | Kind::PreCheckoutQuery | Kind::Other => true,
            };
        let user_id = envelope.user_id.filter(|_| !exempt)?;
        let cost = if envelope.has_media { MEDIA_COST } else { 1 };
        let now_s = self.clock.now().unix_timestamp();
        let late = envelope.date_s.filter(|date_s| now_s - date_s > LATE_S);
        match late {
            Some(date_s) => self.late.check(&(user_id, date_s / 60), cost).err(),
            None => self.limiter.check(&user_id, cost).err(),
        }
    }

    fn answer_now(&self, envelope: &Envelope, flooded: Option<Duration>) -> Option<Call> {
        let wait = flooded?;
        tracing::info!(
            user = envelope.user_id,
            wait_ms = wait.as_millis(),
            "a user is too fast, the update is shed"
        );
        let language = Language::of_tag(envelope.language_code.as_deref().unwrap_or("en"));
        let wait_s = i64::try_from(wait.as_secs())
            .unwrap_or(i64::MAX)
            .saturating_add(1);
        let speech = storefront::speech(language);
        let args = Args::new().number("n", wait_s);
        if let Some(id) = &envelope.callback_query_id {
            return Some(methods::answer_callback_query(
                id,
                Some(&speech.plain("slow-down", &args)),
                false,
            ));
        }
        let chat_id = envelope
            .chat_id
            .filter(|_| envelope.is_private && self.may_tell(envelope.user_id))?;
        Some(methods::send_message(
            chat_id,
            &speech.rich("slow-down", &args),
            methods::Format::MarkdownV2,
            None,
        ))
    }

    fn may_tell(&self, user_id: Option<i64>) -> bool {
        let Some(user_id) = user_id else { return false };
        let now = self.clock.monotonic();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= TOLD_MAX {
            told.retain(|_, at| *at + TELL_EVERY > now);
        }
        let due = told.get(&user_id).is_none_or(|at| *at + TELL_EVERY <= now);
        if due && told.len() < TOLD_MAX {
            told.insert(user_id, now);
        }
        due
    }
}

/// A call as the body of a webhook's answer; Bot API docs, "Making requests when getting updates".
pub fn as_webhook_answer(call: &Call) -> Value {
    let mut body = call.params.clone();
    body["method"] = json!(call.method);
    body
}
