//! Refunds at their processors: asked for once, then only looked up; and those that nobody asked us for.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::desk::{Desk, after, backoff};
use super::settle::house;
use super::wording;
use crate::base::fault::{self, Mutant, Point};
use crate::base::money::Amount;
use crate::engine::ledger::{self, House, HouseMove, InHouse, TransferKind, WalletKey};
use crate::engine::outbox::{self, Action, NewMessage};
use crate::engine::payments::{self, Ended, NewRefund, Payment, Refund};
use crate::features::cx::{Env, Handled, button};
use crate::features::press::{PayPress, Press};
use crate::features::rewards;
use crate::features::speech::{Args, Language};
use crate::features::topup::credit::{balance, cause, language_of, say, tell_admins};
use crate::features::topup::refunds::failure;
use crate::features::topup::speech;
use crate::providers::payments::{Processor, ProcessorError, Returned};
use crate::telegram::InlineKeyboard;

const PAUSE: Duration = Duration::from_secs(4);
const PAUSE_MAX: Duration = Duration::from_secs(3600);
/// A refund that left and is not to be found by then is one for a person.
const LOOKED_FOR: Duration = Duration::from_secs(6 * 3600);

impl Desk {
    /// The request leaves once, and that it does is written down before. After that it is only looked for.
    pub(super) async fn give_back(&self, refund: &Refund) -> Result<(), anyhow::Error> {
        let Some(processor) = self.processor(&refund.processor) else {
            return self
                .later(refund, "its processor is not configured", None)
                .await;
        };
        let payment = {
            let mut conn = self.pool.acquire().await?;
            payments::payment(&mut conn, &refund.processor, &refund.transaction_id).await?
        };
        let Some(payment) = payment else {
            return Ok(());
        };
        // Before anything else: an earlier request may have arrived, or somebody gave it back by hand.
        fault::reach(Point::CardRefundLooking);
        let returned = processor
            .returned(&payment.transaction_id, &payment.paid_currency)
            .await;
        fault::reach(Point::CardRefundLooked);
        match returned {
            Ok(returned) => {
                if let Some(found) = whole(&returned, payment.paid) {
                    let id = Some(found.id.as_str());
                    return self.end(refund, Ended::Done, id, None).await;
                }
                if refund.has_left && returned.iter().any(|one| one.has_failed) {
                    let why = Some("it failed there");
                    return self.end(refund, Ended::Refused, None, why).await;
                }
            }
            Err(error) => {
                return self.later(refund, &error.to_string(), after(&error)).await;
            }
        }
        if refund.has_left {
            return self.look_on(refund, &payment).await;
        }
        self.send(processor.as_ref(), refund, &payment).await
    }

    async fn send(
        &self,
        processor: &dyn Processor,
        refund: &Refund,
        payment: &Payment,
    ) -> Result<(), anyhow::Error> {
        let now = self.env.clock.sql_now();
        fault::reach(Point::CardRefundLeaving);
        if !payments::refund_leaves(&self.pool, refund.id, now).await? {
            return Ok(());
        }
        let (id, currency) = (&payment.transaction_id, &payment.paid_currency);
        fault::reach(Point::CardRefundAsking);
        let returned = processor.refund(id, payment.paid, currency).await;
        fault::reach(Point::CardRefundAnswered);
        match returned {
            Ok(returned) if !returned.has_failed => {
                self.end(refund, Ended::Done, Some(&returned.id), None)
                    .await
            }
            Ok(returned) => {
                let why = Some("it failed there");
                self.end(refund, Ended::Refused, Some(&returned.id), why)
                    .await
            }
            Err(ProcessorError::Refused { detail }) => {
                self.end(refund, Ended::Refused, None, Some(&detail)).await
            }
            Err(error @ ProcessorError::Unavailable { .. }) => {
                payments::refund_stays(&self.pool, refund.id).await?;
                self.later(refund, &error.to_string(), after(&error)).await
            }
            Err(error @ ProcessorError::Lost { .. }) => {
                self.later(refund, &error.to_string(), None).await
            }
        }
    }

    /// It left, and is not in the processor's list (yet).
    async fn look_on(&self, refund: &Refund, payment: &Payment) -> Result<(), anyhow::Error> {
        if self.env.clock.now() - refund.created_at < LOOKED_FOR {
            return self.later(refund, "not found", None).await;
        }
        let mut tx = self.pool.begin().await?;
        if payments::leave_refund(&mut tx, refund.id).await? {
            ask_admins(&mut tx, &self.env, refund, payment)
                .await
                .map_err(failure)?;
        }
        fault::reach(Point::CardRefundDoubting);
        tx.commit().await?;
        fault::reach(Point::CardRefundDoubted);
        self.messages.notify();
        Ok(())
    }

    async fn end(
        &self,
        refund: &Refund,
        ended: Ended,
        external_id: Option<&str>,
        error: Option<&str>,
    ) -> Result<(), anyhow::Error> {
        let mut tx = self.pool.begin().await?;
        finish(&mut tx, &self.env, refund, ended, external_id, error)
            .await
            .map_err(failure)?;
        fault::reach(Point::CardRefundEnding);
        tx.commit().await?;
        fault::reach(Point::CardRefundEnded);
        self.messages.notify();
        Ok(())
    }

    async fn later(
        &self,
        refund: &Refund,
        why: &str,
        least: Option<Duration>,
    ) -> Result<(), anyhow::Error> {
        tracing::warn!(refund = %refund.id, why, "no end of a refund, looking again later");
        let pause = backoff(PAUSE, refund.attempts, PAUSE_MAX).max(least.unwrap_or_default());
        let now = self.env.clock.sql_now();
        fault::reach(Point::CardRefundWaiting);
        payments::put_refund_back(&self.pool, refund.id, pause, why, now).await?;
        fault::reach(Point::CardRefundWaits);
        Ok(())
    }
}

/// What gave all of it back, if together they did.
pub(super) fn whole(returned: &[Returned], paid: Amount) -> Option<&Returned> {
    let good = || returned.iter().filter(|one| !one.has_failed);
    let sum = good().fold(Amount::ZERO, |sum, one| sum + one.amount);
    good().next_back().filter(|_| sum >= paid)
}

/// Ends a refund that was asked for, once, and tells whom it concerns.
pub(super) async fn finish(
    conn: &mut PgConnection,
    env: &Env,
    refund: &Refund,
    ended: Ended,
    external_id: Option<&str>,
    error: Option<&str>,
) -> Handled {
    let now = env.clock.sql_now();
    let (processor, id) = (&refund.processor, &refund.transaction_id);
    let Some(payment) = payments::payment(conn, processor, id).await? else {
        return Ok(());
    };
    if !payments::finish_refund(conn, refund.id, ended, external_id, error, now).await? {
        return Ok(());
    }
    tracing::info!(refund = %refund.id, user = payment.user_id, ?ended, "a refund has ended");
    let note = wording::paid(payment.paid, &payment.paid_currency);
    if ended == Ended::Refused && refund.taken > Amount::ZERO {
        let key = format!("payment-refund-undone:{}", refund.id);
        let movement = HouseMove {
            kind: TransferKind::RefundUndone,
            house: house(processor)?,
            wallet: WalletKey::main(payment.user_id, &payment.currency),
            amount: refund.taken,
        };
        let cause = cause(env, key, &note, refund.correlation);
        ledger::with_house(conn, &movement, &cause, now).await?;
    }
    if ended == Ended::Done && fault::mutant(Mutant::CardRefundTakenTwice) {
        let movement = HouseMove {
            kind: TransferKind::Refund,
            house: house(processor)?,
            wallet: WalletKey::main(payment.user_id, &payment.currency),
            amount: -refund.taken,
        };
        let key = format!("mistake:{}", refund.id);
        let cause = cause(env, key, &note, refund.correlation);
        ledger::with_house(conn, &movement, &cause, now).await?;
    }
    let language = language_of(conn, payment.user_id).await?;
    if ended == Ended::Done {
        let cause = charge(&payment);
        rewards::take_back(conn, env, &cause, refund.correlation).await?;
    }
    let args = about(env, &payment)
        .text("error", error.unwrap_or_default())
        .text("balance", balance(conn, env, payment.user_id).await?);
    let admins = match ended {
        Ended::Done => {
            let theirs = speech(language).rich("card-refunded", &args);
            say(conn, env, payment.user_id, theirs, refund.correlation).await?;
            speech(Language::En).rich("admin-card-refund-done", &args)
        }
        Ended::Refused => speech(Language::En).rich("admin-card-refund-refused", &args),
    };
    tell_admins(conn, env, admins, refund.correlation).await
}

/// Books a refund that was made at the processor and not asked for here. What the wallet does not cover any more is our loss.
/// False if there is one already.
pub(super) async fn book(
    conn: &mut PgConnection,
    env: &Env,
    payment: &Payment,
    correlation: Uuid,
) -> Handled<bool> {
    let now = env.clock.sql_now();
    let id = env.ids.uuid();
    let (user_id, currency) = (payment.user_id, payment.currency.as_str());
    let has = ledger::wallet_locked(conn, user_id, currency).await?;
    let taken = Amount(payment.amount.0.min(has.available.0));
    let lost = payment.amount - taken;
    let refund = NewRefund {
        id,
        processor: &payment.processor,
        transaction_id: &payment.transaction_id,
        taken,
        lost,
        admin_id: None,
        correlation,
    };
    if !payments::add_refund(conn, &refund, now).await? {
        return Ok(false);
    }
    let note = wording::paid(payment.paid, &payment.paid_currency);
    let house = house(&payment.processor)?;
    if taken > Amount::ZERO {
        let cause = cause(env, format!("payment-refund:{id}"), &note, correlation);
        let movement = HouseMove {
            kind: TransferKind::Refund,
            house,
            wallet: WalletKey::main(user_id, currency),
            amount: -taken,
        };
        ledger::with_house(conn, &movement, &cause, now).await?;
    }
    if lost > Amount::ZERO {
        let cause = cause(env, format!("payment-loss:{id}"), &note, correlation);
        let movement = InHouse {
            kind: TransferKind::WriteOff,
            from: House::Losses,
            to: house,
            currency,
            amount: lost,
        };
        ledger::within_house(conn, &movement, &cause, now).await?;
    }
    rewards::take_back(conn, env, &charge(payment), correlation).await?;
    let language = language_of(conn, user_id).await?;
    let args = about(env, payment)
        .text("amount", env.currency().format(taken))
        .text("lost", env.currency().format(lost))
        .text("balance", balance(conn, env, user_id).await?);
    let theirs = speech(language).rich("card-refunded", &args);
    let admins = speech(Language::En).rich("admin-card-refunded-elsewhere", &args);
    say(conn, env, user_id, theirs, correlation).await?;
    tell_admins(conn, env, admins, correlation).await?;
    Ok(true)
}

/// Nobody knows whether a refund went out: an admin looks into the processor's dashboard and says.
async fn ask_admins(
    conn: &mut PgConnection,
    env: &Env,
    refund: &Refund,
    payment: &Payment,
) -> Handled {
    let speech = speech(Language::En);
    let press = |made| {
        Press::Pay(PayPress::RefundWas {
            payment: payment.short_id.clone(),
            made,
        })
    };
    let keyboard = InlineKeyboard::new([
        vec![button(
            speech.plain("button-refund-was-made", &Args::new()),
            &press(true),
        )],
        vec![button(
            speech.plain("button-refund-was-not-made", &Args::new()),
            &press(false),
        )],
    ]);
    let text = speech.rich("admin-card-refund-unknown", &about(env, payment));
    for admin_id in &env.admin_ids {
        let action = Action::Say {
            text: text.clone(),
            keyboard: Some(keyboard.clone()),
        };
        let message = NewMessage::new(*admin_id, refund.correlation, action);
        outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    }
    Ok(())
}

/// What names the payment in the ledger.
pub(super) fn charge(payment: &Payment) -> String {
    format!("{}:{}", payment.processor, payment.transaction_id)
}

pub(super) fn about(env: &Env, payment: &Payment) -> Args {
    Args::new()
        .text("paid", wording::paid(payment.paid, &payment.paid_currency))
        .text("amount", env.currency().format(payment.amount))
        .text("user", payment.user_id.to_string())
        .text("charge", charge(payment))
}
