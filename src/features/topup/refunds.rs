//! Asks Telegram for the refunds that were written down, outside of any transaction, until it says yes or no.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::credit::{balance, cause, language_of, say, tell_admins};
use super::{StarsApi, speech};
use crate::base::fault::{self, Point};
use crate::base::supervise::Shutdown;
use crate::engine::ledger;
use crate::engine::stars::{self, Ended, Refund};
use crate::engine::wake::Wake;
use crate::features::cx::{Env, Handled, Stop};
use crate::features::rewards;
use crate::features::speech::{Args, Language};
use crate::telegram::CallError;

/// Longer than a call lasts. Asked twice, Telegram refunds once.
const LEASE: Duration = Duration::from_secs(90);
const BATCH: i64 = 10;
const POLL: Duration = Duration::from_secs(2);
const PAUSE_MAX: Duration = Duration::from_secs(600);
/// Bot API server, after the error of the servers behind it (tdlib/telegram-bot-api#690).
const ALREADY: &str = "CHARGE_ALREADY_REFUNDED";

/// Works refunds off.
#[derive(Clone)]
pub struct Refunds {
    pool: PgPool,
    env: Arc<Env>,
    api: Arc<dyn StarsApi>,
    messages: Wake,
}

impl Refunds {
    /// `messages` is notified after each commit that tells somebody.
    pub fn new(pool: PgPool, env: Arc<Env>, api: Arc<dyn StarsApi>, messages: Wake) -> Self {
        Self {
            pool,
            env,
            api,
            messages,
        }
    }

    /// Runs until `shutdown`; what is asked then is asked again at the next start.
    pub async fn run(self, shutdown: Shutdown) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.drain().await {
                tracing::warn!(error = format!("{error:#}"), "cannot work on refunds");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.env.clock.sleep(POLL) => {}
            }
        }
    }

    /// Asks for all that are due; how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn drain(&self) -> Result<usize, anyhow::Error> {
        if !self.env.stars.switch.is_on() {
            return Ok(0);
        }
        let now = self.env.clock.sql_now();
        fault::reach(Point::RefundsClaiming);
        let refunds = stars::claim_refunds(&self.pool, BATCH, LEASE, now).await?;
        if !refunds.is_empty() {
            fault::reach(Point::RefundsClaimed);
        }
        for refund in &refunds {
            self.ask(refund).await?;
        }
        Ok(refunds.len())
    }

    /// When the next is due.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_due(&self) -> Result<Option<OffsetDateTime>, sqlx::Error> {
        if !self.env.stars.switch.is_on() {
            return Ok(None);
        }
        stars::next_refund(&self.pool).await
    }

    async fn ask(&self, refund: &Refund) -> Result<(), anyhow::Error> {
        let payer = {
            let mut conn = self.pool.acquire().await?;
            let payment = stars::payment(&mut conn, &refund.charge_id).await?;
            payment.map_or(0, |payment| payment.user_id)
        };
        fault::reach(Point::RefundAsking);
        let answer = self.api.refund(payer, &refund.charge_id).await;
        fault::reach(Point::RefundAnswered);
        let (ended, error) = match answer {
            Ok(()) => (Ended::Done, None),
            Err(CallError::Rejected { description, .. }) if description.contains(ALREADY) => {
                (Ended::Done, Some(description))
            }
            Err(CallError::Rejected { description, .. }) => (Ended::Refused, Some(description)),
            Err(error) => return self.later(refund, &error).await,
        };
        let mut tx = self.pool.begin().await?;
        finish(&mut tx, &self.env, refund, ended, error.as_deref())
            .await
            .map_err(failure)?;
        fault::reach(Point::RefundSettling);
        tx.commit().await?;
        fault::reach(Point::RefundSettled);
        self.messages.notify();
        Ok(())
    }

    /// No answer is no refusal: Telegram may have done it, and says so when it is asked again.
    async fn later(&self, refund: &Refund, error: &CallError) -> Result<(), anyhow::Error> {
        let tries = u32::try_from(refund.attempts.clamp(1, 10)).unwrap_or(1);
        let mut pause = (Duration::from_secs(2) * 2_u32.pow(tries)).min(PAUSE_MAX);
        if let CallError::FloodWait { retry_after_s } = error {
            pause = pause.max(Duration::from_secs((*retry_after_s).into()));
        }
        tracing::warn!(refund = %refund.id, error = %error, "no answer to a refund, asking again later");
        let now = self.env.clock.sql_now();
        fault::reach(Point::RefundWaiting);
        stars::put_refund_back(&self.pool, refund.id, pause, &error.to_string(), now).await?;
        fault::reach(Point::RefundWaits);
        Ok(())
    }
}

/// A failure outside of a handler.
pub(super) fn failure(stop: Stop) -> anyhow::Error {
    match stop {
        Stop::Failed(error) => error.into(),
        Stop::Refused(_) | Stop::RefusedWith(..) => {
            anyhow::anyhow!("a refusal where nothing can be refused")
        }
    }
}

/// Ends a refund that was asked for, once, and tells whom it concerns.
pub(super) async fn finish(
    conn: &mut PgConnection,
    env: &Env,
    refund: &Refund,
    ended: Ended,
    error: Option<&str>,
) -> Handled {
    let now = env.clock.sql_now();
    let Some(payment) = stars::payment(conn, &refund.charge_id).await? else {
        return Ok(());
    };
    if !stars::finish_refund(conn, refund.id, ended, error, now).await? {
        return Ok(());
    }
    let (user_id, currency) = (payment.user_id, &payment.currency);
    tracing::info!(refund = %refund.id, user = user_id, ?ended, "a refund has ended");
    let note = format!("{} ⭐", payment.stars);
    match ended {
        Ended::Refused => {
            let key = format!("stars-refund-undone:{}", refund.id);
            let cause = cause(env, key, &note, refund.correlation);
            ledger::undo_take_back(conn, user_id, currency, refund.taken, &cause, now).await?;
        }
        Ended::Done => {
            let payment = format!("stars:{}", refund.charge_id);
            rewards::take_back(conn, env, &payment, refund.correlation).await?;
        }
    }
    let language = language_of(conn, user_id).await?;
    let args = Args::new()
        .text("stars", payment.stars.to_string())
        .text("amount", env.currency().format(payment.amount))
        .text("user", user_id.to_string())
        .text("charge", &payment.charge_id)
        .text("error", error.unwrap_or_default())
        .text("balance", balance(conn, env, user_id).await?);
    match ended {
        Ended::Done => {
            let theirs = speech(language).rich("refunded", &args);
            let admins = speech(Language::En).rich("admin-refund-done", &args);
            say(conn, env, user_id, theirs, refund.correlation).await?;
            tell_admins(conn, env, admins, refund.correlation).await
        }
        Ended::Refused => {
            let admins = speech(Language::En).rich("admin-refund-refused", &args);
            tell_admins(conn, env, admins, refund.correlation).await
        }
    }
}
