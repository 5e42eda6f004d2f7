//! Repetitions, races, different bodies, failures and full stores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use time::macros::datetime;
use tokio::sync::Notify;

use super::*;
use crate::base::clock::{Clock, ManualClock};

/// A handler that counts, answers its body, fails on `fail`, and waits on `wait`.
#[derive(Clone, Default)]
struct Handler {
    runs: Arc<AtomicUsize>,
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Handler {
    async fn answer(self, body: String) -> (StatusCode, String) {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        match body.as_str() {
            "fail" => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
            "wait" => {
                self.begun.notify_one();
                self.go_on.notified().await;
                (StatusCode::OK, format!("waited {run}"))
            }
            body => (StatusCode::CREATED, format!("{body} {run}")),
        }
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

fn world(in_flight: InFlight, entries_max: usize) -> (Router, Handler, ManualClock) {
    let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
    let store = MemoryStore::new(clock, Duration::from_secs(60), entries_max);
    let key_of: KeyOf = Arc::new(|parts, _| {
        let key = parts.headers.get("idempotency-key")?;
        key.to_str().ok().map(str::to_owned)
    });
    let handler = Handler::default();
    let answering = handler.clone();
    let router = Router::new()
        .route("/", post(move |body: String| answering.answer(body)))
        .layer(IdempotencyLayer::new(store, key_of, in_flight, 64));
    (router, handler, manual)
}

async fn send(router: &Router, key: Option<&str>, body: &str) -> (u16, String, bool) {
    let mut request = Request::post("/");
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let replayed = response.headers().contains_key(REPLAYED);
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    (status, body, replayed)
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer() {
    let (router, handler, clock) = world(InFlight::Conflict, 10);
    let first = send(&router, Some("k"), "a").await;
    assert_eq!(first, (201, "a 1".into(), false));
    assert_eq!(
        send(&router, Some("k"), "a").await,
        (201, "a 1".into(), true)
    );
    assert_eq!(send(&router, Some("k"), "b").await.0, 422);
    assert_eq!(send(&router, Some("l"), "a").await.1, "a 2");
    assert_eq!(send(&router, None, "a").await.1, "a 3");
    assert_eq!(send(&router, None, "a").await.1, "a 4");
    clock.advance(Duration::from_secs(60));
    assert_eq!(send(&router, Some("k"), "b").await.1, "b 5");
    assert_eq!(handler.runs(), 5);
}

#[tokio::test]
async fn a_failure_is_tried_again() {
    let (router, handler, _) = world(InFlight::Conflict, 10);
    for runs in 1..=2 {
        assert_eq!(send(&router, Some("k"), "fail").await.0, 500);
        assert_eq!(handler.runs(), runs);
    }
}

#[tokio::test]
async fn while_the_first_is_handled_the_policy_decides() {
    for (policy, status) in [(InFlight::Conflict, 409), (InFlight::PassThrough, 200)] {
        let (router, handler, _) = world(policy, 10);
        let second = async {
            handler.begun.notified().await;
            // Two permits cannot be stored at once, so the second handler is let go when it has begun.
            let answer = send(&router, Some("k"), "wait");
            let release = async {
                if policy == InFlight::PassThrough {
                    handler.begun.notified().await;
                }
                handler.go_on.notify_waiters();
            };
            tokio::join!(answer, release).0
        };
        let (first, second) = tokio::join!(send(&router, Some("k"), "wait"), second);
        assert_eq!((first.0, second.0), (200, status));
        assert!(
            send(&router, Some("k"), "wait").await.2,
            "answered from the store"
        );
    }
}

#[tokio::test]
async fn a_request_that_is_given_up_frees_its_key() {
    let (router, handler, _) = world(InFlight::Conflict, 10);
    tokio::select! {
        _ = send(&router, Some("k"), "wait") => unreachable!("it waits"),
        () = handler.begun.notified() => {}
    }
    assert_eq!(send(&router, Some("k"), "a").await.0, 201);
}

#[tokio::test]
async fn the_store_is_bounded_and_what_is_in_flight_stays() {
    let (router, handler, _) = world(InFlight::Conflict, 2);
    for key in ["a", "b", "c"] {
        assert_eq!(send(&router, Some(key), key).await.0, 201);
    }
    assert!(send(&router, Some("c"), "c").await.2);
    assert!(
        !send(&router, Some("a"), "a").await.2,
        "the oldest was forgotten"
    );
    let full = async {
        handler.begun.notified().await;
        let third = async {
            handler.begun.notified().await;
            let refused = send(&router, Some("z"), "z").await.0;
            handler.go_on.notify_waiters();
            refused
        };
        tokio::join!(send(&router, Some("y"), "wait"), third).1
    };
    let (first, refused) = tokio::join!(send(&router, Some("x"), "wait"), full);
    assert_eq!((first.0, refused), (200, 503));
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let (router, handler, _) = world(InFlight::Conflict, 2);
    assert_eq!(send(&router, Some("k"), &"x".repeat(65)).await.0, 413);
    assert_eq!(send(&router, Some(&"k".repeat(256)), "a").await.0, 400);
    assert_eq!(handler.runs(), 0);
}
