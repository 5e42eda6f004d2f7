//! The control API of this provider.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Value, json};

use super::{Settings, api};
use crate::control::{Refused, parse};
use crate::core::Core;

pub(super) async fn predictions(State(core): State<Arc<Core>>) -> Json<Value> {
    let (now, base) = (core.clock.now(), api::base(&core));
    let inner = core.replicate.lock();
    let all: Vec<Value> = inner
        .predictions
        .iter()
        .map(|one| {
            let mut shown = one.json(&base, now, true);
            shown["webhook_statuses"] = json!(one.told);
            shown
        })
        .collect();
    Json(json!({ "create_calls": inner.create_calls, "predictions": all }))
}

pub(super) async fn settings(State(core): State<Arc<Core>>) -> Json<Value> {
    Json(json!(core.replicate.lock().settings))
}

/// What is left out stays.
pub(super) async fn change(
    State(core): State<Arc<Core>>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let change: Value = parse(&body)?;
    let Some(change) = change.as_object() else {
        return Err(Refused::bad("an object"));
    };
    let mut all = json!(core.replicate.lock().settings);
    for (name, value) in change {
        all[name] = value.clone();
    }
    let settings: Settings =
        serde_json::from_value(all).map_err(|error| Refused::bad(error.to_string()))?;
    core.replicate.lock().settings = settings;
    core.replicate.nudge();
    Ok(self::settings(State(core)).await)
}
