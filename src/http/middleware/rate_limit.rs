//! Sheds floods by key: a limiter in memory, and a layer that puts it in front of a handler.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use futures_util::future::{Either, Ready, ready};
use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use tower::{Layer, Service};

/// After so many checks, keys at rest are forgotten.
const PRUNE_EVERY: u32 = 10_000;
/// So many keys that are not at rest are remembered, and at most [`PRUNE_EVERY`] more: some ten megabytes.
const KEYS_MAX: usize = 200_000;

/// A rate per key with weights (GCRA, in this process only). While there are too many keys at once nobody is held back:
/// memory has a bound, and it is the limiter that gives way.
#[derive(Clone, Debug)]
pub struct KeyedLimiter<K: Hash + Eq + Clone> {
    limiter: Arc<RateLimiter<K, DashMapStateStore<K>, DefaultClock>>,
    burst: u32,
    checks: Arc<AtomicU32>,
    full: Arc<AtomicBool>,
    keys_max: usize,
}

impl<K: Hash + Eq + Clone> KeyedLimiter<K> {
    /// `rate` units a minute, `burst` at once after a rest; both at least 1.
    pub fn per_minute(rate: u32, burst: u32) -> Self {
        Self::with_keys_max(rate, burst, KEYS_MAX)
    }

    fn with_keys_max(rate: u32, burst: u32, keys_max: usize) -> Self {
        let one = NonZeroU32::MIN;
        let burst = NonZeroU32::new(burst).unwrap_or(one);
        let quota = Quota::per_minute(NonZeroU32::new(rate).unwrap_or(one)).allow_burst(burst);
        Self {
            limiter: Arc::new(RateLimiter::dashmap(quota)),
            burst: burst.get(),
            checks: Arc::default(),
            full: Arc::default(),
            keys_max,
        }
    }

    /// Spends `cost` units of `key`, at most a whole burst.
    ///
    /// # Errors
    /// How long to wait until it would do.
    pub fn check(&self, key: &K, cost: u32) -> Result<(), Duration> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % PRUNE_EVERY == PRUNE_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            let full = self.limiter.len() >= self.keys_max;
            self.full.store(full, Ordering::Relaxed);
        }
        if self.full.load(Ordering::Relaxed) {
            return Ok(());
        }
        let cost = NonZeroU32::new(cost.clamp(1, self.burst)).unwrap_or(NonZeroU32::MIN);
        match self.limiter.check_key_n(key, cost) {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(not_until)) => Err(not_until.wait_time_from(DefaultClock::default().now())),
        }
    }
}

/// Whom a request is counted for, and how much; None: it is not limited.
pub type KeyOf<K> = Arc<dyn Fn(&Request) -> Option<(K, u32)> + Send + Sync>;
/// What is answered instead, with the time to wait.
pub type OnLimited = Arc<dyn Fn(Duration) -> Response + Send + Sync>;

/// Puts a [`KeyedLimiter`] in front of a service.
#[derive(Clone)]
pub struct RateLimitLayer<K: Hash + Eq + Clone> {
    limiter: KeyedLimiter<K>,
    key_of: KeyOf<K>,
    on_limited: OnLimited,
}

impl<K: Hash + Eq + Clone> RateLimitLayer<K> {
    /// Limits what `key_of` names; answers `on_limited` beyond it.
    pub fn new(limiter: KeyedLimiter<K>, key_of: KeyOf<K>, on_limited: OnLimited) -> Self {
        Self {
            limiter,
            key_of,
            on_limited,
        }
    }
}

impl<S, K: Hash + Eq + Clone> Layer<S> for RateLimitLayer<K> {
    type Service = RateLimit<S, K>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimit {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service made by [`RateLimitLayer`].
#[derive(Clone)]
pub struct RateLimit<S, K: Hash + Eq + Clone> {
    inner: S,
    layer: RateLimitLayer<K>,
}

impl<S, K> Service<Request> for RateLimit<S, K>
where
    S: Service<Request, Response = Response>,
    K: Hash + Eq + Clone,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let checked = (self.layer.key_of)(&request)
            .map_or(Ok(()), |(key, cost)| self.layer.limiter.check(&key, cost));
        match checked {
            Ok(()) => Either::Left(self.inner.call(request)),
            Err(wait) => Either::Right(ready(Ok((self.layer.on_limited)(wait)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_burst_and_others_have_theirs() {
        let limiter = KeyedLimiter::per_minute(20, 30);
        for _ in 0..10 {
            assert!(limiter.check(&1_i64, 3).is_ok());
        }
        let wait = limiter.check(&1, 3).expect_err("the burst is spent");
        assert!(
            wait > Duration::from_secs(5) && wait <= Duration::from_secs(9),
            "{wait:?}"
        );
        assert!(limiter.check(&2, 3).is_ok());
    }

    #[test]
    fn memory_has_a_bound_and_the_limiter_gives_way() {
        let keys_max = 500;
        let limiter = KeyedLimiter::with_keys_max(1, 1, keys_max);
        let checks = PRUNE_EVERY * 3;
        for key in 0..checks {
            assert!(limiter.check(&key, 1).is_ok(), "a key that is new");
        }
        let most = keys_max + usize::try_from(PRUNE_EVERY).expect("fits");
        assert!(limiter.limiter.len() <= most);
        assert!(limiter.check(&1, 1).is_ok(), "nobody is held back");
    }

    #[tokio::test]
    async fn the_layer_answers_in_the_place_of_the_handler() {
        use axum::body::Body;
        use axum::http::StatusCode;
        use axum::response::IntoResponse as _;
        use tower::ServiceExt as _;

        let key_of: KeyOf<String> = Arc::new(|request| {
            let key = request.headers().get("key")?.to_str().ok()?;
            Some((key.to_owned(), 1))
        });
        let on_limited: OnLimited = Arc::new(|wait| {
            assert!(wait > Duration::ZERO);
            StatusCode::TOO_MANY_REQUESTS.into_response()
        });
        let router = axum::Router::new()
            .route("/", axum::routing::get(|| async {}))
            .layer(RateLimitLayer::new(
                KeyedLimiter::per_minute(1, 2),
                key_of,
                on_limited,
            ));
        let mut seen = Vec::new();
        for key in [Some("a"), Some("a"), Some("a"), Some("b"), None, None, None] {
            let mut request = Request::get("/");
            if let Some(key) = key {
                request = request.header("key", key);
            }
            let request = request.body(Body::empty()).expect("a request");
            let response = router.clone().oneshot(request).await.expect("an answer");
            seen.push(response.status().as_u16());
        }
        assert_eq!(seen, [200, 200, 429, 200, 200, 200, 200]);
    }
}
