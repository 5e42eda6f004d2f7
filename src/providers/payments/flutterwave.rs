//! Flutterwave (API v3): hosted pages for cards, banks and mobile money; webhooks of both generations.
//!
//! A webhook of version 3 carries our secret hash as it is (`verif-hash`), one of version 4 a signature of its body
//! (`flutterwave-signature`: base64 of HMAC-SHA256). Which of them are believed follows from the secrets that are set. Ids of
//! version 4 (`chg_…`) are not known to the look-up of version 3, so such an event is looked up by our reference.
//! Flutterwave gives up on itself after 28 seconds and answers 503: then it is unknown what was done.
//!
//! Source: developer.flutterwave.com, "Flutterwave Standard", "Transactions", "Refunds", "Webhooks", "Handling error
//! timeouts".

mod answer;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use time::Date;
use time::macros::format_description;

use super::gate::{Business, Gate};
use super::{
    Heard, NewLink, Page, Processor, ProcessorError, Returned, ReturnsPage, Transaction, Unheard,
    decimal,
};
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::money::Amount;
use crate::base::redact::{ExposeSecret as _, Secret};
use crate::providers::breaker::{Breaker, BreakerSettings};
use crate::providers::fetch::{Answer, CallFailure, FetchLimits, Http, HttpSetupError};
use crate::providers::redaction::Redactor;
use crate::providers::signature;

/// Longer ids and references are none.
const NAME_CHARS_MAX: usize = 100;
/// Pages of transactions and refunds of one reference that are read.
const PAGES_MAX: u32 = 5;

/// The account at Flutterwave.
#[derive(Clone, Debug)]
pub struct FlutterwaveConfig {
    /// The account's secret key.
    pub api_key: Secret,
    /// Base address with the version, without a trailing slash.
    pub api_url: String,
    /// What webhooks of version 3 carry.
    pub secret_hash: Option<Secret>,
    /// What webhooks of version 4 are signed with.
    pub signing_key: Option<Secret>,
}

/// The adapter.
#[derive(Debug)]
pub struct Flutterwave {
    http: Http,
    redactor: Redactor,
    gate: Gate,
    secret_hash: Option<Secret>,
    signing_key: Option<Secret>,
}

impl Flutterwave {
    /// Its name.
    pub const NAME: &'static str = "flutterwave";

    /// # Errors
    /// When the address is not valid or no HTTP client can be made.
    pub fn new(config: FlutterwaveConfig, clock: Clock, ids: Ids) -> Result<Self, HttpSetupError> {
        let FlutterwaveConfig {
            api_key,
            api_url,
            secret_hash,
            signing_key,
        } = config;
        let known = [
            Some(api_key.clone()),
            secret_hash.clone(),
            signing_key.clone(),
        ];
        // Payment gateways: 3 failures in 60 s.
        let settings = BreakerSettings {
            calls_min: 3,
            ..BreakerSettings::default()
        };
        Ok(Self {
            http: Http::new(&api_url, api_key, clock.clone(), FetchLimits::default())?,
            redactor: Redactor::new(known.into_iter().flatten()),
            gate: Gate::new(Arc::new(Breaker::new(settings, clock, ids))),
            secret_hash,
            signing_key,
        })
    }

    /// Behind this breaker, which the replicas share.
    #[must_use]
    pub fn behind(self, breaker: Arc<Breaker>) -> Self {
        let gate = Gate::new(breaker);
        Self { gate, ..self }
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, ProcessorError> {
        self.guarded(Business::Begun, self.http.get(path, query))
            .await
    }

    /// A request that is made at most once.
    async fn post(
        &self,
        business: Business,
        path: &str,
        body: &Value,
    ) -> Result<Value, ProcessorError> {
        self.guarded(business, self.http.post_once(path, body))
            .await
    }

    async fn guarded(
        &self,
        business: Business,
        call: impl Future<Output = Result<Answer, CallFailure>>,
    ) -> Result<Value, ProcessorError> {
        let pass = self.gate.pass(business).map_err(|wait| {
            let detail = "the breaker is open".to_owned();
            let after = Some(wait);
            ProcessorError::Unavailable { detail, after }
        })?;
        let (answer, health) = answer::read(call.await, &self.redactor);
        pass.ended(health);
        answer
    }

    fn is_hashed(&self, given: Option<&[u8]>) -> bool {
        let (Some(secret), Some(given)) = (&self.secret_hash, given) else {
            return false;
        };
        // Of digests, so that their length tells nothing either.
        let digest = |bytes: &[u8]| -> [u8; 32] { Sha256::digest(bytes).into() };
        let wanted = digest(secret.expose_secret().as_bytes());
        digest(given).ct_eq(&wanted).into()
    }

    fn is_signed(&self, given: Option<&[u8]>, body: &[u8]) -> bool {
        let (Some(key), Some(given)) = (&self.signing_key, given) else {
            return false;
        };
        let Ok(signed_by) = STANDARD.decode(given.trim_ascii()) else {
            return false;
        };
        signature::is_signed(key.expose_secret().as_bytes(), &[body], &signed_by)
    }
}

#[async_trait]
impl Processor for Flutterwave {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn hear(&self, headers: &[(&str, &[u8])], body: &[u8]) -> Result<Heard, Unheard> {
        let header = |name: &str| {
            let found = headers.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| *value)
        };
        let is_believed = self.is_hashed(header("verif-hash"))
            || self.is_signed(header("flutterwave-signature"), body);
        if !is_believed {
            return Err(Unheard::BadSignature);
        }
        let body: Value = serde_json::from_slice(body).map_err(|_| Unheard::Malformed)?;
        answer::heard(&body).ok_or(Unheard::Malformed)
    }

    async fn link(&self, new: &NewLink<'_>) -> Result<String, ProcessorError> {
        let price = decimal(new.price, new.currency.exponent);
        let price: Value = serde_json::from_str(&price).unwrap_or_default();
        let body = json!({
            "tx_ref": new.reference,
            "amount": price,
            "currency": new.currency.code,
            "redirect_url": new.return_url,
            "customer": { "email": new.email },
            "customizations": { "title": new.title },
            "session_duration": (new.life.as_secs() / 60).clamp(1, 1_440),
        });
        let answer = self.post(Business::New, "/payments", &body).await?;
        let link = answer["data"]["link"].as_str();
        let link = link.filter(|link| link.starts_with("http") && link.len() <= 2_000);
        link.map(str::to_owned).ok_or_else(|| strange("a link"))
    }

    async fn transaction(&self, id: &str) -> Result<Option<Transaction>, ProcessorError> {
        if !answer::is_id(id) {
            return Ok(None);
        }
        let found = answer::found(self.get(&format!("/transactions/{id}/verify"), &[]).await)?;
        let Some(found) = found else { return Ok(None) };
        let transaction = answer::transaction(&found["data"]);
        let transaction = transaction.filter(|transaction| transaction.id == id);
        transaction
            .map(Some)
            .ok_or_else(|| strange("a transaction"))
    }

    /// Of the newest one the look-up tells; if there is one, the list may have more.
    async fn of_reference(&self, reference: &str) -> Result<Vec<Transaction>, ProcessorError> {
        let query = [("tx_ref", reference)];
        let newest = self.get("/transactions/verify_by_reference", &query).await;
        let Some(newest) = answer::found(newest)? else {
            return Ok(Vec::new());
        };
        let newest = answer::transaction(&newest["data"]);
        let mut all = vec![newest.ok_or_else(|| strange("a transaction"))?];
        for page in 1..=PAGES_MAX {
            let number = page.to_string();
            let query = [("tx_ref", reference), ("page", number.as_str())];
            let list = answer::page(&self.get("/transactions", &query).await?);
            let list = list.ok_or_else(|| strange("a list"))?;
            let is_last = list.pages <= page;
            for transaction in list.transactions {
                if all.iter().all(|known| known.id != transaction.id) {
                    all.push(transaction);
                }
            }
            if is_last {
                break;
            }
        }
        all.retain(|transaction| transaction.reference == reference);
        Ok(all)
    }

    async fn listed(&self, from: Date, to: Date, page: u32) -> Result<Page, ProcessorError> {
        let (from, to, page) = (day(from), day(to), page.to_string());
        let query = [("from", from.as_str()), ("to", &to), ("page", &page)];
        let list = answer::page(&self.get("/transactions", &query).await?);
        list.ok_or_else(|| strange("a list"))
    }

    async fn refund(
        &self,
        transaction_id: &str,
        amount: Amount,
        currency: &str,
    ) -> Result<Returned, ProcessorError> {
        if !answer::is_id(transaction_id) {
            let detail = "there is no such transaction".to_owned();
            return Err(ProcessorError::Refused { detail });
        }
        let value: Value =
            serde_json::from_str(&decimal(amount, answer::exponent(currency))).unwrap_or_default();
        let path = format!("/transactions/{transaction_id}/refund");
        let answer = self
            .post(Business::Begun, &path, &json!({ "amount": value }))
            .await?;
        answer::returned(&answer["data"], currency).ok_or_else(|| ProcessorError::Lost {
            detail: "a refund of another shape".to_owned(),
        })
    }

    async fn returned(
        &self,
        transaction_id: &str,
        currency: &str,
    ) -> Result<Vec<Returned>, ProcessorError> {
        let of_it = |line: &&Value| answer::name(&line["tx_id"]).as_deref() == Some(transaction_id);
        let mut all = Vec::new();
        for page in 1..=PAGES_MAX {
            let number = page.to_string();
            let query = [("id", transaction_id), ("page", number.as_str())];
            let answer = self.get("/refunds", &query).await?;
            let list = answer["data"].as_array().ok_or_else(|| strange("a list"))?;
            let list = list.iter().filter(of_it);
            all.extend(list.filter_map(|line| answer::returned(line, currency)));
            if answer::pages(&answer) <= page {
                break;
            }
        }
        Ok(all)
    }

    async fn returns(
        &self,
        from: Date,
        to: Date,
        page: u32,
    ) -> Result<ReturnsPage, ProcessorError> {
        let (from, to, page) = (day(from), day(to), page.to_string());
        let query = [("from", from.as_str()), ("to", &to), ("page", &page)];
        let answer = self.get("/refunds", &query).await?;
        let list = answer["data"].as_array().ok_or_else(|| strange("a list"))?;
        Ok(ReturnsPage {
            transaction_ids: list
                .iter()
                .filter_map(|line| answer::name(&line["tx_id"]))
                .collect(),
            pages: answer::pages(&answer),
        })
    }

    fn breaker(&self) -> &Breaker {
        self.gate.shared()
    }
}

fn day(date: Date) -> String {
    date.format(format_description!("[year]-[month]-[day]"))
        .unwrap_or_default()
}

/// An answer that says yes and is not what was asked for.
fn strange(what: &str) -> ProcessorError {
    ProcessorError::Unavailable {
        detail: format!("{what} of another shape"),
        after: Some(Duration::from_secs(60)),
    }
}
