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
