//! The API: who asks, what for, and the answer in Flutterwave's form.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use time::Date;
use time::macros::format_description;

use super::KEY;
use super::records::{Account, Refund, Status, Transaction, link};
use crate::core::Core;
use crate::server::Cut;

/// "Get multiple transactions" shows ten at a time.
const PAGE: usize = 10;

type Fields = BTreeMap<String, String>;
type Outcome = Result<Value, (StatusCode, &'static str)>;

const NOT_FOUND: (StatusCode, &str) = (
    StatusCode::BAD_REQUEST,
    "No transaction was found for this id",
);

/// `POST /v3/payments`.
pub(super) async fn payments(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = read(&body);
    let params = body.clone().unwrap_or(Value::Null);
    called(&core, "flutterwave.payments", &headers, params, || {
        let body = body.ok_or((StatusCode::BAD_REQUEST, "the body is not JSON"))?;
        let link = link(&core, &body).map_err(|what| (StatusCode::BAD_REQUEST, what))?;
        let url = format!(
            "http://127.0.0.1:{}/flutterwave/v3/hosted/pay/{}",
            core.addr.port(),
            link.id
        );
        core.flutterwave.lock().add_link(link);
        Ok(success("Hosted Link", json!({ "link": url })))
    })
    .await
}

/// `GET /v3/transactions/{id}/verify`.
pub(super) async fn verify(
    State(core): State<Arc<Core>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    called(
        &core,
        "flutterwave.verify",
        &headers,
        json!({ "id": id }),
        || {
            let account = core.flutterwave.lock();
            let found = id
                .parse()
                .ok()
                .and_then(|id: u64| account.transactions.get(&id));
            found.map_or(Err(NOT_FOUND), |transaction| Ok(fetched(transaction)))
        },
    )
    .await
}

/// `GET /v3/transactions/verify_by_reference?tx_ref=…`: the newest of that reference.
pub(super) async fn verify_by_reference(
    State(core): State<Arc<Core>>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    let params = json!(query);
    called(
        &core,
        "flutterwave.verify_by_reference",
        &headers,
        params,
        || {
            let account = core.flutterwave.lock();
            let tx_ref = query.get("tx_ref");
            let tx_ref = tx_ref.ok_or((StatusCode::BAD_REQUEST, "tx_ref is required"))?;
            let found = account.of_reference(tx_ref);
            found.map_or(Err(NOT_FOUND), |transaction| Ok(fetched(transaction)))
        },
    )
    .await
}

/// `GET /v3/transactions`: newest first, a page at a time.
pub(super) async fn transactions(
    State(core): State<Arc<Core>>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    let params = json!(query);
    called(&core, "flutterwave.transactions", &headers, params, || {
        let account = core.flutterwave.lock();
        let is_asked = wanted(&query)?;
        let found: Vec<&Transaction> = account
            .transactions
            .values()
            .rev()
            .filter(|one| is_asked(one.created_at.date()))
            .filter(|one| {
                query
                    .get("tx_ref")
                    .is_none_or(|tx_ref| *tx_ref == one.tx_ref)
            })
            .filter(|one| {
                let status = query.get("status");
                status.is_none_or(|status| *status == one.status.name())
            })
            .collect();
        let shown: Vec<Value> = found.iter().map(|one| one.json()).collect();
        paged("Transactions fetched", &shown, &query)
    })
    .await
}

/// `POST /v3/transactions/{id}/refund`.
pub(super) async fn refund(
    State(core): State<Arc<Core>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = read(&body).unwrap_or(Value::Null);
    let mut params = body.clone();
    params["id"] = json!(id);
    called(&core, "flutterwave.refund", &headers, params, || {
        let mut account = core.flutterwave.lock();
        account.refund_calls += 1;
        let refund = refunded(&mut account, &id, body["amount"].as_f64(), core.clock.now())
            .map_err(|what| (StatusCode::BAD_REQUEST, what))?;
        Ok(success("Transaction refund initiated", refund.json()))
    })
    .await
}

/// `GET /v3/refunds`: `id` is the transaction's.
pub(super) async fn refunds(
    State(core): State<Arc<Core>>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    let params = json!(query);
    called(&core, "flutterwave.refunds", &headers, params, || {
        let account = core.flutterwave.lock();
        let is_asked = wanted(&query)?;
        let shown: Vec<Value> = account
            .refunds
            .values()
            .rev()
            .filter(|one| is_asked(one.created_at.date()))
            .filter(|one| {
                query
                    .get("id")
                    .is_none_or(|id| *id == one.tx_id.to_string())
            })
            .map(Refund::json)
            .collect();
        paged("Refunds fetched", &shown, &query)
    })
    .await
}

/// For every other path.
pub(super) async fn no_such_route() -> Response {
    failed(StatusCode::NOT_FOUND, "Cannot find the route")
}

/// Gives a transaction back, in whole or in part, if it may be.
pub(super) fn refunded(
    account: &mut Account,
    id: &str,
    amount: Option<f64>,
    now: time::OffsetDateTime,
) -> Result<Refund, &'static str> {
    let found = id
        .parse()
        .ok()
        .and_then(|id: u64| account.transactions.get(&id));
    let transaction = found.ok_or("No transaction was found for this id")?.clone();
    if transaction.status != Status::Successful {
        return Err("You can only refund a successful transaction");
    }
    let left = transaction.amount - account.refunded(transaction.id);
    if left < 0.005 {
        return Err("This transaction has been refunded in full");
    }
    let amount = amount.unwrap_or(left);
    if amount < 0.005 || amount > left + 0.005 {
        return Err("Refund amount is greater than what is left of the transaction");
    }
    Ok(account.add_refund(transaction.id, amount, now))
}

fn fetched(transaction: &Transaction) -> Value {
    success("Transaction fetched successfully", transaction.json())
}

fn success(message: &str, data: Value) -> Value {
    json!({ "status": "success", "message": message, "data": data })
}

fn failed(status: StatusCode, message: &str) -> Response {
    let body = json!({ "status": "error", "message": message, "data": null });
    (status, Json(body)).into_response()
}

fn read(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().filter(Value::is_object)
}

/// Which days are asked for, both included.
fn wanted(query: &Fields) -> Result<impl Fn(Date) -> bool, (StatusCode, &'static str)> {
    let day = |name: &str| {
        let text = query.get(name);
        text.map(|text| Date::parse(text, format_description!("[year]-[month]-[day]")))
            .transpose()
            .map_err(|_| (StatusCode::BAD_REQUEST, "invalid date"))
    };
    let (from, to) = (day("from")?, day("to")?);
    Ok(move |date: Date| from.is_none_or(|from| date >= from) && to.is_none_or(|to| date <= to))
}

fn paged(message: &str, all: &[Value], query: &Fields) -> Outcome {
    let page = query
        .get("page")
        .map_or(Ok(1), |page| page.parse::<usize>());
    let page = page.ok().filter(|page| *page >= 1);
    let page = page.ok_or((StatusCode::BAD_REQUEST, "invalid page"))?;
    let shown: Vec<&Value> = all.iter().skip((page - 1) * PAGE).take(PAGE).collect();
    Ok(json!({
        "status": "success",
        "message": message,
        "meta": { "page_info": {
            "total": all.len(), "current_page": page, "total_pages": all.len().div_ceil(PAGE),
        } },
        "data": shown,
    }))
}

/// Acts for whoever has the key, unless a fault says otherwise, and writes the call down.
async fn called(
    core: &Core,
    target: &str,
    headers: &HeaderMap,
    params: Value,
    act: impl FnOnce() -> Outcome,
) -> Response {
    let act = async {
        let given = headers.get(header::AUTHORIZATION);
        let is_ours =
            given.is_some_and(|given| given.as_bytes() == format!("Bearer {KEY}").as_bytes());
        if !is_ours {
            return failed(StatusCode::UNAUTHORIZED, "Invalid authorization key");
        }
        match act() {
            Ok(answer) => {
                // What was promised outlives the simulator.
                core.saves.wait().await;
                Json(answer).into_response()
            }
            Err((status, message)) => failed(status, message),
        }
    };
    let response = core.faults.around(&core.clock, target, None, act).await;
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
