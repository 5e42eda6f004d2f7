//! The control API of this provider.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Value, json};

use super::records::result_url;
use crate::control::{Refused, parse};
use crate::core::Core;

pub(super) async fn tasks(State(core): State<Arc<Core>>) -> Json<Value> {
    let now = core.clock.now();
    let inner = core.kie.lock();
    let tasks: Vec<Value> = inner
        .tasks
        .iter()
        .map(|task| task.report(now, &result_url(&core, task)))
        .collect();
    Json(json!({
        "create_calls": inner.create_calls,
        "credits": inner.settings.credits,
        "tasks": tasks,
    }))
}

pub(super) async fn settings(State(core): State<Arc<Core>>) -> Json<Value> {
    let settings = core.kie.lock().settings.clone();
    let mut shown = json!(settings);
    shown["speed"] = json!(settings.speed.unwrap_or(core.config.kie_speed));
    Json(shown)
}

pub(super) async fn change(
    State(core): State<Arc<Core>>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let change = parse(&body)?;
    let applied = core.kie.lock().settings.apply(change);
    applied.map_err(Refused::bad)?;
    core.kie.nudge();
    Ok(settings(State(core)).await)
}
