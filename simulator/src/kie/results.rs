//! The files that tasks made.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::models::Makes;
use super::picture;
use super::tasks::{Standing, Task};
use crate::core::Core;
use crate::server::Cut;

const VIDEO: &[u8] = include_bytes!("../../fixtures/result.mp4");
const SPEECH: &[u8] = include_bytes!("../../fixtures/result.mp3");

pub(super) async fn result(
    State(core): State<Arc<Core>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    served(&core, &name, &headers).await
}

/// A result by a link that ends.
pub(super) async fn link(
    State(core): State<Arc<Core>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let now = core.clock.now();
    let target = {
        let inner = core.kie.lock();
        let link = inner.links.iter().find(|link| link.0 == name);
        link.filter(|link| now < link.2).map(|link| link.1.clone())
    };
    match target {
        Some(target) => served(&core, &target, &headers).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn served(core: &Arc<Core>, name: &str, headers: &HeaderMap) -> Response {
    let act = async {
        match bytes(core, name).await {
            Some(bytes) => ranged(headers.get(header::RANGE), content_type(name), bytes),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    };
    let response = core
        .faults
        .around(&core.clock, "kie.results", None, act)
        .await;
    let cut = response.extensions().get::<Cut>().is_some();
    let status = if cut { 0 } else { response.status().as_u16() };
    let params = json!({"name": name});
    core.log
        .push(core.clock.now(), "kie.results", params, status, Value::Null);
    response
}

/// The bytes of a finished task's result, made when they are first asked for.
async fn bytes(core: &Arc<Core>, name: &str) -> Option<Bytes> {
    let (id, extension) = name.split_once('.')?;
    // The second of two results has the same bytes.
    let id = id.strip_suffix("-2").unwrap_or(id);
    let task = {
        let inner = core.kie.lock();
        let task = inner.task(id)?;
        if task.extension() != extension || task.standing(core.clock.now()) != Standing::Success {
            return None;
        }
        task.clone()
    };
    if let Some(bytes) = task.result {
        return Some(bytes);
    }
    // Drawing takes long enough to hold up other answers.
    let bytes = tokio::task::spawn_blocking(move || make(&task))
        .await
        .ok()??;
    if let Some(task) = core.kie.lock().task_mut(id) {
        task.result = Some(bytes.clone());
        task.picture = None;
    }
    Some(bytes)
}

fn make(task: &Task) -> Option<Bytes> {
    match task.model.makes {
        Makes::Picture | Makes::Edited | Makes::Upscaled | Makes::Cutout => {
            Some(Bytes::from(picture::make(task)?))
        }
        Makes::Video => Some(Bytes::from_static(VIDEO)),
        Makes::Speech => Some(Bytes::from_static(SPEECH)),
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "png" => "image/png",
        "jpg" => "image/jpeg",
        "mp4" => "video/mp4",
        "mp3" => "audio/mpeg",
        _ => "application/octet-stream",
    }
}

/// The whole, or the one range that was asked for.
pub(super) fn ranged(asked: Option<&HeaderValue>, kind: &'static str, bytes: Bytes) -> Response {
    let whole = bytes.len();
    let start = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    ];
    let asked = asked.and_then(|value| value.to_str().ok());
    match asked.map(|text| range(text, whole)) {
        None | Some(Asked::Unreadable) => (start, Body::from(bytes)).into_response(),
        Some(Asked::Part(first, last)) => {
            let named = format!("bytes {first}-{last}/{whole}");
            let part = bytes.slice(first..=last);
            (
                StatusCode::PARTIAL_CONTENT,
                start,
                [(header::CONTENT_RANGE, named)],
                Body::from(part),
            )
                .into_response()
        }
        Some(Asked::Beyond) => {
            let named = format!("bytes */{whole}");
            let status = StatusCode::RANGE_NOT_SATISFIABLE;
            (status, [(header::CONTENT_RANGE, named)]).into_response()
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// First and last byte.
    Part(usize, usize),
    Beyond,
    /// Not one range of bytes: the whole is sent (RFC 9110, 14.2).
    Unreadable,
}

fn range(text: &str, whole: usize) -> Asked {
    let Some((first, last)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Asked::Unreadable;
    };
    let end = whole.saturating_sub(1);
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last && first < whole => {
            Asked::Part(first, last.min(end))
        }
        (Ok(first), Err(_)) if last.is_empty() && first < whole => Asked::Part(first, end),
        (Err(_), Ok(length)) if first.is_empty() && length > 0 && whole > 0 => {
            Asked::Part(whole.saturating_sub(length), end)
        }
        (Ok(first), Ok(last)) if first > last => Asked::Unreadable,
        (Ok(_), Ok(_)) => Asked::Beyond,
        (Ok(_), Err(_)) if last.is_empty() => Asked::Beyond,
        (Err(_), Ok(_)) if first.is_empty() => Asked::Beyond,
        _ => Asked::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        assert_eq!(range("bytes=0-", 10), Asked::Part(0, 9));
        assert_eq!(range("bytes=2-4", 10), Asked::Part(2, 4));
        assert_eq!(range("bytes=2-99", 10), Asked::Part(2, 9));
        assert_eq!(range("bytes=-3", 10), Asked::Part(7, 9));
        assert_eq!(range("bytes=10-", 10), Asked::Beyond);
        assert_eq!(range("bytes=-0", 10), Asked::Beyond);
        assert_eq!(range("bytes=0-1,3-4", 10), Asked::Unreadable);
        assert_eq!(range("lines=1-2", 10), Asked::Unreadable);
    }
}
