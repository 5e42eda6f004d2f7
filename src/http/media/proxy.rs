//! The handler: signature, path, range, stream.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;

use super::body::Cut;
use super::fields::{is_known, text};
use super::guard::Guard;
use super::known::{Files, Known};
use super::range::{Selected, if_range_holds, select};
use super::sign::{MediaSigner, SignatureError};
use super::upstream::{FileSource, FileSourceError, UpstreamBody};
use crate::base::clock::Clock;
use crate::http::middleware::stack::error;
use crate::providers::breaker::Breaker;

/// An answer has about a dozen header fields.
const FIELDS: usize = 16;

/// What the handler needs.
pub struct MediaProxy {
    signer: Arc<MediaSigner>,
    files: Files,
    clock: Clock,
}

impl MediaProxy {
    /// Serves what `signer` signed, from `source`.
    pub fn new(signer: Arc<MediaSigner>, source: Arc<dyn FileSource>, clock: Clock) -> Self {
        Self {
            signer,
            files: Files::of(source),
            clock,
        }
    }

    /// Reads only while this breaker lets calls pass.
    #[must_use]
    pub fn behind(mut self, breaker: Arc<Breaker>) -> Self {
        self.files.guard = Guard(Some(breaker));
        self
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
    let mut known = proxy.files.find(file_id).await?;
    let mut whole = None;
    if known.size().is_none() {
        whole = Some(proxy.files.open(file_id, &mut known, None).await?);
    }
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = HeaderMap::with_capacity(FIELDS);
    if is_known(headers, &known) {
        describe(&mut response, &known, whole.as_ref());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = nothing();
        return Ok(response);
    }
    let Some(len) = known.size() else {
        describe(&mut response, &known, whole.as_ref());
        *response.body_mut() = match whole {
            Some(opened) if !head => Body::new(Cut::to_the_end(opened.stream)),
            Some(_) | None => nothing(),
        };
        return Ok(response);
    };
    // Ranges are defined for GET only (RFC 9110, 14.2).
    let selected = if head {
        Selected::Whole
    } else {
        wanted(headers, &known, len)
    };
    let promised = announce(&mut response, selected, len).filter(|(_, size)| !head && *size > 0);
    let Some((first, size)) = promised else {
        describe(&mut response, &known, whole.as_ref());
        return Ok(response);
    };
    let opened = match (selected, whole) {
        (Selected::Whole, Some(opened)) => opened,
        (Selected::Whole, None) => proxy.files.open(file_id, &mut known, None).await?,
        (Selected::Part { .. } | Selected::Unsatisfiable, _) => {
            let range = Some((first, first + (size - 1)));
            proxy.files.open(file_id, &mut known, range).await?
        }
    };
    let skip = first
        .checked_sub(opened.first)
        .ok_or(FileSourceError::Unavailable)?;
    describe(&mut response, &known, Some(&opened));
    *response.body_mut() = Body::new(Cut::exactly(opened.stream, skip, size));
    Ok(response)
}

fn describe(response: &mut Response, known: &Known, opened: Option<&UpstreamBody>) {
    let upstream_type = opened.and_then(|opened| opened.content_type.as_deref());
    known.describe(response.headers_mut(), upstream_type);
}

/// No body, and no word about its length: an empty one would be announced as a file of 0 bytes.
fn nothing() -> Body {
    Body::from_stream(stream::empty::<std::io::Result<Bytes>>())
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
        fields.insert(header::CONTENT_RANGE, text(content_range));
    }
    let (_, size) = sent.unwrap_or((0, 0));
    fields.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    sent
}

fn wanted(headers: &HeaderMap, known: &Known, len: u64) -> Selected {
    let value = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let Some(range) = value(header::RANGE) else {
        return Selected::Whole;
    };
    match value(header::IF_RANGE) {
        Some(condition) if !if_range_holds(condition, known.etag(), known.modified_at()) => {
            Selected::Whole
        }
        _ => select(range, len),
    }
}
