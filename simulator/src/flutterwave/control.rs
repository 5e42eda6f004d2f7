//! The control API of the simulated Flutterwave.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::api;
use super::records::{Link, Refund, Status, Transaction, Version, number};
use super::webhook::{self, Signature};
use crate::control::{Refused, parse};
use crate::core::Core;

/// Everything that there is: links, transactions and refunds, oldest first.
pub(super) async fn account(State(core): State<Arc<Core>>) -> Json<Value> {
    let account = core.flutterwave.lock();
    let mut links: Vec<&Link> = account.links.values().collect();
    links.sort_by_key(|link| link.expires_at);
    let links: Vec<Value> = links
        .into_iter()
        .map(|link| {
            json!({
                "id": link.id, "tx_ref": link.tx_ref, "amount": number(link.amount), "currency": link.currency,
                "redirect_url": link.redirect_url, "email": link.email, "title": link.title,
            })
        })
        .collect();
    let transactions: Vec<Value> = account
        .transactions
        .values()
        .map(Transaction::json)
        .collect();
    let refunds: Vec<Value> = account.refunds.values().map(Refund::json).collect();
    Json(json!({
        "settings": account.settings,
        "links": links,
        "transactions": transactions,
        "refunds": refunds,
        "refund_calls": account.refund_calls,
    }))
}

/// Body of `POST /sim/flutterwave/settings`; what is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    webhook_url: Option<String>,
    version: Option<Version>,
}

pub(super) async fn change(
    State(core): State<Arc<Core>>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let change: Change = parse(&body)?;
    {
        let mut account = core.flutterwave.lock();
        let settings = &mut account.settings;
        settings.webhook_url = change.webhook_url.or(settings.webhook_url.take());
        settings.version = change.version.unwrap_or(settings.version);
    }
    Ok(account(State(core)).await)
}

/// Body of `POST /sim/flutterwave/pay`: somebody pays by the newest link, or by that of a reference, as often as asked and
/// whether or not it has expired, as a transfer from a bank may.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pay {
    reference: Option<String>,
    /// Another amount than was asked for.
    amount: Option<f64>,
    /// Another currency than was asked for.
    currency: Option<String>,
    #[serde(default = "successful")]
    status: Status,
    /// The merchant is told nothing of it.
    #[serde(default)]
    untold: bool,
    /// A payment in the account that came by no link: of another shop, or of a link that is gone.
    #[serde(default)]
    without_link: bool,
}

fn successful() -> Status {
    Status::Successful
}

pub(super) async fn pay(
    State(core): State<Arc<Core>>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let pay: Pay = parse(&body)?;
    let transaction = {
        let mut account = core.flutterwave.lock();
        let mut links: Vec<Link> = account.links.values().cloned().collect();
        links.sort_by_key(|link| link.expires_at);
        let link = match &pay.reference {
            Some(reference) if pay.without_link => Some(stranger(&core, reference)),
            Some(reference) => links.into_iter().find(|link| link.tx_ref == *reference),
            None => links.pop(),
        };
        let link = link.ok_or_else(|| Refused::missing("there is no such link"))?;
        let amount = pay.amount.unwrap_or(link.amount);
        let currency = pay.currency.unwrap_or_else(|| link.currency.clone());
        account.add_transaction(
            &link,
            Some((amount, currency)),
            pay.status,
            core.clock.now(),
        )
    };
    core.saves.wait().await;
    let mut told = None;
    if !pay.untold {
        told = webhook::tell(&core, &transaction).await;
    }
    Ok(Json(
        json!({ "transaction_id": transaction.id, "told": told }),
    ))
}

fn stranger(core: &Core, reference: &str) -> Link {
    Link {
        id: String::new(),
        tx_ref: reference.to_owned(),
        amount: 100.0,
        currency: "NGN".to_owned(),
        redirect_url: String::new(),
        email: "somebody@example.com".to_owned(),
        name: String::new(),
        title: String::new(),
        expires_at: core.clock.now(),
    }
}

/// Body of `POST /sim/flutterwave/transactions/{id}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    status: Status,
    #[serde(default)]
    untold: bool,
}

pub(super) async fn decide(
    State(core): State<Arc<Core>>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let decided: Decided = parse(&body)?;
    let transaction = {
        let mut account = core.flutterwave.lock();
        let found = account.transactions.get_mut(&id);
        let found = found.ok_or_else(|| Refused::missing("there is no such transaction"))?;
        found.status = decided.status;
        found.clone()
    };
    let mut told = None;
    if !decided.untold {
        told = webhook::tell(&core, &transaction).await;
    }
    Ok(Json(json!({ "told": told })))
}

/// Body of `POST /sim/flutterwave/webhook`: one is sent, now. Without a transaction it is of one that does not exist.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    transaction_id: Option<u64>,
    version: Option<Version>,
    /// What it says of its transaction instead of the truth.
    #[serde(default)]
    claims: Map<String, Value>,
    #[serde(default)]
    signature: Signature,
    /// The whole body, instead.
    body: Option<Value>,
}

pub(super) async fn webhook(
    State(core): State<Arc<Core>>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let sent: Sent = parse(&body)?;
    let (version, transaction) = {
        let account = core.flutterwave.lock();
        let id = sent.transaction_id;
        let transaction = id.and_then(|id| account.transactions.get(&id).cloned());
        if id.is_some() && transaction.is_none() {
            return Err(Refused::missing("there is no such transaction"));
        }
        (
            sent.version.unwrap_or(account.settings.version),
            transaction,
        )
    };
    let mut event = match (sent.body, transaction) {
        (Some(body), _) => body,
        (None, Some(transaction)) => transaction.event(version),
        (None, None) => json!({ "event": "charge.completed", "data": {} }),
    };
    for (name, value) in sent.claims {
        event["data"][name] = value;
    }
    let status = webhook::send(&core, version, &event, sent.signature).await;
    Ok(Json(json!({ "told": status })))
}

/// Body of `POST /sim/flutterwave/refunds`: somebody gives money back by hand, in the dashboard.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByHand {
    transaction_id: u64,
    amount: Option<f64>,
}

pub(super) async fn refund(
    State(core): State<Arc<Core>>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let by_hand: ByHand = parse(&body)?;
    let refund = {
        let mut account = core.flutterwave.lock();
        let id = by_hand.transaction_id.to_string();
        api::refunded(&mut account, &id, by_hand.amount, core.clock.now()).map_err(Refused::bad)?
    };
    Ok(Json(refund.json()))
}
