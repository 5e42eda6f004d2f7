//! `/healthz`: the process lives. `/readyz`: it should get traffic. Reasons are codes, never texts of the inside.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::base::clock::Clock;

/// An answer is good for this long: probes must not become load.
const CACHED: Duration = Duration::from_secs(2);
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a replica should get no traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// It is starting.
    Starting,
    /// It is stopping.
    Draining,
    /// The database does not answer.
    Database,
}

impl NotReady {
    fn code(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Draining => "draining",
            Self::Database => "database",
        }
    }
}

/// Knows whether this replica should get traffic.
#[async_trait]
pub trait ReadinessProbe: Send + Sync + 'static {
    /// Looks now.
    async fn check(&self) -> Result<(), NotReady>;
    /// What is switched off because the database lacks a part; ready all the same.
    fn off(&self) -> Vec<&'static str> {
        Vec::new()
    }
    /// Whether it is stopping; asked each time, because a cached "ready" would bring it requests that it refuses.
    fn is_draining(&self) -> bool;
}

/// The state of `/readyz`.
pub struct Ready {
    probe: Arc<dyn ReadinessProbe>,
    clock: Clock,
    last: Mutex<Option<(Duration, Result<(), NotReady>)>>,
}

impl Ready {
    /// Asks `probe`.
    pub fn new(probe: Arc<dyn ReadinessProbe>, clock: Clock) -> Self {
        Self {
            probe,
            clock,
            last: Mutex::default(),
        }
    }

    async fn now(&self) -> Result<(), NotReady> {
        if self.probe.is_draining() {
            return Err(NotReady::Draining);
        }
        let mut last = self.last.lock().await;
        let now = self.clock.monotonic();
        if let Some((at, result)) = *last
            && at + CACHED > now
            && result != Err(NotReady::Starting)
        {
            return result;
        }
        let check = tokio::time::timeout(CHECK_TIMEOUT, self.probe.check()).await;
        let result = check.unwrap_or(Err(NotReady::Database));
        *last = Some((now, result));
        result
    }
}

/// `/healthz`.
pub async fn healthz() -> Json<Value> {
    Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "commit": option_env!("BULWARK_COMMIT").unwrap_or("unknown"),
    }))
}

/// `/readyz`.
pub async fn readyz(State(ready): State<Arc<Ready>>) -> (StatusCode, Json<Value>) {
    match ready.now().await {
        Ok(()) => {
            let mut body = json!({ "status": "ready" });
            let off = ready.probe.off();
            if !off.is_empty() {
                body["off"] = json!(off);
            }
            (StatusCode::OK, Json(body))
        }
        Err(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "status": "not ready", "reason": reason.code() })),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use time::macros::datetime;

    use super::*;

    #[derive(Default)]
    struct Probe {
        checks: AtomicUsize,
        ill: AtomicBool,
        hangs: AtomicBool,
        draining: AtomicBool,
    }

    #[async_trait]
    impl ReadinessProbe for Probe {
        async fn check(&self) -> Result<(), NotReady> {
            self.checks.fetch_add(1, Ordering::SeqCst);
            if self.hangs.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            if self.ill.load(Ordering::SeqCst) {
                return Err(NotReady::Database);
            }
            Ok(())
        }

        fn is_draining(&self) -> bool {
            self.draining.load(Ordering::SeqCst)
        }
    }

    async fn ask(ready: &Arc<Ready>) -> (u16, Value) {
        let (status, Json(body)) = readyz(State(Arc::clone(ready))).await;
        (status.as_u16(), body)
    }

    #[tokio::test]
    async fn an_answer_is_kept_for_two_seconds_but_draining_shows_at_once() {
        let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
        let probe = Arc::new(Probe::default());
        let ready = Arc::new(Ready::new(
            Arc::clone(&probe) as Arc<dyn ReadinessProbe>,
            clock,
        ));
        let (first, second) = tokio::join!(ask(&ready), ask(&ready));
        assert_eq!((first.0, second.0), (200, 200));
        probe.ill.store(true, Ordering::SeqCst);
        assert_eq!(ask(&ready).await.0, 200);
        assert_eq!(probe.checks.load(Ordering::SeqCst), 1);
        manual.advance(CACHED);
        let (status, body) = ask(&ready).await;
        assert_eq!((status, &body["reason"]), (503, &json!("database")));
        probe.ill.store(false, Ordering::SeqCst);
        manual.advance(CACHED);
        assert_eq!(ask(&ready).await.0, 200);
        probe.draining.store(true, Ordering::SeqCst);
        assert_eq!(ask(&ready).await.1["reason"], "draining");
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_is_not_ready() {
        let probe = Arc::new(Probe::default());
        probe.hangs.store(true, Ordering::SeqCst);
        let ready = Arc::new(Ready::new(probe, Clock::system()));
        assert_eq!(ask(&ready).await.0, 503);
    }
}
