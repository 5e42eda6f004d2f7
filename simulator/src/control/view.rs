//! What can be seen: people, chats, files, updates, and changes as they happen.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::broadcast::error::RecvError;

use super::{Answer, Refused};
use crate::core::Core;
use crate::telegram;
use crate::telegram::world::{Chat, FileKind, Message, User, World};

/// A person as the control API shows one.
pub(super) fn user(user: &User) -> Value {
    let mut shown = user.json();
    shown["blocked"] = json!(user.has_blocked_bot);
    shown
}

/// `GET /sim/users`.
pub(super) async fn users(State(core): State<Arc<Core>>) -> Json<Value> {
    let world = core.telegram.world();
    Json(world.users.values().map(user).collect())
}

/// `GET /sim/chats`: newest activity first.
pub(super) async fn chats(State(core): State<Arc<Core>>) -> Json<Value> {
    let now = core.clock.now();
    let world = core.telegram.world();
    let mut chats: Vec<(i64, Value)> = world
        .chats
        .values()
        .map(|chat| {
            let visible = chat.messages.range(chat.cleared_to.saturating_add(1)..);
            let visible = visible
                .map(|(_, message)| message)
                .filter(|message| !message.is_deleted);
            let last = visible.clone().next_back();
            let mut shown = head(&world, chat, now);
            shown["message_count"] = json!(visible.count());
            shown["last_message"] = last.map_or(Value::Null, |last| message(&world, last));
            let date = last.map_or(0, |last| last.json["date"].as_i64().unwrap_or(0));
            (date, shown)
        })
        .collect();
    chats.sort_by_key(|(date, _)| std::cmp::Reverse(*date));
    Json(chats.into_iter().map(|(_, chat)| chat).collect())
}

fn head(world: &World, chat: &Chat, now: OffsetDateTime) -> Value {
    let action = chat.action.as_ref().filter(|(_, until)| *until > now);
    let mut shown = world.chat_json(chat.id);
    shown["action"] = json!(action.map(|(action, _)| action));
    shown["reply_keyboard"] = json!(chat.reply_keyboard);
    shown
}

/// Query of `GET /sim/chats/{id}`.
#[derive(Deserialize)]
pub(super) struct ChatQuery {
    /// Only messages with a greater id.
    #[serde(default)]
    since: i64,
    /// Show deleted and cleared messages too.
    #[serde(default)]
    deleted: bool,
}

/// `GET /sim/chats/{id}`: the transcript.
pub(super) async fn chat(
    State(core): State<Arc<Core>>,
    Path(chat_id): Path<i64>,
    Query(query): Query<ChatQuery>,
) -> Answer {
    let now = core.clock.now();
    let world = core.telegram.world();
    let chat = world.chats.get(&chat_id);
    let chat = chat.ok_or_else(|| Refused::missing("no such chat"))?;
    let cleared_to = if query.deleted { 0 } else { chat.cleared_to };
    let since = query.since.max(cleared_to);
    let messages = chat.messages.range(since.saturating_add(1)..);
    let messages = messages
        .map(|(_, message)| message)
        .filter(|message| query.deleted || !message.is_deleted);
    let mut shown = head(&world, chat, now);
    shown["messages"] = messages.map(|found| message(&world, found)).collect();
    Ok(Json(shown))
}

/// A message of a transcript.
fn message(world: &World, message: &Message) -> Value {
    let json = &message.json;
    let edits: Vec<Value> = message.edits.iter().map(content).collect();
    let mut shown = content(json);
    shown["message_id"] = json["message_id"].clone();
    shown["date"] = json["date"].clone();
    shown["sender"] = json!(if message.from_bot { "bot" } else { "user" });
    shown["from"] = json["from"].clone();
    shown["edit_date"] = json["edit_date"].clone();
    shown["edits"] = json!(edits);
    shown["deleted"] = json!(message.is_deleted);
    shown["media_group_id"] = json["media_group_id"].clone();
    for field in ["invoice", "successful_payment", "refunded_payment"] {
        if let Some(value) = json.get(field) {
            shown[field] = value.clone();
        }
    }
    shown["reply_to"] = json["reply_to_message"]["message_id"].clone();
    shown["media"] = media(world, json).unwrap_or_default();
    shown
}

/// What an edit can change.
fn content(json: &Value) -> Value {
    let text = json.get("text").or_else(|| json.get("caption"));
    let entities = json
        .get("entities")
        .or_else(|| json.get("caption_entities"));
    let buttons = json["reply_markup"]["inline_keyboard"].as_array();
    json!({
        "text": text,
        "is_caption": json.get("caption").is_some(),
        "entities": entities.cloned().unwrap_or_else(|| json!([])),
        "buttons": buttons.cloned().unwrap_or_default(),
    })
}

/// A button with its row and column.
pub(super) type Placed = ([u64; 2], Value);

/// The buttons of a message, row by row.
pub(super) fn buttons(message: &Value) -> Vec<Placed> {
    let rows = message["reply_markup"]["inline_keyboard"].as_array();
    let rows = (0..).zip(rows.into_iter().flatten());
    rows.flat_map(|(row, buttons)| {
        let buttons = (0..).zip(buttons.as_array().into_iter().flatten());
        buttons.map(move |(column, button)| ([row, column], button.clone()))
    })
    .collect()
}

fn media(world: &World, json: &Value) -> Option<Value> {
    let (kind, shown) = FileKind::ALL
        .iter()
        // An animation stands in two fields.
        .filter(|kind| **kind != FileKind::Document || json.get("animation").is_none())
        .find_map(|kind| Some((kind, json.get(kind.field())?)))?;
    // Of a photo, the largest size.
    let shown = match shown {
        Value::Array(sizes) => sizes.last()?,
        other => other,
    };
    let file = world.files.get(shown["file_id"].as_str()?)?;
    Some(json!({
        "kind": kind.field(),
        "file_id": file.file_id,
        "file_name": file.file_name,
        "mime_type": file.mime,
        "file_size": file.bytes.len(),
        "width": file.width,
        "height": file.height,
        "duration": file.duration,
        "url": format!("/sim/files/{}", file.file_id),
    }))
}

/// `GET /sim/files/{file_id}`: the bytes, with their type.
pub(super) async fn file(
    State(core): State<Arc<Core>>,
    Path(file_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let world = core.telegram.world();
    let file = world.files.get(&file_id);
    let file = file.ok_or_else(|| Refused::missing("no such file"))?;
    Ok(telegram::file_response(&file.bytes, &file.mime, &headers))
}

/// `GET /sim/updates`: every update with its tries and its fate.
pub(super) async fn updates(State(core): State<Arc<Core>>) -> Json<Value> {
    let records = core.telegram.state().updates.records();
    Json(json!(records))
}

/// `GET /sim/commands`: by scope and language, and the descriptions.
pub(super) async fn commands(State(core): State<Arc<Core>>) -> Json<Value> {
    let world = core.telegram.world();
    let default = world.commands.get(r#"{"type":"default"} "#);
    Json(json!({
        "default": default,
        "all": world.commands,
        "descriptions": world.descriptions,
    }))
}

/// `GET /sim/events`: `chat` events with the id of each chat that changed.
pub(super) async fn events(State(core): State<Arc<Core>>) -> Response {
    let stream = changes(&core);
    Sse::new(stream)
        .keep_alive(KeepAlive::default())
        .into_response()
}

fn changes(core: &Arc<Core>) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let receiver = core.changes.subscribe();
    futures_util::stream::unfold(receiver, |mut receiver| async move {
        let event = match receiver.recv().await {
            Ok(chat_id) => Event::default()
                .event("chat")
                .data(json!({"chat_id": chat_id}).to_string()),
            // Some were missed: whoever watches has to look at everything.
            Err(RecvError::Lagged(_)) => Event::default().event("all").data("{}"),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), receiver))
    })
}
