//! What can be done with an order afterwards: once more, with changes, taken back.

use sqlx::PgConnection;
use uuid::Uuid;

use super::draft::{Answers, Draft, fitting};
use super::money::{release, settled};
use super::pages;
use super::questions;
use super::store::{self, Order};
use super::summary;
use super::texts::speech;
use crate::catalog::Service;
use crate::engine::jobs::{self, CancelOutcome};
use crate::engine::outbox::{Action, NewMessage, Target};
use crate::features::cx::{Cx, Env, Handled};
use crate::features::speech::{Args, Speech};
use crate::telegram::{InlineKeyboard, Rich};

/// "Again", "Retry" or "Change" was pressed: a new draft with the answers of the order.
pub async fn again(cx: &mut Cx<'_>, short_id: &str, to_changes: bool) -> Handled {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let Some(order) = store::by_short_id(cx.conn, short_id, cx.user_id).await? else {
        return not_found(cx).await;
    };
    let service = catalog
        .service(&order.service)
        .filter(|service| service.is_offered);
    let Some(service) = service else {
        let text = speech(cx.language).plain("refused-gone", &Args::new());
        cx.answer(Some(text), true).await?;
        return pages::home(cx, true).await;
    };
    let known = answers(&order);
    if known.is_none() {
        let text = speech(cx.language).plain("inputs-forgotten", &Args::new());
        cx.answer(Some(text), true).await?;
    }
    let draft = Draft::new(
        cx.env.ids.short(),
        service,
        fitting(service, known.unwrap_or_default()),
    );
    draft.save(cx).await?;
    if to_changes && draft.asking.is_none() {
        return summary::show_changes(cx, service, &draft, false).await;
    }
    questions::go_on(cx, service, &draft, false).await
}

fn answers(order: &Order) -> Option<Answers> {
    let stored = order.answers.as_ref()?;
    serde_json::from_value(stored.get("answers")?.clone())
        .inspect_err(
            |error| tracing::warn!(error = %error, "the answers of an order cannot be read"),
        )
        .ok()
}

async fn not_found(cx: &mut Cx<'_>) -> Handled {
    let text = speech(cx.language).plain("order-not-found", &Args::new());
    cx.answer(Some(text), true).await?;
    cx.remove_buttons().await
}

/// "Cancel the order" was pressed.
pub async fn cancel_order(cx: &mut Cx<'_>, short_id: &str) -> Handled {
    let Some(order) = store::by_short_id(cx.conn, short_id, cx.user_id).await? else {
        return not_found(cx).await;
    };
    let outcome = take_back(cx, &order).await?;
    if outcome == CancelOutcome::Ended {
        return Ok(());
    }
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let in_units = catalog
        .service(&order.service)
        .is_some_and(Service::is_by_thousand);
    let key = match outcome {
        CancelOutcome::Requested if in_units => "order-cancel-asked",
        other => cancel_key(other),
    };
    let text = speech(cx.language).plain(key, &Args::new());
    cx.answer(Some(text), true).await
}

/// `/cancel` was written and nothing is being entered: takes back the newest order that still waits, else asks for the
/// newest that may still be stopped. The key of what to say to that.
pub async fn cancel_newest(cx: &mut Cx<'_>) -> Handled<&'static str> {
    let open = store::open_of(cx.conn, cx.user_id).await?;
    let mut best = None;
    for order in &open {
        match take_back(cx, order).await? {
            CancelOutcome::Ended => return Ok(cancel_key(CancelOutcome::Ended)),
            CancelOutcome::Requested => return Ok(cancel_key(CancelOutcome::Requested)),
            outcome @ (CancelOutcome::Unstoppable | CancelOutcome::Gone) => {
                best = best.or(Some(outcome));
            }
        }
    }
    Ok(best.map_or("nothing-to-cancel", cancel_key))
}

fn cancel_key(outcome: CancelOutcome) -> &'static str {
    match outcome {
        CancelOutcome::Ended => "cancelled",
        CancelOutcome::Requested => "order-cancel-requested",
        CancelOutcome::Unstoppable => "order-not-stoppable",
        CancelOutcome::Gone => "order-not-cancellable",
    }
}

/// Ends an order that nobody has begun with, or asks for it.
async fn take_back(cx: &mut Cx<'_>, order: &Order) -> Handled<CancelOutcome> {
    let now = cx.now();
    let outcome = jobs::cancel(cx.conn, order.id, now).await?;
    cx.has_jobs = true;
    if outcome != CancelOutcome::Ended {
        return Ok(outcome);
    }
    let speech = speech(cx.language);
    let title = service_title(cx, order);
    store::finish(cx.conn, order.id, "cancelled", now).await?;
    let text = taken_back(cx.conn, cx.env, speech, order, &title, cx.correlation).await?;
    let keyboard = InlineKeyboard::new([vec![pages::home_button(speech)]]);
    let action = Action::Edit {
        target: Target::Ref(order.progress_ref),
        text,
        keyboard: Some(keyboard),
        else_say: true,
    };
    let message = NewMessage {
        message_ref: Some(order.progress_ref),
        coalesce_key: Some(order.progress_ref),
        ..NewMessage::new(order.chat_id, cx.correlation, action)
    };
    cx.post(&message).await?;
    Ok(outcome)
}

/// Gives the money of an order back that ended because its user wanted it; what to say of it.
pub(super) async fn taken_back(
    conn: &mut PgConnection,
    env: &Env,
    speech: Speech<'_>,
    order: &Order,
    title: &str,
    correlation: Uuid,
) -> Handled<Rich> {
    let released = release(conn, env, order, correlation).await?;
    Ok(summary::join([
        speech.rich("order-cancelled", &Args::new().text("title", title)),
        settled(conn, env, speech, order.user_id, released).await?,
    ]))
}

fn service_title(cx: &Cx<'_>, order: &Order) -> String {
    cx.env.catalog.service(&order.service).map_or_else(
        || order.service.clone(),
        |service| service.title.get(cx.language.code()).to_owned(),
    )
}
