//! The header fields of a file: its tag, its type, and what keeps a browser from running it.

use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::known::Known;

/// Whether the client has this very file already: by its tag, else by its date (RFC 9110, 13.2.2).
pub(super) fn is_known(headers: &HeaderMap, known: &Known) -> bool {
    if headers.contains_key(header::IF_NONE_MATCH) {
        return none_match(headers, known.etag());
    }
    let since = headers
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
    match (since, known.modified_at()) {
        (Some(since), Some(modified)) => modified <= OffsetDateTime::from(since),
        _ => false,
    }
}

/// RFC 9110, 13.1.2.
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
pub(super) fn etag(file_id: &str, len: Option<u64>) -> String {
    let digest = Sha256::digest(file_id.as_bytes());
    let short: String = digest
        .iter()
        .take(10)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{short}-{}\"", len.unwrap_or(0))
}

pub(super) fn describe(headers: &mut HeaderMap, path: &str, upstream_type: Option<&str>) {
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

/// As in `Last-Modified`, which knows the years 1970 to 9999.
pub(super) fn date(at: OffsetDateTime) -> Option<HeaderValue> {
    let has_form = (1970..=9999).contains(&at.year());
    has_form.then(|| text(httpdate::fmt_http_date(at.into())))
}

pub(super) fn text(value: String) -> HeaderValue {
    HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static(""))
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
