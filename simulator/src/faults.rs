//! Faults on demand: what goes wrong, where, for whom and how many times.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::SimClock;
use crate::server::Cut;

/// One rule. `delay_ms` goes together with any of the others. Of the rest the first that is set counts, in this order;
/// only `status`, `retry_after` and `body` go together, as status, header and body of one answer.
///
/// For `webhook` the answer is the one that Telegram sees in place of the bot's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `telegram.sendMessage`, `telegram.*`, `kie.createTask`, `kie.recordInfo`, `kie.results`, `kie.callback`,
    /// `replicate.create`, `replicate.get`, `replicate.list`, `replicate.cancel`, `replicate.file`, `replicate.webhook`,
    /// `panel.add`, `panel.status`, `panel.add@one` (only the panel of this name), `settlement.create`, `flutterwave.verify`, `flutterwave.webhook`,
    /// `file`, `webhook`.
    pub target: String,
    /// Only calls about this chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<i64>,
    /// How often it applies; without it, until the rules are cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// On the simulator's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Cut the connection without acting.
    #[serde(default, skip_serializing_if = "is_false")]
    pub drop_before: bool,
    /// `Retry-After` in seconds, without acting; 429 unless `status` says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// Answer with this status, without acting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// With `status` or `retry_after`: its body. Alone: act, then answer 200 with this instead. A string is sent as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Act, then cut the connection without an answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub drop_after: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Rule {
    fn covers(&self, target: &str, chat_id: Option<i64>) -> bool {
        let named = match self.target.strip_suffix('*') {
            Some(start) => target.starts_with(start),
            None => self.target == target,
        };
        named && (self.chat_id.is_none() || self.chat_id == chat_id)
    }

    /// The answer that comes instead of acting.
    fn instead(&self, target: &str) -> Option<Response> {
        if self.drop_before {
            return Some(Cut.into_response());
        }
        let status = self.status_instead()?;
        let Some(seconds) = self.retry_after else {
            return Some(answer(status, self.body.as_ref()));
        };
        let usual = usual_body(target, status, seconds);
        let mut response = answer(status, Some(self.body.as_ref().unwrap_or(&usual)));
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        Some(response)
    }

    /// The status of the answer that comes instead of acting.
    pub(crate) fn status_instead(&self) -> Option<u16> {
        self.status.or(self.retry_after.map(|_| 429))
    }

    /// # Errors
    /// What is wrong with it: a rule that never applies or does nothing would let a test pass that proves nothing.
    pub fn check(&self) -> Result<(), String> {
        let known = [
            "telegram.",
            "kie.",
            "panel.",
            "replicate.",
            "flutterwave.",
            "settlement.",
            "*",
        ]
        .iter()
        .any(|start| self.target.starts_with(start))
            || ["file", "webhook"].contains(&self.target.trim_end_matches('*'));
        if !known {
            return Err(format!(
                "target: {:?} is none of telegram.<method>, kie.<call>, panel.<action>, replicate.<call>, flutterwave.<call>, settlement.<call>, file, webhook, with * at the end for all that start so",
                self.target
            ));
        }
        if self.times == Some(0) {
            return Err("times: at least 1".to_owned());
        }
        if self
            .status
            .is_some_and(|status| !(200..600).contains(&status))
        {
            return Err("status: from 200 to 599".to_owned());
        }
        let nothing = Self {
            target: self.target.clone(),
            chat_id: self.chat_id,
            times: self.times,
            ..Self::default()
        };
        if *self == nothing {
            return Err("the rule does nothing: give delay_ms, drop_before, retry_after, status, body or drop_after".to_owned());
        }
        Ok(())
    }
}

/// What the original says with this status when the rule gives no body.
fn usual_body(target: &str, status: u16, seconds: u32) -> Value {
    let text = format!("Too Many Requests: retry after {seconds}");
    if target.starts_with("telegram.") {
        json!({"ok": false, "error_code": status, "description": text, "parameters": {"retry_after": seconds}})
    } else if target.starts_with("panel.") {
        json!({ "error": text })
    } else if target.starts_with("replicate.") {
        json!({"detail": format!("Request was throttled. Your rate limit resets in ~{seconds}s.")})
    } else if target.starts_with("flutterwave.") {
        json!({"status": "error", "message": text, "data": null})
    } else {
        json!({"code": status, "msg": text})
    }
}

fn answer(status: u16, body: Option<&Value>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (kind, body) = match body {
        None => ("text/plain", String::new()),
        Some(Value::String(text)) => ("text/html", text.clone()),
        Some(value) => ("application/json", value.to_string()),
    };
    (status, [(header::CONTENT_TYPE, kind)], Body::from(body)).into_response()
}

/// The rules in force.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Rule>>);

impl Faults {
    pub fn add(&self, rule: Rule) {
        self.lock().push(rule);
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    pub fn list(&self) -> Vec<Rule> {
        self.lock().clone()
    }

    /// The first rule for this call; one of its `times` is used up.
    pub fn take(&self, target: &str, chat_id: Option<i64>) -> Option<Rule> {
        let mut rules = self.lock();
        let at = rules
            .iter()
            .position(|rule| rule.times != Some(0) && rule.covers(target, chat_id))?;
        let rule = rules[at].clone();
        match &mut rules[at].times {
            None => {}
            Some(1) => drop(rules.remove(at)),
            Some(times) => *times -= 1,
        }
        Some(rule)
    }

    /// Acts, unless a rule says otherwise.
    pub async fn around(
        &self,
        clock: &SimClock,
        target: &str,
        chat_id: Option<i64>,
        act: impl Future<Output = Response>,
    ) -> Response {
        let Some(rule) = self.take(target, chat_id) else {
            return act.await;
        };
        if let Some(delay_ms) = rule.delay_ms {
            clock.sleep(Duration::from_millis(delay_ms)).await;
        }
        if let Some(response) = rule.instead(target) {
            return response;
        }
        let response = act.await;
        if rule.drop_after {
            return Cut.into_response();
        }
        match rule.body {
            Some(body) => answer(200, Some(&body)),
            None => response,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(target: &str, times: Option<u32>, chat_id: Option<i64>) -> Rule {
        Rule {
            target: target.to_owned(),
            times,
            chat_id,
            ..Rule::default()
        }
    }

    #[test]
    fn a_rule_applies_to_its_target_and_chat_as_often_as_it_says() {
        let faults = Faults::default();
        faults.add(rule("telegram.send*", Some(2), Some(7)));
        assert!(faults.take("telegram.getMe", Some(7)).is_none());
        assert!(faults.take("telegram.sendPhoto", Some(8)).is_none());
        assert!(faults.take("telegram.sendPhoto", Some(7)).is_some());
        assert!(faults.take("telegram.sendMessage", Some(7)).is_some());
        assert!(faults.take("telegram.sendMessage", Some(7)).is_none());
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_misspelt_rule_is_refused() {
        let rule: Result<Rule, _> = serde_json::from_value(json!({"target": "file", "staus": 500}));
        assert!(rule.is_err());
    }
}
