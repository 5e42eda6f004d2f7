//! The message that shows how a payment stands, and what its buttons are.

use sqlx::PgConnection;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::base::money::{Amount, Currency};
use crate::engine::outbox::{self, Action, NewMessage, Target};
use crate::engine::payments::Intent;
use crate::features::cx::{Env, Handled, button};
use crate::features::press::{PayPress, Press};
use crate::features::speech::{Args, Speech};
use crate::features::topup::credit::language_of;
use crate::features::topup::speech;
use crate::providers::payments::currency;
use crate::telegram::{Button, InlineKeyboard, Rich};

/// Money in a payer's currency.
pub(super) fn paid(amount: Amount, code: &str) -> String {
    currency(code).map_or_else(
        || format!("{} {code}", amount.0),
        |currency: Currency| currency.format(amount),
    )
}

/// What every text about an intent may name.
pub(super) fn about(env: &Env, intent: &Intent) -> Args {
    Args::new()
        .text("amount", env.currency().format(intent.amount))
        .text("price", paid(intent.price, &intent.price_currency))
        .text("until", clock_time(intent.expires_at))
        .text("now", clock_time(env.clock.now()))
}

fn clock_time(at: OffsetDateTime) -> String {
    at.format(format_description!("[hour]:[minute]"))
        .unwrap_or_default()
}

/// The buttons under a payment that has no link yet.
pub(super) fn cancel_only(speech: Speech<'_>, intent: &str) -> InlineKeyboard {
    InlineKeyboard::new([vec![cancel(speech, intent)]])
}

/// The buttons under a payment that can be made.
pub(super) fn payable(speech: Speech<'_>, intent: &Intent, link: &str) -> InlineKeyboard {
    let made = Press::Pay(PayPress::Made {
        intent: intent.short_id.clone(),
    });
    InlineKeyboard::new([
        vec![Button::url(
            speech.plain("button-pay", &about_price(intent)),
            link,
        )],
        vec![button(speech.plain("button-paid", &Args::new()), &made)],
        vec![cancel(speech, &intent.short_id)],
    ])
}

fn about_price(intent: &Intent) -> Args {
    Args::new().text("price", paid(intent.price, &intent.price_currency))
}

fn cancel(speech: Speech<'_>, intent: &str) -> Button {
    let press = Press::Pay(PayPress::Cancel {
        intent: intent.to_owned(),
    });
    button(speech.plain("button-cancel-payment", &Args::new()), &press)
}

/// The button under a payment that has ended without money.
pub(super) fn anew(speech: Speech<'_>, intent: &Intent) -> InlineKeyboard {
    let draft = intent.draft.clone();
    let label = speech.plain("button-topup-again", &Args::new());
    InlineKeyboard::new([vec![button(label, &Press::TopUp { draft })]])
}

/// Shows how a payment stands, in place of what its message said before.
pub(super) async fn show(
    conn: &mut PgConnection,
    env: &Env,
    intent: &Intent,
    text: Rich,
    keyboard: Option<InlineKeyboard>,
) -> Handled {
    let action = Action::Edit {
        target: Target::Ref(intent.message_ref),
        text,
        keyboard,
        else_say: true,
    };
    let message = NewMessage {
        message_ref: Some(intent.message_ref),
        coalesce_key: Some(intent.message_ref),
        ..NewMessage::new(intent.user_id, intent.correlation, action)
    };
    outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    Ok(())
}

/// As [`show`], that it can be paid, with a remark.
pub(super) async fn show_payable(
    conn: &mut PgConnection,
    env: &Env,
    intent: &Intent,
    link: &str,
    remark: Option<&str>,
) -> Handled {
    let speech = speech(language_of(conn, intent.user_id).await?);
    let args = about(env, intent);
    let mut text = speech.rich("payment-open", &args);
    if let Some(remark) = remark {
        let remark = speech.rich(remark, &args);
        text = text.then(Rich::literal("\n\n")).then(remark);
    }
    let keyboard = payable(speech, intent, link);
    show(conn, env, intent, text, Some(keyboard)).await
}

/// As [`show`], that it has ended without money.
pub(super) async fn show_ended(
    conn: &mut PgConnection,
    env: &Env,
    intent: &Intent,
    key: &str,
) -> Handled {
    let speech = speech(language_of(conn, intent.user_id).await?);
    let text = speech.rich(key, &about(env, intent));
    let keyboard = anew(speech, intent);
    show(conn, env, intent, text, Some(keyboard)).await
}
