//! What stands around every route: panics caught, requests logged by route and never by path.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;

use crate::base::clock::Clock;
use crate::base::supervise::panic_text;

/// A handler other than the media stream answers within this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// An error as a client sees it: short, and nothing of the inside.
pub fn error(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "error": text }))).into_response()
}

/// Puts the layers around `router`.
pub fn around(router: Router, clock: Clock) -> Router {
    router
        .layer(axum::middleware::from_fn(move |request, next| {
            logged(clock.clone(), request, next)
        }))
        .layer(SetSensitiveRequestHeadersLayer::new([
            header::AUTHORIZATION,
            header::HeaderName::from_static("x-telegram-bot-api-secret-token"),
        ]))
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| {
            tracing::error!(panic = panic_text(&*panic), "a request handler panicked");
            error(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        }))
}

/// The route's template stands in log and metrics: paths of media and callbacks hold secrets.
async fn logged(clock: Clock, request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", |path| path.as_str())
        .to_owned();
    let method = request.method().clone();
    let started = clock.monotonic();
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, next.run(request)).await;
    let response =
        answer.unwrap_or_else(|_| error(StatusCode::SERVICE_UNAVAILABLE, "too slow, try again"));
    let took = clock.monotonic() - started;
    let status = response.status().as_u16();
    metrics::histogram!(
        super::super::metrics::HTTP_DURATION,
        "http_request_method" => method.to_string(),
        "http_route" => route.clone(),
        "http_response_status_code" => status.to_string(),
    )
    .record(took.as_secs_f64());
    tracing::debug!(%method, route, status, took_ms = took.as_millis(), "request");
    response
}
