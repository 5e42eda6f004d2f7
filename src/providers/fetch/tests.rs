//! The client against servers that misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use time::macros::datetime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::providers::{FailureReason, ProviderError};

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n and some more bytes of a picture, enough to be read in several pieces ....";

fn http(base: &str, limits: FetchLimits) -> Http {
    let (clock, _) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
    Http::new(base, Secret::from("canary-key"), clock, limits).unwrap()
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    (listener, base)
}

/// Runs the test while the server serves.
async fn against<T>(
    router: Router,
    limits: FetchLimits,
    test: impl AsyncFnOnce(Http, String) -> T,
) -> T {
    let (listener, base) = listener().await;
    tokio::select! {
        stopped = axum::serve(listener, router).into_future() => panic!("the server stopped: {stopped:?}"),
        outcome = test(http(&base, limits), base.clone()) => outcome,
    }
}

/// Serves every connection with these bytes once a request has come, keeps it open if asked, and counts connections.
async fn against_raw<T>(
    answer: Vec<u8>,
    keep: bool,
    test: impl AsyncFnOnce(Http, String) -> T,
) -> (T, usize) {
    let (listener, base) = listener().await;
    let limits = FetchLimits {
        call: Duration::from_millis(500),
        download_idle: Duration::from_millis(300),
        ..FetchLimits::default()
    };
    let connections = AtomicUsize::new(0);
    let serve = async {
        let mut kept = Vec::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            connections.fetch_add(1, Ordering::Relaxed);
            let mut request = [0_u8; 4096];
            if socket.read(&mut request).await.unwrap() > 0 {
                socket.write_all(&answer).await.unwrap();
            }
            if keep {
                kept.push(socket);
            }
        }
    };
    let outcome = tokio::select! {
        () = serve => unreachable!("it serves for ever"),
        outcome = test(http(&base, limits), base.clone()) => outcome,
    };
    (outcome, connections.into_inner())
}

/// The class of the outcome, or the media type.
async fn fetch(http: &Http, url: &str) -> String {
    match http.download(url).await {
        Ok(download) => download.mime,
        Err(DownloadError::Missing) => "missing".to_owned(),
        Err(DownloadError::Provider(error)) => match error {
            ProviderError::Transient { .. } => "transient".to_owned(),
            ProviderError::Permanent { .. } => "permanent".to_owned(),
            ProviderError::RateLimited { after } => format!("after {}", after.as_secs()),
            ProviderError::Rejected { reason, .. } => reason.code().to_owned(),
            other => panic!("{other}"),
        },
    }
}

#[tokio::test]
async fn redirects_are_followed_a_little_and_never_inwards() {
    let router = Router::new()
        .route("/file", get(|| async { PNG }))
        .route("/one", get(|| async { Redirect::temporary("/file") }))
        .route("/loop", get(|| async { Redirect::temporary("/loop") }))
        .route(
            "/inside",
            get(|| async { Redirect::temporary("http://127.0.0.1:5432/") }),
        )
        .route(
            "/metadata",
            get(|| async { Redirect::temporary("https://169.254.169.254/") }),
        )
        .route(
            "/scheme",
            get(|| async { Redirect::temporary("file:///etc/passwd") }),
        )
        .route("/nowhere", get(|| async { StatusCode::FOUND }));
    against(router, FetchLimits::default(), async |http, base| {
        for (path, expected) in [
            ("/file", "image/png"),
            ("/one", "image/png"),
            ("/loop", "permanent"),
            ("/inside", "permanent"),
            ("/metadata", "permanent"),
            ("/scheme", "permanent"),
            ("/nowhere", "permanent"),
        ] {
            assert_eq!(
                fetch(&http, &format!("{base}{path}")).await,
                expected,
                "{path}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn statuses_of_a_download_have_their_classes() {
    let router = Router::new().route(
        "/{status}",
        get(
            |axum::extract::Path(status): axum::extract::Path<u16>| async move {
                (
                    StatusCode::from_u16(status).unwrap(),
                    [(RETRY_AFTER, "7")],
                    "no",
                )
            },
        ),
    );
    against(router, FetchLimits::default(), async |http, base| {
        for (status, expected) in [
            (200, "permanent"),
            (206, "permanent"),
            (403, "permanent"),
            (404, "missing"),
            (408, "transient"),
            (410, "missing"),
            (429, "after 7"),
            (500, "transient"),
            (503, "transient"),
        ] {
            assert_eq!(
                fetch(&http, &format!("{base}/{status}")).await,
                expected,
                "{status}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn size_is_bounded_by_what_is_announced_and_by_what_comes() {
    let endless = || async {
        Body::from_stream(stream::iter(
            (0..1_000).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(PNG))),
        ))
    };
    let router = Router::new()
        .route("/announced", get(|| async { [PNG, PNG, PNG].concat() }))
        .route("/endless", get(endless));
    let limits = FetchLimits {
        download_bytes_max: 200,
        ..FetchLimits::default()
    };
    against(router, limits, async |http, base| {
        let announced = fetch(&http, &format!("{base}/announced")).await;
        assert_eq!(announced, FailureReason::ResultTooLarge.code());
        let Ok(download) = http.download(&format!("{base}/endless")).await else {
            panic!("its size is not known at first");
        };
        assert_eq!(download.len, None);
        let mut taken = 0;
        let mut body = download.body;
        let error = loop {
            match body.next().await {
                Some(Ok(bytes)) => taken += bytes.len(),
                Some(Err(error)) => break error,
                None => panic!("it ended well after {taken}"),
            }
        };
        assert!(taken <= 200);
        assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
    })
    .await;
}

#[tokio::test]
async fn a_download_that_breaks_off_or_falls_silent_is_an_error() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
    let answer = [&head[..], PNG].concat();
    for keep in [false, true] {
        let (error, _) = against_raw(answer.clone(), keep, async |http, base| {
            let Ok(download) = http.download(&base).await else {
                panic!("it begins well");
            };
            assert_eq!(download.len, Some(1_000));
            let chunks: Vec<_> = download.body.take(100).collect().await;
            assert!(chunks.len() < 100, "it goes on after the error");
            chunks.into_iter().find_map(Result::err).unwrap()
        })
        .await;
        let expected = if keep {
            "timed out"
        } else {
            "the connection broke off"
        };
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn the_key_goes_to_the_provider_and_not_to_where_results_lie() {
    let seen = |headers: HeaderMap| {
        let shown = |name| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok().map(str::to_owned))
        };
        json!({"key": shown(header::AUTHORIZATION), "agent": shown(header::USER_AGENT)})
    };
    let router = Router::new()
        .route(
            "/api/call",
            any(move |headers: HeaderMap| async move { axum::Json(seen(headers)) }),
        )
        .route(
            "/file",
            get(|request: Request| async move {
                match request.headers().get(header::AUTHORIZATION) {
                    None => PNG.into_response(),
                    Some(_) => StatusCode::IM_A_TEAPOT.into_response(),
                }
            }),
        );
    against(router, FetchLimits::default(), async |http, base| {
        for answer in [
            http.get("/api/call", &[]).await,
            http.post_once("/api/call", &json!({})).await,
        ] {
            let json = answer.unwrap().json.unwrap();
            assert_eq!(json["key"], "Bearer canary-key");
            assert!(json["agent"].as_str().unwrap().starts_with("Mozilla/5.0"));
        }
        assert_eq!(fetch(&http, &format!("{base}/file")).await, "image/png");
        assert!(!format!("{http:?}").contains("canary-key"));
    })
    .await;
}

#[tokio::test]
async fn what_creates_work_is_sent_on_a_fresh_connection_each_time() {
    let answer =
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n{}".to_vec();
    let (_, connections) = against_raw(answer, true, async |http, _| {
        for _ in 0..3 {
            assert!(http.post_once("/", &json!({})).await.is_ok());
        }
    })
    .await;
    assert_eq!(connections, 3);
}

#[tokio::test]
async fn a_call_tells_whether_it_may_have_been_acted_upon() {
    let call = async |answer: &[u8], keep: bool| {
        let post = async |http: Http, _: String| http.post_once("/", &json!({})).await.err();
        let (error, connections) = against_raw(answer.to_vec(), keep, post).await;
        assert_eq!(connections, 1, "it is not sent again");
        error
    };
    let broke_off = Some(CallFailure::Lost("the connection broke off"));
    assert_eq!(call(b"", false).await, broke_off);
    assert_eq!(
        call(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", false).await,
        broke_off
    );
    assert_eq!(call(b"SSH-2.0-OpenSSH_9.2\r\n", false).await, broke_off);
    assert_eq!(call(b"", true).await, Some(CallFailure::Lost("timed out")));
    let closed = http("http://127.0.0.1:1", FetchLimits::default());
    let error = closed.post_once("/", &json!({})).await.err();
    assert_eq!(error, Some(CallFailure::NotSent("cannot connect")));
}

#[tokio::test]
async fn answers_are_read_up_to_a_bound_and_waits_are_within_reason() {
    let waits = Arc::new([
        "3",
        "0",
        "999999",
        "Thu, 01 Jan 2026 00:00:40 GMT",
        "Wed, 01 Jan 2020 00:00:00 GMT",
        "soon",
    ]);
    let served = Arc::clone(&waits);
    let router = Router::new()
        .route(
            "/large",
            get(|| async { "1".repeat(FetchLimits::default().answer_bytes_max + 1) }),
        )
        .route("/page", get(|| async { "<html>" }))
        .route(
            "/wait",
            get(move |request: Request| {
                let n: usize = request
                    .uri()
                    .query()
                    .unwrap()
                    .trim_start_matches("n=")
                    .parse()
                    .unwrap();
                let wait = served[n];
                async move { [(RETRY_AFTER, wait)] }
            }),
        );
    against(router, FetchLimits::default(), async |http, _| {
        for path in ["/large", "/page"] {
            assert_eq!(http.get(path, &[]).await.unwrap().json, None, "{path}");
        }
        for (n, seconds) in [Some(3), Some(1), Some(300), Some(40), Some(1), None]
            .into_iter()
            .enumerate()
        {
            let answer = http.get("/wait", &[("n", &n.to_string())]).await.unwrap();
            assert_eq!(
                answer.retry_after,
                seconds.map(Duration::from_secs),
                "{}",
                waits[n]
            );
        }
    })
    .await;
}

#[test]
fn an_address_that_is_none_is_refused_at_the_start() {
    let (clock, _) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
    for base in ["", "api.kie.ai", "ftp://api.kie.ai", "https://"] {
        let made = Http::new(
            base,
            Secret::from("k"),
            clock.clone(),
            FetchLimits::default(),
        );
        assert!(matches!(made, Err(HttpSetupError::Address)), "{base}");
    }
}
