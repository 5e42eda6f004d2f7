//! The files that predictions made.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::prediction::Status;
use crate::core::Core;
use crate::kie::drawn;

/// A file of a result, for everybody who knows its address, for an hour.
pub(super) async fn file(
    State(core): State<Arc<Core>>,
    Path((id, name)): Path<(String, String)>,
) -> Response {
    let drawing = {
        let now = core.clock.now();
        let inner = core.replicate.lock();
        let found = inner.find(&id).filter(|prediction| {
            prediction.status(now) == Status::Succeeded && !prediction.is_removed(now)
        });
        found.map(|prediction| {
            let text = |name: &str| {
                prediction.input[name]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            (
                text("prompt"),
                text("aspect_ratio"),
                prediction.model.clone(),
            )
        })
    };
    let act = async {
        let Some((words, shape, model)) = drawing else {
            return StatusCode::NOT_FOUND.into_response();
        };
        // Drawing takes long enough to hold up other answers. Whatever is asked for is drawn as PNG.
        let drawn = tokio::task::spawn_blocking(move || drawn(&words, &shape, &model));
        match drawn.await {
            Ok(Some(bytes)) => ([(header::CONTENT_TYPE, "image/png")], bytes).into_response(),
            Ok(None) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    let response = core
        .faults
        .around(&core.clock, "replicate.file", None, act)
        .await;
    let params = json!({ "id": id, "name": name });
    let status = response.status().as_u16();
    core.log.push(
        core.clock.now(),
        "replicate.file",
        params,
        status,
        Value::Null,
    );
    response
}
