//! The short way of Telegram's deliveries: past the router, whose layers box every request and every answer several
//! times and keep a span and a timer for each. What they promise holds here as well: a panic is an answer, an answer has
//! its request's id, and its duration is counted.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body::Body;

use super::middleware::stack::{Journal, error};
use super::webhook::{self, Webhook};
use crate::base::redact;
use crate::base::supervise::panic_text;

/// Where deliveries come to.
pub const WEBHOOK: &str = "/webhook";

/// Answers deliveries.
#[derive(Clone)]
pub struct Express(Arc<Parts>);

struct Parts {
    webhook: Arc<Webhook>,
    journal: Journal,
}

impl Express {
    pub(super) fn new(webhook: Arc<Webhook>, journal: Journal) -> Self {
        Self(Arc::new(Parts { webhook, journal }))
    }

    /// Whether it is a delivery.
    pub fn takes<B>(request: &Request<B>) -> bool {
        request.method() == Method::POST && request.uri().path() == WEBHOOK
    }

    /// Answers one. The body brings its own limits of time; storing has one, too.
    pub async fn answer<B>(&self, request: Request<B>) -> Response
    where
        B: Body<Data = Bytes>,
        B::Error: Into<axum::BoxError>,
    {
        let Parts { webhook, journal } = &*self.0;
        let entry = journal.begin();
        let (parts, body) = request.into_parts();
        let deliver = webhook::deliver(webhook, &parts.headers, body, Some(&entry.request_id));
        let mut response = AssertUnwindSafe(deliver)
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| {
                let text = redact::text(panic_text(&*panic)).into_owned();
                tracing::error!(request_id = %entry.request_id, panic = text, "a delivery's handler panicked");
                error(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
            });
        journal.end(entry, "POST", WEBHOOK, &mut response);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_post_to_the_webhook_takes_the_short_way() {
        let asked = |method: Method, uri: &str| {
            Express::takes(&Request::builder().method(method).uri(uri).body(()).unwrap())
        };
        assert!(asked(Method::POST, "/webhook"));
        assert!(asked(Method::POST, "/webhook?x=1"));
        assert!(!asked(Method::GET, "/webhook"));
        assert!(!asked(Method::POST, "/webhook/"));
        assert!(!asked(Method::POST, "/callbacks/kie/token"));
    }
}
