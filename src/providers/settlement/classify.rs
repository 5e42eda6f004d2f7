//! What the service's answers mean for a transfer, for money, and for the breaker.

use std::time::Duration;

use serde_json::Value;

use crate::providers::breaker::Health;
use crate::providers::fetch::{Answer, CallFailure};
use crate::providers::gate::Account;
use crate::providers::redaction::Redactor;
use crate::providers::verdict::Verdict;
use crate::providers::{Counts, FailureReason, PollState, ProviderError};

const RETRY_AFTER: Duration = Duration::from_secs(10);
const ID_CHARS_MAX: usize = 64;

/// As it may stand in an address.
pub(super) fn is_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(allowed)
}

/// The answer to the one call that creates a transfer. When in doubt: [`ProviderError::Ambiguous`], which is never sent
/// again.
pub(super) fn created(
    outcome: Result<Answer, CallFailure>,
    redactor: &Redactor,
) -> Verdict<(String, Value)> {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(failure @ CallFailure::NotSent(_)) => {
            let detail = failure.to_string();
            return Verdict::error(ProviderError::Transient { detail }, Health::Ill);
        }
        Err(failure @ CallFailure::Lost(_)) => {
            let detail = failure.to_string();
            return Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill);
        }
    };
    let detail = detail(&answer, redactor);
    let json = answer.json.as_ref();
    let id = json.and_then(|json| json.get("id")).and_then(Value::as_str);
    if let (200..300, Some(json), Some(id)) = (answer.status, json, id.filter(|id| is_id(id))) {
        return Verdict::ok((id.to_owned(), redactor.json(json)));
    }
    match refusal(&answer, detail.clone()) {
        Some(verdict) => verdict,
        // Whoever answered this did not say what became of it.
        None => Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill),
    }
}

/// The answer to a question.
pub(super) fn asked(
    path: &str,
    outcome: Result<Answer, CallFailure>,
    redactor: &Redactor,
) -> Verdict<Value> {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(failure) => {
            let detail = format!("{path}: {failure}");
            return Verdict::error(ProviderError::Transient { detail }, Health::Ill);
        }
    };
    let detail = detail(&answer, redactor);
    match &answer.json {
        Some(json @ Value::Object(_)) if (200..300).contains(&answer.status) => {
            return Verdict::ok(json.clone());
        }
        _ => {}
    }
    if answer.status == 404 {
        let reason = FailureReason::ProviderFailed;
        return Verdict::error(ProviderError::Rejected { reason, detail }, Health::Well);
    }
    let mut verdict = match refusal(&answer, detail.clone()) {
        Some(verdict) => verdict,
        None => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
    };
    // A question is never the user's mistake, and no money is needed for it: the transfer goes on.
    verdict.result = verdict.result.map_err(|error| match error {
        ProviderError::Rejected { detail, .. } => ProviderError::Transient { detail },
        ProviderError::NoFunds => ProviderError::Transient {
            detail: "no funds".to_owned(),
        },
        other => other,
    });
    verdict
}

/// How a transfer stands; None for what no transfer is.
pub(super) fn state(answer: &Value, redactor: &Redactor) -> Option<PollState> {
    let text = |name| answer.get(name).and_then(Value::as_str);
    match text("state")? {
        "pending" => {
            let percent = answer.get("progress").and_then(Value::as_u64);
            let percent = percent.and_then(|percent| u8::try_from(percent.min(100)).ok());
            Some(PollState::Running {
                progress_percent: percent,
            })
        }
        "settled" => Some(PollState::Delivered(Counts::default())),
        "rejected" => {
            let code = text("reason").unwrap_or("rejected");
            Some(PollState::Failed {
                reason: reason(code),
                code: redactor.detail(code),
            })
        }
        _ => None,
    }
}

/// An answer in the service's own words that it did not act; None for anything else.
fn refusal<T>(answer: &Answer, detail: String) -> Option<Verdict<T>> {
    let error = answer.json.as_ref()?.get("error");
    let code = error.and_then(|error| error.get("code"));
    let code = code.and_then(Value::as_str);
    Some(match (answer.status, code) {
        (429, _) => {
            let after = answer.retry_after.unwrap_or(RETRY_AFTER);
            Verdict::error(ProviderError::RateLimited { after }, Health::Well)
        }
        (401 | 403, Some(_)) => Verdict {
            result: Err(ProviderError::Permanent { detail }),
            // It answers, and well; that our key is wrong is for the latch.
            health: Health::Well,
            account: Account::KeyRefused,
        },
        (402, Some(_)) => Verdict::error(ProviderError::NoFunds, Health::Well),
        (503, Some("maintenance")) => {
            Verdict::error(ProviderError::Transient { detail }, Health::Ill)
        }
        (400..500, Some(code)) => {
            let reason = reason(code);
            Verdict::error(ProviderError::Rejected { reason, detail }, Health::Well)
        }
        _ => return None,
    })
}

fn reason(code: &str) -> FailureReason {
    match code {
        "refused" | "recipient_refused" | "sender_refused" => FailureReason::ContentRefused,
        "invalid" | "limit" => FailureReason::BadInput,
        _ => FailureReason::ProviderFailed,
    }
}

fn detail(answer: &Answer, redactor: &Redactor) -> String {
    let words = match &answer.json {
        Some(json) => redactor.json(json).to_string(),
        None => "no JSON".to_owned(),
    };
    redactor.detail(&format!("{}: {words}", answer.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_logged_without_secrets_and_on_one_line() {
        let redactor = Redactor::new([crate::base::redact::Secret::from("settlement-key")]);
        let reason = format!("bad settlement-key\n\u{1b}[2J{}", "x".repeat(10_000));
        let answer = serde_json::json!({"state": "rejected", "reason": reason});
        let Some(PollState::Failed { code, .. }) = state(&answer, &redactor) else {
            panic!("it was rejected");
        };
        assert!(
            code.starts_with("bad [redacted] ") && code.chars().count() < 400,
            "{code}"
        );
        assert!(!code.contains(['\n', '\u{1b}']), "{code}");
    }
}
