//! The endpoints of the API.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};

use super::input::{self, MODELS, Model};
use super::prediction::{Prediction, Status};
use super::{Inner, KEPT_MAX, TOKEN, webhook};
use crate::core::Core;
use crate::server::Cut;

/// Longer requests are refused unread.
const BODY_BYTES_MAX: usize = 1 << 20;
const MINUTE: Duration = Duration::MINUTE;
/// "Rate limits".
const CREATES_MAX: usize = 600;
const OTHERS_MAX: usize = 3_000;
/// "List predictions".
const PAGE: usize = 100;

/// `{"title", "detail", "status"}`, and perhaps `invalid_fields`.
pub(super) struct Problem {
    status: u16,
    body: Value,
}

type Outcome = Result<(u16, Value), Problem>;

fn problem(status: u16, title: &str, detail: &str) -> Problem {
    let body = json!({ "title": title, "detail": detail, "status": status });
    Problem { status, body }
}

/// Answers under the faults in force and logs the call.
async fn answered(
    core: &Core,
    target: &str,
    params: Value,
    act: impl FnOnce() -> Outcome,
) -> Response {
    let acted = async {
        let outcome = act();
        if target == "replicate.create" {
            // A prediction that was promised outlives the simulator.
            core.saves.wait().await;
        }
        let (status, body) = outcome.unwrap_or_else(|problem| (problem.status, problem.body));
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(body)).into_response()
    };
    let response = core.faults.around(&core.clock, target, None, acted).await;
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    let cut = parts.extensions.get::<Cut>().is_some();
    let status = if cut { 0 } else { parts.status.as_u16() };
    let shown = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    core.log
        .push(core.clock.now(), target, params, status, shown);
    Response::from_parts(parts, Body::from(bytes))
}

fn authorised(headers: &HeaderMap) -> Result<(), Problem> {
    let bearer = format!("Bearer {TOKEN}");
    if headers
        .get(header::AUTHORIZATION)
        .is_some_and(|given| given == bearer.as_str())
    {
        return Ok(());
    }
    let detail = "You did not pass a valid authentication token";
    Err(problem(401, "Unauthenticated", detail))
}

fn throttled() -> Problem {
    let detail = "Request was throttled. Your rate limit resets in ~30s.";
    Problem {
        status: 429,
        body: json!({ "detail": detail }),
    }
}

/// A call that creates nothing.
fn admit(core: &Core, headers: &HeaderMap) -> Result<(), Problem> {
    authorised(headers)?;
    let mut inner = core.replicate.lock();
    if inner.settings.limits && !inner.others.admit(core.clock.now(), OTHERS_MAX, MINUTE) {
        return Err(throttled());
    }
    Ok(())
}

fn missing() -> Problem {
    let detail = "The requested resource could not be found.";
    problem(404, "Not found", detail)
}

pub(super) async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(missing().body)).into_response()
}

pub(super) async fn create(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let act = || {
        let of_version = |request: &Request| {
            let version = request.version.as_deref();
            let model = MODELS.iter().find(|model| model.version == version);
            let detail = "The specified version does not exist (or perhaps you don't have permission to use it?)";
            model
                .filter(|_| version.is_some())
                .ok_or_else(|| problem(422, "Invalid version or not permitted", detail))
        };
        made(&core, &headers, &body, of_version)
    };
    answered(&core, "replicate.create", params(&body), act).await
}

pub(super) async fn create_of_model(
    State(core): State<Arc<Core>>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let act = || {
        let of_name = |request: &Request| {
            if request.version.is_some() {
                return Err(invalid_fields("Additional property version is not allowed"));
            }
            let name = format!("{owner}/{name}");
            let model = MODELS.iter().find(|model| model.name == name);
            let official = model.filter(|model| model.version.is_none());
            official.ok_or_else(missing)
        };
        made(&core, &headers, &body, of_name)
    };
    answered(&core, "replicate.create", params(&body), act).await
}

fn params(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or(Value::Null)
}

/// Anything else at the top is refused (changelog of 2024-05-01).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    input: Map<String, Value>,
    version: Option<String>,
    webhook: Option<String>,
    #[serde(default)]
    webhook_events_filter: Vec<Event>,
}

#[derive(PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    Start,
    Output,
    Logs,
    Completed,
}

fn invalid_fields(description: &str) -> Problem {
    let mut problem = problem(422, "Input validation failed", description);
    problem.body["invalid_fields"] = json!([{ "field": "", "description": description }]);
    problem
}

fn made(
    core: &Arc<Core>,
    headers: &HeaderMap,
    body: &Bytes,
    model: impl FnOnce(&Request) -> Result<&'static Model, Problem>,
) -> Outcome {
    authorised(headers)?;
    let now = core.clock.now();
    let mut inner = core.replicate.lock();
    inner.create_calls += 1;
    if inner.settings.limits && !inner.creates.admit(now, CREATES_MAX, MINUTE) {
        return Err(throttled());
    }
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !is_json || body.len() > BODY_BYTES_MAX {
        return Err(invalid_fields("the body must be JSON of a sensible size"));
    }
    let request: Request =
        serde_json::from_slice(body).map_err(|error| invalid_fields(&error.to_string()))?;
    let model = model(&request)?;
    input::check(&request.input)
        .map_err(|wrong| problem(422, "Input validation failed", &wrong))?;
    if let Some(url) = &request.webhook
        && !(url.starts_with("https://") || url.starts_with("http://127.0.0.1:"))
    {
        return Err(invalid_fields("webhook must be an HTTPS URL"));
    }
    let deadline = deadline(headers, now)?;
    if inner.settings.credit_micros < model.price_micros {
        let detail = "You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to purchase credit. Once you purchase credit, please wait a few minutes before trying again.";
        return Err(problem(402, "Insufficient credit", detail));
    }
    inner.settings.credit_micros -= model.price_micros;
    Ok((201, add(core, &mut inner, request, model, deadline)))
}

fn add(
    core: &Arc<Core>,
    inner: &mut Inner,
    request: Request,
    model: &'static Model,
    deadline: Option<OffsetDateTime>,
) -> Value {
    let now = core.clock.now();
    let events = &request.webhook_events_filter;
    let tells = events.is_empty() || events.contains(&Event::Completed);
    let input = Value::Object(request.input);
    let (takes, failure) = Prediction::fate(&input, inner.settings.speed);
    let prediction = Prediction {
        id: core.random_name(26).to_lowercase(),
        model: model.name.into(),
        version: model.version.unwrap_or("hidden").into(),
        input,
        webhook: request.webhook.filter(|_| tells),
        created: now,
        takes,
        deadline,
        failure,
        cancelled: None,
        told: Vec::new(),
        next_try: None,
    };
    let shown = prediction.json(&base(core), now, inner.settings.shows_webhook);
    let id = prediction.id.clone();
    if inner.predictions.len() >= KEPT_MAX {
        inner.predictions.pop_front();
    }
    inner.predictions.push_back(prediction);
    let teller = Arc::clone(core);
    core.spawn(async move { webhook::when_ended(&teller, &id).await });
    shown
}

/// `Cancel-After`: a number with `s`, `m` or `h`, at least five seconds.
fn deadline(headers: &HeaderMap, now: OffsetDateTime) -> Result<Option<OffsetDateTime>, Problem> {
    let Some(given) = headers.get("cancel-after") else {
        return Ok(None);
    };
    let seconds = given.to_str().ok().and_then(|text| {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let number: i64 = number.parse().ok()?;
        match unit {
            "s" => Some(number),
            "m" => Some(number * 60),
            "h" => Some(number * 3_600),
            _ => None,
        }
    });
    match seconds {
        Some(seconds) if seconds >= 5 => Ok(Some(now + Duration::seconds(seconds))),
        Some(_) | None => Err(invalid_fields("Cancel-After must be a duration")),
    }
}

/// Where this is mounted.
pub(super) fn base(core: &Core) -> String {
    format!("http://127.0.0.1:{}/replicate", core.addr.port())
}

pub(super) async fn one(
    State(core): State<Arc<Core>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let act = || {
        admit(&core, &headers)?;
        let inner = core.replicate.lock();
        let prediction = inner.find(&id).ok_or_else(missing)?;
        let shows_webhook = inner.settings.shows_webhook;
        let shown = prediction.json(&base(&core), core.clock.now(), shows_webhook);
        Ok((200, shown))
    };
    answered(&core, "replicate.get", json!({ "id": id }), act).await
}

pub(super) async fn cancel(
    State(core): State<Arc<Core>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let act = || {
        admit(&core, &headers)?;
        let now = core.clock.now();
        let mut inner = core.replicate.lock();
        let shows_webhook = inner.settings.shows_webhook;
        let prediction = inner.find_mut(&id).ok_or_else(missing)?;
        if matches!(
            prediction.status(now),
            Status::Starting | Status::Processing
        ) {
            prediction.cancelled = Some(now);
            // Whoever was to be told of its end learns of another one.
            let (teller, id) = (Arc::clone(&core), id.clone());
            core.spawn(async move { webhook::when_ended(&teller, &id).await });
        }
        Ok((200, prediction.json(&base(&core), now, shows_webhook)))
    };
    answered(&core, "replicate.cancel", json!({ "id": id }), act).await
}

/// Query of the list.
#[derive(Deserialize)]
pub(super) struct Asked {
    cursor: Option<usize>,
}

pub(super) async fn list(
    State(core): State<Arc<Core>>,
    Query(Asked { cursor }): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let act = || {
        admit(&core, &headers)?;
        let (now, base) = (core.clock.now(), base(&core));
        let inner = core.replicate.lock();
        let first = cursor.unwrap_or(0);
        let newest_first = inner.predictions.iter().rev().skip(first);
        let shown: Vec<Value> = newest_first
            .take(PAGE)
            .map(|prediction| prediction.json(&base, now, inner.settings.shows_webhook))
            .collect();
        let next = first + PAGE;
        let next = (next < inner.predictions.len())
            .then(|| format!("{base}/v1/predictions?cursor={next}"));
        Ok((
            200,
            json!({ "previous": null, "next": next, "results": shown }),
        ))
    };
    answered(&core, "replicate.list", json!({ "cursor": cursor }), act).await
}
