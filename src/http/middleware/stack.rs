//! What stands around every route: panics caught, requests logged by route and never by path.

use std::any::Any;
use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use metrics::Histogram;
use serde_json::json;
use tower::{Layer, Service, ServiceBuilder};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tracing::Instrument as _;

use super::source_address::SourceAddressLayer;
use crate::base::clock::Clock;
use crate::base::deadline::SpareDeadlines;
use crate::base::ids::Ids;
use crate::base::redact;
use crate::base::supervise::panic_text;
use crate::http::metrics::{HTTP_DURATION, install};

/// A handler other than the media stream answers within this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

const REQUEST_ID: header::HeaderName = header::HeaderName::from_static("x-request-id");

/// An error as a client sees it: short, and nothing of the inside.
pub fn error(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "error": text }))).into_response()
}

/// Puts the layers around `router`; as one, because each of its own would box every request and every answer anew.
pub fn around(router: Router, source: SourceAddressLayer, journal: Journal) -> Router {
    router.layer(
        ServiceBuilder::new()
            .layer(SetSensitiveRequestHeadersLayer::new([
                header::AUTHORIZATION,
                header::HeaderName::from_static("x-telegram-bot-api-secret-token"),
            ]))
            .layer(journal)
            // Inside, so that a panic is logged and counted as the answer that it becomes.
            .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| {
                let text = redact::text(panic_text(&*panic)).into_owned();
                tracing::error!(panic = text, "a request handler panicked");
                error(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
            }))
            .layer(source),
    )
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

/// The histograms of answers, by status, method and route: finding one here costs much less than naming it anew.
struct Durations(RwLock<Vec<Known>>);

struct Known {
    status: u16,
    method: &'static str,
    route: String,
    histogram: Histogram,
}

impl Durations {
    fn new() -> Self {
        // A histogram of before the recorder would record nothing for ever.
        install();
        Self(RwLock::default())
    }

    fn record(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let is_it = |known: &&Known| {
            known.status == status && known.method == method && known.route == route
        };
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.iter().find(is_it) {
            known.histogram.record(took.as_secs_f64());
            return;
        }
        drop(known);
        let histogram = metrics::histogram!(
            HTTP_DURATION,
            "http_request_method" => method,
            "http_route" => route.to_owned(),
            "http_response_status_code" => status.to_string(),
        );
        histogram.record(took.as_secs_f64());
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.push(Known {
            status,
            method,
            route: route.to_owned(),
            histogram,
        });
    }
}

/// Gives requests their ids, and counts and logs their answers.
#[derive(Clone)]
pub struct Journal {
    clock: Clock,
    ids: Ids,
    durations: Arc<Durations>,
    deadlines: Arc<SpareDeadlines>,
}

/// A request that is being answered.
pub struct Entry {
    /// In every line that it causes, and in its answer.
    pub request_id: String,
    started: Duration,
}

impl Journal {
    /// One for all that a server answers.
    pub fn new(clock: Clock, ids: Ids) -> Self {
        let durations = Arc::new(Durations::new());
        Self {
            clock,
            ids,
            durations,
            deadlines: Arc::default(),
        }
    }

    /// A request came.
    pub fn begin(&self) -> Entry {
        Entry {
            request_id: self.ids.short(),
            started: self.clock.monotonic(),
        }
    }

    /// It is answered. `route` is a template: paths of media and callbacks hold secrets.
    pub fn end(&self, entry: Entry, method: &'static str, route: &str, response: &mut Response) {
        let took = self.clock.monotonic() - entry.started;
        let status = response.status().as_u16();
        self.durations.record(method, route, status, took);
        let (request_id, took_ms) = (&entry.request_id, took.as_millis());
        tracing::debug!(request_id, method, route, status, took_ms, "request");
        if let Ok(id) = HeaderValue::try_from(entry.request_id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
    }
}

impl<S> Layer<S> for Journal {
    type Service = Logged<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Logged {
            inner,
            journal: self.clone(),
        }
    }
}

/// The route's template stands in log and metrics: paths of media and callbacks hold secrets.
/// The request's id stands in every line that it causes, and in its answer, so that an operator can be asked about it.
#[derive(Clone)]
pub struct Logged<S> {
    inner: S,
    journal: Journal,
}

impl<S, B> Service<Request> for Logged<S>
where
    S: Service<Request, Response = axum::http::Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let journal = self.journal.clone();
        let entry = journal.begin();
        let route = request.extensions().get::<MatchedPath>().cloned();
        let method = method_label(request.method());
        let span = tracing::error_span!("request", request_id = %entry.request_id);
        let answer = span.in_scope(|| self.inner.call(request));
        Box::pin(async move {
            let run = answer.instrument(span);
            let mut response = match journal.deadlines.within(ANSWER_TIMEOUT, run).await {
                Some(Ok(response)) => response.map(Body::new),
                None => error(StatusCode::SERVICE_UNAVAILABLE, "too slow, try again"),
            };
            let route = route.as_ref().map_or("none", MatchedPath::as_str);
            journal.end(entry, method, route, &mut response);
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::http::middleware::source_address::Source;

    async fn get_from(router: Router) -> (StatusCode, String) {
        let request = Request::get("/").body(Body::empty()).unwrap();
        let source = SourceAddressLayer::new(Source::Peer, Vec::new());
        let response = around(
            router,
            source,
            Journal::new(Clock::system(), Ids::seeded(1)),
        )
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
