//! Telegram's side: the Bot API over HTTP, and updates on their way to the bot.

mod bot;
mod delivery;
mod edit;
pub mod image;
mod limits;
pub(crate) mod media;
mod params;
mod refusal;
mod send;
pub(crate) mod stars;
mod state;
#[cfg(test)]
mod tests;
mod text;
pub(crate) mod updates;
mod webhook;
pub(crate) mod world;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::core::Core;
use crate::server::Cut;
use params::Params;
use refusal::Refusal;
pub use state::Telegram;
use world::FileKind;

pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/{bot}/{method}", any(call))
        .route("/file/{bot}/{*path}", any(file))
        .with_state(core)
}

/// The dispatcher of updates.
pub(crate) async fn run(core: Arc<Core>) {
    delivery::run(core).await;
}

/// Waits until no update that could be delivered now waits or is under way.
pub(crate) async fn idle(core: &Core) {
    loop {
        let woken = core.telegram.woken();
        if core.telegram.state().is_idle(core.clock.now()) {
            return;
        }
        woken.await;
    }
}

/// When the next waiting update will be tried; none while no update waits for the webhook.
pub(crate) fn next_delivery_at(core: &Core) -> Option<OffsetDateTime> {
    core.telegram.state().next_at(core.clock.now())
}

fn is_token(core: &Core, bot: &str) -> bool {
    bot.strip_prefix("bot") == Some(core.config.token.as_str())
}

/// `/bot<token>/<method>`.
async fn call(
    Shared(core): Shared<Arc<Core>>,
    Path((bot, method)): Path<(String, String)>,
    request: Request,
) -> Response {
    let not_found = |code, text: &str| Refusal::new(code, text.to_owned()).into_response();
    if !bot.starts_with("bot") {
        return not_found(404, "Not Found");
    }
    if !is_token(&core, &bot) {
        return not_found(401, "Unauthorized");
    }
    let at = core.clock.now();
    match Params::read(request).await {
        Ok(params) => answer_at(&core, &method, params, at).await,
        Err(refusal) => {
            let target = format!("telegram.{method}");
            let (code, body) = (refusal.code, refusal.body());
            core.log.push(at, &target, Value::Null, code, body);
            refusal.into_response()
        }
    }
}

/// Answers a call and notes it.
pub(crate) async fn answer(core: &Arc<Core>, method: &str, params: Params) -> Response {
    answer_at(core, method, params, core.clock.now()).await
}

async fn answer_at(core: &Arc<Core>, method: &str, params: Params, at: OffsetDateTime) -> Response {
    let target = format!("telegram.{method}");
    let act = async {
        match run_method(core, method, &params).await {
            Ok((result, description)) => {
                let mut body = json!({"ok": true, "result": result});
                if let Some(description) = description {
                    body["description"] = json!(description);
                }
                axum::Json(body).into_response()
            }
            Err(refusal) => refusal.into_response(),
        }
    };
    let faults = &core.faults;
    let response = faults
        .around(&core.clock, &target, params.chat_id(), act)
        .await;
    note(core, at, &target, params.raw(), response).await
}

/// Writes the answer into the log; the answer goes on unchanged.
async fn note(
    core: &Core,
    at: OffsetDateTime,
    target: &str,
    params: Value,
    response: Response,
) -> Response {
    if response.extensions().get::<Cut>().is_some() {
        core.log.push(at, target, params, 0, Value::Null);
        return response;
    }
    let (head, body) = response.into_parts();
    // Answers are made here, in memory.
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    let answer =
        serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
    core.log
        .push(at, target, params, head.status.as_u16(), answer);
    Response::from_parts(head, Body::from(bytes))
}

/// A result and, for some methods, a description beside it. Method names are not case-sensitive.
async fn run_method(
    core: &Arc<Core>,
    method: &str,
    params: &Params,
) -> Result<(Value, Option<&'static str>), Refusal> {
    let result = match method.to_ascii_lowercase().as_str() {
        "setwebhook" => {
            return webhook::set(core, params).map(|(result, text)| (result, Some(text)));
        }
        "deletewebhook" => {
            return webhook::delete(core, params).map(|(result, text)| (result, Some(text)));
        }
        "getwebhookinfo" => Ok(webhook::info(core)),
        "getupdates" => webhook::poll(core, params).await,
        "getme" => Ok(bot::get_me(core)),
        "sendmessage" => send::message(core, params),
        "sendphoto" => send::file(core, params, FileKind::Photo).await,
        "sendvideo" => send::file(core, params, FileKind::Video).await,
        "sendaudio" => send::file(core, params, FileKind::Audio).await,
        "sendvoice" => send::file(core, params, FileKind::Voice).await,
        "sendvideonote" => send::file(core, params, FileKind::VideoNote).await,
        "senddocument" => send::file(core, params, FileKind::Document).await,
        "sendanimation" => send::file(core, params, FileKind::Animation).await,
        "sendinvoice" => stars::send_invoice(core, params),
        "refundstarpayment" => stars::refund(core, params),
        "getstartransactions" => Ok(stars::transactions(core, params)),
        "sendmediagroup" => send::group(core, params).await,
        "sendchataction" => send::action(core, params),
        "editmessagetext" => edit::text(core, params),
        "editmessagecaption" => edit::caption(core, params),
        "editmessagemedia" => edit::media(core, params).await,
        "editmessagereplymarkup" => edit::reply_markup(core, params),
        "deletemessage" => edit::delete(core, params),
        "answercallbackquery" => bot::answer_callback(core, params),
        "answerprecheckoutquery" => bot::answer_pre_checkout(core, params),
        "setmycommands" => bot::set_commands(core, params),
        "getmycommands" => bot::get_commands(core, params),
        "deletemycommands" => bot::delete_commands(core, params),
        "setmyname" => bot::set_description(core, params, "name", 64),
        "setmydescription" => bot::set_description(core, params, "description", 512),
        "setmyshortdescription" => bot::set_description(core, params, "short_description", 120),
        "getfile" => bot::get_file(core, params),
        "getchat" => bot::get_chat(core, params),
        _ => Err(Refusal::new(404, "Not Found: method not found".to_owned())),
    };
    result.map(|result| (result, None))
}

/// `/file/bot<token>/<path>`.
async fn file(
    Shared(core): Shared<Arc<Core>>,
    Path((bot, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let at = core.clock.now();
    if !is_token(&core, &bot) {
        return Refusal::new(401, "Unauthorized".to_owned()).into_response();
    }
    let act = async {
        let world = core.telegram.world();
        let id = world.file_ids_by_path.get(&path);
        match id.and_then(|id| world.files.get(id)) {
            Some(file) => file_response(&file.bytes, "application/octet-stream", &headers),
            None => Refusal::new(404, "Not Found".to_owned()).into_response(),
        }
    };
    let response = core.faults.around(&core.clock, "file", None, act).await;
    let status = match response.extensions().get::<Cut>() {
        Some(Cut) => 0,
        None => response.status().as_u16(),
    };
    let params = json!({"path": path});
    core.log.push(at, "file", params, status, Value::Null);
    response
}

/// A file, or the one range of it that was asked for.
pub(crate) fn file_response(bytes: &bytes::Bytes, mime: &str, headers: &HeaderMap) -> Response {
    let range = headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok());
    let range = range.and_then(|range| one_range(range, bytes.len()));
    let kind = [
        (header::CONTENT_TYPE, mime.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let Some((first, last)) = range else {
        return (kind, bytes.clone()).into_response();
    };
    let place = format!("bytes {first}-{last}/{}", bytes.len());
    let part = bytes.slice(first..=last);
    let place = [(header::CONTENT_RANGE, place)];
    (StatusCode::PARTIAL_CONTENT, kind, place, part).into_response()
}

/// First and last byte; anything but one satisfiable range counts as none.
fn one_range(range: &str, len: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = match (first.trim(), last.trim()) {
        ("", suffix) => (
            len.saturating_sub(suffix.parse().ok()?),
            len.checked_sub(1)?,
        ),
        (first, "") => (first.parse().ok()?, len.checked_sub(1)?),
        (first, last) => (
            first.parse().ok()?,
            last.parse::<usize>().ok()?.min(len.checked_sub(1)?),
        ),
    };
    (first <= last).then_some((first, last))
}

/// The private chat or group that an update is about.
pub(crate) fn chat_of_update(json: &Value) -> Option<i64> {
    let fields = json.as_object()?;
    fields.values().find_map(|payload| {
        let chat = payload["chat"]["id"].as_i64();
        chat.or_else(|| payload["message"]["chat"]["id"].as_i64())
            .or_else(|| payload["from"]["id"].as_i64())
    })
}
