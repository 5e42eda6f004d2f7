//! What Flutterwave answers and tells, read with care.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::{
    Heard, Page, ProcessorError, Returned, Standing, Transaction, currency, minor_units,
};
use super::NAME_CHARS_MAX;
use crate::base::money::Amount;
use crate::providers::breaker::Health;
use crate::providers::fetch::{Answer, CallFailure};
use crate::providers::redaction::Redactor;

/// The look-ups say so in prose, with status 400 or 404.
const NOT_FOUND: &str = "no transaction was found";

type Read = Result<Value, ProcessorError>;

/// The answer if it says yes, and what it says of Flutterwave's health.
pub(super) fn read(outcome: Result<Answer, CallFailure>, redactor: &Redactor) -> (Read, Health) {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(CallFailure::NotSent(detail)) => {
            let detail = detail.to_owned();
            let after = None;
            return (
                Err(ProcessorError::Unavailable { detail, after }),
                Health::Ill,
            );
        }
        Err(CallFailure::Lost(detail)) => {
            let detail = detail.to_owned();
            return (Err(ProcessorError::Lost { detail }), Health::Ill);
        }
    };
    let Answer {
        status,
        retry_after,
        json,
    } = answer;
    let says = json.as_ref().and_then(|json| json["status"].as_str());
    let message = json.as_ref().and_then(|json| json["message"].as_str());
    let detail = redactor.detail(&format!("HTTP {status}: {}", message.unwrap_or("no JSON")));
    match (status, says) {
        (200..=299, Some("success")) => (Ok(json.unwrap_or_default()), Health::Well),
        (429, _) => {
            let after = retry_after;
            let error = ProcessorError::Unavailable { detail, after };
            (Err(error), Health::Unclear)
        }
        // With an answer in its own form it has understood, and will not.
        (200..=499, Some("error")) => (Err(ProcessorError::Refused { detail }), Health::Well),
        _ => (Err(ProcessorError::Lost { detail }), Health::Ill),
    }
}

/// What was looked up; None if there is no such thing.
pub(super) fn found(read: Read) -> Result<Option<Value>, ProcessorError> {
    match read {
        Err(ProcessorError::Refused { detail }) if detail.to_lowercase().contains(NOT_FOUND) => {
            Ok(None)
        }
        other => other.map(Some),
    }
}

/// A transaction as it stands in the list and in the look-up.
pub(super) fn transaction(line: &Value) -> Option<Transaction> {
    let currency = line["currency"].as_str()?.to_owned();
    Some(Transaction {
        id: name(&line["id"]).filter(|id| is_id(id))?,
        reference: name(&line["tx_ref"])?,
        paid: money(&line["amount"], &currency)?,
        currency,
        standing: match line["status"].as_str()? {
            "successful" => Standing::Successful,
            "failed" | "cancelled" | "error" => Standing::Failed,
            _ => Standing::Pending,
        },
        at: line["created_at"]
            .as_str()
            .and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok()),
    })
}

/// A page of the list. A line that cannot be read is left out: it is none of ours.
pub(super) fn page(answer: &Value) -> Option<Page> {
    let lines = answer["data"].as_array()?;
    Some(Page {
        transactions: lines.iter().filter_map(transaction).collect(),
        pages: pages(answer),
    })
}

/// How many pages a list has.
pub(super) fn pages(answer: &Value) -> u32 {
    let pages = answer["meta"]["page_info"]["total_pages"].as_u64();
    pages
        .and_then(|pages| u32::try_from(pages).ok())
        .unwrap_or(1)
}

/// A refund. Of its many words for done and under way none says that it failed but these.
pub(super) fn returned(line: &Value, currency: &str) -> Option<Returned> {
    let status = line["status"].as_str()?;
    Some(Returned {
        id: name(&line["id"])?,
        amount: money(&line["amount_refunded"], currency)?,
        has_failed: ["failed", "cancelled", "rejected"]
            .iter()
            .any(|word| status.starts_with(word)),
    })
}

/// What an event speaks of: of version 3, of version 4, or of the form before both, which old accounts still send.
pub(super) fn heard(body: &Value) -> Option<Heard> {
    if !body.is_object() {
        return None;
    }
    let data = body.get("data").unwrap_or(body);
    let kind = [&body["event"], &body["type"], &body["event.type"]];
    let kind = kind.into_iter().find_map(name).unwrap_or_default();
    let reference = [&data["tx_ref"], &data["reference"], &data["txRef"]];
    Some(Heard {
        kind,
        transaction_id: name(&data["id"]).filter(|id| is_id(id)),
        reference: reference.into_iter().find_map(name),
    })
}

/// An id of version 3 is a number.
pub(super) fn is_id(text: &str) -> bool {
    (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A short text or number.
pub(super) fn name(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let is_name = !text.is_empty()
        && text.chars().count() <= NAME_CHARS_MAX
        && !text.chars().any(char::is_control);
    is_name.then_some(text)
}

/// The decimals of a currency; of one that is not known two, as most have.
pub(super) fn exponent(code: &str) -> u8 {
    currency(code).map_or(2, |currency| currency.exponent)
}

fn money(value: &Value, currency: &str) -> Option<Amount> {
    minor_units(&name(value)?, exponent(currency))
}
