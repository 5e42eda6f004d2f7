//! What a panel's answers hold: ids, numbers as strings or not, states in any spelling.

use serde_json::Value;

use crate::providers::{Counts, FailureReason, PollState};

const ID_CHARS_MAX: usize = 40;

/// The order or refill that an answer names.
pub(super) fn id(answer: &Value, name: &str) -> Option<String> {
    let id = match answer.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) if number.is_u64() => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            return None;
        }
    };
    is_id(&id).then_some(id)
}

/// An id that is fit for a list in a form, a log line and the database. No panel has an order 0.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id != "0"
        && id.len() <= ID_CHARS_MAX
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The error that an answer is, in the panel's words.
pub(super) fn error(answer: &Value) -> Option<&str> {
    let error = answer.get("error").or_else(|| answer.get("errors"))?;
    match error {
        Value::String(text) => Some(text),
        Value::Array(all) => all.first()?.as_str(),
        Value::Object(_) => error.get("message")?.as_str(),
        // `"error": null` and `"error": false` say that there is none.
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// A whole number: 157, "157", "157.0"; None for "", "Unknown" and the like.
pub(super) fn number(value: Option<&Value>) -> Option<i64> {
    let number: f64 = match value? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "within the range of exact numbers"
    )]
    let whole = (number.is_finite() && number.abs() < EXACT_MAX).then_some(number as i64);
    whole
}

/// Money in millionths: "100.84292", 100.84.
pub(super) fn micros(value: Option<&Value>) -> Option<i64> {
    let amount: f64 = match value? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().replace(',', "").parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "checked before")]
    let micros = (amount.is_finite() && amount.abs() < 1e9).then(|| (amount * 1e6).round() as i64);
    micros
}

/// How far an order is. More than was ordered may have come: then nothing is left.
fn counts(answer: &Value) -> Counts {
    let remains = number(answer.get("remains"));
    Counts {
        start: number(answer.get("start_count")).filter(|start| *start >= 0),
        remains: remains.map(|remains| remains.max(0).unsigned_abs()),
    }
}

/// How an order stands. None: it ended in part, and the panel does not say in which, or it says nothing at all.
pub(super) fn order_state(answer: &Value) -> Option<PollState> {
    let word = answer.get("status")?.as_str()?;
    let counts = counts(answer);
    let failed = |reason| PollState::Failed {
        reason,
        code: word.chars().take(40).collect(),
    };
    Some(match spelling(word).as_str() {
        "pending" | "awaiting" | "queued" | "inqueue" | "new" => PollState::Waiting,
        "completed" | "complete" | "success" | "done" | "finished" => PollState::Delivered(counts),
        "partial" | "partiallycompleted" | "partialcompleted" | "expired" => PollState::Partial {
            remains: counts.remains?,
            start: counts.start,
        },
        "canceled" | "cancelled" | "refunded" => failed(FailureReason::Cancelled),
        "fail" | "failed" | "error" | "rejected" => failed(FailureReason::ProviderFailed),
        // Also a word that we do not know yet: the deadline ends the waiting, we do not.
        _ => PollState::Counting(counts),
    })
}

/// How a refill stands.
pub(super) fn refill_state(answer: &Value) -> Option<PollState> {
    let word = answer.get("status")?.as_str()?;
    Some(match spelling(word).as_str() {
        "completed" | "complete" | "success" | "done" | "finished" => {
            PollState::Delivered(Counts::default())
        }
        "rejected" | "canceled" | "cancelled" | "error" | "fail" | "failed" => PollState::Failed {
            reason: FailureReason::Cancelled,
            code: word.chars().take(40).collect(),
        },
        "pending" | "awaiting" | "queued" => PollState::Waiting,
        _ => PollState::Running {
            progress_percent: None,
        },
    })
}

/// "In progress", "in_progress" and "InProgress" are one.
fn spelling(word: &str) -> String {
    word.chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_come_in_any_mix() {
        for (value, expected) in [
            (json!(157), Some(157)),
            (json!("157"), Some(157)),
            (json!(" 157.0 "), Some(157)),
            (json!(-3), Some(-3)),
            (json!("Unknown"), None),
            (json!(""), None),
            (json!(null), None),
            (json!("1e300"), None),
        ] {
            assert_eq!(number(Some(&value)), expected, "{value}");
        }
        assert_eq!(micros(Some(&json!("100.84292"))), Some(100_842_920));
        assert_eq!(micros(Some(&json!("1,200.5"))), Some(1_200_500_000));
        assert_eq!(micros(Some(&json!(12.3))), Some(12_300_000));
        assert_eq!(micros(Some(&json!("NaN"))), None);
    }

    #[test]
    fn an_order_is_named_by_a_number_or_a_string() {
        assert_eq!(
            id(&json!({"order": 23501}), "order").as_deref(),
            Some("23501")
        );
        assert_eq!(
            id(&json!({"order": "23501"}), "order").as_deref(),
            Some("23501")
        );
        for nothing in [
            json!({}),
            json!({"order": null}),
            json!({"order": 0}),
            json!({"order": "1,2"}),
            json!([]),
        ] {
            assert_eq!(id(&nothing, "order"), None, "{nothing}");
        }
    }

    #[test]
    fn states_come_in_any_spelling() {
        let state = |status: &str, remains: Value| {
            order_state(&json!({"status": status, "remains": remains, "start_count": "12"}))
        };
        let counts = |remains| Counts {
            start: Some(12),
            remains: Some(remains),
        };
        for word in [
            "In progress",
            "in_progress",
            "INPROGRESS",
            "Processing",
            "Something new",
        ] {
            assert_eq!(
                state(word, json!("7")),
                Some(PollState::Counting(counts(7))),
                "{word}"
            );
        }
        assert_eq!(state("Pending", json!(7)), Some(PollState::Waiting));
        assert_eq!(
            state("Completed", json!(-4)),
            Some(PollState::Delivered(counts(0)))
        );
        let part = PollState::Partial {
            remains: 7,
            start: Some(12),
        };
        assert_eq!(state("partial", json!("7")), Some(part));
        assert_eq!(state("Partial", json!("Unknown")), None);
        for word in ["Canceled", "cancelled", "Refunded"] {
            let state = state(word, json!(7));
            assert!(
                matches!(
                    state,
                    Some(PollState::Failed {
                        reason: FailureReason::Cancelled,
                        ..
                    })
                ),
                "{word}"
            );
        }
        assert_eq!(order_state(&json!({"charge": "1"})), None);
    }
}
