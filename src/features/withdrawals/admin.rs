//! What admins do in the chat: `/withdrawals`, look, approve, reject, say that it was paid.

use serde_json::json;

use super::cards::{called, card, masked_payee, method_title};
use super::draft::Talk;
use super::questions::{labelled, old_button};
use super::settle::{Actor, Step, Stepped, step};
use super::{refuse, speech};
use crate::engine::admin_audit::{self, Act};
use crate::engine::withdrawals::{self, State, Withdrawal};
use crate::features::cx::{Cx, Handled, button};
use crate::features::press::{Press, WithdrawPress, WithdrawalAct};
use crate::features::speech::Args;
use crate::telegram::{InlineKeyboard, Rich};

const PAGE: i64 = 6;
/// Of a reason, or of a reference.
const WORDS_CHARS_MAX: usize = 200;

/// `/withdrawals`: what waits, oldest first.
pub async fn list(cx: &mut Cx<'_>, page: u16) -> Handled {
    if !cx.env.money.is_on() {
        return refuse(cx, "refused-off", Args::new());
    }
    let offset = i64::from(page) * PAGE;
    let states = [State::Requested, State::Approved];
    let mut waiting = withdrawals::list(cx.conn, &states, offset, PAGE + 1).await?;
    let has_more = waiting.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
    waiting.truncate(usize::try_from(PAGE).unwrap_or(0));
    let has_approved = !withdrawals::list(cx.conn, &[State::Approved], 0, 1)
        .await?
        .is_empty();
    let speech = speech(cx.language);
    let heading = if waiting.is_empty() {
        "list-empty"
    } else {
        "list"
    };
    let mut text = speech.rich(heading, &Args::new());
    let mut rows = Vec::new();
    for withdrawal in &waiting {
        let key = match withdrawal.state {
            State::Approved => "line-approved",
            State::Requested | State::Paid | State::Rejected | State::Cancelled => "line-requested",
        };
        let args = Args::new()
            .text("id", &withdrawal.short_id)
            .text("amount", cx.money(withdrawal.amount))
            .text("user", called(cx.conn, withdrawal.user_id).await?)
            .text("method", method_title(cx.env, cx.language, withdrawal))
            .text("payee", masked_payee(cx.env, withdrawal));
        text = text.then(Rich::literal("\n")).then(speech.rich(key, &args));
        let label = Args::new()
            .text("id", &withdrawal.short_id)
            .text("price", cx.money(withdrawal.amount));
        let press = WithdrawPress::Act {
            id: withdrawal.short_id.clone(),
            act: WithdrawalAct::Show,
        };
        rows.push(vec![button(
            speech.plain("button-open", &label),
            &Press::Withdraw(press),
        )]);
    }
    let mut turn = Vec::new();
    if page > 0 {
        let press = WithdrawPress::List { page: page - 1 };
        turn.push(labelled(speech, "button-older", press));
    }
    if has_more {
        let page = page.saturating_add(1);
        turn.push(labelled(
            speech,
            "button-newer",
            WithdrawPress::List { page },
        ));
    }
    rows.push(turn);
    if has_approved {
        rows.push(vec![labelled(
            speech,
            "button-export",
            WithdrawPress::Export,
        )]);
    }
    cx.show(text, Some(InlineKeyboard::new(rows))).await
}

/// A button of a card was pressed; the caller has made sure that it was an admin.
pub(super) async fn act(cx: &mut Cx<'_>, short_id: &str, act: WithdrawalAct) -> Handled {
    let Some(withdrawal) = withdrawals::find(cx.conn, short_id).await? else {
        return old_button(cx).await;
    };
    match act {
        WithdrawalAct::Show => show(cx, &withdrawal, false).await,
        WithdrawalAct::Details => {
            note_look(cx, &withdrawal).await?;
            show(cx, &withdrawal, true).await
        }
        WithdrawalAct::Approve => {
            let by = Actor::Admin(cx.user_id);
            let correlation = cx.correlation;
            let stepped = step(cx.conn, cx.env, short_id, Step::Approve, &by, correlation).await?;
            after(cx, stepped).await
        }
        WithdrawalAct::Reject if withdrawal.state.leads_to(State::Rejected) => {
            let talk = Talk::Reason {
                id: withdrawal.short_id.clone(),
            };
            ask(cx, &withdrawal, &talk, "ask-reason").await
        }
        WithdrawalAct::Paid if withdrawal.state.leads_to(State::Paid) => {
            let talk = Talk::Reference {
                id: withdrawal.short_id.clone(),
            };
            ask(cx, &withdrawal, &talk, "ask-reference").await
        }
        WithdrawalAct::Reject | WithdrawalAct::Paid | WithdrawalAct::Cancel => {
            after(cx, Stepped::NotFrom(withdrawal)).await
        }
    }
}

/// The next message says why, or under which reference.
async fn ask(cx: &mut Cx<'_>, withdrawal: &Withdrawal, talk: &Talk, key: &str) -> Handled {
    talk.save(cx).await?;
    let args = Args::new()
        .text("id", &withdrawal.short_id)
        .text("net", cx.money(withdrawal.net()))
        .text("user", called(cx.conn, withdrawal.user_id).await?);
    let text = speech(cx.language).rich(key, &args);
    cx.say(text, None).await
}

/// Why it is rejected has come.
pub(super) async fn reject(cx: &mut Cx<'_>, short_id: &str, text: &str) -> Handled {
    let reason = words(cx, text)?;
    let reason = reason.as_str();
    finish(cx, short_id, Step::Reject { reason }).await
}

/// The reference of the payment has come.
pub(super) async fn paid(cx: &mut Cx<'_>, short_id: &str, text: &str) -> Handled {
    let reference = words(cx, text)?;
    let reference = reference.as_str();
    finish(cx, short_id, Step::Paid { reference }).await
}

async fn finish(cx: &mut Cx<'_>, short_id: &str, last: Step<'_>) -> Handled {
    Talk::clear(cx).await?;
    if !cx.is_admin() {
        return refuse(cx, "admins-only", Args::new());
    }
    let by = Actor::Admin(cx.user_id);
    let correlation = cx.correlation;
    let stepped = step(cx.conn, cx.env, short_id, last, &by, correlation).await?;
    after(cx, stepped).await
}

/// One line of what an admin wrote; it goes to the user, or into the books.
pub(super) fn words(cx: &Cx<'_>, text: &str) -> Handled<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() || line.chars().count() > WORDS_CHARS_MAX {
        let limit = i64::try_from(WORDS_CHARS_MAX).unwrap_or(0);
        return refuse(cx, "refused-words", Args::new().number("n", limit));
    }
    Ok(line)
}

/// Shows how it stands now, and says if somebody was faster, or has to be somebody else.
async fn after(cx: &mut Cx<'_>, stepped: Stepped) -> Handled {
    let (withdrawal, notice) = match stepped {
        Stepped::Now(withdrawal) => (withdrawal, None),
        Stepped::Before(withdrawal) | Stepped::NotFrom(withdrawal) => {
            let text = speech(cx.language).plain("notice-faster", &Args::new());
            (withdrawal, Some(text))
        }
        Stepped::Own(withdrawal) => {
            let text = speech(cx.language).plain("notice-own", &Args::new());
            (withdrawal, Some(text))
        }
        Stepped::NotThere => return old_button(cx).await,
    };
    match notice {
        Some(text) if cx.pressed.is_none() => cx.say(Rich::literal(text), None).await?,
        Some(text) => cx.answer(Some(text), true).await?,
        None => {}
    }
    show(cx, &withdrawal, false).await
}

async fn show(cx: &mut Cx<'_>, withdrawal: &Withdrawal, details: bool) -> Handled {
    let (text, keyboard) = card(cx.conn, cx.env, cx.language, withdrawal, details).await?;
    cx.show(text, keyboard).await
}

/// Who looks whom to pay is written down.
async fn note_look(cx: &mut Cx<'_>, withdrawal: &Withdrawal) -> Handled {
    let detail = json!({ "withdrawal": withdrawal.id, "user": withdrawal.user_id });
    let now = cx.now();
    let row = Act {
        admin_id: cx.user_id,
        action: "withdrawal details",
        target: &withdrawal.short_id,
        detail: &detail,
        correlation: cx.correlation,
    };
    admin_audit::record(cx.conn, &row, now).await?;
    Ok(())
}
