//! The control API: `/sim/…`, JSON over HTTP. Errors are `{"error": "…"}` with a fitting status.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::core::Core;
use crate::faults::Rule;

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
        .with_state(core)
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
struct Advance {
    advance_ms: u64,
}

async fn advance(State(core): State<Arc<Core>>, body: bytes::Bytes) -> Answer {
    let advance: Advance = parse(&body)?;
    core.clock
        .advance(Duration::from_millis(advance.advance_ms));
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
            let rules: Result<Vec<Rule>, _> =
                rules.into_iter().map(serde_json::from_value).collect();
            let rules = rules.map_err(|error| Refused::bad(error.to_string()))?;
            rules.into_iter().for_each(|rule| core.faults.add(rule));
        }
        rule => {
            let rule = serde_json::from_value(rule);
            core.faults
                .add(rule.map_err(|error| Refused::bad(error.to_string()))?);
        }
    }
    Ok(faults(State(core)).await)
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
    Json(json!({"ok": true}))
}

/// Reads a body, saying what is wrong with it.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused::bad(error.to_string()))
}
