//! The user's last word: the request with its hold, and taking it back.

use std::sync::Arc;
use std::time::Duration;

use super::draft::{Asking, Talk, current};
use super::questions::old_button;
use super::settle::{Actor, Step, Stepped, step};
use super::sums::{self, Room, refuse_many};
use super::{cards, refuse, speech};
use crate::base::fault::{self, Point};
use crate::engine::ledger::{self, LedgerError, Purpose};
use crate::engine::limits::{self, Charged, Rate};
use crate::engine::outbox::{Action, NewMessage};
use crate::engine::withdrawals::{self, New, State};
use crate::features::cx::{Cx, Handled};
use crate::features::speech::Args;

/// So many at once, then one in half an hour. One that is taken back counts for none of the other limits, and each rings at every
/// admin.
const REQUESTS: Rate = Rate {
    every: Duration::from_secs(1_800),
    burst: 10,
};

/// "Confirm" was pressed: the request, its hold, and the news of it, in one transaction.
pub(super) async fn confirm(cx: &mut Cx<'_>, draft_id: &str) -> Handled {
    let catalog = Arc::clone(&cx.env.catalog);
    let (Some(offer), Some(draft)) = (&catalog.withdrawals, current(cx, draft_id).await?) else {
        return old_button(cx).await;
    };
    let Asking::Summary(method, amount) = draft.asking(offer) else {
        return old_button(cx).await;
    };
    let (currency, now) = (cx.env.currency().code.clone(), cx.now());
    // Whatever else this user asks for at the same time waits here, so that the limits hold for all of it together.
    let wallet = sums::wallet(cx.user_id, offer, &currency);
    ledger::wallet_of_locked(cx.conn, wallet).await?;
    let room = Room::look(cx, offer).await?;
    refuse_many(cx, offer, &room)?;
    room.check(cx, method, amount)?;
    let key = format!("withdrawal:{}", cx.user_id);
    if let Charged::Limited { wait } = limits::charge(cx.conn, &key, 1, REQUESTS, now).await? {
        let minutes = i64::try_from(wait.as_secs().div_ceil(60)).unwrap_or(i64::MAX);
        return refuse(cx, "refused-fast", Args::new().number("n", minutes));
    }
    let (id, message_ref) = (cx.env.ids.uuid(), cx.env.ids.uuid());
    let new = New {
        id,
        short_id: &draft.id,
        user_id: cx.user_id,
        wallet_kind: wallet.kind.name(),
        method: &method.id,
        amount,
        fee: method.fee_of(amount),
        currency: &currency,
        details: &draft.details,
        message_ref,
        correlation: cx.correlation,
    };
    withdrawals::add(cx.conn, &new, now).await?;
    let note = format!("withdrawal:{}", draft.id);
    let cause = cx.cause(format!("hold:withdrawal:{id}"), &note);
    let paid = (Purpose::Payout, id);
    fault::reach(Point::PayoutHolding);
    match ledger::hold_for(cx.conn, wallet, amount, paid, &cause, now).await {
        Ok(_) => {}
        Err(LedgerError::Insufficient { available, .. }) => {
            let args = Args::new().text("limit", cx.money(available));
            return refuse(cx, "refused-short", args);
        }
        Err(error) => return Err(error.into()),
    }
    Talk::clear(cx).await?;
    let Some(withdrawal) = withdrawals::find(cx.conn, &draft.id).await? else {
        return Ok(());
    };
    tracing::info!(withdrawal = %id, amount = amount.0, method = %method.id, "a withdrawal is requested");
    let args = Args::new()
        .text("amount", cx.money(amount))
        .text("method", method.title.get(cx.language.code()));
    // Whom to pay is read no more once it was checked.
    cx.decided(speech(cx.language).rich("summary-confirmed", &args))
        .await?;
    let (text, keyboard) = cards::status(cx.env, speech(cx.language), &withdrawal);
    let action = Action::Say { text, keyboard };
    let message = NewMessage {
        message_ref: Some(message_ref),
        ..NewMessage::new(cx.chat_id, cx.correlation, action)
    };
    cx.post(&message).await?;
    cards::announce(cx.conn, cx.env, &withdrawal).await?;
    fault::reach(Point::PayoutRequested);
    Ok(())
}

/// The user takes a request back.
pub(super) async fn cancel(cx: &mut Cx<'_>, short_id: &str) -> Handled {
    let is_own = withdrawals::find(cx.conn, short_id)
        .await?
        .is_some_and(|withdrawal| withdrawal.user_id == cx.user_id);
    if !is_own {
        return old_button(cx).await;
    }
    let by = Actor::User(cx.user_id);
    let correlation = cx.correlation;
    let key = match step(cx.conn, cx.env, short_id, Step::Cancel, &by, correlation).await? {
        Stepped::Now(_) | Stepped::Before(_) => "notice-cancelled",
        Stepped::NotFrom(withdrawal) => match withdrawal.state {
            State::Approved => "notice-approved-already",
            State::Requested | State::Paid | State::Rejected | State::Cancelled => {
                "notice-ended-already"
            }
        },
        Stepped::Own(_) | Stepped::NotThere => return old_button(cx).await,
    };
    let text = speech(cx.language).plain(key, &Args::new());
    cx.answer(Some(text), false).await
}
