//! One line per answer that KIE, its gateway or the network is known to give.

use serde_json::json;

use super::*;
use crate::base::redact::Secret;
use crate::providers::gate::Account;

fn answered(status: u16, json: Value) -> Result<Answer, CallFailure> {
    Ok(Answer {
        status,
        retry_after: None,
        json: Some(json),
    })
}

fn page(status: u16) -> Result<Answer, CallFailure> {
    Ok(Answer {
        status,
        retry_after: None,
        json: None,
    })
}

/// The error's class, with its reason.
fn class(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::Transient { .. } => "transient",
        ProviderError::RateLimited { .. } => "rate_limited",
        ProviderError::Rejected { reason, .. } => reason.code(),
        ProviderError::Permanent { .. } => "permanent",
        ProviderError::Ambiguous { .. } => "ambiguous",
        ProviderError::NoFunds => "no_funds",
    }
}

fn submitted(outcome: Result<Answer, CallFailure>) -> (String, Health, Account) {
    let verdict = submit(outcome, &Redactor::default());
    let text = match &verdict.result {
        Ok(submitted) => submitted.external_id.clone(),
        Err(error) => class(error).to_owned(),
    };
    (text, verdict.health, verdict.account)
}

#[test]
fn only_what_surely_created_nothing_may_be_sent_again() {
    use Health::{Ill, Unclear, Well};
    let coded = |code: i64| answered(200, json!({"code": code, "msg": "x", "data": null}));
    let lost = |why| Err(CallFailure::Lost(why));
    for (outcome, expected, health) in [
        (
            Err(CallFailure::NotSent("cannot connect")),
            "transient",
            Ill,
        ),
        (lost("timed out"), "ambiguous", Ill),
        (lost("the connection broke off"), "ambiguous", Ill),
        (page(502), "ambiguous", Ill),
        (page(504), "ambiguous", Ill),
        (page(408), "ambiguous", Ill),
        (page(200), "ambiguous", Unclear),
        (page(303), "ambiguous", Unclear),
        (page(301), "permanent", Well),
        (page(404), "permanent", Well),
        (page(403), "transient", Ill),
        (page(401), "permanent", Well),
        (page(429), "rate_limited", Well),
        (answered(200, json!({})), "ambiguous", Unclear),
        (answered(200, json!([1])), "ambiguous", Unclear),
        (
            answered(502, json!({"error": "bad gateway"})),
            "ambiguous",
            Ill,
        ),
        (coded(200), "ambiguous", Unclear),
        (coded(401), "permanent", Well),
        (coded(402), "no_funds", Well),
        (coded(404), "bad_input", Well),
        (coded(422), "bad_input", Well),
        (coded(408), "ambiguous", Ill),
        (coded(418), "permanent", Well),
        (coded(429), "rate_limited", Well),
        (coded(430), "rate_limited", Well),
        (coded(451), "input_unreachable", Well),
        (coded(550), "transient", Ill),
        (coded(455), "transient", Ill),
        (coded(500), "transient", Ill),
        (coded(501), "provider_failed", Well),
        (coded(505), "permanent", Ill),
        (coded(504), "ambiguous", Unclear),
        (coded(0), "ambiguous", Unclear),
    ] {
        let shown = format!("{outcome:?}");
        let (text, found, _) = submitted(outcome);
        assert_eq!((text.as_str(), found), (expected, health), "{shown}");
    }
}

#[test]
fn a_task_id_counts_even_in_an_answer_that_contradicts_itself() {
    for outcome in [
        answered(
            200,
            json!({"code": 200, "msg": "success", "data": {"taskId": "t-1"}}),
        ),
        answered(200, json!({"data": {"recordId": "t-1"}})),
        answered(200, json!({"code": 500, "data": {"taskId": "t-1"}})),
        answered(500, json!({"code": 200, "data": {"taskId": "t-1"}})),
    ] {
        assert_eq!(submitted(outcome).0, "t-1");
    }
    let error_with_request_id = json!({"code": 422, "msg": "no", "id": "request-1"});
    assert_eq!(
        submitted(answered(422, error_with_request_id)).0,
        "bad_input"
    );
}

#[test]
fn the_account_is_judged_apart_from_health() {
    let coded = |code: i64, msg: &str| submitted(answered(200, json!({"code": code, "msg": msg})));
    assert_eq!(coded(402, "").2, Account::NoFunds);
    let worded = coded(500, "Credits insufficient, please top up");
    assert_eq!((worded.0.as_str(), worded.1), ("no_funds", Health::Well));
    assert_eq!(
        coded(401, "You do not have access permissions").2,
        Account::KeyRefused
    );
    assert_eq!(coded(422, "").2, Account::Silent);
    // The words of a user, in an error about them.
    let quoted = coded(422, "The prompt \"insufficient credits\" was flagged");
    assert_eq!(
        (quoted.0.as_str(), quoted.2),
        ("content_refused", Account::Silent)
    );
}

#[test]
fn words_tell_the_user_what_was_wrong() {
    for (words, expected) in [
        (
            "Your content was flagged by OpenAI as violating content policies",
            "content_refused",
        ),
        ("NSFW content detected", "content_refused"),
        (
            "Failed to download the image from the given URL",
            "input_unreachable",
        ),
        ("Unable to access video file", "input_unreachable"),
        (
            "image_size is not within the range of allowed options",
            "bad_input",
        ),
        ("", "bad_input"),
    ] {
        let outcome = answered(200, json!({"code": 422, "msg": words}));
        assert_eq!(submitted(outcome).0, expected, "{words}");
    }
}

#[test]
fn a_failed_task_has_a_reason_of_its_own() {
    for (code, words, expected) in [
        ("422", "bad size", FailureReason::BadInput),
        (
            "500",
            "Internal Error, please try again later",
            FailureReason::ProviderFailed,
        ),
        ("501", "", FailureReason::ProviderFailed),
        ("501", "flagged as sensitive", FailureReason::ContentRefused),
        ("455", "", FailureReason::ProviderUnavailable),
        ("", "", FailureReason::ProviderFailed),
    ] {
        assert_eq!(failed_task(code, words), expected, "{code} {words}");
    }
}

#[test]
fn reading_never_loses_a_task() {
    let read_as = |outcome| {
        let verdict = read("recordInfo", outcome, &Redactor::default());
        verdict.result.map_err(|error| class(&error)).map(|_| "ok")
    };
    let coded = |code: i64| read_as(answered(200, json!({"code": code, "msg": "x"})));
    for code in [400, 402, 404, 422, 455, 500, 501, 505, 599] {
        assert_eq!(coded(code), Err("transient"), "{code}");
    }
    assert_eq!(coded(200), Ok("ok"));
    assert_eq!(coded(401), Err("permanent"));
    assert_eq!(coded(429), Err("rate_limited"));
    assert_eq!(read_as(page(502)), Err("transient"));
    assert_eq!(read_as(page(429)), Err("rate_limited"));
    assert_eq!(
        read_as(Err(CallFailure::Lost("timed out"))),
        Err("transient")
    );
}

#[test]
fn an_unknown_task_is_told_from_a_failing_server() {
    let unknown = |status, json| is_unknown_task(&answered(status, json).unwrap());
    assert!(unknown(
        200,
        json!({"code": 422, "msg": "recordInfo is null"})
    ));
    assert!(unknown(404, json!({"code": 404, "msg": "Not Found"})));
    assert!(unknown(200, json!({"code": 200, "data": null})));
    assert!(!unknown(
        200,
        json!({"code": 200, "data": {"state": "waiting"}})
    ));
    assert!(!unknown(200, json!({"code": 500, "msg": "Internal Error"})));
    assert!(!is_unknown_task(&page(404).unwrap()));
}

#[test]
fn what_is_recorded_shows_no_secret() {
    let redactor = Redactor::new([Secret::from("kie-key-123")]);
    let words = "key kie-key-123 may not use https://cdn.example/a?sig=abc";
    let verdict = submit(answered(200, json!({"code": 422, "msg": words})), &redactor);
    let shown = format!(
        "{:?} {}",
        verdict.result,
        verdict.result.as_ref().unwrap_err()
    );
    assert!(
        !shown.contains("kie-key-123") && !shown.contains("sig=abc"),
        "{shown}"
    );
    assert!(shown.contains("code 422") && shown.contains("https://cdn.example/a"));
}
