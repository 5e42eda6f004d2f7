//! The handler: signature, path, range, stream.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use moka::future::Cache;
use sha2::{Digest as _, Sha256};

use super::range::{Selected, if_range_holds, select};
use super::sign::{MediaSigner, SignatureError};
use super::upstream::{FileSource, FileSourceError, ResolvedFile, UpstreamBody};
use crate::base::clock::Clock;
use crate::http::middleware::stack::error;

/// A path at Telegram is good for at least an hour (Bot API docs, "getFile"); ours is asked for more often.
const PATH_TTL: Duration = Duration::from_secs(600);
const PATHS_MAX: u64 = 10_000;

/// What the handler needs.
pub struct MediaProxy {
    signer: Arc<MediaSigner>,
    source: Arc<dyn FileSource>,
    clock: Clock,
    paths: Cache<String, ResolvedFile>,
}

impl MediaProxy {
    /// Serves what `signer` signed, from `source`.
    pub fn new(signer: Arc<MediaSigner>, source: Arc<dyn FileSource>, clock: Clock) -> Self {
        let paths = Cache::builder()
            .max_capacity(PATHS_MAX)
            .time_to_live(PATH_TTL)
            .build();
        Self {
            signer,
            source,
            clock,
            paths,
        }
    }

    /// The path of a file; many who ask at once make one call.
    async fn resolve(&self, file_id: &str) -> Result<ResolvedFile, FileSourceError> {
        let source = Arc::clone(&self.source);
        self.paths
            .try_get_with(file_id.to_owned(), async { source.resolve(file_id).await })
            .await
            .map_err(|error| *error)
    }

    /// Opens the file; a path that has gone stale is asked for anew, once.
    async fn open(
        &self,
        file_id: &str,
        path: &str,
        range: Option<(u64, u64)>,
    ) -> Result<UpstreamBody, FileSourceError> {
        match self.source.open(path, range).await {
            Err(FileSourceError::NotFound) => {
                self.paths.invalidate(file_id).await;
                let fresh = self.resolve(file_id).await?;
                self.source.open(&fresh.path, range).await
            }
            opened => opened,
        }
    }
}

/// `GET` and `HEAD /media/{sig}`.
pub async fn media(
    State(proxy): State<Arc<MediaProxy>>,
    Path(segment): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let file_id = match proxy.signer.verify(&segment, proxy.clock.now()) {
        Ok(file_id) => file_id,
        Err(SignatureError::Invalid) => {
            return error(StatusCode::UNAUTHORIZED, "invalid signature");
        }
        Err(SignatureError::Expired) => return error(StatusCode::UNAUTHORIZED, "expired"),
    };
    match answer(&proxy, &file_id, method == Method::HEAD, &headers).await {
        Ok(response) => response,
        Err(FileSourceError::NotFound) => error(StatusCode::NOT_FOUND, "not found"),
        Err(FileSourceError::TimedOut) => {
            error(StatusCode::GATEWAY_TIMEOUT, "the file host is too slow")
        }
        Err(FileSourceError::Unavailable) => {
            error(StatusCode::BAD_GATEWAY, "the file host is not available")
        }
    }
}

async fn answer(
    proxy: &MediaProxy,
    file_id: &str,
    head: bool,
    headers: &HeaderMap,
) -> Result<Response, FileSourceError> {
    let mut file = proxy.resolve(file_id).await?;
    let mut whole = None;
    if file.size.is_none() {
        // Telegram did not say how long it is: the file host may.
        let opened = proxy.open(file_id, &file.path, None).await?;
        file.size = opened.len;
        whole = Some(opened);
    }
    let mut response = Response::new(Body::empty());
    let fields = response.headers_mut();
    let etag = etag(file_id, file.size);
    let content_type = whole
        .as_ref()
        .and_then(|opened| opened.content_type.as_deref());
    describe(fields, &etag, &file.path, content_type);
    let Some(len) = file.size else {
        if let Some(opened) = whole.filter(|_| !head) {
            *response.body_mut() = Body::from_stream(opened.stream);
        }
        return Ok(response);
    };
    fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if none_match(headers, &etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    let selected = wanted(headers, &etag, len);
    let (first, last) = match selected {
        Selected::Whole => (0, len.saturating_sub(1)),
        Selected::Part { first, last } => (first, last),
        Selected::Unsatisfiable => {
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            response
                .headers_mut()
                .insert(header::CONTENT_RANGE, text(&format!("bytes */{len}")));
            return Ok(response);
        }
    };
    let size = if len == 0 { 0 } else { last - first + 1 };
    if let Selected::Part { .. } = selected {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        response.headers_mut().insert(
            header::CONTENT_RANGE,
            text(&format!("bytes {first}-{last}/{len}")),
        );
    }
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    if head || size == 0 {
        return Ok(response);
    }
    let opened = match (selected, whole) {
        (Selected::Whole, Some(opened)) => opened,
        (Selected::Whole, None) => proxy.open(file_id, &file.path, None).await?,
        _ => proxy.open(file_id, &file.path, Some((first, last))).await?,
    };
    // An upstream that ignores ranges sends all: what stands before the part is read and dropped.
    let skip = if opened.status == 206 { 0 } else { first };
    *response.body_mut() = Body::from_stream(exactly(opened.stream, skip, size));
    Ok(response)
}

fn wanted(headers: &HeaderMap, etag: &str, len: u64) -> Selected {
    let value = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let Some(range) = value(header::RANGE) else {
        return Selected::Whole;
    };
    match value(header::IF_RANGE) {
        Some(condition) if !if_range_holds(condition, etag, None) => Selected::Whole,
        _ => select(range, len),
    }
}

fn none_match(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == etag || tag == "*")
}

/// A file at Telegram never changes under its id.
fn etag(file_id: &str, len: Option<u64>) -> String {
    let digest = Sha256::digest(file_id.as_bytes());
    let short: String = digest
        .iter()
        .take(10)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{short}-{}\"", len.unwrap_or(0))
}

fn describe(headers: &mut HeaderMap, etag: &str, path: &str, upstream_type: Option<&str>) {
    headers.insert(header::ETAG, text(etag));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media_type(path, upstream_type)),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=600"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("inline"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// By the path's ending, because Telegram's file host names no type; only types that a browser will not run.
fn media_type(path: &str, upstream_type: Option<&str>) -> &'static str {
    const TYPES: [(&str, &str); 17] = [
        ("jpg", "image/jpeg"),
        ("jpeg", "image/jpeg"),
        ("png", "image/png"),
        ("webp", "image/webp"),
        ("gif", "image/gif"),
        ("heic", "image/heic"),
        ("mp4", "video/mp4"),
        ("mov", "video/quicktime"),
        ("webm", "video/webm"),
        ("mkv", "video/x-matroska"),
        ("mp3", "audio/mpeg"),
        ("m4a", "audio/mp4"),
        ("ogg", "audio/ogg"),
        ("oga", "audio/ogg"),
        ("wav", "audio/wav"),
        ("flac", "audio/flac"),
        ("aac", "audio/aac"),
    ];
    let ending = path
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase())
        .unwrap_or_default();
    let named = upstream_type.map(|value| value.split(';').next().unwrap_or_default().trim());
    TYPES
        .iter()
        .find(|(known, _)| *known == ending)
        .or_else(|| TYPES.iter().find(|(_, known)| Some(*known) == named))
        .map_or("application/octet-stream", |(_, known)| known)
}

type Source = BoxStream<'static, io::Result<Bytes>>;

/// `len` bytes after the first `skip`; a source that ends early is an error, so that the client sees the cut.
fn exactly(source: Source, skip: u64, len: u64) -> BoxStream<'static, io::Result<Bytes>> {
    stream::try_unfold(
        (source, skip, len),
        |(mut source, mut skip, mut left)| async move {
            loop {
                if left == 0 {
                    return Ok(None);
                }
                let Some(bytes) = source.next().await else {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                };
                let mut bytes = bytes?;
                let dropped = skip.min(bytes.len() as u64);
                skip -= dropped;
                bytes = bytes.slice(usize::try_from(dropped).unwrap_or(usize::MAX)..);
                if bytes.is_empty() {
                    continue;
                }
                bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                left -= bytes.len() as u64;
                return Ok(Some((bytes, (source, skip, left))));
            }
        },
    )
    .boxed()
}
