//! The proxy before upstreams of every kind: exact, careless, stale, broken, silent.

mod conditions;
mod upstream;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::get;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use super::*;
use crate::base::clock::Clock;
use crate::base::redact::Secret;
use crate::telegram::{Client, ClientConfig};
use upstream::{Ranges, Upstream};

const TOKEN: &str = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
const NOW: OffsetDateTime = datetime!(2026-01-01 0:00 UTC);
const FILE: &[u8] = b"0123456789abcdefghij";

fn signer() -> MediaSigner {
    MediaSigner::new(&Secret::from("key"), None)
}

fn proxy(source: Arc<dyn FileSource>) -> Router {
    let (clock, _) = Clock::manual(NOW);
    let proxy = MediaProxy::new(Arc::new(signer()), source, clock);
    Router::new()
        .route("/media/{sig}", get(media))
        .with_state(Arc::new(proxy))
}

/// Runs the test with a proxy before the upstream.
async fn before<T>(upstream: Upstream, test: impl AsyncFnOnce(Router) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::new(ClientConfig::new(Secret::from(TOKEN), address)).unwrap();
    tokio::select! {
        stopped = axum::serve(listener, upstream.router()).into_future() => panic!("stopped: {stopped:?}"),
        outcome = test(proxy(Arc::new(client))) => outcome,
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Result<Bytes, axum::Error>,
}

impl Answer {
    fn field(&self, name: impl axum::http::header::AsHeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(self.body.as_ref().unwrap()).unwrap()
    }
}

async fn ask(proxy: &Router, method: Method, fields: &[(&str, &str)]) -> Answer {
    let segment = signer().sign("F", NOW + Duration::from_secs(60));
    ask_segment(proxy, method, &segment, fields).await
}

async fn ask_segment(
    proxy: &Router,
    method: Method,
    segment: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/media/{segment}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let (parts, body) = proxy.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.map(|body| body.to_bytes());
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

/// Every upstream that sends the right bytes somehow.
fn honest_upstreams() -> Vec<Upstream> {
    let mut all = Vec::new();
    for ranges in [Ranges::Served, Ranges::Ignored, Ranges::Early] {
        for says_size in [true, false] {
            for says_length in [true, false] {
                all.push(Upstream {
                    ranges,
                    says_size,
                    says_length,
                    ..Upstream::default()
                });
            }
        }
    }
    all
}

#[tokio::test]
async fn parts_are_right_whatever_the_upstream_does() {
    for upstream in honest_upstreams() {
        let sized = upstream.says_size || upstream.says_length;
        before(upstream.clone(), async |proxy| {
            for (range, first, last) in [
                ("bytes=0-0", 0, 0),
                ("bytes=3-9", 3, 9),
                ("bytes=6-", 6, 19),
                ("bytes=-5", 15, 19),
                ("bytes=0-99999999999999999999999", 0, 19),
            ] {
                let answer = ask(&proxy, Method::GET, &[("Range", range)]).await;
                if !sized {
                    // Nobody says how long it is, so no part of it can be named.
                    assert_eq!(answer.status, StatusCode::OK, "{upstream:?}");
                    assert_eq!(answer.text().as_bytes(), FILE);
                    continue;
                }
                assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{upstream:?}");
                assert_eq!(
                    answer.text().as_bytes(),
                    &FILE[first..=last],
                    "{upstream:?}"
                );
                let content_range = format!("bytes {first}-{last}/20");
                assert_eq!(answer.field(CONTENT_RANGE), content_range);
                assert_eq!(answer.field(CONTENT_LENGTH), (last - first + 1).to_string());
            }
            let whole = ask(&proxy, Method::GET, &[]).await;
            assert_eq!(
                (whole.status, whole.text().as_bytes()),
                (StatusCode::OK, FILE)
            );
        })
        .await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_range_is_a_slice(first in 0_usize..25, length in 0_usize..25, ranges in 0_usize..3) {
        let ranges = [Ranges::Served, Ranges::Ignored, Ranges::Early][ranges];
        let header = format!("bytes={first}-{}", first + length);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let upstream = Upstream { ranges, ..Upstream::default() };
        let answer = runtime.block_on(before(upstream, async |proxy| {
            ask(&proxy, Method::GET, &[("Range", &header)]).await
        }));
        if first >= FILE.len() {
            prop_assert_eq!(answer.status, StatusCode::RANGE_NOT_SATISFIABLE);
            prop_assert_eq!(answer.field(CONTENT_RANGE), "bytes */20");
        } else {
            let end = (first + length).min(FILE.len() - 1);
            prop_assert_eq!(answer.text().as_bytes(), &FILE[first..=end]);
        }
    }
}

#[tokio::test]
async fn head_is_get_without_a_body_and_without_ranges() {
    for upstream in honest_upstreams() {
        before(upstream, async |proxy| {
            let get = ask(&proxy, Method::GET, &[]).await;
            let head = ask(&proxy, Method::HEAD, &[("Range", "bytes=3-9")]).await;
            assert_eq!((head.status, head.text()), (StatusCode::OK, ""));
            assert_eq!(get.headers, head.headers);
        })
        .await;
    }
}

#[tokio::test]
async fn only_a_valid_signature_opens() {
    before(Upstream::default(), async |proxy| {
        let late = signer().sign("F", NOW);
        let forged =
            MediaSigner::new(&Secret::from("other"), None).sign("F", NOW + Duration::from_secs(60));
        for segment in [late.as_str(), forged.as_str(), "F", "v1...", "%00"] {
            let answer = ask_segment(&proxy, Method::GET, segment, &[]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{segment}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_path_is_asked_for_once_and_again_when_it_is_stale() {
    let upstream = Upstream::default();
    let (resolved, generation) = (upstream.resolved.clone(), upstream.generation.clone());
    before(upstream, async |proxy| {
        let (a, b, c) = tokio::join!(
            ask(&proxy, Method::GET, &[]),
            ask(&proxy, Method::GET, &[]),
            ask(&proxy, Method::GET, &[]),
        );
        for answer in [a, b, c] {
            assert_eq!(answer.text().as_bytes(), FILE);
        }
        assert_eq!(resolved.load(Ordering::SeqCst), 1);
        generation.fetch_add(1, Ordering::SeqCst);
        let answer = ask(&proxy, Method::GET, &[("Range", "bytes=-2")]).await;
        assert_eq!(answer.text(), "ij");
        assert_eq!(resolved.load(Ordering::SeqCst), 2);
    })
    .await;
}

#[tokio::test]
async fn trouble_upstream_is_told_by_status_alone() {
    for (status, seen) in [
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND),
        (StatusCode::UNAUTHORIZED, StatusCode::BAD_GATEWAY),
        (StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_GATEWAY),
        (StatusCode::FOUND, StatusCode::BAD_GATEWAY),
    ] {
        let upstream = Upstream {
            status,
            ..Upstream::default()
        };
        before(upstream, async |proxy| {
            let answer = ask(&proxy, Method::GET, &[]).await;
            assert_eq!(answer.status, seen);
            assert!(!answer.text().contains("AAHdq") && answer.text().len() < 60);
        })
        .await;
    }
    let wrong = Upstream {
        ranges: Ranges::Wrong,
        ..Upstream::default()
    };
    before(wrong, async |proxy| {
        let answer = ask(&proxy, Method::GET, &[("Range", "bytes=3-9")]).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_ends_early_is_a_visible_cut() {
    let upstream = Upstream {
        sent: 7,
        ranges: Ranges::Ignored,
        ..Upstream::default()
    };
    before(upstream, async |proxy| {
        assert!(ask(&proxy, Method::GET, &[]).await.body.is_err());
    })
    .await;
}

#[tokio::test]
async fn nothing_is_served_that_a_browser_would_run() {
    for (ending, content_type) in [
        ("jpg", "image/jpeg"),
        ("OGA", "audio/ogg"),
        ("html", "application/octet-stream"),
        ("svg", "application/octet-stream"),
    ] {
        let upstream = Upstream {
            ending,
            ..Upstream::default()
        };
        before(upstream, async |proxy| {
            let answer = ask(&proxy, Method::GET, &[]).await;
            assert_eq!(answer.field(CONTENT_TYPE), content_type);
            assert_eq!(answer.field("x-content-type-options"), "nosniff");
            assert!(answer.field("cache-control").starts_with("private"));
        })
        .await;
    }
}

/// Never says where a file is, or never begins with it.
struct Silent {
    resolves: bool,
}

#[async_trait]
impl FileSource for Silent {
    async fn resolve(&self, _: &str) -> Result<ResolvedFile, FileSourceError> {
        if !self.resolves {
            std::future::pending::<()>().await;
        }
        Ok(ResolvedFile {
            path: "a.jpg".into(),
            size: Some(20),
        })
    }

    async fn open(&self, _: &str, _: Option<(u64, u64)>) -> Result<UpstreamBody, FileSourceError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_upstream_is_a_gateway_timeout() {
    for resolves in [true, false] {
        let answer = ask(&proxy(Arc::new(Silent { resolves })), Method::GET, &[]).await;
        assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    }
}
