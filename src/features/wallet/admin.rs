//! What admins do in the chat: `/grant`, `/user`. Both leave a row in the audit.

use serde_json::json;
use time::macros::format_description;

use super::balance::off;
use super::speech;
use crate::base::money::Amount;
use crate::engine::admin_audit::{self, Act};
use crate::engine::ledger::{self, LedgerError};
use crate::engine::outbox::{Action, NewMessage};
use crate::engine::people::{self, Person};
use crate::features::cx::{Cx, Handled, Stop};
use crate::features::speech::{Args, Language};

const REASON_CHARS_MAX: usize = 200;

/// `/grant @user amount reason`; a negative amount takes back.
pub async fn grant(cx: &mut Cx<'_>, rest: &str, update_id: i64) -> Handled {
    if !cx.env.money.is_on() {
        return Err(off(cx));
    }
    let mut words = rest.split_whitespace();
    let (Some(who), Some(how_much)) = (words.next(), words.next()) else {
        return refuse(cx, "grant-usage", Args::new());
    };
    let reason: String = words
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(REASON_CHARS_MAX)
        .collect();
    let Some(person) = find(cx, who).await? else {
        return refuse(cx, "grant-unknown-user", Args::new().text("user", who));
    };
    let Some(amount) = parse(cx, how_much) else {
        return refuse(cx, "grant-bad-amount", Args::new().text("amount", how_much));
    };
    if reason.is_empty() {
        return refuse(cx, "grant-no-reason", Args::new());
    }
    let mut cause = cx.cause(format!("admin:{update_id}"), &reason);
    cause.by_admin = Some(cx.user_id);
    let (currency, now) = (cx.env.currency().code.clone(), cx.now());
    let moved = if amount > Amount::ZERO {
        ledger::grant(cx.conn, person.id, &currency, amount, &cause, now).await
    } else {
        ledger::correct(cx.conn, person.id, &currency, amount, &cause, now).await
    };
    match moved {
        Ok(_) => {}
        Err(LedgerError::Insufficient { available, .. }) => {
            let args = Args::new().text("available", cx.money(available));
            return refuse(cx, "grant-too-much", args);
        }
        Err(error) => return Err(error.into()),
    }
    let detail =
        json!({ "amount": amount, "currency": currency, "reason": reason, "transfer": cause.id });
    audit(cx, "grant", person.id, &detail).await?;
    let wallet = ledger::wallet(cx.conn, person.id, &currency).await?;
    let balance = cx.money(wallet.available);
    let args = Args::new()
        .text("amount", cx.money(amount))
        .text("user", name(&person))
        .text("id", person.id.to_string())
        .text("reason", &reason)
        .text("balance", &balance);
    let done = speech(cx.language).rich("grant-done", &args);
    cx.say(done, None).await?;
    if amount > Amount::ZERO {
        let theirs = Language::of_tag(person.language_tag());
        let args = Args::new()
            .text("amount", cx.money(amount))
            .text("reason", &reason)
            .text("balance", balance);
        let action = Action::Say {
            text: speech(theirs).rich("received", &args),
            keyboard: None,
        };
        cx.post(&NewMessage::new(person.id, cx.correlation, action))
            .await?;
    }
    Ok(())
}

/// `/user @user`.
pub async fn user(cx: &mut Cx<'_>, rest: &str) -> Handled {
    let Some(who) = rest.split_whitespace().next() else {
        return refuse(cx, "user-usage", Args::new());
    };
    let Some(person) = find(cx, who).await? else {
        return refuse(cx, "grant-unknown-user", Args::new().text("user", who));
    };
    audit(cx, "user", person.id, &json!({})).await?;
    if !cx.env.money.is_on() {
        return Err(off(cx));
    }
    let currency = cx.env.currency().code.clone();
    let wallet = ledger::wallet(cx.conn, person.id, &currency).await?;
    let date = format_description!("[year]-[month]-[day] [hour]:[minute]");
    let args = Args::new()
        .text("name", &person.first_name)
        .text(
            "username",
            person
                .username
                .as_deref()
                .map(|name| format!("@{name}"))
                .unwrap_or_default(),
        )
        .text("id", person.id.to_string())
        .text("since", person.created_at.format(date).unwrap_or_default())
        .text("seen", person.seen_at.format(date).unwrap_or_default())
        .text(
            "language",
            person
                .language
                .as_deref()
                .or(person.telegram_language.as_deref())
                .unwrap_or("—"),
        )
        .text("available", cx.money(wallet.available))
        .text("held", cx.money(wallet.held));
    let page = speech(cx.language).rich("user-page", &args);
    cx.say(page, None).await
}

async fn find(cx: &mut Cx<'_>, who: &str) -> Handled<Option<Person>> {
    Ok(match (who.strip_prefix('@'), who.parse::<i64>()) {
        (Some(name), _) => people::by_username(cx.conn, name).await?,
        (None, Ok(id)) => people::by_id(cx.conn, id).await?,
        (None, Err(_)) => people::by_username(cx.conn, who).await?,
    })
}

fn parse(cx: &Cx<'_>, text: &str) -> Option<Amount> {
    let (negative, digits) = match text.strip_prefix(['-', '−']) {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let amount = cx
        .env
        .currency()
        .parse(digits)
        .ok()
        .filter(|amount| !amount.is_zero())?;
    Some(if negative { -amount } else { amount })
}

fn name(person: &Person) -> String {
    person
        .username
        .as_deref()
        .map_or_else(|| person.first_name.clone(), |name| format!("@{name}"))
}

async fn audit(cx: &mut Cx<'_>, action: &str, target: i64, detail: &serde_json::Value) -> Handled {
    let now = cx.now();
    let row = Act {
        admin_id: cx.user_id,
        action,
        target: &target.to_string(),
        detail,
        correlation: cx.correlation,
    };
    admin_audit::record(cx.conn, &row, now).await?;
    Ok(())
}

fn refuse(cx: &Cx<'_>, key: &str, args: Args) -> Handled {
    Err(Stop::Refused(Box::new(
        speech(cx.language).rich(key, &args),
    )))
}
