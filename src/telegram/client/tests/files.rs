//! Reading files: only by plain paths, streamed, and never for ever.

use axum::body::Body;
use axum::http::header::RANGE;
use axum::http::{HeaderMap, HeaderValue};
use axum::routing::get;

use super::*;

#[tokio::test]
async fn files_are_opened_by_plain_paths_only() {
    for path in [
        "",
        "/etc/passwd",
        "a/../b",
        "a//b",
        "a?b",
        "a#b",
        "a%2e",
        "http://h/",
    ] {
        let error = client("127.0.0.1:1")
            .open_file(path, None)
            .await
            .unwrap_err();
        assert!(
            matches!(error, CallError::MediaRefused { .. }),
            "{path}: {error:?}"
        );
    }
    let absolute = r#"{"ok":true,"result":{"file_id":"F","file_path":"/var/lib/f.jpg"}}"#;
    let error = against(answering(200, absolute), async |client| {
        client.get_file("F").await
    })
    .await
    .unwrap_err();
    assert!(matches!(error, CallError::MediaRefused { .. }), "{error:?}");
}

#[tokio::test]
async fn a_range_of_a_file_is_streamed() {
    let path = format!("/file/bot{TOKEN}/photos/file_1.jpg");
    let router = Router::new().route(
        &path,
        get(|headers: HeaderMap| async move {
            assert_eq!(headers[RANGE], "bytes=1-3");
            (StatusCode::PARTIAL_CONTENT, "bcd")
        }),
    );
    let range = HeaderValue::from_static("bytes=1-3");
    against(router, async |client| {
        let opened = client
            .open_file("photos/file_1.jpg", Some(&range))
            .await
            .unwrap();
        assert_eq!(opened.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(opened.content_length(), Some(3));
        let bytes: Vec<_> = opened.bytes_stream().collect().await;
        assert_eq!(bytes, [Ok(Bytes::from_static(b"bcd"))]);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_falls_silent_ends_with_an_error() {
    let body = || async {
        let start = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"a"))]);
        Body::from_stream(start.chain(futures_util::stream::pending()))
    };
    against(Router::new().fallback(any(body)), async |client| {
        let opened = hasty(client).open_file("a", None).await.unwrap();
        let bytes: Vec<_> = opened.bytes_stream().collect().await;
        assert_eq!(bytes.len(), 2);
        let error = bytes[1].as_ref().unwrap_err();
        assert!(matches!(error, CallError::Transient { .. }), "{error:?}");
        assert_silent(error);
    })
    .await;
}

/// Answers the requests of each connection with these, then closes it. How many connections there were.
async fn against_lines<T>(answers: &[&[u8]], test: impl AsyncFnOnce(Client) -> T) -> (T, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener.local_addr().unwrap().to_string());
    let connections = std::cell::Cell::new(0);
    let serve = async {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            connections.set(connections.get() + 1);
            for answer in answers {
                let mut request = [0_u8; 4096];
                if socket.read(&mut request).await.unwrap_or(0) == 0 {
                    break;
                }
                socket.write_all(answer).await.unwrap();
            }
        }
    };
    let outcome = tokio::select! {
        () = serve => unreachable!("it serves for ever"),
        outcome = test(client) => outcome,
    };
    (outcome, connections.get())
}

async fn read(client: &Client) -> Result<Vec<u8>, CallError> {
    let opened = client.open_file("a.jpg", None).await?;
    let chunks: Vec<_> = opened.bytes_stream().collect().await;
    let chunks: Result<Vec<_>, _> = chunks.into_iter().collect();
    Ok(chunks?.concat())
}

#[tokio::test]
async fn a_connection_is_used_again_and_left_when_it_was_closed() {
    let answer: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    let ((), connections) = against_lines(&[answer; 3], async |client| {
        for _ in 0..9 {
            assert_eq!(read(&client).await.unwrap(), b"abc");
        }
    })
    .await;
    assert_eq!(connections, 3);
}

#[tokio::test]
async fn a_file_without_a_length_ends_with_its_connection() {
    let answer: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nabc";
    let ((), connections) = against_lines(&[answer], async |client| {
        let opened = client.open_file("a.jpg", None).await.unwrap();
        assert_eq!(opened.content_length(), None);
        assert_eq!(read(&client).await.unwrap(), b"abc");
    })
    .await;
    assert_eq!(connections, 2);
}

#[tokio::test]
async fn a_connection_that_was_not_read_to_the_end_is_not_used_again() {
    let answer: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\nabc";
    let ((), connections) = against_lines(&[answer, answer], async |client| {
        for _ in 0..2 {
            let opened = client.open_file("a.jpg", None).await.unwrap();
            let first = opened.bytes_stream().next().await.unwrap();
            assert_eq!(first.unwrap().as_ref(), b"abc");
        }
    })
    .await;
    assert_eq!(connections, 2);
}

#[tokio::test]
async fn what_is_cut_is_an_error_and_a_redirect_only_an_answer() {
    for cut in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"not HTTP\r\n\r\n",
    ] {
        let (error, _) =
            against_lines(&[cut], async |client| read(&client).await.unwrap_err()).await;
        assert!(matches!(error, CallError::Transient { .. }), "{error:?}");
        assert_silent(&error);
    }
    let away: &[u8] =
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    let ((), connections) = against_lines(&[away; 2], async |client| {
        for _ in 0..2 {
            let opened = client.open_file("a.jpg", None).await.unwrap();
            assert_eq!(opened.status(), StatusCode::FOUND);
        }
    })
    .await;
    assert_eq!(connections, 1, "nothing was left to read");
}

#[tokio::test]
async fn a_server_that_does_not_answer_or_listen_is_given_up() {
    let (error, _) = against_lines(&[], async |client| {
        let client = hasty(client);
        // The first is accepted and dropped, as are all.
        client.open_file("a.jpg", None).await.unwrap_err()
    })
    .await;
    assert!(matches!(error, CallError::Transient { .. }), "{error:?}");
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let error = hasty(client(&address))
        .open_file("a.jpg", None)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, CallError::Transient { detail } if detail.contains("no data")),
        "{error:?}"
    );
    drop(silent);
    let error = client(&address).open_file("a.jpg", None).await.unwrap_err();
    assert!(
        matches!(&error, CallError::Transient { detail } if detail.contains("connect")),
        "{error:?}"
    );
    assert_silent(&error);
}
