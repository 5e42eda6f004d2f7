//! Telegram Stars at Telegram: refunds and the list of transactions.

use async_trait::async_trait;
use serde_json::Value;

use crate::features::topup::{Direction, StarsApi, Transaction};
use crate::telegram::methods::{self, Call};
use crate::telegram::{CallError, Client};

/// The Bot API's side.
pub(super) struct BotStars(pub(super) Client);

impl BotStars {
    async fn call(&self, call: &Call) -> Result<Value, CallError> {
        self.0.call(call.method, &call.params).await
    }
}

#[async_trait]
impl StarsApi for BotStars {
    async fn refund(&self, user_id: i64, charge_id: &str) -> Result<(), CallError> {
        let call = methods::refund_star_payment(user_id, charge_id);
        self.call(&call).await.map(|_| ())
    }

    async fn transactions(&self, offset: u64, limit: u64) -> Result<Vec<Transaction>, CallError> {
        let answer = self
            .call(&methods::get_star_transactions(offset, limit))
            .await?;
        let list = answer["transactions"].as_array();
        let list = list.ok_or_else(|| CallError::Rejected {
            code: 200,
            description: "a list of transactions of another shape".to_owned(),
        })?;
        Ok(list.iter().map(transaction).collect())
    }
}

/// Bot API docs, "StarTransaction" and "TransactionPartnerUser". What is no payment of an invoice has no payer.
fn transaction(line: &Value) -> Transaction {
    let (direction, partner) = match line.get("source") {
        Some(source) => (Direction::In, source),
        None => (Direction::Out, &line["receiver"]),
    };
    let kind = partner["transaction_type"].as_str();
    let is_invoice = partner["type"] == "user" && kind.is_none_or(|kind| kind == "invoice_payment");
    Transaction {
        id: line["id"].as_str().unwrap_or_default().to_owned(),
        stars: line["amount"].as_i64().unwrap_or(0),
        direction,
        payer: partner["user"]["id"].as_i64().filter(|_| is_invoice),
        payload: partner["invoice_payload"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    }
}
