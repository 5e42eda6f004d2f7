//! A panel's list of what it sells, for comparing it with the catalogue.

use std::collections::HashSet;

use serde_json::Value;

use super::{Panel, answer, classify};
use crate::providers::fetch::Repeat;
use crate::providers::{Listed, Listing, ProviderError};

/// Longer names are cut.
const NAME_CHARS_MAX: usize = 300;
const LISTED_MAX: usize = 50_000;

impl Panel {
    /// Everything that it sells now.
    pub(super) async fn services(&self) -> Result<Listing, ProviderError> {
        let form = [("action", "services")];
        let outcome = self.http.form(Repeat::Harmless, "key", &form).await;
        let verdict = classify::read("services", outcome, &self.redactor);
        self.gate.learn(verdict.account);
        let answer = verdict.result?;
        // Some panels number the rows instead of listing them.
        let rows: Vec<&Value> = match &answer {
            Value::Array(rows) => rows.iter().collect(),
            Value::Object(rows) => rows.values().collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        let mut listing = Listing::default();
        let mut seen = HashSet::new();
        for row in rows.into_iter().take(LISTED_MAX) {
            let Some(id) = answer::id(row, "service").filter(|id| seen.insert(id.clone())) else {
                continue;
            };
            match listed(id.clone(), row) {
                Some(listed) => listing.services.push(listed),
                None => listing.unread.push(id),
            }
        }
        if listing.services.is_empty() {
            let detail = "services: a list without a single service".to_owned();
            return Err(ProviderError::Transient { detail });
        }
        listing.currency = self.currency().await;
        Ok(listing)
    }

    /// The currency of our account there: the list does not name it.
    async fn currency(&self) -> Option<String> {
        let form = [("action", "balance")];
        let outcome = self.http.form(Repeat::Harmless, "key", &form).await;
        let answer = classify::read("balance", outcome, &self.redactor)
            .result
            .ok()?;
        currency(&answer)
    }
}

/// The code of the currency that an answer about our balance names.
pub(super) fn currency(answer: &Value) -> Option<String> {
    let code = answer
        .get("currency")?
        .as_str()?
        .trim()
        .to_ascii_uppercase();
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    is_code.then_some(code)
}

fn listed(id: String, row: &Value) -> Option<Listed> {
    let text = |name: &str| -> String {
        let text = row.get(name).and_then(Value::as_str).unwrap_or_default();
        let shown = text.chars().filter(|letter| !letter.is_control());
        shown.take(NAME_CHARS_MAX).collect()
    };
    let number = |name: &str| answer::number(row.get(name))?.try_into().ok();
    Some(Listed {
        id,
        name: text("name"),
        kind: text("type"),
        rate_micros: answer::micros(row.get("rate")).filter(|rate| *rate >= 0)?,
        min: number("min")?,
        max: number("max")?,
        refill: is_yes(row.get("refill")),
        cancel: is_yes(row.get("cancel")),
    })
}

/// `true`, 1, "1" and "true"; anything else, and nothing, is no.
fn is_yes(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::String(text)) => ["1", "true", "yes"].contains(&text.trim()),
        other => answer::number(other) == Some(1),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_come_in_any_mix_and_nonsense_is_left_out() {
        let row = json!({"service": "9", "name": "Likes\u{7}", "type": "default", "rate": "1.5", "min": "50", "max": 100,
            "refill": 1, "cancel": "true", "dripfeed": 0});
        let expected = Listed {
            id: "9".to_owned(),
            name: "Likes".to_owned(),
            kind: "default".to_owned(),
            rate_micros: 1_500_000,
            min: 50,
            max: 100,
            refill: true,
            cancel: true,
        };
        assert_eq!(listed("9".to_owned(), &row), Some(expected));
        for nonsense in [
            json!({}),
            json!("9"),
            json!({"service": "9", "rate": "?", "min": 1, "max": 2}),
            json!({"service": "9", "rate": "1", "min": -1, "max": 2}),
        ] {
            assert_eq!(listed("9".to_owned(), &nonsense), None, "{nonsense}");
        }
    }
}
