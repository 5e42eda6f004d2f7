//! A person pays an invoice; what became of payments.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refused, parse};
use crate::core::Core;
use crate::telegram::stars;

/// How long a payment waits for the bot's answer, in real time.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// Body of `POST /sim/users/{id}/pay`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pay {
    /// Where the invoice is; another person's chat stands for a copy that was forwarded.
    chat_id: Option<i64>,
    message_id: i64,
    /// Whether to wait for the bot's answer.
    #[serde(default)]
    wait: bool,
    /// The payment goes through, and the bot is told nothing of it.
    #[serde(default)]
    untold: bool,
}

/// `POST /sim/users/{id}/pay`: the person pays, as often as this is called.
pub(super) async fn pay(
    State(core): State<Arc<Core>>,
    Path(user_id): Path<i64>,
    body: Bytes,
) -> Answer {
    let pay: Pay = parse(&body)?;
    super::people::check_place(user_id, user_id)?;
    let chat_id = pay.chat_id.unwrap_or(user_id);
    if pay.untold {
        let charge_id = stars::pay_untold(&core, user_id, chat_id, pay.message_id);
        let charge_id = charge_id.map_err(Refused::missing)?;
        return Ok(Json(json!({"ok": true, "charge_id": charge_id})));
    }
    paid(&core, user_id, chat_id, pay.message_id, pay.wait).await
}

/// Begins a payment; the bot's refusal, if it has one in time, is what the person's app shows.
pub(super) async fn paid(
    core: &Core,
    user_id: i64,
    chat_id: i64,
    message_id: i64,
    wait: bool,
) -> Answer {
    let asked = stars::pay(core, user_id, chat_id, message_id).map_err(Refused::missing)?;
    let patience = if wait { ANSWER_WAIT } else { Duration::ZERO };
    let answer = tokio::time::timeout(patience, asked.answer).await;
    let answer = answer.ok().and_then(Result::ok);
    let shown = answer.as_ref().unwrap_or(&Value::Null);
    Ok(Json(json!({
        "ok": true,
        "update_id": asked.update_id,
        "pre_checkout_query_id": asked.query_id,
        "answered": answer.is_some(),
        "answer": match &answer {
            None if wait => json!("The bot did not answer; the payment failed."),
            _ => shown["error_message"].clone(),
        },
        "show_alert": true,
    })))
}

/// `GET /sim/payments`.
pub(super) async fn payments(State(core): State<Arc<Core>>) -> Json<Value> {
    let now = core.clock.now();
    Json(core.telegram.world().stars.shown(now))
}

/// Body of `POST /sim/refunds`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refund {
    charge_id: String,
    /// The bot is told nothing of it.
    #[serde(default)]
    untold: bool,
}

/// `POST /sim/refunds`: Telegram gives a payment back of its own accord.
pub(super) async fn refund(State(core): State<Arc<Core>>, body: Bytes) -> Answer {
    let refund: Refund = parse(&body)?;
    stars::give_back(&core, None, &refund.charge_id, !refund.untold).map_err(Refused::bad)?;
    Ok(Json(json!({"ok": true})))
}
