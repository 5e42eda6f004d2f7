//! The control API: `/sim/…`, JSON over HTTP. Errors are `{"error": "…"}` with a fitting status.
//!
//! | Call | What it does |
//! |---|---|
//! | `POST /sim/users/{id}/send` | a person writes: `text` or a file (base64, or `{data, file_name, mime_type, duration}`), `caption`, `chat_id`, `reply_to`, `forward`, profile fields |
//! | `POST /sim/users/{id}/press` | a person presses: `message_id`, `button` (text or `[row, column]`) or `data`, `chat_id`, `wait`; gives the bot's answer |
//! | `POST /sim/users/{id}/pay` | a person pays an invoice, as often as asked: `message_id`, `chat_id`, `wait`; `untold` keeps it from the bot |
//! | `GET /sim/payments`, `POST /sim/refunds` | what became of payments; Telegram refunds one (`charge_id`, `untold`) |
//! | `POST /sim/users/{id}`, `GET /sim/users` | makes, changes, blocks (`blocked`) and lists people |
//! | `GET /sim/chats`, `GET /sim/chats/{id}` | chats; the transcript of one (`?since=`, `?deleted=true`) |
//! | `POST /sim/chats/{id}` | a group's `title`, or `migrate_to` a supergroup |
//! | `DELETE /sim/chats/{id}` | a person clears the own view of a chat; the bot notices nothing |
//! | `GET /sim/files/{file_id}` | the bytes of a file |
//! | `POST /sim/raw_update`, `GET /sim/updates` | delivers anything; what became of each update |
//! | `GET /sim/log` | every call received (`?since=`, `?method=`) |
//! | `GET`, `POST`, `DELETE /sim/faults` | the rules of [`crate::faults`] |
//! | `GET`, `POST /sim/clock`, `/sim/limits` | `{"advance_ms": n}`; `{"enabled": bool}` for flood limits |
//! | `GET /sim/commands`, `GET /sim/events` | what the bot set up; changes of chats as server-sent events |
//! | `POST /sim/reset` | forgets people, chats, faults and the log |

mod pay;
mod people;
mod press;
mod view;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::core::Core;
use crate::faults::Rule;
use crate::telegram::world::Callback;

/// A refusal of the control API.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) StatusCode, pub(crate) String);

impl Refused {
    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, text.into())
    }

    pub(crate) fn missing(text: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, text.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

/// A file of 50 MB in base64, and room for the rest.
const BODY_MAX_BYTES: usize = 70 * 1024 * 1024;
/// The framework's refusals are one line.
const ERROR_MAX_BYTES: usize = 4096;
/// Far enough for every test, and near enough that times stay times.
const CLOCK_MAX_YEAR: i32 = 3000;

type Answer = Result<Json<Value>, Refused>;

pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/sim/clock", get(clock).post(advance))
        .route(
            "/sim/faults",
            get(faults).post(add_faults).delete(clear_faults),
        )
        .route("/sim/log", get(log))
        .route("/sim/reset", post(reset))
        .route("/sim/limits", get(limits).post(set_limits))
        .route("/sim/users", get(view::users))
        .route("/sim/users/{id}", post(people::profile))
        .route("/sim/users/{id}/send", post(people::send))
        .route("/sim/users/{id}/press", post(press::press))
        .route("/sim/users/{id}/pay", post(pay::pay))
        .route("/sim/payments", get(pay::payments))
        .route("/sim/refunds", post(pay::refund))
        .route("/sim/chats", get(view::chats))
        .route(
            "/sim/chats/{id}",
            get(view::chat).post(change_chat).delete(clear_chat),
        )
        .route("/sim/files/{file_id}", get(view::file))
        .route("/sim/updates", get(view::updates))
        .route("/sim/raw_update", post(raw_update))
        .route("/sim/commands", get(view::commands))
        .route("/sim/events", get(view::events))
        .merge(crate::kie::control_router())
        .merge(crate::panel::control_router())
        .merge(crate::replicate::control_router())
        .merge(crate::flutterwave::control_router())
        .merge(crate::settlement::control_router())
        .route("/sim", any(missing))
        .route("/sim/", any(missing))
        .route("/sim/{*rest}", any(missing))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(map_response(readable))
        .with_state(core)
}

/// For every path that is nothing here.
pub(crate) async fn missing() -> Refused {
    Refused::missing(
        "nothing is here; the control API is described at the head of its source, under /sim/",
    )
}

/// Gives refusals that the framework made (wrong method, path, query or size) the form of all others.
async fn readable(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let text = axum::body::to_bytes(body, ERROR_MAX_BYTES).await;
    let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
    let usual = status.canonical_reason().unwrap_or("refused");
    let text = Some(text.trim()).filter(|text| !text.is_empty());
    let refused = Refused(status, text.unwrap_or(usual).to_owned()).into_response();
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        head.headers.remove(name);
    }
    let mut refused = refused;
    // `Allow` and its like stay.
    refused.headers_mut().extend(head.headers);
    refused
}

async fn clock(State(core): State<Arc<Core>>) -> Json<Value> {
    let now = core.clock.now();
    Json(json!({
        "now": now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default(),
        "manual": core.config.manual_clock.is_some(),
    }))
}

/// Body of `POST /sim/clock`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

async fn advance(State(core): State<Arc<Core>>, body: bytes::Bytes) -> Answer {
    let advance: Advance = parse(&body)?;
    let by = Duration::from_millis(advance.advance_ms);
    let then = time::Duration::try_from(by).ok();
    let then = then.and_then(|by| core.clock.now().checked_add(by));
    if then.is_none_or(|then| then.year() >= CLOCK_MAX_YEAR) {
        return Err(Refused::bad(format!(
            "advance_ms: the clock ends with the year {CLOCK_MAX_YEAR}"
        )));
    }
    core.clock.advance(by);
    Ok(clock(State(core)).await)
}

async fn faults(State(core): State<Arc<Core>>) -> Json<Value> {
    Json(json!(core.faults.list()))
}

/// One rule or a list of rules is added; an empty list clears.
async fn add_faults(State(core): State<Arc<Core>>, body: bytes::Bytes) -> Answer {
    match parse::<Value>(&body)? {
        Value::Array(rules) if rules.is_empty() => core.faults.clear(),
        Value::Array(rules) => {
            // All or none.
            let rules: Result<Vec<Rule>, Refused> = rules.into_iter().map(fault).collect();
            rules?.into_iter().for_each(|rule| core.faults.add(rule));
        }
        rule => core.faults.add(fault(rule)?),
    }
    Ok(faults(State(core)).await)
}

fn fault(rule: Value) -> Result<Rule, Refused> {
    let rule: Rule =
        serde_json::from_value(rule).map_err(|error| Refused::bad(error.to_string()))?;
    rule.check().map_err(Refused::bad)?;
    Ok(rule)
}

async fn clear_faults(State(core): State<Arc<Core>>) -> Json<Value> {
    core.faults.clear();
    faults(State(core)).await
}

/// Query of `GET /sim/log`.
#[derive(Deserialize)]
struct LogQuery {
    #[serde(default)]
    since: u64,
    method: Option<String>,
}

async fn log(State(core): State<Arc<Core>>, Query(query): Query<LogQuery>) -> Json<Value> {
    Json(json!(core.log.since(query.since, query.method.as_deref())))
}

/// Users, chats, tasks, faults and the log go; the webhook, the commands and all counters stay, so that a running bot goes on.
async fn reset(State(core): State<Arc<Core>>) -> Json<Value> {
    core.faults.clear();
    core.log.clear();
    core.telegram.reset();
    core.kie.reset();
    core.panels.reset();
    core.replicate.reset();
    core.flutterwave.reset();
    core.settlement.reset();
    Json(json!({"ok": true}))
}

/// Body of `POST /sim/limits`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsBody {
    enabled: bool,
}

async fn limits(State(core): State<Arc<Core>>) -> Json<Value> {
    Json(json!({"enabled": core.telegram.limits().is_enabled}))
}

async fn set_limits(State(core): State<Arc<Core>>, body: bytes::Bytes) -> Answer {
    let wanted: LimitsBody = parse(&body)?;
    core.telegram.limits().is_enabled = wanted.enabled;
    Ok(limits(State(core)).await)
}

/// Body of `POST /sim/chats/{id}`, for groups.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChatBody {
    title: Option<String>,
    /// The supergroup that the group becomes.
    migrate_to: Option<i64>,
}

async fn change_chat(
    State(core): State<Arc<Core>>,
    Path(chat_id): Path<i64>,
    body: bytes::Bytes,
) -> Answer {
    let change: ChatBody = parse(&body)?;
    if chat_id >= 0 || change.migrate_to.is_some_and(|to| to >= -1_000_000_000_000) {
        return Err(Refused::bad(
            "groups have negative ids, supergroups ids below -1000000000000",
        ));
    }
    let shown = {
        let mut world = core.telegram.world();
        let chat = world.chat(chat_id);
        if let Some(title) = change.title {
            chat.title = title;
        }
        chat.migrated_to = change.migrate_to.or(chat.migrated_to);
        let title = chat.title.clone();
        if let Some(to) = change.migrate_to {
            world.chat(to).title = title;
        }
        world.chat_json(chat_id)
    };
    if let Some(to) = change.migrate_to {
        let message_id = core.telegram.world().next_message_id(chat_id);
        let notice = json!({
            "message_id": message_id,
            "chat": shown,
            "date": core.clock.now().unix_timestamp(),
            "migrate_to_chat_id": to,
        });
        people::push(&core, "message", notice);
    }
    core.chat_changed(chat_id);
    Ok(Json(shown))
}

async fn clear_chat(State(core): State<Arc<Core>>, Path(chat_id): Path<i64>) -> Answer {
    {
        let mut world = core.telegram.world();
        let chat = world.chats.get_mut(&chat_id);
        let chat = chat.ok_or_else(|| Refused::missing("no such chat"))?;
        let last = chat.messages.last_key_value();
        chat.cleared_to = last.map_or(chat.cleared_to, |(id, _)| *id);
        chat.reply_keyboard = None;
    }
    core.chat_changed(chat_id);
    Ok(Json(json!({"ok": true})))
}

/// `POST /sim/raw_update`: delivered as it is; an `update_id` is added if there is none.
async fn raw_update(State(core): State<Arc<Core>>, body: bytes::Bytes) -> Answer {
    let update: Value = parse(&body)?;
    if !update.is_object() {
        return Err(Refused::bad("an update is an object"));
    }
    let now = core.clock.now();
    for kind in ["callback_query", "pre_checkout_query"] {
        if let Some(id) = update[kind]["id"].as_str() {
            let query = Callback {
                at: now,
                answered: None,
            };
            let mut world = core.telegram.world();
            world.callbacks.insert(id.to_owned(), query);
        }
    }
    let update_id = core.telegram.state().updates.push_raw(update, now);
    core.telegram.wake();
    Ok(Json(json!({"ok": true, "update_id": update_id})))
}

/// Reads a body, saying what is wrong with it.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused::bad(error.to_string()))
}
