//! The handler: signature, path, range, stream.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::{Buf as _, Bytes};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use moka::future::Cache;

use super::fields::{describe, etag, none_match, text};
use super::range::{Selected, if_range_holds, select};
use super::sign::{MediaSigner, SignatureError};
use super::upstream::{FileSource, FileSourceError, ResolvedFile, UpstreamBody};
use crate::base::clock::Clock;
use crate::http::middleware::stack::error;

/// A path at Telegram is good for at least an hour (Bot API docs, "getFile"); ours is asked for more often.
const PATH_TTL: Duration = Duration::from_secs(600);
const PATHS_MAX: u64 = 10_000;
/// How long the upstream may take to say where a file is, and to begin with it.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);
const OPEN_TIMEOUT: Duration = Duration::from_secs(15);
/// A whole transfer; the time-outs for silence on either side are far shorter.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(900);
/// What a Bot API server of one's own serves at most; Telegram's stops at 20 MB.
const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

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
        let ask = async { within(RESOLVE_TIMEOUT, source.resolve(file_id)).await };
        let file = self
            .paths
            .try_get_with(file_id.to_owned(), ask)
            .await
            .map_err(|error| *error)?;
        if file.size.is_some_and(|size| size > FILE_BYTES_MAX) {
            return Err(FileSourceError::Unavailable);
        }
        Ok(file)
    }

    /// Opens the file; a path that has gone stale is asked for anew, once.
    async fn open(
        &self,
        file_id: &str,
        file: &mut ResolvedFile,
        range: Option<(u64, u64)>,
    ) -> Result<UpstreamBody, FileSourceError> {
        match within(OPEN_TIMEOUT, self.source.open(&file.path, range)).await {
            Err(FileSourceError::NotFound) => {
                self.paths.invalidate(file_id).await;
                file.path = self.resolve(file_id).await?.path;
                within(OPEN_TIMEOUT, self.source.open(&file.path, range)).await
            }
            opened => opened,
        }
    }

    /// Opens a file whose size Telegram did not say: the file host may, and then it is remembered.
    async fn measure(
        &self,
        file_id: &str,
        file: &mut ResolvedFile,
    ) -> Result<UpstreamBody, FileSourceError> {
        let opened = self.open(file_id, file, None).await?;
        file.size = opened.len;
        if file.size.is_some() {
            self.paths.insert(file_id.to_owned(), file.clone()).await;
        }
        Ok(opened)
    }
}

async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, FileSourceError>>,
) -> Result<T, FileSourceError> {
    tokio::time::timeout(time, work)
        .await
        .unwrap_or(Err(FileSourceError::TimedOut))
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
        whole = Some(proxy.measure(file_id, &mut file).await?);
    }
    let mut response = Response::new(Body::empty());
    let etag = etag(file_id, file.size);
    let content_type = whole
        .as_ref()
        .and_then(|opened| opened.content_type.as_deref());
    describe(response.headers_mut(), &etag, &file.path, content_type);
    if none_match(headers, &etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = nothing();
        return Ok(response);
    }
    let Some(len) = file.size else {
        *response.body_mut() = match whole {
            Some(opened) if !head => Body::from_stream(to_the_end(opened.stream)),
            Some(_) | None => nothing(),
        };
        return Ok(response);
    };
    // Ranges are defined for GET only (RFC 9110, 14.2).
    let selected = if head {
        Selected::Whole
    } else {
        wanted(headers, &etag, len)
    };
    let Some((first, size)) = announce(&mut response, selected, len) else {
        return Ok(response);
    };
    if head || size == 0 {
        return Ok(response);
    }
    let opened = match (selected, whole) {
        (Selected::Whole, Some(opened)) => opened,
        (Selected::Whole, None) => proxy.open(file_id, &mut file, None).await?,
        (Selected::Part { .. } | Selected::Unsatisfiable, _) => {
            let range = Some((first, first + (size - 1)));
            proxy.open(file_id, &mut file, range).await?
        }
    };
    let skip = first
        .checked_sub(opened.first)
        .ok_or(FileSourceError::Unavailable)?;
    *response.body_mut() = Body::from_stream(exactly(opened.stream, skip, size));
    Ok(response)
}

/// No body, and no word about its length: an empty one would be announced as a file of 0 bytes.
fn nothing() -> Body {
    Body::from_stream(stream::empty::<io::Result<Bytes>>())
}

/// Sets status, length and range; gives the first byte to send and how many, or None for 416.
fn announce(response: &mut Response, selected: Selected, len: u64) -> Option<(u64, u64)> {
    let (status, content_range, sent) = match selected {
        Selected::Whole => (StatusCode::OK, None, Some((0, len))),
        Selected::Part { first, last } => (
            StatusCode::PARTIAL_CONTENT,
            Some(format!("bytes {first}-{last}/{len}")),
            Some((first, last - first + 1)),
        ),
        Selected::Unsatisfiable => (
            StatusCode::RANGE_NOT_SATISFIABLE,
            Some(format!("bytes */{len}")),
            None,
        ),
    };
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(content_range) = content_range {
        fields.insert(header::CONTENT_RANGE, text(&content_range));
    }
    let (_, size) = sent.unwrap_or((0, 0));
    fields.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    sent
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

type Source = BoxStream<'static, io::Result<Bytes>>;

/// `len` bytes after the first `skip`; a source that ends early is an error, so that the client sees the cut.
fn exactly(source: Source, skip: u64, len: u64) -> Source {
    stream::try_unfold(
        (timed(source), skip, len),
        |(mut source, mut skip, mut left)| async move {
            while left > 0 {
                let Some(bytes) = source.next().await else {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                };
                let mut bytes = bytes?;
                let dropped =
                    usize::try_from(skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
                skip -= dropped as u64;
                bytes.advance(dropped);
                bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                if !bytes.is_empty() {
                    left -= bytes.len() as u64;
                    return Ok(Some((bytes, (source, skip, left))));
                }
            }
            Ok(None)
        },
    )
    .boxed()
}

/// All that comes, of a length that nobody knows, up to the largest.
fn to_the_end(source: Source) -> Source {
    stream::try_unfold(
        (timed(source), FILE_BYTES_MAX),
        |(mut source, left)| async move {
            let Some(bytes) = source.next().await.transpose()? else {
                return Ok(None);
            };
            let left = left
                .checked_sub(bytes.len() as u64)
                .ok_or(io::ErrorKind::FileTooLarge)?;
            Ok::<_, io::Error>(Some((bytes, (source, left))))
        },
    )
    .boxed()
}

/// Ends with an error when the whole takes too long.
fn timed(source: Source) -> Source {
    let deadline = Box::pin(tokio::time::sleep(TRANSFER_TIMEOUT));
    stream::unfold(Some((source, deadline)), |state| async {
        let (mut source, mut deadline) = state?;
        tokio::select! {
            biased;
            () = &mut deadline => Some((Err(io::ErrorKind::TimedOut.into()), None)),
            bytes = source.next() => bytes.map(|bytes| (bytes, Some((source, deadline)))),
        }
    })
    .boxed()
}
