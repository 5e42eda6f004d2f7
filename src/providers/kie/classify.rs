//! What KIE's answers mean for a job, for money, and for the breaker.
//!
//! KIE answers HTTP 200 with a `code` of its own inside; the HTTP status alone proves nothing, and a body without a
//! `code` did not come from KIE but from something in between. Of its codes only 200 says "created" (docs.kie.ai,
//! createTask), so an error with a `code` is its word that nothing was.

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

/// The answer to createTask. When in doubt: [`ProviderError::Ambiguous`], which is never sent again.
pub(super) fn submit(
    outcome: Result<Answer, CallFailure>,
    redactor: &Redactor,
) -> Verdict<Submitted> {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(failure @ CallFailure::NotSent(_)) => {
            let detail = format!("createTask: {failure}");
            return Verdict::error(ProviderError::Transient { detail }, Health::Ill);
        }
        // It may have been created. Ill all the same: more requests would lose more answers.
        Err(failure @ CallFailure::Lost(_)) => {
            let detail = format!("createTask: {failure}");
            return Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill);
        }
    };
    let Some((code, json)) = kie_answer(&answer) else {
        return submit_by_gateway(&answer);
    };
    let is_success = code == 200 && answer.status < 400;
    let external_id = if is_success {
        answer::created_task(json)
    } else {
        // An error that names a task contradicts itself. The task's own state decides, not we.
        answer::named_task(json)
    };
    if let Some(external_id) = external_id {
        return Verdict::ok(Submitted {
            external_id,
            answer: redactor.json(json),
        });
    }
    if code == 200 {
        let detail = detail("createTask", &answer, redactor);
        return Verdict::error(ProviderError::Ambiguous { detail }, Health::Unclear);
    }
    submit_refused(code, &answer, redactor)
}

fn submit_refused(code: i64, answer: &Answer, redactor: &Redactor) -> Verdict<Submitted> {
    let words = words(answer);
    let detail = detail("createTask", answer, redactor);
    // Errors about what the user gave may quote it: a prompt could else say that our account is empty.
    let is_of_input = matches!(code, 400 | 404 | 413 | 422 | 451 | 501);
    if code == 402 || !is_of_input && tells_no_funds(&words) {
        return Verdict::error(ProviderError::NoFunds, Health::Well);
    }
    match code {
        401 | 403 => Verdict::key_refused(detail),
        // 430 is Suno's: "Your call frequency is too high".
        429 | 430 => Verdict::error(rate_limited(answer), Health::Well),
        // It looked at the user's file at once, and could not fetch it.
        451 => {
            let reason = refusal(&words).unwrap_or(FailureReason::InputUnreachable);
            Verdict::error(ProviderError::Rejected { reason, detail }, Health::Well)
        }
        // What the user gave does not fit. 404 as well: most often an input that is gone at KIE.
        400 | 404 | 413 | 422 => {
            let reason = refusal(&words).unwrap_or(FailureReason::BadInput);
            Verdict::error(ProviderError::Rejected { reason, detail }, Health::Well)
        }
        // Maintenance (455) and an error inside (500): nothing was created, and it passes.
        // 550: "Task was rejected due to a full queue" (4o Image).
        455 | 500 | 550 => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
        // "Generation failed": it was tried and came to nothing. Again is the user's choice, with a fresh order.
        501 => {
            let reason = refusal(&words).unwrap_or(FailureReason::ProviderFailed);
            Verdict::error(ProviderError::Rejected { reason, detail }, Health::Well)
        }
        // The feature is switched off: repeating does not switch it on; an operator should hear of it.
        505 => Verdict::error(ProviderError::Permanent { detail }, Health::Ill),
        // It gave up waiting for something, perhaps only after it had begun.
        408 => Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill),
        // A refusal in a code that we do not know: surely not created, and not ours to mend by repeating.
        402..=499 => Verdict::error(ProviderError::Permanent { detail }, Health::Well),
        // Codes without a documented meaning, such as a gateway's 504 in JSON, prove nothing.
        _ => Verdict::error(ProviderError::Ambiguous { detail }, Health::Unclear),
    }
}

/// Not KIE's words: a gateway's page, or a body that cannot be read.
fn submit_by_gateway(answer: &Answer) -> Verdict<Submitted> {
    let status = answer.status;
    let detail = format!("createTask: HTTP {status} without KIE's JSON");
    match status {
        // Refused at the gate, as Cloudflare does with a browser check: not passed on, and it may let us in later.
        403 => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
        401 => Verdict::key_refused(detail),
        429 => Verdict::error(rate_limited(answer), Health::Well),
        // It says that it gave up waiting for us, or for KIE.
        408 => Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill),
        // Nobody there of that name or at that path: the configured address is wrong. 303 is the one redirect that
        // is given after acting.
        301 | 302 | 307 | 308 | 400..=499 => {
            Verdict::error(ProviderError::Permanent { detail }, Health::Well)
        }
        // The gateway may have passed it on before it lost KIE's answer.
        500.. => Verdict::error(ProviderError::Ambiguous { detail }, Health::Ill),
        _ => Verdict::error(ProviderError::Ambiguous { detail }, Health::Unclear),
    }
}

/// A call that reads (recordInfo, credit): whatever goes wrong, asking again is harmless and loses nothing.
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
    match kie_answer(&answer) {
        Some((200, json)) if answer.status < 400 => Verdict::ok(json.clone()),
        Some((401 | 403, _)) => Verdict::key_refused(detail),
        Some((429 | 430, _)) => Verdict::error(rate_limited(&answer), Health::Well),
        Some((455 | 500.., _)) => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
        Some(_) => Verdict::error(ProviderError::Transient { detail }, Health::Unclear),
        None if answer.status == 429 => Verdict::error(rate_limited(&answer), Health::Well),
        None if answer.status == 401 => Verdict::key_refused(detail),
        None => Verdict::error(ProviderError::Transient { detail }, Health::Ill),
    }
}

/// Whether a recordInfo answer says that there is no such task.
pub(super) fn is_unknown_task(answer: &Answer) -> bool {
    let Some((code, json)) = kie_answer(answer) else {
        return false;
    };
    let words = words(answer);
    match code {
        404 => true,
        200 => !answer::has_record(json),
        400 | 422 | 500 => ["is null", "not found", "not exist", "does not exist"]
            .iter()
            .any(|mark| words.contains(mark)),
        _ => false,
    }
}

/// Why a task failed, in the terms in which a user may be told. Without a code of its own, `code` is the task's state:
/// Suno's `SENSITIVE_WORD_ERROR` is a reason.
pub(super) fn failed_task(code: &str, words: &str) -> FailureReason {
    let told = refusal(&words.to_lowercase()).or_else(|| refusal(&code.to_lowercase()));
    if let Some(reason) = told {
        return reason;
    }
    match code {
        "400" | "404" | "413" | "422" => FailureReason::BadInput,
        "451" => FailureReason::InputUnreachable,
        "455" | "505" | "550" => FailureReason::ProviderUnavailable,
        "408" | "504" => FailureReason::TimedOut,
        _ => FailureReason::ProviderFailed,
    }
}

/// KIE's own answer, with its code: the one inside, else a success without one that looks like KIE's.
fn kie_answer(answer: &Answer) -> Option<(i64, &Value)> {
    let json = answer.json.as_ref().filter(|json| json.is_object())?;
    match answer::code(json) {
        Some(code) => Some((code, json)),
        None if (200..300).contains(&answer.status) => Some((200, json)),
        None => None,
    }
}

fn rate_limited(answer: &Answer) -> ProviderError {
    ProviderError::RateLimited {
        after: answer.retry_after.unwrap_or(RETRY_AFTER),
    }
}

fn words(answer: &Answer) -> String {
    let json = answer.json.as_ref();
    json.map(answer::message).unwrap_or_default().to_lowercase()
}

fn detail(what: &str, answer: &Answer, redactor: &Redactor) -> String {
    let status = answer.status;
    let Some(json) = &answer.json else {
        return format!("{what}: HTTP {status} without KIE's JSON");
    };
    let code = answer::code(json).map_or_else(|| "none".to_owned(), |code| code.to_string());
    let words = redactor.detail(answer::message(json));
    format!("{what}: HTTP {status}, code {code}: {words}")
}

fn tells_no_funds(words: &str) -> bool {
    words.contains("insufficient")
        && ["credit", "balance", "fund"]
            .iter()
            .any(|what| words.contains(what))
}

#[cfg(test)]
mod tests;
