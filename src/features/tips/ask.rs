//! `/tip`: who is to get how much; then it is given, or asked about once more.

use super::checks::{self, name, refuse};
use super::settle::{give, stands};
use super::store::{self, State, Tip};
use super::{speech, told};
use crate::base::money::{Amount, AmountError};
use crate::engine::people::{self, Person};
use crate::features::cx::{Cx, Handled, button};
use crate::features::press::Press;
use crate::features::speech::Args;
use crate::telegram::{IncomingMessage, InlineKeyboard};

/// Who is to get a tip.
enum Who<'a> {
    /// By a name without `@`.
    Named(&'a str),
    /// By Telegram's id.
    Id(i64),
    /// Whoever wrote the message that is replied to; a bot, perhaps.
    Author { id: i64, is_bot: bool },
}

/// `/tip @user amount`, `/tip id amount`, or `/tip amount` in reply to somebody.
pub async fn tip(cx: &mut Cx<'_>, rest: &str, message: &IncomingMessage) -> Handled {
    let Some((who, how_much)) = parse(rest, message) else {
        let key = if checks::is_group(cx) {
            "usage-in-group"
        } else {
            "usage"
        };
        return refuse(cx, key, Args::new());
    };
    let amount = amount(cx, how_much)?;
    checks::amount(cx, amount)?;
    stands(cx)?;
    let recipient = find(cx, &who).await?;
    checks::sender(cx).await?;
    checks::recipient(cx, &recipient).await?;
    let sender = people::by_id(cx.conn, cx.user_id).await?;
    let from = sender.as_ref().map_or_else(|| cx.first_name.clone(), name);
    let tip = Tip {
        id: cx.env.ids.uuid(),
        short_id: cx.env.ids.short(),
        sender_id: cx.user_id,
        recipient_id: recipient.id,
        amount,
        currency: cx.env.currency().code.clone(),
        chat_id: cx.chat_id,
        message_ref: cx.env.ids.uuid(),
        note: format!("{from} → {}", name(&recipient)),
        correlation: cx.correlation,
    };
    let now = cx.now();
    if amount > cx.env.tips.confirm_above {
        store::add(cx.conn, &tip, State::Asked, now).await?;
        return ask(cx, &tip, &recipient).await;
    }
    store::add(cx.conn, &tip, State::Settling, now).await?;
    give(cx, &tip).await
}

/// Whom, and how much as it is written.
fn parse<'a>(rest: &'a str, message: &IncomingMessage) -> Option<(Who<'a>, &'a str)> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    match (words.as_slice(), &message.reply_from) {
        ([how_much], Some(author)) => {
            let (id, is_bot) = (author.id, author.is_bot);
            Some((Who::Author { id, is_bot }, how_much))
        }
        ([who, how_much], _) => Some((
            match (who.strip_prefix('@'), who.parse()) {
                (None, Ok(id)) => Who::Id(id),
                (named, _) => Who::Named(named.unwrap_or(who)),
            },
            how_much,
        )),
        _ => None,
    }
}

fn amount(cx: &Cx<'_>, text: &str) -> Handled<Amount> {
    let currency = cx.env.currency();
    let digits = text.trim_matches(|c: char| !c.is_ascii_digit());
    // As it is shown to them: `$5`, `5$`; never with a sign.
    let is_clean = text.strip_prefix(&currency.symbol).unwrap_or(text) == digits
        || text.strip_suffix(&currency.symbol) == Some(digits);
    match currency.parse(digits) {
        Ok(amount) if is_clean && amount > Amount::ZERO => Ok(amount),
        Ok(_)
        | Err(AmountError::Malformed | AmountError::TooManyDecimals | AmountError::TooLarge) => {
            let args = Args::new().text("amount", text);
            Err(checks::refusal(cx, "bad-amount", args))
        }
    }
}

/// The person who is meant, if there is no doubt.
async fn find(cx: &mut Cx<'_>, who: &Who<'_>) -> Handled<Person> {
    let (found, shown) = match who {
        Who::Author { is_bot: true, .. } => return refuse(cx, "to-a-bot", Args::new()),
        Who::Author { id, .. } => {
            let found = people::by_id(cx.conn, *id).await?;
            return match found {
                Some(person) => Ok(person),
                None => refuse(cx, "author-unknown", Args::new()),
            };
        }
        Who::Id(id) => {
            let found = people::by_id(cx.conn, *id).await?;
            (found.into_iter().collect(), id.to_string())
        }
        Who::Named(name) => (people::named(cx.conn, name).await?, format!("@{name}")),
    };
    let mut found: Vec<Person> = found;
    let args = Args::new().text("user", shown);
    match (found.pop(), found.is_empty()) {
        (Some(person), true) => Ok(person),
        (Some(_), false) => refuse(cx, "ambiguous", args),
        (None, _) => refuse(cx, "unknown-user", args),
    }
}

async fn ask(cx: &mut Cx<'_>, tip: &Tip, recipient: &Person) -> Handled {
    let speech = speech(cx.language);
    let press = |sends| Press::Tip {
        id: tip.short_id.clone(),
        sends,
    };
    let keyboard = InlineKeyboard::new([vec![
        button(speech.plain("button-send", &Args::new()), &press(true)),
        button(speech.plain("button-cancel", &Args::new()), &press(false)),
    ]]);
    let args = Args::new()
        .text("amount", cx.money(tip.amount))
        .text("name", name(recipient));
    let text = speech.rich("sure", &args);
    told::begin(cx, tip, text, Some(keyboard)).await
}
