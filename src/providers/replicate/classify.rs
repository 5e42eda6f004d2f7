//! What Replicate's answers mean for a job, for money, and for the breaker.
//!
//! Its errors are `{"title", "detail", "status"}` with the same HTTP status; one that throttles has only `detail`. An error
//! without them did not come from Replicate but from something in between. The official clients repeat a POST after 429
//! alone (`index.js`, `shouldRetry`), so no other failure is taken as proof that nothing was created, save 503, by which
//! a server says that it did not take the request up (RFC 9110, 15.6.4).

use std::time::Duration;

use serde_json::Value;

use super::answer;
use crate::providers::breaker::Health;
use crate::providers::fetch::{Answer, CallFailure};
use crate::providers::redaction::Redactor;
use crate::providers::refusal::refusal;
use crate::providers::verdict::Verdict;
use crate::providers::{FailureReason, ProviderError, Submitted};

const RETRY_AFTER: Duration = Duration::from_secs(10);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// The answer to a creation. When in doubt: [`ProviderError::Ambiguous`], which is never sent again.
pub(super) fn created(
    outcome: Result<Answer, CallFailure>,
    redactor: &Redactor,
) -> Verdict<Submitted> {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(failure @ CallFailure::NotSent(_)) => {
            let detail = format!("create: {failure}");
            return Verdict::error(ProviderError::Transient { detail }, Health::Ill);
        }
        // It may have been created. Ill all the same: more requests would lose more answers.
        Err(failure @ CallFailure::Lost(_)) => {
            let detail = format!("create: {failure}");
            return Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill);
        }
    };
    let detail = detail("create", &answer, redactor);
    if (200..300).contains(&answer.status) {
        let id = answer.json.as_ref().and_then(|json| json["id"].as_str());
        return match (id.filter(|id| answer::is_id(id)), &answer.json) {
            (Some(id), Some(json)) => Verdict::ok(Submitted {
                external_id: id.to_owned(),
                answer: redactor.json(json),
            }),
            (Some(_) | None, Some(_) | None) => {
                Verdict::error(ProviderError::Ambiguous { detail }, Health::Unclear)
            }
        };
    }
    match problem(&answer) {
        Some(words) => refused(&answer, &words, detail),
        None => by_gateway(&answer, detail),
    }
}

fn refused(answer: &Answer, words: &str, detail: String) -> Verdict<Submitted> {
    match answer.status {
        // "Unauthenticated".
        401 => Verdict::key_refused(detail),
        // "Insufficient credit", "Billing required".
        402 => Verdict::error(ProviderError::NoFunds, Health::Well),
        429 => Verdict::error(rate_limited(answer, words), Health::Well),
        // "Invalid version or not permitted": the catalogue names what is not there, or not for us.
        422 if words.contains("version") => {
            Verdict::error(ProviderError::Permanent { detail }, Health::Well)
        }
        // "Input validation failed".
        400 | 413 | 422 => {
            let reason = refusal(words).unwrap_or(FailureReason::BadInput);
            Verdict::error(ProviderError::Rejected { reason, detail }, Health::Well)
        }
        503 => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
        408 | 500.. => Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill),
        400..=499 => Verdict::error(ProviderError::Permanent { detail }, Health::Well),
        _ => Verdict::error(ProviderError::Ambiguous { detail }, Health::Unclear),
    }
}

/// Not Replicate's words: a gateway's page, or a body that cannot be read.
fn by_gateway(answer: &Answer, detail: String) -> Verdict<Submitted> {
    match answer.status {
        401 => Verdict::key_refused(detail),
        // Refused at the gate, as with a browser check: not passed on, and it may let us in later.
        403 => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
        429 => Verdict::error(rate_limited(answer, ""), Health::Well),
        408 | 500.. => Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill),
        // Nobody there at that path: the configured address is wrong. 303 is the one redirect that is given after acting.
        301 | 302 | 307 | 308 | 400..=499 => {
            Verdict::error(ProviderError::Permanent { detail }, Health::Well)
        }
        _ => Verdict::error(ProviderError::Ambiguous { detail }, Health::Unclear),
    }
}

/// A call that creates nothing, whose answer must have this field: whatever goes wrong, asking again is harmless.
pub(super) fn read(
    what: &str,
    field: &str,
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
    match (answer.status, &answer.json) {
        (200..=299, Some(json)) if json.get(field).is_some() => Verdict::ok(json.clone()),
        (401, _) => Verdict::key_refused(detail),
        (429, _) => {
            let words = problem(&answer).unwrap_or_default();
            Verdict::error(rate_limited(&answer, &words), Health::Well)
        }
        (500.., _) | (_, None) => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
        (_, Some(_)) => Verdict::error(ProviderError::Transient { detail }, Health::Unclear),
    }
}

/// Whether it says that there is no such prediction of ours.
pub(super) fn is_not_found(answer: &Answer) -> bool {
    answer.status == 404 && problem(answer).is_some()
}

/// Why a prediction ended without a result, and under which code: Replicate's own, such as `E005`, stands in the words.
pub(super) fn ended(status: &str, prediction: &Value) -> (FailureReason, String) {
    let words = prediction["error"].as_str().unwrap_or_default();
    let code = error_code(words);
    let reason = match (status, code) {
        ("canceled", _) => FailureReason::Cancelled,
        // "Prediction lifecycle": it exceeded its deadline before it could start.
        ("aborted", _) => FailureReason::TimedOut,
        // "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
        (_, Some("E005")) => FailureReason::ContentRefused,
        _ => refusal(&words.to_lowercase()).unwrap_or(FailureReason::ProviderFailed),
    };
    (reason, code.unwrap_or(status).to_owned())
}

/// `E` and digits in brackets.
fn error_code(words: &str) -> Option<&str> {
    words.split(['(', ')']).find(|part| {
        part.strip_prefix('E').is_some_and(|digits| {
            (3..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

/// Replicate's own words about an error, in small letters: to be read by us alone, for no secret is known in them any more.
fn problem(answer: &Answer) -> Option<String> {
    said(answer.json.as_ref()?).map(|words| words.to_lowercase())
}

/// The same as they are written.
fn said(json: &Value) -> Option<String> {
    let title = json["title"].as_str();
    let detail = match &json["detail"] {
        Value::String(text) => Some(text.clone()),
        // A model's own check of its input answers with a list (replicate-javascript, issue 244).
        list @ Value::Array(_) => Some(list.to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    };
    if title.is_none() && detail.is_none() {
        return None;
    }
    let words = [title, detail.as_deref()];
    let words: Vec<&str> = words.into_iter().flatten().collect();
    Some(words.join(": "))
}

/// `Retry-After`, else "Your rate limit resets in ~30s." ("Rate limits").
fn rate_limited(answer: &Answer, words: &str) -> ProviderError {
    let told = words.split_once("resets in ~").and_then(|(_, rest)| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok().map(Duration::from_secs)
    });
    let after = answer.retry_after.or(told).unwrap_or(RETRY_AFTER);
    ProviderError::RateLimited {
        after: after.clamp(Duration::from_secs(1), RETRY_AFTER_MAX),
    }
}

fn detail(what: &str, answer: &Answer, redactor: &Redactor) -> String {
    let status = answer.status;
    // Masked before it is made into one text: there what it quotes is not to be told from what stands around it.
    let masked = answer.json.as_ref().map(|json| redactor.json(json));
    match masked.as_ref().and_then(said) {
        Some(words) => format!("{what}: HTTP {status}: {}", redactor.detail(&words)),
        None => format!("{what}: HTTP {status} without Replicate's words"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, json: Option<Value>) -> Result<Answer, CallFailure> {
        Ok(Answer {
            status,
            retry_after: None,
            json,
        })
    }

    fn error(status: u16, title: &str, detail: &str) -> ProviderError {
        let json = json!({"title": title, "detail": detail, "status": status});
        let verdict = created(answer(status, Some(json)), &Redactor::default());
        verdict.result.unwrap_err()
    }

    #[test]
    fn our_key_is_masked_in_the_record_of_an_error() {
        let redactor = Redactor::new([crate::base::redact::Secret::from("r8_AbCdEfGh01")]);
        let json = json!({"title": "Unauthenticated", "detail": "r8_AbCdEfGh01 is not valid", "status": 422});
        let verdict = created(answer(422, Some(json)), &redactor);
        let record = format!("{:?}", verdict.result.unwrap_err()).to_lowercase();
        assert!(
            record.contains("is not valid") && !record.contains("r8_abcd"),
            "{record}"
        );
    }

    #[test]
    fn answers_as_they_were_recorded_have_their_classes() {
        let key = error(
            401,
            "Unauthenticated",
            "You did not pass a valid authentication token",
        );
        assert!(matches!(key, ProviderError::Permanent { .. }));
        for title in ["Insufficient credit", "Billing required"] {
            assert_eq!(error(402, title, "Go to billing."), ProviderError::NoFunds);
        }
        let detail = "The specified version does not exist (or perhaps you don't have permission to use it?)";
        let version = error(422, "Invalid version or not permitted", detail);
        assert!(matches!(version, ProviderError::Permanent { .. }));
        let input = error(
            422,
            "Input validation failed",
            "- input: prompt is required",
        );
        let bad_input = FailureReason::BadInput;
        assert!(matches!(input, ProviderError::Rejected { reason, .. } if reason == bad_input));
        assert!(matches!(
            error(500, "Internal", "Oops"),
            ProviderError::Ambiguous { .. }
        ));
        let json = json!({"detail": "Request was throttled. Your rate limit resets in ~30s."});
        let throttled = created(answer(429, Some(json)), &Redactor::default());
        let after = Duration::from_secs(30);
        assert_eq!(
            throttled.result.unwrap_err(),
            ProviderError::RateLimited { after }
        );
    }

    #[test]
    fn a_model_that_checks_its_input_itself_refuses_the_input() {
        let json = json!({"detail": [{"loc": ["body", "input", "text"], "msg": "field required", "type": "value_error.missing"}]});
        let verdict = created(answer(422, Some(json)), &Redactor::default());
        let refused = verdict.result.unwrap_err();
        assert!(
            matches!(
                refused,
                ProviderError::Rejected {
                    reason: FailureReason::BadInput,
                    ..
                }
            ),
            "{refused}"
        );
    }

    #[test]
    fn an_end_without_a_result_has_its_reason_and_code() {
        let sensitive = "The input or output was flagged as sensitive. Please try again with different inputs. (E005) (uIJ6l3ruRD)";
        for (status, words, reason, code) in [
            ("failed", sensitive, FailureReason::ContentRefused, "E005"),
            (
                "failed",
                "NSFW content detected. Try another prompt.",
                FailureReason::ContentRefused,
                "failed",
            ),
            (
                "failed",
                "CUDA out of memory",
                FailureReason::ProviderFailed,
                "failed",
            ),
            ("canceled", "", FailureReason::Cancelled, "canceled"),
            ("aborted", "", FailureReason::TimedOut, "aborted"),
        ] {
            let prediction = json!({"error": words});
            assert_eq!(
                ended(status, &prediction),
                (reason, code.to_owned()),
                "{words}"
            );
        }
    }
}
