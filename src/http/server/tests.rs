//! Slow, silent and greedy clients over raw TCP, and the end of the server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use axum::extract::Extension;
use axum::http::StatusCode;
use axum::routing::{get, post};
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;

use super::*;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(30);

fn patient() -> ServerLimits {
    ServerLimits {
        connections_max: 8,
        header_bytes_max: 8192,
        header_timeout: LONG,
        body_idle_timeout: LONG,
        body_timeout: LONG,
        idle_timeout: LONG,
        write_stall_timeout: LONG,
    }
}

fn router() -> Router {
    let endless = || async {
        let chunk = Bytes::from(vec![b'x'; 65_536]);
        Body::from_stream(futures_util::stream::repeat(Ok::<_, Infallible>(chunk)))
    };
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/endless", get(endless))
        .route("/body", post(|body: Bytes| async move { body.len().to_string() }))
        .route(
            "/peer",
            get(|Extension(PeerAddress(peer)): Extension<PeerAddress>| async move { peer.to_string() }),
        )
}

/// Runs the test against a server, then stops the server.
async fn against(limits: ServerLimits, router: Router, test: impl AsyncFnOnce(SocketAddr)) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let server = serve(listener, router, limits, shutdown.clone(), Duration::ZERO);
    tokio::join!(server, async {
        tokio::time::timeout(LONG, test(address)).await.unwrap();
        shutdown.cancel();
    });
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Everything up to the end of the connection, however it ends.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let _reset_or_end = stream.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

/// One answer with a short body.
async fn answer(stream: &mut TcpStream, end: &str) -> String {
    let mut all = String::new();
    while !all.ends_with(end) {
        let mut buffer = [0_u8; 1024];
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "closed after {all:?}");
        all.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    all
}

/// Writes one byte after the other until the server closes the connection.
async fn drip(stream: &mut TcpStream) {
    let mut buffer = [0_u8; 1024];
    loop {
        tokio::select! {
            read = stream.read(&mut buffer) => {
                if !matches!(read, Ok(count) if count > 0) {
                    return;
                }
            }
            // As steadily as it gets: every byte comes far within the time-out.
            () = tokio::task::yield_now() => {
                if stream.write_all(b"a").await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test]
async fn requests_are_answered_with_the_peer_known() {
    against(patient(), router(), async |address| {
        let mut stream = connect(address).await;
        let own = stream.local_addr().unwrap().to_string();
        let request = b"GET /peer HTTP/1.1\r\nHost: h\r\n\r\n";
        stream.write_all(request).await.unwrap();
        assert!(answer(&mut stream, &own).await.starts_with("HTTP/1.1 200"));
        stream.write_all(request).await.unwrap();
        assert!(answer(&mut stream, &own).await.starts_with("HTTP/1.1 200"));
    })
    .await;
}

#[tokio::test]
async fn a_client_that_says_nothing_is_cut_off() {
    let limits = ServerLimits {
        header_timeout: SHORT,
        ..patient()
    };
    against(limits, router(), async |address| {
        assert_eq!(rest(&mut connect(address).await).await, "");
    })
    .await;
}

#[tokio::test]
async fn headers_that_drip_in_are_cut_off() {
    let limits = ServerLimits {
        header_timeout: SHORT,
        header_bytes_max: 512 * 1024 * 1024,
        ..patient()
    };
    against(limits, router(), async |address| {
        let mut stream = connect(address).await;
        stream.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
        drip(&mut stream).await;
    })
    .await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_headers_of_a_further_request_are_bounded() {
    let limits = ServerLimits {
        idle_timeout: SHORT,
        ..patient()
    };
    against(limits, router(), async |address| {
        let mut stream = connect(address).await;
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .await
            .unwrap();
        assert!(rest(&mut stream).await.ends_with("hello"));
    })
    .await;
    let limits = ServerLimits {
        header_timeout: SHORT,
        ..patient()
    };
    against(limits, router(), async |address| {
        let mut stream = connect(address).await;
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .await
            .unwrap();
        answer(&mut stream, "hello").await;
        stream.write_all(b"GET / HT").await.unwrap();
        assert_eq!(rest(&mut stream).await, "");
    })
    .await;
}

#[tokio::test]
async fn a_body_that_never_ends_is_refused_in_time() {
    let pause = ServerLimits {
        body_idle_timeout: SHORT,
        ..patient()
    };
    let whole = ServerLimits {
        body_timeout: SHORT,
        ..patient()
    };
    for (limits, dripping) in [(pause, false), (whole, false), (whole, true)] {
        against(limits, router(), async |address| {
            let mut stream = connect(address).await;
            let head = b"POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 1900000\r\n\r\nabc";
            stream.write_all(head).await.unwrap();
            if dripping {
                drip(&mut stream).await;
            } else {
                assert!(rest(&mut stream).await.starts_with("HTTP/1.1 4"));
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let limits = ServerLimits {
        write_stall_timeout: SHORT,
        connections_max: 1,
        ..patient()
    };
    against(limits, router(), async |address| {
        let mut greedy = connect(address).await;
        greedy
            .write_all(b"GET /endless HTTP/1.1\r\nHost: h\r\n\r\n")
            .await
            .unwrap();
        // The only slot is free again once the greedy client was cut.
        let mut next = connect(address).await;
        next.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .await
            .unwrap();
        answer(&mut next, "hello").await;
    })
    .await;
}

#[tokio::test]
async fn headers_that_are_too_large_are_refused() {
    against(patient(), router(), async |address| {
        let mut stream = connect(address).await;
        let request = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(9000));
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431"));
    })
    .await;
}

#[tokio::test]
async fn at_the_limit_a_client_waits_for_a_free_connection() {
    let limits = ServerLimits {
        connections_max: 1,
        ..patient()
    };
    against(limits, router(), async |address| {
        let (mut first, mut second) = (connect(address).await, connect(address).await);
        let request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        second.write_all(request).await.unwrap();
        first.write_all(request).await.unwrap();
        answer(&mut first, "hello").await;
        let mut buffer = [0_u8; 1];
        let early = std::future::poll_fn(|context| {
            Poll::Ready(
                second
                    .poll_peek(context, &mut tokio::io::ReadBuf::new(&mut [0]))
                    .is_ready(),
            )
        });
        assert!(!early.await, "served above the limit");
        drop(first);
        assert_eq!(second.read(&mut buffer).await.unwrap(), 1);
    })
    .await;
}

/// A handler that says when it has begun and goes on when it is told.
fn gated(begun: &Arc<Notify>, go_on: &Arc<Notify>, finished: &Arc<AtomicUsize>) -> Router {
    let (begun, go_on, finished) = (begun.clone(), go_on.clone(), finished.clone());
    let handler = move || async move {
        begun.notify_one();
        go_on.notified().await;
        finished.fetch_add(1, Ordering::SeqCst);
        (StatusCode::OK, "done")
    };
    Router::new().route("/", get(handler))
}

async fn shut_down_in_the_middle(drain: Duration, lets_finish: bool) -> (String, usize) {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let finished = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let router = gated(&begun, &go_on, &finished);
    let server = serve(listener, router, patient(), shutdown.clone(), drain);
    let client = async {
        let mut idle = connect(address).await;
        let mut stream = connect(address).await;
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .await
            .unwrap();
        begun.notified().await;
        shutdown.cancel();
        assert_eq!(rest(&mut idle).await, "");
        assert!(TcpStream::connect(address).await.is_err());
        if lets_finish {
            go_on.notify_one();
        }
        rest(&mut stream).await
    };
    let ((), text) = tokio::time::timeout(LONG, async { tokio::join!(server, client) })
        .await
        .unwrap();
    (text, finished.load(Ordering::SeqCst))
}

#[tokio::test]
async fn running_requests_finish_before_the_end() {
    let (text, finished) = shut_down_in_the_middle(LONG, true).await;
    assert!(
        text.starts_with("HTTP/1.1 200") && text.ends_with("done"),
        "{text}"
    );
    assert_eq!(finished, 1);
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut() {
    let (text, finished) = shut_down_in_the_middle(SHORT, false).await;
    assert_eq!((text.as_str(), finished), ("", 0));
}
