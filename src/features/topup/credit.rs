//! Crediting what was paid, and booking what Telegram gave back of its own accord: for updates and the reconciliation.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::refunds::finish;
use super::speech;
use crate::base::fault::{self, Mutant, Point};
use crate::base::money::Amount;
use crate::engine::inbox::HandleError;
use crate::engine::ledger::{self, Cause};
use crate::engine::outbox::{self, Action, NewMessage, Priority};
use crate::engine::people;
use crate::engine::stars::{self, Ended, FoundBy, Invoice, NewPayment, NewRefund};
use crate::features::cx::{Cx, Env, Handled, Stop, button};
use crate::features::press::Press;
use crate::features::rewards::{self, Occasion, Paid};
use crate::features::speech::{Args, Language};
use crate::telegram::methods::STARS;
use crate::telegram::{InlineKeyboard, Payment, Rich};

/// A payment as it is found.
pub(super) struct Found<'a> {
    pub(super) charge_id: &'a str,
    pub(super) payload: &'a str,
    pub(super) user_id: i64,
    pub(super) stars: i64,
    pub(super) by: FoundBy,
    pub(super) correlation: Uuid,
}

/// `successful_payment` has come.
pub async fn paid(cx: &mut Cx<'_>, payment: &Payment) -> Handled {
    if payment.currency != STARS {
        let error = anyhow::anyhow!("a payment in {}, which is not sold for", payment.currency);
        return Err(Stop::Failed(HandleError::Bug(error)));
    }
    let found = Found {
        charge_id: &payment.telegram_payment_charge_id,
        payload: &payment.invoice_payload,
        user_id: cx.user_id,
        stars: payment.total_amount,
        by: FoundBy::Update,
        correlation: cx.correlation,
    };
    credit(cx.conn, cx.env, &found).await?;
    Ok(())
}

/// Credits a payment, once for its charge, and tells whom it concerns. False if it was credited before.
pub(super) async fn credit(conn: &mut PgConnection, env: &Env, found: &Found<'_>) -> Handled<bool> {
    let now = env.clock.sql_now();
    let invoice = match found.payload.parse::<Uuid>() {
        Ok(id) => stars::invoice(conn, id).await?,
        Err(_) => None,
    };
    // What was promised on the invoice holds; money that belongs to none is worth what Stars are worth today.
    let promised = invoice
        .as_ref()
        .filter(|invoice| invoice.stars == found.stars && invoice.user_id == found.user_id)
        .map(|invoice| (invoice.amount, invoice.currency.clone()));
    let (amount, currency) = match promised {
        Some(promised) => promised,
        None => (worth(env, found.stars)?, env.currency().code.clone()),
    };
    let transfer_id = env.ids.uuid();
    let short_id = env.ids.short();
    let payment = NewPayment {
        charge_id: found.charge_id,
        short_id: &short_id,
        invoice_id: invoice.as_ref().map(|invoice| invoice.id),
        user_id: found.user_id,
        stars: found.stars,
        amount,
        currency: &currency,
        transfer_id,
        found_by: found.by,
    };
    fault::reach(Point::PaymentRecording);
    if !stars::add_payment(conn, &payment, now).await? {
        tracing::info!(
            charge = found.charge_id,
            "a payment that is credited already"
        );
        return Ok(false);
    }
    fault::reach(Point::PaymentRecorded);
    let cause = Cause {
        id: transfer_id,
        idem_key: format!("stars:{}", found.charge_id),
        note: format!("{} ⭐", found.stars),
        by_admin: None,
        correlation: found.correlation,
    };
    if !fault::mutant(Mutant::CreditForgotten) {
        ledger::top_up(conn, found.user_id, &currency, amount, &cause, now).await?;
    }
    if fault::mutant(Mutant::CreditedTwice) {
        let key = format!("mistake:{}", found.charge_id);
        let again = self::cause(env, key, &cause.note, found.correlation);
        ledger::top_up(conn, found.user_id, &currency, amount, &again, now).await?;
    }
    let paid = Paid {
        user_id: found.user_id,
        amount,
        currency: &currency,
        cause: &cause.idem_key,
        correlation: found.correlation,
    };
    rewards::book(conn, env, Occasion::TopUp, &paid).await?;
    let is_first = match &invoice {
        Some(invoice) => stars::mark_paid(conn, invoice.id).await?,
        None => false,
    };
    tracing::info!(
        user = found.user_id,
        stars = found.stars,
        amount = amount.0,
        by = ?found.by,
        "a payment in Stars is credited"
    );
    receipt(conn, env, found, invoice.as_ref(), is_first, amount).await?;
    if promised_to_another(invoice.as_ref(), found) {
        warn(conn, env, found, amount).await?;
    }
    fault::reach(Point::PaymentCredited);
    Ok(true)
}

/// Nothing of ours was paid, or not what it says.
fn promised_to_another(invoice: Option<&Invoice>, found: &Found<'_>) -> bool {
    invoice.is_none_or(|invoice| (invoice.user_id, invoice.stars) != (found.user_id, found.stars))
}

fn worth(env: &Env, stars: i64) -> Handled<Amount> {
    env.stars.amount_of(stars).ok_or_else(|| {
        let error = anyhow::anyhow!("a payment of {stars} Stars cannot be credited");
        Stop::Failed(HandleError::Bug(error))
    })
}

async fn receipt(
    conn: &mut PgConnection,
    env: &Env,
    found: &Found<'_>,
    invoice: Option<&Invoice>,
    is_first: bool,
    amount: Amount,
) -> Handled {
    let language = language_of(conn, found.user_id).await?;
    let speech = speech(language);
    let args = Args::new()
        .text("stars", found.stars.to_string())
        .text("amount", env.currency().format(amount))
        .text("balance", balance(conn, env, found.user_id).await?)
        .text("charge", found.charge_id);
    let key = match found.by {
        FoundBy::Update => "receipt",
        FoundBy::Reconciliation => "receipt-late",
    };
    let mut text = speech.rich(key, &args);
    if invoice.is_some() && !is_first {
        text = text
            .then(Rich::literal("\n\n"))
            .then(speech.rich("receipt-twice", &args));
    }
    let draft = invoice.and_then(|invoice| invoice.draft.clone());
    let first = match draft {
        Some(draft) => button(
            speech.plain("button-to-order", &Args::new()),
            &Press::ToOrder { draft },
        ),
        None => button(speech.plain("button-menu", &Args::new()), &Press::Shelves),
    };
    let home = button(
        speech.plain("button-home", &Args::new()),
        &Press::Home { fresh: true },
    );
    let action = Action::Say {
        text,
        keyboard: Some(InlineKeyboard::new([vec![first], vec![home]])),
    };
    let message = NewMessage {
        owed: true,
        ..NewMessage::new(found.user_id, found.correlation, action)
    };
    outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    Ok(())
}

async fn warn(conn: &mut PgConnection, env: &Env, found: &Found<'_>, amount: Amount) -> Handled {
    let args = Args::new()
        .text("stars", found.stars.to_string())
        .text("amount", env.currency().format(amount))
        .text("user", found.user_id.to_string())
        .text("charge", found.charge_id);
    tracing::warn!(
        user = found.user_id,
        charge = found.charge_id,
        "a payment without an invoice of ours"
    );
    let text = speech(Language::En).rich("admin-unknown-payment", &args);
    tell_admins(conn, env, text, found.correlation).await
}

/// `refunded_payment` has come: Telegram gave a payment back, after we asked for it or of its own accord.
pub async fn refunded(
    conn: &mut PgConnection,
    env: &Env,
    payment: &Payment,
    correlation: Uuid,
) -> Handled {
    let charge_id = &payment.telegram_payment_charge_id;
    book_refund(conn, env, charge_id, correlation).await?;
    Ok(())
}

/// What a refund that stands in Telegram's books meant for ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Booked {
    /// It is there already.
    Before,
    /// It was under way, and is done now.
    Finished,
    /// It was not known, and is booked now.
    Now,
    /// There is no such payment.
    Unknown,
}

/// Books a refund that was made at Telegram. What the wallet does not cover any more is our loss.
pub(super) async fn book_refund(
    conn: &mut PgConnection,
    env: &Env,
    charge_id: &str,
    correlation: Uuid,
) -> Handled<Booked> {
    let now = env.clock.sql_now();
    let Some(payment) = stars::payment(conn, charge_id).await? else {
        tracing::warn!(
            charge = charge_id,
            "a refund of a payment that is not known"
        );
        return Ok(Booked::Unknown);
    };
    match stars::live_refund(conn, charge_id).await? {
        Some(refund) if refund.is_asked => {
            finish(conn, env, &refund, Ended::Done, None).await?;
            return Ok(Booked::Finished);
        }
        Some(refund) => {
            if fault::mutant(Mutant::RefundTakenTwice) {
                let cause = cause(env, format!("mistake:{}", refund.id), "", correlation);
                let (user_id, currency) = (payment.user_id, &payment.currency);
                ledger::take_back(conn, user_id, currency, refund.taken, &cause, now).await?;
            }
            return Ok(Booked::Before);
        }
        None => {}
    }
    let id = env.ids.uuid();
    let has = ledger::wallet_locked(conn, payment.user_id, &payment.currency).await?;
    let taken = Amount(payment.amount.0.min(has.available.0));
    let lost = payment.amount - taken;
    let refund = NewRefund {
        id,
        charge_id,
        taken,
        lost,
        admin_id: None,
        correlation,
    };
    fault::reach(Point::RefundBooking);
    if !stars::add_refund(conn, &refund, now).await? {
        return Ok(Booked::Before);
    }
    let note = format!("{} ⭐", payment.stars);
    let (user_id, currency) = (payment.user_id, &payment.currency);
    if taken > Amount::ZERO {
        let cause = cause(env, format!("stars-refund:{id}"), &note, correlation);
        ledger::take_back(conn, user_id, currency, taken, &cause, now).await?;
    }
    if lost > Amount::ZERO {
        let cause = cause(env, format!("stars-loss:{id}"), &note, correlation);
        ledger::write_off(conn, currency, lost, &cause, now).await?;
    }
    rewards::take_back(conn, env, &format!("stars:{charge_id}"), correlation).await?;
    tracing::warn!(
        charge = charge_id,
        taken = taken.0,
        lost = lost.0,
        "Telegram gave a payment back"
    );
    let language = language_of(conn, user_id).await?;
    let args = Args::new()
        .text("stars", payment.stars.to_string())
        .text("amount", env.currency().format(taken))
        .text("lost", env.currency().format(lost))
        .text("user", user_id.to_string())
        .text("charge", charge_id)
        .text("balance", balance(conn, env, user_id).await?);
    let theirs = speech(language).rich("refunded", &args);
    let admins = speech(Language::En).rich("admin-refunded-elsewhere", &args);
    say(conn, env, user_id, theirs, correlation).await?;
    tell_admins(conn, env, admins, correlation).await?;
    fault::reach(Point::RefundBooked);
    Ok(Booked::Now)
}

/// The cause of a movement that no admin made.
pub(super) fn cause(env: &Env, idem_key: String, note: &str, correlation: Uuid) -> Cause {
    Cause {
        id: env.ids.uuid(),
        idem_key,
        note: note.to_owned(),
        by_admin: None,
        correlation,
    }
}

/// The language in which a user is spoken to.
pub(super) async fn language_of(conn: &mut PgConnection, user_id: i64) -> Handled<Language> {
    let person = people::by_id(conn, user_id).await?;
    Ok(person.map_or(Language::En, |person| {
        Language::of_tag(person.language_tag())
    }))
}

/// What a user has to spend, as it is shown.
pub(super) async fn balance(conn: &mut PgConnection, env: &Env, user_id: i64) -> Handled<String> {
    let wallet = ledger::wallet(conn, user_id, &env.currency().code).await?;
    Ok(env.currency().format(wallet.available))
}

/// Sends somebody a message without buttons.
pub(super) async fn say(
    conn: &mut PgConnection,
    env: &Env,
    chat_id: i64,
    text: Rich,
    correlation: Uuid,
) -> Handled {
    let action = Action::Say {
        text,
        keyboard: None,
    };
    let message = NewMessage::new(chat_id, correlation, action);
    let now: Option<OffsetDateTime> = env.clock.sql_now();
    outbox::enqueue(conn, &message, now).await?;
    Ok(())
}

/// Tells every admin.
pub(super) async fn tell_admins(
    conn: &mut PgConnection,
    env: &Env,
    text: Rich,
    correlation: Uuid,
) -> Handled {
    for admin_id in &env.admin_ids {
        let action = Action::Say {
            text: text.clone(),
            keyboard: None,
        };
        let message = NewMessage {
            priority: Priority::Low,
            merge_key: Some(outbox::ADMIN_NOTICES),
            ..NewMessage::new(*admin_id, correlation, action)
        };
        outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    }
    Ok(())
}
