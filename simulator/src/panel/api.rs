//! The one address: who asks, what for, and in what words the answer comes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::settings::Errors;
use super::{KEY, Panel};
use crate::core::Core;
use crate::server::Cut;

pub(super) type Fields = BTreeMap<String, String>;

/// A refusal, in both tongues of panels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) prose: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, prose: impl Into<String>) -> Self {
        Self {
            code,
            prose: prose.into(),
        }
    }

    pub(super) fn json(&self, errors: Errors) -> Value {
        match errors {
            Errors::Prose => json!({ "error": self.prose }),
            Errors::Codes => json!({ "error": self.code }),
        }
    }
}

pub(super) type Outcome = Result<Value, Refusal>;

/// Every call of a panel.
pub(super) async fn call(
    State(core): State<Arc<Core>>,
    Path(name): Path<String>,
    method: Method,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let Ok(Form(mut fields)) = form.as_ref().map(|Form(fields)| Form(fields.clone())) else {
        return (
            StatusCode::OK,
            Json(json!({ "error": "Incorrect request" })),
        )
            .into_response();
    };
    let (key, action) = (fields.remove("key"), fields.remove("action"));
    let action = action.unwrap_or_default();
    let target = format!("panel.{action}");
    let mut params = json!(fields);
    params["panel"] = json!(name);
    let act = async {
        let outcome = act(&core, &name, &method, key.as_deref(), &action, &fields);
        if action == "add" {
            // An order that was promised outlives the simulator.
            core.saves.wait().await;
        }
        let errors = core.panels.with(&name, |panel| panel.settings.errors);
        let body = outcome.unwrap_or_else(|refusal| refusal.json(errors));
        (StatusCode::OK, Json(body)).into_response()
    };
    // A rule may be for all panels, or for one: `panel.add@one`.
    let one = format!("{target}@{name}");
    let act = core.faults.around(&core.clock, &one, None, act);
    let response = core.faults.around(&core.clock, &target, None, act).await;
    logged(&core, &target, params, response).await
}

async fn logged(core: &Core, target: &str, params: Value, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let bytes: Bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    let cut = parts.extensions.get::<Cut>().is_some();
    let status = if cut { 0 } else { parts.status.as_u16() };
    let shown = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    core.log
        .push(core.clock.now(), target, params, status, shown);
    Response::from_parts(parts, Body::from(bytes))
}

fn act(
    core: &Core,
    name: &str,
    method: &Method,
    key: Option<&str>,
    action: &str,
    fields: &Fields,
) -> Outcome {
    if *method != Method::POST {
        return Err(Refusal::new("error.incorrect_request", "Incorrect request"));
    }
    if key != Some(KEY) {
        return Err(Refusal::new("error.incorrect_api_key", "Incorrect API key"));
    }
    let now = core.clock.now();
    core.panels.with(name, |panel: &mut Panel| {
        panel.settle(now);
        match action {
            "services" => panel.services(fields),
            "add" => panel.add(core, fields, now),
            "status" => panel.status(fields, now),
            "refill" => panel.refill(fields, now),
            "refill_status" => panel.refill_status(fields, now),
            "cancel" => panel.cancel(fields, now),
            "balance" => panel.balance(fields),
            _ => Err(Refusal::new("error.incorrect_action", "Incorrect action")),
        }
    })
}
