//! The control API of the panels.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::orders::Decided;
use crate::control::{Refused, parse};
use crate::core::Core;

/// Orders with how they stand, oldest first, and what was asked for.
pub(super) async fn orders(State(core): State<Arc<Core>>, Path(name): Path<String>) -> Json<Value> {
    let now = core.clock.now();
    core.panels.with(&name, |panel| {
        let orders: Vec<Value> = panel
            .orders
            .values()
            .map(|order| {
                let standing = order.standing(now);
                json!({
                    "order": order.id,
                    "service": order.service,
                    "fields": order.fields,
                    "quantity": order.quantity,
                    "status": standing.status,
                    "start_count": standing.start_count,
                    "remains": standing.remains,
                    "charge_micros": order.charge_micros,
                })
            })
            .collect();
        Json(json!({
            "add_calls": panel.add_calls,
            "balance_micros": panel.settings.balance_micros,
            "orders": orders,
            "refills": panel.refills.len(),
        }))
    })
}

/// Says how an order stands from now on.
pub(super) async fn decide(
    State(core): State<Arc<Core>>,
    Path((name, id)): Path<(String, u64)>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let decided: Decided = parse(&body)?;
    core.panels.with(&name, |panel| {
        let order = panel.orders.get_mut(&id);
        let order = order.ok_or_else(|| Refused::missing("there is no such order"))?;
        order.decided = Some(decided);
        Ok(Json(json!({})))
    })
}

/// Body of `POST /sim/panel/{name}/refills/{id}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecidedRefill {
    status: String,
}

pub(super) async fn decide_refill(
    State(core): State<Arc<Core>>,
    Path((name, id)): Path<(String, u64)>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let decided: DecidedRefill = parse(&body)?;
    core.panels.with(&name, |panel| {
        let refill = panel.refills.get_mut(&id);
        let refill = refill.ok_or_else(|| Refused::missing("there is no such refill"))?;
        refill.decided = Some(decided.status);
        Ok(Json(json!({})))
    })
}

pub(super) async fn settings(
    State(core): State<Arc<Core>>,
    Path(name): Path<String>,
) -> Json<Value> {
    Json(core.panels.with(&name, |panel| json!(panel.settings)))
}

pub(super) async fn change(
    State(core): State<Arc<Core>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let change = parse(&body)?;
    core.panels
        .with(&name, |panel| panel.settings.apply(change))
        .map_err(Refused::bad)?;
    Ok(settings(State(core), Path(name)).await)
}

/// Sells a service otherwise from now on.
pub(super) async fn change_service(
    State(core): State<Arc<Core>>,
    Path((name, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let changed = parse(&body)?;
    core.panels
        .with(&name, |panel| panel.settings.change_service(&id, changed))
        .map_err(Refused::bad)?;
    Ok(settings(State(core), Path(name)).await)
}
