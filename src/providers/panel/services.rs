//! A panel's list of what it sells, for comparing it with the catalogue.

use serde_json::Value;

use super::{Panel, answer, classify};
use crate::providers::ProviderError;
use crate::providers::fetch::Repeat;

/// Longer names are cut.
const NAME_CHARS_MAX: usize = 300;
const LISTED_MAX: usize = 50_000;

/// One row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number there.
    pub id: String,
    /// In the panel's words, for an operator's eyes.
    pub name: String,
    /// Its order form in the panel's words, such as `Custom Comments`.
    pub kind: String,
    /// What 1000 cost, in millionths of the account's currency.
    pub rate_micros: i64,
    /// Smallest quantity.
    pub min: u64,
    /// Largest quantity.
    pub max: u64,
    /// Whether lost units are delivered again.
    pub refill: bool,
    /// Whether an order can be stopped.
    pub cancel: bool,
}

impl Panel {
    /// Everything that it sells now. Rows that cannot be read are left out.
    ///
    /// # Errors
    /// The provider's; asking again is harmless.
    pub async fn services(&self) -> Result<Vec<Listed>, ProviderError> {
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
        let listed = rows.into_iter().take(LISTED_MAX).filter_map(listed);
        Ok(listed.collect())
    }
}

fn listed(row: &Value) -> Option<Listed> {
    let text = |name: &str| -> String {
        let text = row.get(name).and_then(Value::as_str).unwrap_or_default();
        let shown = text.chars().filter(|letter| !letter.is_control());
        shown.take(NAME_CHARS_MAX).collect()
    };
    let number = |name: &str| answer::number(row.get(name))?.try_into().ok();
    Some(Listed {
        id: answer::id(row, "service")?,
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
        assert_eq!(listed(&row), Some(expected));
        for nonsense in [
            json!({}),
            json!("9"),
            json!({"service": "9", "rate": "?", "min": 1, "max": 2}),
            json!({"service": "9", "rate": "1", "min": -1, "max": 2}),
            json!({"service": "9; drop", "rate": "1", "min": 1, "max": 2}),
        ] {
            assert_eq!(listed(&nonsense), None, "{nonsense}");
        }
    }
}
