//! The whole HTTP surface.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use ipnet::IpNet;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::callbacks::{self, Callbacks};
use super::express::{Express, WEBHOOK};
use super::health::{self, ReadinessProbe, Ready};
use super::media::{self, MediaProxy};
use super::metrics;
use super::middleware::idempotency::{IdempotencyLayer, InFlight, MemoryStore};
use super::middleware::rate_limit::{KeyedLimiter, RateLimitLayer};
use super::middleware::source_address::{
    ClientAddress, Source, SourceAddressLayer, TELEGRAM_RANGES,
};
use super::middleware::stack::{self, Journal, error};
use super::payments::{self, Payments};
use super::server::Front;
use super::webhook::{self, Webhook};
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::redact::{ExposeSecret as _, Secret};
use crate::config;

/// What stands behind the routes.
pub struct Surface {
    /// Telegram's deliveries.
    pub webhook: Arc<Webhook>,
    /// Providers' callbacks.
    pub callbacks: Arc<Callbacks>,
    /// What payment processors tell us, and where they lead payers back to.
    pub payments: Arc<Payments>,
    /// Users' files for providers.
    pub media: MediaProxy,
    /// Whether to send traffic here.
    pub readiness: Arc<dyn ReadinessProbe>,
    /// For request ids.
    pub ids: Ids,
    /// Addresses, limits, proxies.
    pub http: config::Http,
    /// Whether deliveries must come from Telegram's ranges.
    pub source_check: bool,
}

/// A callback is small; facts of the providers say a few KB.
const CALLBACK_BYTES_MAX: usize = 256 * 1024;

/// What answers on the public listener.
pub fn front(surface: Surface) -> Front {
    let journal = Journal::new(surface.callbacks.clock.clone(), surface.ids.clone());
    // Where a delivery came from is asked on the way of all requests.
    let express = (!surface.source_check)
        .then(|| Express::new(Arc::clone(&surface.webhook), journal.clone()));
    Front {
        express,
        router: router(surface, journal),
    }
}

fn router(surface: Surface, journal: Journal) -> Router {
    let clock = surface.callbacks.clock.clone();
    let ready = Arc::new(Ready::new(surface.readiness, clock.clone()));
    let mut webhook = Router::new()
        .route(WEBHOOK, post(webhook::webhook))
        .with_state(surface.webhook);
    if surface.source_check {
        webhook = webhook.layer(axum::middleware::from_fn(from_telegram));
    }
    let callbacks = Router::new()
        .route("/callbacks/{provider}/{token}", post(callbacks::callback))
        .with_state(surface.callbacks)
        .layer(repeated_once(clock.clone()))
        .layer(DefaultBodyLimit::max(CALLBACK_BYTES_MAX))
        .layer(strangers_slowed());
    let payments = Router::new()
        .route("/payments/{processor}", post(payments::event))
        .route("/payments/{processor}/return/{id}", get(payments::returned))
        .with_state(surface.payments)
        .layer(DefaultBodyLimit::max(CALLBACK_BYTES_MAX))
        .layer(strangers_slowed());
    let media = Router::new()
        .route("/media/{sig}", get(media::media))
        .with_state(Arc::new(surface.media));
    let mut router = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz).with_state(ready))
        .merge(webhook)
        .merge(callbacks)
        .merge(payments)
        .merge(media);
    if let Some(token) = surface.http.metrics.token.clone() {
        let guarded = get(|| async { metrics::render() }).layer(axum::middleware::from_fn(
            move |request: Request, next: Next| bearer(token.clone(), request, next),
        ));
        router = router.route("/metrics", guarded);
    }
    let source = match &surface.http.client_ip {
        config::ClientIp::Peer => Source::Peer,
        config::ClientIp::ForwardedFor => Source::ForwardedFor,
        config::ClientIp::Header(name) => Source::Header(name.clone()),
    };
    let router = router.fallback(|| async { error(StatusCode::NOT_FOUND, "not found") });
    let source = SourceAddressLayer::new(source, surface.http.trusted_proxies.clone());
    stack::around(router, source, journal)
}

/// The router of the metrics' own listener.
pub fn metrics_router() -> Router {
    Router::new().route("/metrics", get(|| async { metrics::render() }))
}

/// A provider that repeats a callback is answered as before. Its address and body are the key, so that another word on
/// the same job passes. The webhook needs no such layer: there the inbox knows each update for days, on all replicas.
fn repeated_once(clock: Clock) -> IdempotencyLayer<MemoryStore> {
    const RETENTION: Duration = Duration::from_secs(3600);
    let key_of = |parts: &Parts, body: &[u8]| {
        let mut digest = Sha256::new();
        digest.update(parts.uri.path().as_bytes());
        digest.update([0]);
        digest.update(body);
        Some(
            digest
                .finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    };
    let store = MemoryStore::new(clock, RETENTION, 10_000);
    IdempotencyLayer::new(
        store,
        Arc::new(key_of),
        InFlight::PassThrough,
        CALLBACK_BYTES_MAX,
    )
}

/// Guessing tokens is hopeless anyway; this keeps the guessing from costing us queries.
fn strangers_slowed() -> RateLimitLayer<IpAddr> {
    RateLimitLayer::new(
        KeyedLimiter::per_minute(600, 200),
        Arc::new(|request: &Request| {
            request
                .extensions()
                .get::<ClientAddress>()
                .map(|address| (network(address.0), 1))
        }),
        Arc::new(|wait| {
            let mut response = error(StatusCode::TOO_MANY_REQUESTS, "too many requests");
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, (wait.as_secs() + 1).into());
            response
        }),
    )
}

/// Who owns one address of IPv6 owns the whole /64 around it (RFC 6177), and could be a stranger with each request.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// Refuses deliveries from outside of Telegram's published ranges.
async fn from_telegram(request: Request, next: Next) -> Response {
    let address = request
        .extensions()
        .get::<ClientAddress>()
        .map(|address| address.0);
    let known = address.is_some_and(|address| {
        TELEGRAM_RANGES
            .iter()
            .filter_map(|range| range.parse::<IpNet>().ok())
            .any(|range| range.contains(&address))
    });
    if known {
        next.run(request).await
    } else {
        tracing::warn!("a delivery from outside of Telegram's ranges");
        error(StatusCode::FORBIDDEN, "forbidden")
    }
}

async fn bearer(token: Secret, request: Request, next: Next) -> Response {
    let digest = |text: &[u8]| -> [u8; 32] { Sha256::digest(text).into() };
    let wanted = digest(format!("Bearer {}", token.expose_secret()).as_bytes());
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .map(|value| digest(value.as_bytes()));
    if given.is_some_and(|given| bool::from(given.ct_eq(&wanted))) {
        next.run(request).await
    } else {
        error(StatusCode::UNAUTHORIZED, "unauthorized")
    }
}
