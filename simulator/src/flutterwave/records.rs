//! The account's records: links, transactions, refunds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::core::Core;

/// Older ones are forgotten, so that a long demo does not fill the memory.
const KEPT_MAX: usize = 5_000;
const FIRST_TRANSACTION: u64 = 285_959_875;
const FIRST_REFUND: u64 = 75_923;
/// Of what is paid, in percent.
const FEE_PERCENT: f64 = 1.4;

/// The account; what of it outlives a restart.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Account {
    #[serde(skip)]
    pub(super) settings: Settings,
    pub(super) links: BTreeMap<String, Link>,
    pub(super) transactions: BTreeMap<u64, Transaction>,
    pub(super) refunds: BTreeMap<u64, Refund>,
    /// Every request for a refund that came through, refused ones too.
    pub(super) refund_calls: u64,
}

/// Where webhooks go, and which.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Settings {
    pub(super) webhook_url: Option<String>,
    pub(super) version: Version,
}

/// The generation of webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Version {
    #[default]
    V3,
    V4,
}

/// A payment link.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) id: String,
    pub(super) tx_ref: String,
    pub(super) amount: f64,
    pub(super) currency: String,
    pub(super) redirect_url: String,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) title: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) expires_at: OffsetDateTime,
}

/// How a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Successful,
    Failed,
    Pending,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Successful => "successful",
            Self::Failed => "failed",
            Self::Pending => "pending",
        }
    }
}

/// A try to pay.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Transaction {
    pub(super) id: u64,
    pub(super) tx_ref: String,
    pub(super) amount: f64,
    pub(super) currency: String,
    pub(super) status: Status,
    pub(super) email: String,
    pub(super) name: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created_at: OffsetDateTime,
}

/// Money that went back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Refund {
    pub(super) id: u64,
    pub(super) tx_id: u64,
    pub(super) amount: f64,
    pub(super) status: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created_at: OffsetDateTime,
}

impl Account {
    pub(super) fn add_link(&mut self, link: Link) {
        if self.links.len() >= KEPT_MAX {
            let oldest = self.links.values().min_by_key(|link| link.expires_at);
            if let Some(id) = oldest.map(|link| link.id.clone()) {
                self.links.remove(&id);
            }
        }
        self.links.insert(link.id.clone(), link);
    }

    /// Somebody tried to pay.
    pub(super) fn add_transaction(
        &mut self,
        link: &Link,
        paid: Option<(f64, String)>,
        status: Status,
        now: OffsetDateTime,
    ) -> Transaction {
        let last = self.transactions.last_key_value().map(|(id, _)| id + 7);
        let id = last.unwrap_or(FIRST_TRANSACTION);
        let (amount, currency) = paid.unwrap_or_else(|| (link.amount, link.currency.clone()));
        let transaction = Transaction {
            id,
            tx_ref: link.tx_ref.clone(),
            amount,
            currency,
            status,
            email: link.email.clone(),
            name: link.name.clone(),
            created_at: now,
        };
        self.transactions.insert(id, transaction.clone());
        if self.transactions.len() > KEPT_MAX {
            self.transactions.pop_first();
        }
        transaction
    }

    pub(super) fn refunded(&self, tx_id: u64) -> f64 {
        let of_it = self.refunds.values().filter(|refund| refund.tx_id == tx_id);
        of_it.map(|refund| refund.amount).sum()
    }

    /// Gives money back.
    pub(super) fn add_refund(&mut self, tx_id: u64, amount: f64, now: OffsetDateTime) -> Refund {
        let last = self.refunds.last_key_value().map(|(id, _)| id + 1);
        let refund = Refund {
            id: last.unwrap_or(FIRST_REFUND),
            tx_id,
            amount,
            status: "completed".to_owned(),
            created_at: now,
        };
        self.refunds.insert(refund.id, refund.clone());
        refund
    }

    /// Newest first.
    pub(super) fn of_reference(&self, tx_ref: &str) -> Option<&Transaction> {
        let mut newest_first = self.transactions.values().rev();
        newest_first.find(|transaction| transaction.tx_ref == tx_ref)
    }
}

/// A whole number is written without decimals, as Flutterwave writes it.
pub(super) fn number(amount: f64) -> Value {
    let text = format!("{:.2}", amount);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn written(at: OffsetDateTime) -> String {
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    let text = whole.format(&Rfc3339).unwrap_or_default();
    text.replace('Z', ".000Z")
}

impl Transaction {
    /// As the API answers.
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "tx_ref": self.tx_ref,
            "flw_ref": format!("FLW-MOCK-{}", self.id),
            "device_fingerprint": "N/A",
            "amount": number(self.amount),
            "currency": self.currency,
            "charged_amount": number(self.amount),
            "app_fee": number(self.amount * FEE_PERCENT / 100.0),
            "merchant_fee": 0,
            "processor_response": match self.status {
                Status::Successful => "Approved by Financial Institution",
                Status::Failed => "Insufficient Funds. Card 553188******2950 of FLW customer declined",
                Status::Pending => "pending",
            },
            "auth_model": "PIN",
            "ip": "::ffff:10.5.179.3",
            "narration": "CARD Transaction ",
            "status": self.status.name(),
            "payment_type": "card",
            "created_at": written(self.created_at),
            "account_id": 17321,
            "amount_settled": number(self.amount - self.amount * FEE_PERCENT / 100.0),
            "card": {
                "first_6digits": "553188", "last_4digits": "2950", "issuer": " CREDIT",
                "country": "NIGERIA NG", "type": "MASTERCARD", "expiry": "09/32",
            },
            "customer": {
                "id": 370672, "phone_number": "N/A", "name": self.name, "email": self.email,
                "created_at": written(self.created_at),
            },
        })
    }

    /// The body of a webhook about it.
    pub(super) fn event(&self, version: Version) -> Value {
        match version {
            Version::V3 => json!({ "event": "charge.completed", "data": self.json() }),
            Version::V4 => json!({
                "id": format!("wbk_{}", self.id),
                "timestamp": self.created_at.unix_timestamp() * 1_000,
                "type": "charge.completed",
                "data": {
                    "id": format!("chg_{}", self.id),
                    "amount": number(self.amount),
                    "currency": self.currency,
                    "reference": self.tx_ref,
                    "status": match self.status {
                        Status::Successful => "succeeded",
                        Status::Failed => "failed",
                        Status::Pending => "pending",
                    },
                    "customer": { "id": "cus_370672", "email": self.email },
                    "created_datetime": written(self.created_at),
                },
            }),
        }
    }
}

impl Refund {
    /// As the API answers.
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "account_id": 17321,
            "tx_id": self.tx_id,
            "flw_ref": format!("URF_{}", self.id),
            "wallet_id": 74639,
            "amount_refunded": number(self.amount),
            "status": self.status,
            "destination": "payment_source",
            "meta": { "source": "availablebalance" },
            "created_at": written(self.created_at),
        })
    }
}

impl Link {
    /// Where the payer is led back to.
    pub(super) fn back(&self, status: &str, transaction: Option<u64>) -> String {
        let Ok(mut url) = reqwest::Url::parse(&self.redirect_url) else {
            return self.redirect_url.clone();
        };
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("status", status);
            query.append_pair("tx_ref", &self.tx_ref);
            if let Some(id) = transaction {
                query.append_pair("transaction_id", &id.to_string());
            }
        }
        url.into()
    }
}

/// A link as it was asked for, or what is wrong with that.
pub(super) fn link(core: &Core, body: &Value) -> Result<Link, &'static str> {
    let text = |value: &Value| value.as_str().map(str::trim).unwrap_or_default().to_owned();
    let tx_ref = text(&body["tx_ref"]);
    if tx_ref.is_empty() || tx_ref.len() > 100 {
        return Err("tx_ref is required");
    }
    let amount = body["amount"]
        .as_f64()
        .or_else(|| text(&body["amount"]).parse().ok());
    let amount = amount.filter(|amount| *amount >= 0.01 && *amount < 1e12);
    let amount = amount.ok_or("amount is required")?;
    let currency = text(&body["currency"]);
    let is_code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    if !is_code {
        return Err("currency is not supported");
    }
    let redirect_url = text(&body["redirect_url"]);
    let is_address = reqwest::Url::parse(&redirect_url)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
    if !is_address {
        return Err("redirect_url must be a valid url");
    }
    let email = text(&body["customer"]["email"]);
    let is_email = email.split_once('@').is_some_and(|(user, domain)| {
        !user.is_empty() && domain.contains('.') && !domain.ends_with('.') && !email.contains(' ')
    });
    if !is_email {
        return Err("customer email is required");
    }
    let minutes = body["session_duration"].as_i64().unwrap_or(60);
    if !(1..=1_440).contains(&minutes) {
        return Err("session_duration must not be greater than 1440");
    }
    Ok(Link {
        id: core.random_name(20),
        tx_ref,
        amount,
        currency,
        redirect_url,
        email,
        name: text(&body["customer"]["name"]),
        title: text(&body["customizations"]["title"]),
        expires_at: core.clock.now() + Duration::minutes(minutes),
    })
}
