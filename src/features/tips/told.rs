//! What sender and recipient are told of a tip.

use sqlx::PgConnection;

use super::checks::name;
use super::speech;
use super::store::Tip;
use crate::engine::ledger;
use crate::engine::outbox::{self, Action, NewMessage, Target};
use crate::engine::people;
use crate::features::cx::{Cx, Env, Handled, button};
use crate::features::press::Press;
use crate::features::speech::{Args, Language};
use crate::telegram::{InlineKeyboard, Rich};

/// The message that says how the tip goes, where it was asked for.
pub(super) async fn begin(
    cx: &mut Cx<'_>,
    tip: &Tip,
    text: Rich,
    keyboard: Option<InlineKeyboard>,
) -> Handled {
    let action = Action::Say { text, keyboard };
    let message = NewMessage {
        message_ref: Some(tip.message_ref),
        ..NewMessage::new(tip.chat_id, tip.correlation, action)
    };
    cx.post(&message).await
}

/// Changes what it says, and takes its buttons away.
pub(super) async fn edit(conn: &mut PgConnection, env: &Env, tip: &Tip, text: Rich) -> Handled {
    let action = Action::Edit {
        target: Target::Ref(tip.message_ref),
        text,
        keyboard: None,
        else_say: true,
    };
    let message = NewMessage {
        message_ref: Some(tip.message_ref),
        coalesce_key: Some(tip.message_ref),
        ..NewMessage::new(tip.chat_id, tip.correlation, action)
    };
    outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    Ok(())
}

/// That it was given, to its sender. In a group nobody reads what they have.
pub(super) async fn given(conn: &mut PgConnection, env: &Env, tip: &Tip) -> Handled<Rich> {
    let args = Args::new()
        .text("amount", env.currency().format(tip.amount))
        .text("name", recipient_name(conn, tip).await?);
    let speech = speech(language_of(conn, tip.sender_id).await?);
    if tip.is_in_group() {
        return Ok(speech.rich("given-in-group", &args));
    }
    let wallet = ledger::wallet(conn, tip.sender_id, &tip.currency).await?;
    let args = args.text("balance", env.currency().format(wallet.available));
    Ok(speech.rich("given", &args))
}

/// That it arrived, to its recipient in private.
pub(super) async fn recipient(conn: &mut PgConnection, env: &Env, tip: &Tip) -> Handled {
    let sender = people::by_id(conn, tip.sender_id).await?;
    let speech = speech(language_of(conn, tip.recipient_id).await?);
    let wallet = ledger::wallet(conn, tip.recipient_id, &tip.currency).await?;
    let args = Args::new()
        .text("amount", env.currency().format(tip.amount))
        .text("name", sender.as_ref().map_or_else(String::new, name))
        .text("balance", env.currency().format(wallet.available));
    let home = button(
        speech.plain("button-home", &Args::new()),
        &Press::Home { fresh: true },
    );
    let action = Action::Say {
        text: speech.rich("received", &args),
        keyboard: Some(InlineKeyboard::new([vec![home]])),
    };
    let message = NewMessage {
        owed: true,
        ..NewMessage::new(tip.recipient_id, tip.correlation, action)
    };
    outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    Ok(())
}

/// How the recipient is spoken of.
pub(super) async fn recipient_name(conn: &mut PgConnection, tip: &Tip) -> Handled<String> {
    let person = people::by_id(conn, tip.recipient_id).await?;
    Ok(person.map_or_else(|| tip.recipient_id.to_string(), |person| name(&person)))
}

pub(super) async fn language_of(conn: &mut PgConnection, user_id: i64) -> Handled<Language> {
    let person = people::by_id(conn, user_id).await?;
    Ok(person.map_or(Language::En, |person| {
        Language::of_tag(person.language_tag())
    }))
}
