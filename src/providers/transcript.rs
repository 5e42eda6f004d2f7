//! What a provider said in a call, word for word but for secrets: for the record of a job, and for nobody else.
//!
//! An adapter turns an answer into one of a few classes, and that is all that anything is decided by. What exactly was said
//! is wanted by the person who looks into a complaint, so it is kept beside, without passing through the adapter.

use std::cell::RefCell;
use std::future::Future;

use serde_json::{Value, json};

use super::redaction::Redactor;

/// Of the answers of one call the last ones are kept.
const ANSWERS_MAX: usize = 3;
/// A larger answer is cut.
const ANSWER_CHARS_MAX: usize = 8_000;

tokio::task_local! {
    static HEARD: RefCell<Vec<Value>>;
}

/// Makes a call and listens to what is answered on the way: the last answers, redacted, oldest first.
pub async fn listen<T>(call: impl Future<Output = T>) -> (T, Vec<Value>) {
    let listening = async {
        let result = call.await;
        (result, HEARD.with(RefCell::take))
    };
    HEARD.scope(RefCell::default(), listening).await
}

/// An answer came: its JSON, or the text that is none. Forgotten if nobody listens.
pub(super) fn note(status: u16, json: Option<&Value>, text: &str, redactor: &Redactor) {
    let keep = |heard: &RefCell<Vec<Value>>| {
        let mut heard = heard.borrow_mut();
        heard.push(kept(status, json, text, redactor));
        let many = heard.len().saturating_sub(ANSWERS_MAX);
        heard.drain(..many);
    };
    // Nobody listens to a question of a balance.
    let _ = HEARD.try_with(keep);
}

fn kept(status: u16, json: Option<&Value>, text: &str, redactor: &Redactor) -> Value {
    let answer = match json {
        Some(json) => redactor.json(json),
        None => Value::from(redactor.words(text)),
    };
    let whole = answer.to_string();
    if whole.chars().count() <= ANSWER_CHARS_MAX {
        return json!({ "status": status, "answer": answer });
    }
    let cut: String = whole.chars().take(ANSWER_CHARS_MAX).collect();
    json!({ "status": status, "answer": cut, "cut": true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_answers_of_a_call_are_heard_without_secrets() {
        let redactor = Redactor::new(["a-key-of-ours".into()]);
        let (result, heard) = listen(async {
            for n in 0..5 {
                let text = format!("<h1>{n}</h1> a-key-of-ours \u{202e}");
                note(502, None, &text, &redactor);
            }
            note(
                200,
                Some(&json!({ "error": "token=abcdefgh" })),
                "",
                &redactor,
            );
            7
        })
        .await;
        assert_eq!((result, heard.len()), (7, ANSWERS_MAX));
        assert_eq!(heard[1]["answer"], "<h1>4</h1> [redacted] \u{fffd}");
        assert_eq!(heard[2]["answer"]["error"], "token=[redacted]");
        note(200, None, "nobody listens", &redactor);
    }

    #[test]
    fn what_is_absurdly_long_is_cut() {
        let long: Vec<String> = (0..90).map(|_| "ü".repeat(1_000)).collect();
        let kept = kept(200, Some(&json!(long)), "", &Redactor::default());
        assert_eq!(kept["cut"], true);
        assert!(kept.to_string().chars().count() < ANSWER_CHARS_MAX * 2);
    }
}
