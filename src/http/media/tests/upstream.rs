//! A Bot API server with one file and habits of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_RANGE, LAST_MODIFIED, RANGE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::json;

use super::super::range::{Selected, select};
use super::{FILE, TOKEN};

/// What the upstream does with a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ranges {
    Served,
    /// All, with 200.
    Ignored,
    /// From an earlier byte, as a cache of blocks may.
    Early,
    /// 206 of something else.
    Wrong,
}

#[derive(Clone, Debug)]
pub(super) struct Upstream {
    pub(super) ranges: Ranges,
    pub(super) says_size: bool,
    pub(super) says_length: bool,
    pub(super) ending: &'static str,
    /// What `Last-Modified` says.
    pub(super) modified: Option<&'static str>,
    pub(super) status: StatusCode,
    /// How many bytes the file really has.
    pub(super) sent: usize,
    /// Paths below this generation are stale.
    pub(super) generation: Arc<AtomicUsize>,
    pub(super) resolved: Arc<AtomicUsize>,
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            ranges: Ranges::Served,
            says_size: true,
            says_length: true,
            ending: "jpg",
            modified: None,
            status: StatusCode::OK,
            sent: FILE.len(),
            generation: Arc::default(),
            resolved: Arc::default(),
        }
    }
}

impl Upstream {
    pub(super) fn router(self) -> Router {
        Router::new()
            .route(&format!("/bot{TOKEN}/getFile"), post(get_file))
            .route(&format!("/file/bot{TOKEN}/{{*path}}"), get(file))
            .with_state(self)
    }
}

async fn get_file(State(upstream): State<Upstream>) -> axum::Json<serde_json::Value> {
    upstream.resolved.fetch_add(1, Ordering::SeqCst);
    let generation = upstream.generation.load(Ordering::SeqCst);
    let path = format!("photos/{generation}.{}", upstream.ending);
    let mut result = json!({ "file_id": "F", "file_path": path });
    if upstream.says_size {
        result["file_size"] = json!(FILE.len());
    }
    axum::Json(json!({ "ok": true, "result": result }))
}

async fn file(
    State(upstream): State<Upstream>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    let generation = upstream.generation.load(Ordering::SeqCst);
    if !path.starts_with(&format!("photos/{generation}.")) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if upstream.status != StatusCode::OK {
        return (upstream.status, format!("secret of {TOKEN}")).into_response();
    }
    let range = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let selected = range.map_or(Selected::Whole, |range| select(range, FILE.len() as u64));
    let (first, last) = match (selected, upstream.ranges) {
        (Selected::Part { first, last }, Ranges::Served) => (first, last),
        (Selected::Part { first, last }, Ranges::Early) => (first / 4 * 4, last),
        (Selected::Part { first, last }, Ranges::Wrong) => (first + 1, last),
        _ => return body(&upstream, &FILE[..upstream.sent]),
    };
    let part = &FILE[usize::try_from(first).unwrap()..=usize::try_from(last).unwrap()];
    let mut response = body(&upstream, part);
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    let content_range = format!("bytes {first}-{last}/{}", FILE.len());
    response
        .headers_mut()
        .insert(CONTENT_RANGE, content_range.parse().unwrap());
    response
}

fn body(upstream: &Upstream, bytes: &'static [u8]) -> Response {
    let mut response = if upstream.says_length {
        bytes.into_response()
    } else {
        let chunks = bytes
            .chunks(3)
            .map(|chunk| Ok::<_, std::io::Error>(Bytes::from_static(chunk)));
        Body::from_stream(futures_util::stream::iter(chunks)).into_response()
    };
    if let Some(modified) = upstream.modified {
        let modified = HeaderValue::from_static(modified);
        response.headers_mut().insert(LAST_MODIFIED, modified);
    }
    response
}
