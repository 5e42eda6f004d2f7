//! A service that settles transfers between users, slowly: JSON over HTTP with a bearer key. Strict about what it takes.
//!
//! `POST /settlement/transfers` `{key, from, to, amount, currency}`; the same key again is the same transfer. A transfer takes
//! half a minute, and its `progress` counts up meanwhile; one to a user whose id ends with 666 is rejected at its end. A test
//! may say how it ends: `POST /sim/settlement/{id}` `{"state": "rejected", "reason": "limit"}`; `GET /sim/settlement` lists all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::control::{Refused, parse};
use crate::core::{Core, lock};
use crate::server::Cut;

/// Opens the account. Not a secret.
pub const KEY: &str = "key-of-the-simulated-settlement";
/// How long a transfer takes.
const TAKES_S: i64 = 30;
/// Older transfers are forgotten.
const KEPT_MAX: usize = 5_000;
const BALANCE: i64 = 100_000;

/// All transfers.
#[derive(Debug, Default)]
pub struct Transfers(Mutex<BTreeMap<String, Transfer>>);

#[derive(Clone, Debug)]
struct Transfer {
    order: Order,
    created_at: OffsetDateTime,
    decided: Option<Decided>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    key: String,
    from: i64,
    to: i64,
    amount: i64,
    currency: String,
}

/// How it stands from now on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    state: String,
    #[serde(default)]
    reason: Option<String>,
}

type Outcome = Result<Value, (u16, &'static str, String)>;

impl Transfers {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn reset(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Transfer>> {
        lock(&self.0)
    }

    fn create(&self, order: Order, id: String, now: OffsetDateTime) -> Outcome {
        let is_currency = order.currency.len() == 3
            && order.currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if order.amount <= 0 || order.from == order.to || !is_currency || order.key.len() < 8 {
            return Err((422, "invalid", "that is no transfer".to_owned()));
        }
        let mut all = self.lock();
        if let Some((id, known)) = all.iter().find(|(_, known)| known.order.key == order.key) {
            return if known.order == order {
                Ok(known.json(id, now))
            } else {
                Err((
                    409,
                    "conflict",
                    "the key is that of another transfer".to_owned(),
                ))
            };
        }
        let transfer = Transfer {
            order,
            created_at: now,
            decided: None,
        };
        let shown = transfer.json(&id, now);
        if all.len() >= KEPT_MAX {
            all.pop_first();
        }
        all.insert(id, transfer);
        Ok(shown)
    }
}

impl Transfer {
    fn json(&self, id: &str, now: OffsetDateTime) -> Value {
        let passed = (now - self.created_at).whole_seconds();
        let (state, reason) = match &self.decided {
            Some(decided) => (decided.state.as_str(), decided.reason.as_deref()),
            None if passed < TAKES_S => ("pending", None),
            None if self.order.to % 1_000 == 666 => ("rejected", Some("recipient_refused")),
            None => ("settled", None),
        };
        json!({
            "id": id,
            "key": self.order.key,
            "state": state,
            "reason": reason,
            "progress": (passed * 100 / TAKES_S).clamp(0, 100),
            "amount": self.order.amount,
            "from": self.order.from,
            "to": self.order.to,
        })
    }
}

/// Mounted under `/settlement`.
pub fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/transfers", post(create).get(find))
        .route("/transfers/{id}", get(one))
        .route("/balance", get(balance))
        .with_state(core)
}

/// The control API: `/sim/settlement/…`.
pub(crate) fn control_router() -> Router<Arc<Core>> {
    Router::new()
        .route("/sim/settlement", get(list))
        .route("/sim/settlement/{id}", post(decide))
}

async fn create(State(core): State<Arc<Core>>, headers: HeaderMap, body: Bytes) -> Response {
    let params = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let act = || match serde_json::from_slice::<Order>(&body) {
        Ok(order) => {
            let id = format!("st-{}", core.random_name(12));
            core.settlement.create(order, id, core.clock.now())
        }
        Err(error) => Err((422, "invalid", error.to_string())),
    };
    answer(&core, "settlement.create", params, &headers, act).await
}

/// Query of `GET /settlement/transfers`.
#[derive(Deserialize)]
struct ByKey {
    key: String,
}

async fn find(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    Query(ByKey { key }): Query<ByKey>,
) -> Response {
    let act = || {
        let now = core.clock.now();
        let all = core.settlement.lock();
        let found = all.iter().filter(|(_, transfer)| transfer.order.key == key);
        let found: Vec<Value> = found.map(|(id, transfer)| transfer.json(id, now)).collect();
        Ok(json!({ "transfers": found }))
    };
    answer(
        &core,
        "settlement.find",
        json!({ "key": key }),
        &headers,
        act,
    )
    .await
}

async fn one(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let act = || {
        let all = core.settlement.lock();
        let transfer = all.get(&id);
        let missing = || (404, "not_found", "there is no such transfer".to_owned());
        Ok(transfer.ok_or_else(missing)?.json(&id, core.clock.now()))
    };
    answer(&core, "settlement.get", json!({ "id": id }), &headers, act).await
}

async fn balance(State(core): State<Arc<Core>>, headers: HeaderMap) -> Response {
    let act = || Ok(json!({ "available": BALANCE }));
    answer(&core, "settlement.balance", json!({}), &headers, act).await
}

async fn answer(
    core: &Core,
    target: &str,
    params: Value,
    headers: &HeaderMap,
    act: impl FnOnce() -> Outcome,
) -> Response {
    let bearer = format!("Bearer {KEY}");
    let is_known = headers
        .get("authorization")
        .is_some_and(|key| key == bearer.as_str());
    let acted = async {
        let outcome = if is_known {
            act()
        } else {
            Err((401, "key", "the key is not known".to_owned()))
        };
        let (status, body) = match outcome {
            Ok(body) => (200, body),
            Err((status, code, message)) => (
                status,
                json!({ "error": { "code": code, "message": message } }),
            ),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(body)).into_response()
    };
    let response = core.faults.around(&core.clock, target, None, acted).await;
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
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

async fn list(State(core): State<Arc<Core>>) -> Json<Value> {
    let now = core.clock.now();
    let all = core.settlement.lock();
    let all: Vec<Value> = all
        .iter()
        .map(|(id, transfer)| transfer.json(id, now))
        .collect();
    Json(json!({ "transfers": all }))
}

async fn decide(
    State(core): State<Arc<Core>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let decided: Decided = parse(&body)?;
    if !["pending", "settled", "rejected"].contains(&decided.state.as_str()) {
        return Err(Refused::bad("state: pending, settled or rejected"));
    }
    let mut all = core.settlement.lock();
    let transfer = all.get_mut(&id);
    let transfer = transfer.ok_or_else(|| Refused::missing("there is no such transfer"))?;
    transfer.decided = Some(decided);
    Ok(Json(json!({})))
}
