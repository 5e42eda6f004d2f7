//! How a withdrawal looks: to its user, and to each admin. All of these messages are changed with every step.

use sqlx::PgConnection;
use time::OffsetDateTime;
use time::macros::format_description;

use super::questions::{home, labelled};
use super::speech;
use crate::catalog::masked;
use crate::engine::notices::{self, Notice};
use crate::engine::outbox::{self, Action, NewMessage, Target};
use crate::engine::people::{self, Person};
use crate::engine::withdrawals::{State, Withdrawal};
use crate::features::cx::{Env, Handled};
use crate::features::press::{WithdrawPress, WithdrawalAct};
use crate::features::speech::{Args, Language, Speech};
use crate::telegram::{InlineKeyboard, Rich};

/// Text and buttons.
pub(super) type Card = (Rich, Option<InlineKeyboard>);

/// What a list shows of whom to pay: the end of what tells most.
pub fn masked_payee(env: &Env, withdrawal: &Withdrawal) -> String {
    let method = env.catalog.withdrawals.as_ref();
    let field = method
        .and_then(|offer| offer.method(&withdrawal.method)?.telling_field())
        .map(|field| field.id.as_str());
    let Some(details) = &withdrawal.details else {
        return "—".to_owned();
    };
    let value = field.and_then(|field| details.0.get(field));
    value.map_or_else(|| "—".to_owned(), |value| masked(value))
}

/// How its user sees it.
pub(super) fn status(env: &Env, speech: Speech<'_>, withdrawal: &Withdrawal) -> Card {
    let args = Args::new()
        .text("id", &withdrawal.short_id)
        .text("amount", env.currency().format(withdrawal.amount))
        .text("fee", env.currency().format(withdrawal.fee))
        .text("net", env.currency().format(withdrawal.net()))
        .text("method", method_title(env, speech.language(), withdrawal))
        .text("payee", masked_payee(env, withdrawal));
    let text = speech
        .rich("status", &args)
        .then(Rich::literal("\n"))
        .then(state(speech, withdrawal));
    let cancel = WithdrawPress::Act {
        id: withdrawal.short_id.clone(),
        act: WithdrawalAct::Cancel,
    };
    let buttons = match withdrawal.state {
        State::Requested => vec![labelled(speech, "button-take-back", cancel), home(speech)],
        State::Approved | State::Paid | State::Rejected | State::Cancelled => vec![home(speech)],
    };
    (text, Some(InlineKeyboard::new([buttons])))
}

fn state(speech: Speech<'_>, withdrawal: &Withdrawal) -> Rich {
    let args = Args::new();
    match withdrawal.state {
        State::Requested => speech.rich("status-requested", &args),
        State::Approved => speech.rich("status-approved", &args),
        State::Paid => {
            let reference = withdrawal.external_ref.as_deref().unwrap_or_default();
            speech.rich("status-paid", &args.text("reference", reference))
        }
        State::Rejected => {
            let reason = withdrawal.reason.as_deref().unwrap_or_default();
            speech.rich("status-rejected", &args.text("reason", reason))
        }
        State::Cancelled => speech.rich("status-cancelled", &args),
    }
}

/// How an admin sees it; `details` shows whom to pay.
pub(super) async fn card(
    conn: &mut PgConnection,
    env: &Env,
    language: Language,
    withdrawal: &Withdrawal,
    details: bool,
) -> Handled<Card> {
    let speech = speech(language);
    let args = Args::new()
        .text("id", &withdrawal.short_id)
        .text("amount", env.currency().format(withdrawal.amount))
        .text("fee", env.currency().format(withdrawal.fee))
        .text("net", env.currency().format(withdrawal.net()))
        .text("method", method_title(env, language, withdrawal))
        .text("payee", masked_payee(env, withdrawal))
        .text("user", called(conn, withdrawal.user_id).await?)
        .text("uid", withdrawal.user_id.to_string())
        .text("at", when(withdrawal.created_at));
    let mut text = speech
        .rich("card", &args)
        .then(Rich::literal("\n"))
        .then(card_state(speech, withdrawal));
    if details {
        text = text.then(payee(env, speech, withdrawal));
    }
    let labelled = |key: &str, act| {
        let press = WithdrawPress::Act {
            id: withdrawal.short_id.clone(),
            act,
        };
        labelled(speech, key, press)
    };
    let look = if details {
        labelled("button-hide", WithdrawalAct::Show)
    } else {
        labelled("button-details", WithdrawalAct::Details)
    };
    let reject = labelled("button-reject", WithdrawalAct::Reject);
    let rows = match withdrawal.state {
        State::Requested => vec![
            vec![labelled("button-approve", WithdrawalAct::Approve), reject],
            vec![look],
        ],
        State::Approved => vec![
            vec![labelled("button-paid", WithdrawalAct::Paid), reject],
            vec![look],
        ],
        State::Paid | State::Rejected | State::Cancelled => {
            let is_known = withdrawal.details.is_some();
            is_known.then(|| vec![look]).into_iter().collect()
        }
    };
    let keyboard = (!rows.is_empty()).then(|| InlineKeyboard::new(rows));
    Ok((text, keyboard))
}

fn card_state(speech: Speech<'_>, withdrawal: &Withdrawal) -> Rich {
    let by = |name: Option<&String>, at: Option<OffsetDateTime>| {
        Args::new()
            .text("by", name.map_or("", String::as_str))
            .text("at", at.map(when).unwrap_or_default())
    };
    let ended = || by(withdrawal.ended_by.as_ref(), withdrawal.ended_at);
    match withdrawal.state {
        State::Requested => speech.rich("card-requested", &Args::new()),
        State::Approved => {
            let args = by(withdrawal.approved_by.as_ref(), withdrawal.approved_at);
            speech.rich("card-approved", &args)
        }
        State::Paid => {
            let reference = withdrawal.external_ref.as_deref().unwrap_or_default();
            speech.rich("card-paid", &ended().text("reference", reference))
        }
        State::Rejected => {
            let reason = withdrawal.reason.as_deref().unwrap_or_default();
            speech.rich("card-rejected", &ended().text("reason", reason))
        }
        State::Cancelled => speech.rich("card-cancelled", &ended()),
    }
}

/// Whom to pay, a line for each field.
fn payee(env: &Env, speech: Speech<'_>, withdrawal: &Withdrawal) -> Rich {
    let Some(details) = &withdrawal.details else {
        let forgotten = speech.rich("details-forgotten", &Args::new());
        return Rich::literal("\n").then(forgotten);
    };
    let offer = env.catalog.withdrawals.as_ref();
    let method = offer.and_then(|offer| offer.method(&withdrawal.method));
    let titles = |id: &str| {
        let field = method.and_then(|method| method.fields.iter().find(|field| field.id == id));
        let title = field.map(|field| field.title.get(speech.language().code()).to_owned());
        title.unwrap_or_else(|| id.to_owned())
    };
    details.0.iter().fold(Rich::default(), |text, (id, value)| {
        let args = Args::new().text("title", titles(id)).text("value", value);
        text.then(Rich::literal("\n"))
            .then(speech.rich("detail", &args))
    })
}

/// Tells every admin of a request, each in the own language.
pub(super) async fn announce(
    conn: &mut PgConnection,
    env: &Env,
    withdrawal: &Withdrawal,
) -> Handled {
    let now = env.clock.sql_now();
    for chat_id in &env.admin_ids {
        let language = language_of(conn, *chat_id).await?;
        let (text, keyboard) = card(conn, env, language, withdrawal, false).await?;
        let message_ref = env.ids.uuid();
        let action = Action::Say { text, keyboard };
        let message = NewMessage {
            message_ref: Some(message_ref),
            ..NewMessage::new(*chat_id, withdrawal.correlation, action)
        };
        outbox::enqueue(conn, &message, now).await?;
        let notice = Notice {
            chat_id: *chat_id,
            message_ref,
        };
        notices::note(conn, withdrawal.id, notice, now).await?;
    }
    Ok(())
}

/// Changes every message that shows it: the user's, and the admins'.
pub(super) async fn refresh(
    conn: &mut PgConnection,
    env: &Env,
    withdrawal: &Withdrawal,
) -> Handled {
    let theirs = language_of(conn, withdrawal.user_id).await?;
    let shown = Notice {
        chat_id: withdrawal.user_id,
        message_ref: withdrawal.message_ref,
    };
    let card_of_user = status(env, speech(theirs), withdrawal);
    edit(conn, env, withdrawal, shown, card_of_user).await?;
    for notice in notices::of(conn, withdrawal.id).await? {
        let language = language_of(conn, notice.chat_id).await?;
        let card = card(conn, env, language, withdrawal, false).await?;
        edit(conn, env, withdrawal, notice, card).await?;
    }
    Ok(())
}

async fn edit(
    conn: &mut PgConnection,
    env: &Env,
    withdrawal: &Withdrawal,
    notice: Notice,
    (text, keyboard): Card,
) -> Handled {
    let action = Action::Edit {
        target: Target::Ref(notice.message_ref),
        text,
        keyboard,
        else_say: false,
    };
    let message = NewMessage {
        message_ref: Some(notice.message_ref),
        coalesce_key: Some(notice.message_ref),
        ..NewMessage::new(notice.chat_id, withdrawal.correlation, action)
    };
    outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    Ok(())
}

/// A message of its own to the user for each step but the own ones: a changed message makes no sound.
pub(super) async fn tell_user(
    conn: &mut PgConnection,
    env: &Env,
    withdrawal: &Withdrawal,
) -> Handled {
    let key = match withdrawal.state {
        State::Requested | State::Cancelled => return Ok(()),
        State::Approved => "told-approved",
        State::Paid => "told-paid",
        State::Rejected => "told-rejected",
    };
    let language = language_of(conn, withdrawal.user_id).await?;
    let speech = speech(language);
    let args = Args::new()
        .text("id", &withdrawal.short_id)
        .text("amount", env.currency().format(withdrawal.amount))
        .text("net", env.currency().format(withdrawal.net()))
        .text("method", method_title(env, language, withdrawal));
    let text = speech
        .rich(key, &args)
        .then(Rich::literal("\n"))
        .then(state(speech, withdrawal));
    let action = Action::Say {
        text,
        keyboard: None,
    };
    let message = NewMessage {
        owed: true,
        ..NewMessage::new(withdrawal.user_id, withdrawal.correlation, action)
    };
    outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    Ok(())
}

pub(super) fn method_title(env: &Env, language: Language, withdrawal: &Withdrawal) -> String {
    let offer = env.catalog.withdrawals.as_ref();
    let method = offer.and_then(|offer| offer.method(&withdrawal.method));
    method.map_or_else(
        || withdrawal.method.clone(),
        |method| method.title.get(language.code()).to_owned(),
    )
}

/// How a person is called: `@name`, else the first name.
pub(super) async fn called(conn: &mut PgConnection, user_id: i64) -> Handled<String> {
    let person = people::by_id(conn, user_id).await?;
    let name = |person: Person| {
        let username = person.username.map(|name| format!("@{name}"));
        username.unwrap_or(person.first_name)
    };
    Ok(person.map_or_else(|| user_id.to_string(), name))
}

async fn language_of(conn: &mut PgConnection, user_id: i64) -> Handled<Language> {
    let person = people::by_id(conn, user_id).await?;
    Ok(person.map_or(Language::En, |person| {
        Language::of_tag(person.language_tag())
    }))
}

fn when(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]");
    at.format(format).unwrap_or_default()
}
