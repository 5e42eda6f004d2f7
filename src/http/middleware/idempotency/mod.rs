//! The same request twice is handled once: the second gets the first one's answer.
//!
//! A request is known by its key; a fingerprint of what else matters tells a repetition from a different request under
//! the same key. While the first is being handled a repetition is answered 409, or let through where the handler is
//! idempotent itself. A handler that fails (5xx), panics or is given up leaves nothing behind: the next one tries again.

mod store;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, Limited};
use sha2::{Digest as _, Sha256};
use tower::{Layer, Service, ServiceExt as _};

use super::stack::error;
pub use store::{Begun, Claim, MemoryStore, Store, StoreError, StoredResponse};

/// Keys come from clients and are kept.
const KEY_BYTES_MAX: usize = 255;

/// Marks an answer that was given before.
const REPLAYED: header::HeaderName = header::HeaderName::from_static("idempotent-replayed");

/// What makes two requests the same one, from its head and its whole body; None: the request is not tracked.
pub type KeyOf = Arc<dyn Fn(&axum::http::request::Parts, &[u8]) -> Option<String> + Send + Sync>;

/// What a repetition gets while the first request is still being handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InFlight {
    /// 409 with `Retry-After`.
    Conflict,
    /// The handler: for those that are idempotent by themselves.
    PassThrough,
}

/// Puts a [`Store`] of answers in front of a service.
#[derive(Clone)]
pub struct IdempotencyLayer<S> {
    store: S,
    key_of: KeyOf,
    in_flight: InFlight,
    body_bytes_max: usize,
}

impl<S: Store> IdempotencyLayer<S> {
    /// Tracks what `key_of` names. Requests and answers above `body_bytes_max` are refused or not remembered.
    pub fn new(store: S, key_of: KeyOf, in_flight: InFlight, body_bytes_max: usize) -> Self {
        Self {
            store,
            key_of,
            in_flight,
            body_bytes_max,
        }
    }
}

impl<I, S: Clone> Layer<I> for IdempotencyLayer<S> {
    type Service = Idempotency<I, S>;

    fn layer(&self, inner: I) -> Self::Service {
        Idempotency {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service made by [`IdempotencyLayer`].
#[derive(Clone)]
pub struct Idempotency<I, S> {
    inner: I,
    layer: IdempotencyLayer<S>,
}

impl<I, S> Service<Request> for Idempotency<I, S>
where
    I: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    I::Future: Send,
    S: Store,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // The clone that handles a request is made ready by its own call.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (inner, layer) = (self.inner.clone(), self.layer.clone());
        Box::pin(async move { layer.handle(inner, request).await })
    }
}

impl<S: Store> IdempotencyLayer<S> {
    async fn handle<I>(self, inner: I, request: Request) -> Result<Response, Infallible>
    where
        I: Service<Request, Response = Response, Error = Infallible> + Send,
        I::Future: Send,
    {
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, self.body_bytes_max).collect().await {
            Ok(body) => body.to_bytes(),
            Err(failure) if failure.is::<http_body_util::LengthLimitError>() => {
                return Ok(error(StatusCode::PAYLOAD_TOO_LARGE, "too large"));
            }
            Err(_) => return Ok(error(StatusCode::BAD_REQUEST, "incomplete body")),
        };
        let key = (self.key_of)(&parts, &body);
        let fingerprint: [u8; 32] = Sha256::digest(&body).into();
        let request = Request::from_parts(parts, Body::from(body));
        let Some(key) = key else {
            return inner.oneshot(request).await;
        };
        if key.len() > KEY_BYTES_MAX {
            return Ok(error(StatusCode::BAD_REQUEST, "the key is too long"));
        }
        match self.store.begin(&key, fingerprint).await {
            Ok(Begun::First(claim)) => {
                let response = inner.oneshot(request).await?;
                Ok(self.remember(claim, response).await)
            }
            Ok(Begun::InFlight) => match self.in_flight {
                InFlight::PassThrough => inner.oneshot(request).await,
                InFlight::Conflict => Ok(in_progress()),
            },
            Ok(Begun::Different) => Ok(error(
                StatusCode::UNPROCESSABLE_ENTITY,
                "another request had this key",
            )),
            Ok(Begun::Done(stored)) => Ok(replay(stored)),
            Err(StoreError) => Ok(unavailable()),
        }
    }

    /// Stores an answer that is final; otherwise the claim is dropped, which frees the key.
    async fn remember(&self, claim: S::Claim, response: Response) -> Response {
        if response.status().is_server_error() {
            return response;
        }
        let (parts, body) = response.into_parts();
        // A stream of unknown or great length is passed on as it is.
        let fits = http_body::Body::size_hint(&body)
            .upper()
            .is_some_and(|upper| {
                usize::try_from(upper).is_ok_and(|upper| upper <= self.body_bytes_max)
            });
        if !fits {
            return Response::from_parts(parts, body);
        }
        let Ok(body) = body.collect().await else {
            return error(StatusCode::INTERNAL_SERVER_ERROR, "internal error");
        };
        let stored = StoredResponse {
            status: parts.status.as_u16(),
            content_type: parts.headers.get(header::CONTENT_TYPE).cloned(),
            body: body.to_bytes(),
        };
        let body = Body::from(stored.body.clone());
        if claim.finish(stored).await.is_err() {
            tracing::warn!("an answer could not be kept for repetitions");
        }
        Response::from_parts(parts, body)
    }
}

fn replay(stored: StoredResponse) -> Response {
    let mut response = Response::new(Body::from(stored.body));
    *response.status_mut() =
        StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let fields = response.headers_mut();
    if let Some(content_type) = stored.content_type {
        fields.insert(header::CONTENT_TYPE, content_type);
    }
    fields.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn in_progress() -> Response {
    let answer = error(StatusCode::CONFLICT, "the same request is in progress");
    ([(header::RETRY_AFTER, "1")], answer).into_response()
}

fn unavailable() -> Response {
    let answer = error(StatusCode::SERVICE_UNAVAILABLE, "try again later");
    ([(header::RETRY_AFTER, "5")], answer).into_response()
}
