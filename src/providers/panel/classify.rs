//! What a panel's answers mean for a job, for money, and for the breaker.
//!
//! Errors come in JSON with HTTP 200 as a rule. An error that a panel words itself is its word that nothing was created,
//! unless it only says that something broke. A body that is no JSON did not come from the panel's API, and proves nothing.

use std::time::Duration;

use serde_json::Value;

use super::answer;
use super::prose::{self, Meaning};
use crate::providers::breaker::Health;
use crate::providers::fetch::{Answer, CallFailure};
use crate::providers::gate::Account;
use crate::providers::redaction::Redactor;
use crate::providers::{FailureReason, ProviderError};

const RETRY_AFTER: Duration = Duration::from_secs(10);

/// What a call came to.
#[derive(Debug)]
pub(super) struct Verdict<T> {
    pub(super) result: Result<T, ProviderError>,
    pub(super) health: Health,
    pub(super) account: Account,
    /// What the panel's own error meant, if it was one.
    pub(super) meaning: Option<Meaning>,
}

impl<T> Verdict<T> {
    pub(super) fn ok(value: T) -> Self {
        Self {
            result: Ok(value),
            health: Health::Well,
            account: Account::Good,
            meaning: None,
        }
    }

    fn error(error: ProviderError, health: Health) -> Self {
        let account = match error {
            ProviderError::NoFunds => Account::NoFunds,
            _ => Account::Silent,
        };
        Self {
            result: Err(error),
            health,
            account,
            meaning: None,
        }
    }

    fn key_refused(detail: String) -> Self {
        Self {
            result: Err(ProviderError::Permanent { detail }),
            // It answers, and well; that our key is wrong is for the latch.
            health: Health::Well,
            account: Account::KeyRefused,
            meaning: None,
        }
    }
}

/// The answer to a call that creates something, named `name` in it. When in doubt: [`ProviderError::Ambiguous`], which is
/// never sent again. `given` is what its user gave.
pub(super) fn created(
    name: &str,
    given: &[&str],
    outcome: Result<Answer, CallFailure>,
    redactor: &Redactor,
) -> Verdict<(String, Value)> {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(failure @ CallFailure::NotSent(_)) => {
            let detail = format!("{name}: {failure}");
            return Verdict::error(ProviderError::Transient { detail }, Health::Ill);
        }
        // It may have been created. Ill all the same: more requests would lose more answers.
        Err(failure @ CallFailure::Lost(_)) => {
            let detail = format!("{name}: {failure}");
            return Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill);
        }
    };
    let Some(json) = answer.json.as_ref().filter(|json| json.is_object()) else {
        return by_gateway(name, &answer);
    };
    // An error that names an order contradicts itself. The order's own state decides, not we.
    if let Some(id) = answer::id(json, name) {
        return Verdict::ok((id, redactor.json(json)));
    }
    let detail = detail(name, &answer, redactor);
    match answer::error(json) {
        Some(words) => {
            let meaning = prose::meaning_beside(words, given);
            let mut verdict = refused(meaning, detail, &answer);
            verdict.meaning = Some(meaning);
            verdict
        }
        None if answer.status == 429 => Verdict::error(rate_limited(&answer), Health::Well),
        None => Verdict::error(ProviderError::Ambiguous { detail }, Health::Unclear),
    }
}

fn refused<T>(meaning: Meaning, detail: String, answer: &Answer) -> Verdict<T> {
    let rejected =
        |reason, detail| Verdict::error(ProviderError::Rejected { reason, detail }, Health::Well);
    match meaning {
        Meaning::NoFunds => Verdict::error(ProviderError::NoFunds, Health::Well),
        Meaning::KeyRefused => Verdict::key_refused(detail),
        Meaning::RateLimited => Verdict::error(rate_limited(answer), Health::Well),
        Meaning::Duplicate => rejected(FailureReason::TargetBusy, detail),
        Meaning::Forbidden => rejected(FailureReason::ContentRefused, detail),
        Meaning::BadInput | Meaning::NoSuchOrder => rejected(FailureReason::BadInput, detail),
        Meaning::Maintenance => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
        // It says that it broke, and may have broken after it acted.
        Meaning::Trouble => Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill),
        _ if answer.status == 429 => Verdict::error(rate_limited(answer), Health::Well),
        _ if answer.status >= 500 => {
            Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill)
        }
        // A refusal in words that we do not know: not created, and not ours to mend by repeating.
        Meaning::ServiceGone | Meaning::BadCall | Meaning::Unknown => {
            Verdict::error(ProviderError::Permanent { detail }, Health::Well)
        }
    }
}

/// Not the panel's API: a page, or a body that cannot be read.
fn by_gateway<T>(name: &str, answer: &Answer) -> Verdict<T> {
    let status = answer.status;
    let detail = format!("{name}: HTTP {status} without the panel's JSON");
    match status {
        // Refused at the gate, as Cloudflare does with a browser check: not passed on, and it may let us in later.
        403 => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
        401 => Verdict::key_refused(detail),
        429 => Verdict::error(rate_limited(answer), Health::Well),
        408 => Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill),
        // Nobody there of that name or at that path: the configured address is wrong.
        301 | 302 | 307 | 308 | 400..=499 => {
            Verdict::error(ProviderError::Permanent { detail }, Health::Well)
        }
        500.. => Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill),
        _ => Verdict::error(ProviderError::Ambiguous { detail }, Health::Unclear),
    }
}

/// A call that asks: whatever goes wrong, asking again is harmless and loses nothing.
pub(super) fn read(
    what: &str,
    outcome: Result<Answer, CallFailure>,
    redactor: &Redactor,
) -> Verdict<Value> {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(failure) => {
            let detail = format!("{what}: {failure}");
            return Verdict::error(ProviderError::Transient { detail }, Health::Ill);
        }
    };
    let detail = detail(what, &answer, redactor);
    let Some(json) = answer.json.as_ref().filter(|json| !json.is_string()) else {
        return match answer.status {
            429 => Verdict::error(rate_limited(&answer), Health::Well),
            401 => Verdict::key_refused(detail),
            _ => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
        };
    };
    let Some(words) = answer::error(json) else {
        return match answer.status {
            429 => Verdict::error(rate_limited(&answer), Health::Well),
            400.. => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
            _ => Verdict::ok(json.clone()),
        };
    };
    let meaning = prose::meaning(words);
    let mut verdict = match meaning {
        Meaning::KeyRefused => Verdict::key_refused(detail),
        Meaning::RateLimited => Verdict::error(rate_limited(&answer), Health::Well),
        Meaning::Maintenance | Meaning::Trouble => {
            Verdict::error(ProviderError::Transient { detail }, Health::Ill)
        }
        Meaning::NoSuchOrder => Verdict::error(ProviderError::Transient { detail }, Health::Well),
        Meaning::NoFunds
        | Meaning::Duplicate
        | Meaning::ServiceGone
        | Meaning::Forbidden
        | Meaning::BadInput
        | Meaning::BadCall
        | Meaning::Unknown => Verdict::error(ProviderError::Transient { detail }, Health::Unclear),
    };
    verdict.meaning = Some(meaning);
    verdict
}

fn rate_limited(answer: &Answer) -> ProviderError {
    ProviderError::RateLimited {
        after: answer.retry_after.unwrap_or(RETRY_AFTER),
    }
}

fn detail(what: &str, answer: &Answer, redactor: &Redactor) -> String {
    let status = answer.status;
    let Some(json) = &answer.json else {
        return format!("{what}: HTTP {status} without the panel's JSON");
    };
    let words = redactor.detail(answer::error(json).unwrap_or("an answer without what was asked"));
    format!("{what}: HTTP {status}: {words}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn add(status: u16, json: Option<Value>) -> Verdict<(String, Value)> {
        let answer = Answer {
            status,
            retry_after: None,
            json,
        };
        created("order", &[], Ok(answer), &Redactor::default())
    }

    #[test]
    fn only_what_surely_was_not_created_may_be_ordered_anew() {
        let error = |text: &str| Some(json!({ "error": text }));
        let class = |verdict: Verdict<_>| match verdict.result {
            Ok(_) => "ok",
            Err(ProviderError::Transient { .. }) => "transient",
            Err(ProviderError::RateLimited { .. }) => "rate_limited",
            Err(ProviderError::Rejected { .. }) => "rejected",
            Err(ProviderError::Permanent { .. }) => "permanent",
            Err(ProviderError::Ambiguous { .. }) => "ambiguous",
            Err(ProviderError::NoFunds) => "no_funds",
        };
        for (status, json, expected) in [
            (200, Some(json!({"order": 23501})), "ok"),
            (
                200,
                Some(json!({"status": "success", "order": "151"})),
                "ok",
            ),
            (200, Some(json!({"order": 5, "error": "odd"})), "ok"),
            (200, error("Not enough funds on balance"), "no_funds"),
            (400, error("neworder.error.link_duplicate"), "rejected"),
            (200, error("Quantity less than minimal 100"), "rejected"),
            (200, error("Incorrect service ID"), "permanent"),
            (200, error("Ошибка"), "permanent"),
            (500, error("Ошибка"), "ambiguous"),
            (200, error("Something went wrong"), "ambiguous"),
            (200, error("Under maintenance"), "transient"),
            (200, error("Too many requests"), "rate_limited"),
            (200, Some(json!({"error": null})), "ambiguous"),
            (200, Some(json!({})), "ambiguous"),
            (200, Some(json!([])), "ambiguous"),
            (200, Some(json!("ok")), "ambiguous"),
            (200, None, "ambiguous"),
            (502, None, "ambiguous"),
            (404, None, "permanent"),
            (403, None, "transient"),
        ] {
            assert_eq!(
                class(add(status, json.clone())),
                expected,
                "{status} {json:?}"
            );
        }
    }
}
