//! What speaks against a tip, before any money is touched; asked again when it is confirmed.

use super::speech;
use crate::base::money::Amount;
use crate::engine::people::{self, Person};
use crate::features::cx::{Cx, Handled, Stop, button};
use crate::features::press::Press;
use crate::features::speech::Args;
use crate::telegram::{Button, InlineKeyboard, Rich};

/// Whether others read along: then nothing is said of anybody's money, and nothing leads on to pages of one's own.
pub(super) fn is_group(cx: &Cx<'_>) -> bool {
    cx.chat_id != cx.user_id
}

pub(super) fn refuse<T>(cx: &Cx<'_>, key: &str, args: Args) -> Handled<T> {
    Err(refusal(cx, key, args))
}

pub(super) fn refusal(cx: &Cx<'_>, key: &str, args: Args) -> Stop {
    refused(cx, speech(cx.language).rich(key, &args))
}

fn refused(cx: &Cx<'_>, text: Rich) -> Stop {
    if is_group(cx) {
        Stop::RefusedWith(Box::new(text), InlineKeyboard::default())
    } else {
        Stop::Refused(Box::new(text))
    }
}

/// Somebody, as they are spoken of.
pub(super) fn name(person: &Person) -> String {
    person
        .username
        .as_deref()
        .map_or_else(|| person.first_name.clone(), |name| format!("@{name}"))
}

/// The limits of one tip.
pub(super) fn amount(cx: &Cx<'_>, amount: Amount) -> Handled {
    let rules = &cx.env.tips;
    if !rules.is_on() {
        return refuse(cx, "not-offered", Args::new());
    }
    if amount < rules.min {
        let args = Args::new().text("min", cx.money(rules.min));
        return refuse(cx, "too-little", args);
    }
    if amount > rules.max {
        let args = Args::new().text("max", cx.money(rules.max));
        return refuse(cx, "too-much", args);
    }
    Ok(())
}

/// What the sender must have done before.
pub(super) async fn sender(cx: &mut Cx<'_>) -> Handled {
    let standing = people::standing(cx.conn, cx.user_id).await?;
    let rules = &cx.env.tips;
    if rules.is_verified_only && !standing.is_some_and(|standing| standing.is_verified) {
        return refuse(cx, "not-verified", Args::new());
    }
    let Some(url) = &rules.terms_url else {
        return Ok(());
    };
    if standing.is_some_and(|standing| standing.has_accepted_terms) {
        return Ok(());
    }
    let speech = speech(cx.language);
    let keyboard = InlineKeyboard::new([
        vec![Button::url(
            speech.plain("button-read-terms", &Args::new()),
            url,
        )],
        vec![button(
            speech.plain("button-accept-terms", &Args::new()),
            &Press::AcceptTerms,
        )],
    ]);
    let text = speech.rich("terms-first", &Args::new());
    Err(Stop::RefusedWith(Box::new(text), keyboard))
}

/// Whether it can arrive, and be told.
pub(super) async fn recipient(cx: &mut Cx<'_>, recipient: &Person) -> Handled {
    if recipient.id == cx.user_id {
        return refuse(cx, "to-oneself", Args::new());
    }
    let args = Args::new().text("user", name(recipient));
    match people::standing(cx.conn, recipient.id).await? {
        Some(standing) if standing.has_blocked => refuse(cx, "blocked", args),
        Some(standing) if standing.has_started => Ok(()),
        Some(_) | None => refuse(cx, "not-started", args),
    }
}

/// There is not enough; in private with how much there is, and the way to more.
pub(super) fn insufficient(cx: &Cx<'_>, available: Amount) -> Stop {
    if is_group(cx) {
        return refusal(cx, "insufficient-in-group", Args::new());
    }
    let speech = speech(cx.language);
    let args = Args::new().text("available", cx.money(available));
    let text = speech.rich("insufficient", &args);
    if !cx.env.has_topup() {
        return refused(cx, text);
    }
    let keyboard = InlineKeyboard::new([vec![button(
        speech.plain("button-topup", &Args::new()),
        &Press::TopUp { draft: None },
    )]]);
    Stop::RefusedWith(Box::new(text), keyboard)
}
