//! What stands around every route: panics caught, requests logged by route and never by path.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tracing::Instrument as _;

use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::redact;
use crate::base::supervise::panic_text;

/// A handler other than the media stream answers within this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

const REQUEST_ID: header::HeaderName = header::HeaderName::from_static("x-request-id");

/// An error as a client sees it: short, and nothing of the inside.
pub fn error(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "error": text }))).into_response()
}

/// Puts the layers around `router`.
pub fn around(router: Router, clock: Clock, ids: Ids) -> Router {
    router
        // Innermost, so that a panic is logged and counted as the answer that it becomes.
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| {
            let text = redact::text(panic_text(&*panic)).into_owned();
            tracing::error!(panic = text, "a request handler panicked");
            error(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        }))
        .layer(axum::middleware::from_fn(move |request, next| {
            logged(clock.clone(), ids.short(), request, next)
        }))
        .layer(SetSensitiveRequestHeadersLayer::new([
            header::AUTHORIZATION,
            header::HeaderName::from_static("x-telegram-bot-api-secret-token"),
        ]))
}

/// A method as a label. Clients may invent methods, and a label value is kept for ever.
fn method_label(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    const LABELS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN
        .iter()
        .position(|known| known == method)
        .map_or("_OTHER", |at| LABELS[at])
}

/// The route's template stands in log and metrics: paths of media and callbacks hold secrets.
/// The request's id stands in every line that it causes, and in its answer, so that an operator can be asked about it.
async fn logged(clock: Clock, id: String, request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", |path| path.as_str())
        .to_owned();
    let method = method_label(request.method());
    let started = clock.monotonic();
    let span = tracing::error_span!("request", request_id = %id);
    let run = next.run(request).instrument(span.clone());
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, run).await;
    let mut response =
        answer.unwrap_or_else(|_| error(StatusCode::SERVICE_UNAVAILABLE, "too slow, try again"));
    let took = clock.monotonic() - started;
    let status = response.status().as_u16();
    metrics::histogram!(
        super::super::metrics::HTTP_DURATION,
        "http_request_method" => method,
        "http_route" => route.clone(),
        "http_response_status_code" => status.to_string(),
    )
    .record(took.as_secs_f64());
    span.in_scope(|| tracing::debug!(method, route, status, took_ms = took.as_millis(), "request"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn get_from(router: Router) -> (StatusCode, String) {
        let request = Request::get("/").body(Body::empty()).unwrap();
        let response = around(router, Clock::system(), Ids::seeded(1))
            .oneshot(request)
            .await
            .unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_that_says_nothing_of_the_inside() {
        let panics = || async {
            if true {
                panic!("the secret of the inside");
            }
        };
        let (status, body) = get_from(Router::new().route("/", get(panics))).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(body, r#"{"error":"internal error"}"#);
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_hangs_is_given_up() {
        let hangs = || std::future::pending::<()>();
        let (status, _) = get_from(Router::new().route("/", get(hangs))).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[test]
    fn invented_methods_share_one_label() {
        assert_eq!(method_label(&Method::HEAD), "HEAD");
        for invented in ["BREW", "get", "X1", "X2"] {
            let method = Method::from_bytes(invented.as_bytes()).unwrap();
            assert_eq!(method_label(&method), "_OTHER");
        }
    }
}
