//! Requests with conditions: by the file's tag, and by its date.

use axum::http::header::LAST_MODIFIED;

use super::*;

#[tokio::test]
async fn conditions_are_kept() {
    before(Upstream::default(), async |proxy| {
        let etag = ask(&proxy, Method::HEAD, &[]).await.field(ETAG).to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
        let range = ("Range", "bytes=0-3");
        let part = ask(&proxy, Method::GET, &[range, ("If-Range", &etag)]).await;
        assert_eq!(
            (part.status, part.text()),
            (StatusCode::PARTIAL_CONTENT, "0123")
        );
        for other in ["\"x\"", "W/\"x\"", "Thu, 01 Jan 2026 00:00:00 GMT"] {
            let whole = ask(&proxy, Method::GET, &[range, ("If-Range", other)]).await;
            assert_eq!((whole.status, whole.text().len()), (StatusCode::OK, 20));
        }
        let several = format!("\"x\", W/{etag}");
        let known = ask(&proxy, Method::GET, &[("If-None-Match", &several)]).await;
        assert_eq!((known.status, known.text()), (StatusCode::NOT_MODIFIED, ""));
        assert_eq!(known.field(ETAG), etag);
        assert_eq!(known.field(CONTENT_LENGTH), "");
    })
    .await;
}

#[tokio::test]
async fn dates_are_conditions_once_the_host_has_said_one() {
    const BEFORE: &str = "Wed, 31 Dec 2025 07:59:59 GMT";
    const SAID: &str = "Wed, 31 Dec 2025 08:00:00 GMT";
    const AFTER: &str = "Wed, 31 Dec 2025 08:00:01 GMT";
    for says_size in [true, false] {
        let upstream = Upstream {
            modified: Some(SAID),
            says_size,
            ..Upstream::default()
        };
        before(upstream, async |proxy| {
            let range = ("Range", "bytes=0-3");
            let first = ask(&proxy, Method::GET, &[range]).await;
            assert_eq!(first.field(LAST_MODIFIED), SAID);
            for (since, status) in [
                (BEFORE, StatusCode::OK),
                (SAID, StatusCode::NOT_MODIFIED),
                (AFTER, StatusCode::NOT_MODIFIED),
                ("yesterday", StatusCode::OK),
            ] {
                for method in [Method::GET, Method::HEAD] {
                    let answer = ask(&proxy, method, &[("If-Modified-Since", since)]).await;
                    assert_eq!(answer.status, status, "{since}");
                    assert_eq!(answer.field(LAST_MODIFIED), SAID);
                }
            }
            // A tag is the better word of the two.
            let both = [("If-None-Match", "\"x\""), ("If-Modified-Since", AFTER)];
            assert_eq!(ask(&proxy, Method::GET, &both).await.status, StatusCode::OK);
            for (condition, length) in [(BEFORE, 20), (SAID, 4), (AFTER, 20)] {
                let part = ask(&proxy, Method::GET, &[range, ("If-Range", condition)]).await;
                assert_eq!(part.text().len(), length, "{condition}");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_date_that_is_none_is_not_passed_on() {
    for said in ["yesterday", "Thu, 01 Jan 1900 00:00:00 GMT", ""] {
        let upstream = Upstream {
            modified: Some(said),
            ..Upstream::default()
        };
        before(upstream, async |proxy| {
            let answer = ask(&proxy, Method::GET, &[]).await;
            assert_eq!(answer.text().as_bytes(), FILE);
            assert!(!answer.headers.contains_key(LAST_MODIFIED), "{said}");
        })
        .await;
    }
}
