//! What admins do in the chat: `/grant`, `/user`. Both leave a row in the audit.

use serde_json::json;
use time::Time;
use time::macros::format_description;

use super::{approvals, speech};
use crate::base::money::Amount;
use crate::engine::admin_audit::{self, Act};
use crate::engine::grants::{self, New};
use crate::engine::ledger::{self, Cause, LedgerError};
use crate::engine::outbox::{Action, NewMessage};
use crate::engine::people::{self, Person};
use crate::features::cx::{Cx, Handled, Stop};
use crate::features::speech::{Args, Language};

const REASON_CHARS_MAX: usize = 200;

/// What an admin wants to give, or to take.
pub(super) struct Wish {
    pub(super) person: Person,
    /// Negative: taken.
    pub(super) amount: Amount,
    pub(super) reason: String,
}

impl Wish {
    /// The amount without its direction.
    pub(super) fn size(&self) -> Amount {
        Amount(self.amount.0.abs())
    }
}

/// `/grant @user amount reason`; a negative amount takes back. Above the limit another admin is asked.
pub async fn grant(cx: &mut Cx<'_>, rest: &str, update_id: i64) -> Handled {
    let wish = read(cx, rest).await?;
    refuse_above_day(cx, &wish).await?;
    let rules = cx.env.grants;
    if let Some(limit) = rules.approval_above.filter(|limit| wish.size() > *limit) {
        return approvals::ask(cx, &wish, limit).await;
    }
    let mut cause = cx.cause(format!("admin:{update_id}"), &wish.reason);
    cause.by_admin = Some(cx.user_id);
    let currency = cx.env.currency().code.clone();
    transfer(cx, wish.person.id, wish.amount, &cause).await?;
    let (id, short_id) = (cx.env.ids.uuid(), cx.env.ids.short());
    let row = New {
        id,
        short_id: &short_id,
        admin_id: cx.user_id,
        user_id: wish.person.id,
        amount: wish.amount,
        currency: &currency,
        reason: &wish.reason,
        expires_at: None,
        transfer_id: Some(cause.id),
        correlation: cx.correlation,
    };
    let now = cx.now();
    grants::add(cx.conn, &row, now).await?;
    let detail = json!({ "amount": wish.amount, "currency": currency, "reason": wish.reason, "transfer": cause.id });
    audit(cx, "grant", wish.person.id, &detail).await?;
    let wallet = ledger::wallet(cx.conn, wish.person.id, &currency).await?;
    let args = Args::new()
        .text("amount", cx.money(wish.amount))
        .text("user", name(&wish.person))
        .text("id", wish.person.id.to_string())
        .text("reason", &wish.reason)
        .text("balance", cx.money(wallet.available));
    let done = speech(cx.language).rich("grant-done", &args);
    cx.say(done, None).await?;
    tell(cx, wish.person.id, wish.amount, &wish.reason).await
}

async fn read(cx: &mut Cx<'_>, rest: &str) -> Handled<Wish> {
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
    Ok(Wish {
        person,
        amount,
        reason,
    })
}

/// The sum of a day is looked at with what else this admin does held back until the transaction ends.
async fn refuse_above_day(cx: &mut Cx<'_>, wish: &Wish) -> Handled {
    let Some(limit) = cx.env.grants.per_day else {
        return Ok(());
    };
    grants::lock_admin(cx.conn, cx.user_id).await?;
    let day = cx.env.clock.now().replace_time(Time::MIDNIGHT);
    let currency = cx.env.currency().code.clone();
    let given = grants::given_since(cx.conn, cx.user_id, &currency, day).await?;
    if given + wish.size() <= limit {
        return Ok(());
    }
    let args = Args::new()
        .text("limit", cx.money(limit))
        .text("given", cx.money(given));
    refuse(cx, "grant-day-limit", args)
}

/// Moves what is given or taken.
pub(super) async fn transfer(
    cx: &mut Cx<'_>,
    user_id: i64,
    amount: Amount,
    cause: &Cause,
) -> Handled {
    let (currency, now) = (cx.env.currency().code.clone(), cx.now());
    let moved = if amount > Amount::ZERO {
        ledger::grant(cx.conn, user_id, &currency, amount, cause, now).await
    } else {
        ledger::correct(cx.conn, user_id, &currency, amount, cause, now).await
    };
    match moved {
        Ok(_) => Ok(()),
        Err(LedgerError::Insufficient { available, .. }) => {
            let args = Args::new().text("available", cx.money(available));
            refuse(cx, "grant-too-much", args)
        }
        Err(error) => Err(error.into()),
    }
}

/// Tells the user what was given or taken, after it was.
pub(super) async fn tell(cx: &mut Cx<'_>, user_id: i64, amount: Amount, reason: &str) -> Handled {
    let Some(person) = people::by_id(cx.conn, user_id).await? else {
        return Ok(());
    };
    let currency = cx.env.currency().code.clone();
    let wallet = ledger::wallet(cx.conn, user_id, &currency).await?;
    let theirs = Language::of_tag(person.language_tag());
    let args = Args::new()
        .text("amount", cx.money(amount))
        .text("reason", reason)
        .text("balance", cx.money(wallet.available));
    let key = if amount > Amount::ZERO {
        "received"
    } else {
        "corrected"
    };
    let action = Action::Say {
        text: speech(theirs).rich(key, &args),
        keyboard: None,
    };
    cx.post(&NewMessage::new(user_id, cx.correlation, action))
        .await
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

/// The person who is meant. Names change hands: of two who have gone by one nobody is guessed, since money goes to them.
async fn find(cx: &mut Cx<'_>, who: &str) -> Handled<Option<Person>> {
    let name = match (who.strip_prefix('@'), who.parse::<i64>()) {
        (None, Ok(id)) => return Ok(people::by_id(cx.conn, id).await?),
        (Some(name), _) => name,
        (None, Err(_)) => who,
    };
    let mut found = people::named(cx.conn, name).await?;
    match (found.pop(), found.is_empty()) {
        (Some(_), false) => refuse(cx, "grant-ambiguous", Args::new().text("user", who)),
        (person, _) => Ok(person),
    }
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

pub(super) fn name(person: &Person) -> String {
    person
        .username
        .as_deref()
        .map_or_else(|| person.first_name.clone(), |name| format!("@{name}"))
}

pub(super) async fn audit(
    cx: &mut Cx<'_>,
    action: &str,
    target: i64,
    detail: &serde_json::Value,
) -> Handled {
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

pub(super) fn refuse<T>(cx: &Cx<'_>, key: &str, args: Args) -> Handled<T> {
    Err(Stop::Refused(Box::new(
        speech(cx.language).rich(key, &args),
    )))
}
