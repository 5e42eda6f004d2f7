//! A person presses a button.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::people::push;
use super::view::Placed;
use super::{Answer, Refused, parse};
use crate::core::Core;
use crate::telegram::world::{Callback, World};

const QUERY_KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long a press waits for the bot's answer, in real time.
const ANSWER_WAIT: Duration = Duration::from_secs(2);

/// Body of `POST /sim/users/{id}/press`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Press {
    chat_id: Option<i64>,
    message_id: i64,
    /// Its text, or `[row, column]`, both from 0.
    button: Option<Value>,
    /// Instead of `button`: data of a button that the person's app still shows though it is gone.
    data: Option<String>,
    /// Whether to wait for the bot's answer.
    #[serde(default = "yes")]
    wait: bool,
}

fn yes() -> bool {
    true
}

/// `POST /sim/users/{id}/press`: the person presses a button; gives the text of the bot's answer, or null.
pub(super) async fn press(
    State(core): State<Arc<Core>>,
    Path(user_id): Path<i64>,
    body: Bytes,
) -> Answer {
    let press: Press = parse(&body)?;
    let chat_id = press.chat_id.unwrap_or(user_id);
    super::people::check_place(user_id, chat_id)?;
    let (answered, answer) = oneshot::channel();
    let id = format!("{}", 1 + core.random_below(u64::MAX / 2));
    if is_pay(&core, chat_id, &press)? {
        return super::pay::paid(&core, user_id, chat_id, press.message_id, press.wait).await;
    }
    let query = {
        let mut world = core.telegram.world();
        let message = find_message(&world, chat_id, press.message_id)?;
        let data = match press.data {
            Some(data) => data,
            None => match find_button(&message, press.button.as_ref())? {
                Pressed::Data(data) => data,
                Pressed::Url(url) => return Ok(Json(json!({"ok": true, "url": url}))),
                Pressed::Pay => String::new(),
            },
        };
        let from = world.user(user_id).json();
        let callback = Callback {
            at: core.clock.now(),
            answered: Some(answered),
        };
        // Nothing answers presses of yesterday.
        let yesterday = callback.at - QUERY_KEPT;
        world.callbacks.retain(|_, query| query.at > yesterday);
        world.callbacks.insert(id.clone(), callback);
        json!({
            "id": id,
            "from": from,
            "message": message,
            "chat_instance": chat_id.to_string(),
            "data": data,
        })
    };
    let update_id = push(&core, "callback_query", query);
    let patience = if press.wait {
        ANSWER_WAIT
    } else {
        Duration::ZERO
    };
    let answer = tokio::time::timeout(patience, answer).await;
    let answer = answer.ok().and_then(Result::ok);
    let shown = answer.as_ref().unwrap_or(&Value::Null);
    Ok(Json(json!({
        "ok": true,
        "update_id": update_id,
        "callback_query_id": id,
        "answered": answer.is_some(),
        "answer": shown["text"],
        "show_alert": matches!(&shown["show_alert"], Value::Bool(true)) || shown["show_alert"] == json!("true"),
    })))
}

fn find_message(world: &World, chat_id: i64, message_id: i64) -> Result<Value, Refused> {
    let message = world.message(chat_id, message_id);
    let message = message.ok_or_else(|| Refused::missing("no such message in this chat"))?;
    Ok(message.json.clone())
}

/// Whether it is the button of an invoice.
fn is_pay(core: &Core, chat_id: i64, press: &Press) -> Result<bool, Refused> {
    if press.data.is_some() {
        return Ok(false);
    }
    let message = find_message(&core.telegram.world(), chat_id, press.message_id)?;
    let pressed = find_button(&message, press.button.as_ref())?;
    Ok(matches!(pressed, Pressed::Pay))
}

enum Pressed {
    Data(String),
    Url(String),
    Pay,
}

fn find_button(message: &Value, wanted: Option<&Value>) -> Result<Pressed, Refused> {
    let buttons = super::view::buttons(message);
    let how = || Refused::bad("button: a text or [row, column]");
    let fits: Vec<&Placed> = match wanted {
        Some(Value::String(text)) => buttons
            .iter()
            .filter(|(_, button)| button["text"].as_str() == Some(text))
            .collect(),
        Some(Value::Array(place)) => {
            let [Some(row), Some(column)] = place.iter().map(Value::as_u64).collect::<Vec<_>>()[..]
            else {
                return Err(how());
            };
            buttons
                .iter()
                .filter(|(at, _)| *at == [row, column])
                .collect()
        }
        Some(_) | None => return Err(how()),
    };
    let button = match fits[..] {
        [(_, button)] => button,
        [] => {
            let texts: Vec<&Value> = buttons.iter().map(|(_, button)| &button["text"]).collect();
            return Err(Refused::missing(format!(
                "no such button; there are {}",
                json!(texts)
            )));
        }
        // To press the first would be to guess.
        _ => {
            let places: Vec<[u64; 2]> = fits.iter().map(|(at, _)| *at).collect();
            let text = format!("several buttons have this text, at {}", json!(places));
            return Err(Refused(StatusCode::CONFLICT, text));
        }
    };
    let text = |field: &str| button[field].as_str().map(str::to_owned);
    text("callback_data")
        .map(Pressed::Data)
        .or_else(|| text("url").map(Pressed::Url))
        .or_else(|| (button["pay"] == json!(true)).then_some(Pressed::Pay))
        .ok_or_else(|| Refused::bad("this kind of button is not simulated"))
}
