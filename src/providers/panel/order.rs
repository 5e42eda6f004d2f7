//! From an order's parameters to the fields of `add`.

use serde_json::Value;

use crate::providers::{FailureReason, ProviderError, SubmitRequest};

/// What `add` takes besides key, action and service; nothing else ever gets into the form.
const FIELDS: &[&str] = &[
    "link",
    "quantity",
    "runs",
    "interval",
    "comments",
    "usernames",
    "hashtags",
    "hashtag",
    "username",
    "media",
    "min",
    "max",
    "posts",
    "old_posts",
    "delay",
    "expiry",
    "answer_number",
];
const VALUE_BYTES_MAX: usize = 64 * 1024;

/// The fields of `add` for this order.
///
/// # Errors
/// When a parameter is none of a panel: the catalogue is wrong, or it is a file.
pub(super) fn fields(
    request: &SubmitRequest,
) -> Result<Vec<(&'static str, String)>, ProviderError> {
    let params = request.params.as_object();
    let params = params.ok_or_else(|| wrong("the parameters are no object"))?;
    params
        .iter()
        .map(|(name, value)| {
            let known = FIELDS.iter().find(|known| *known == name);
            let field = *known.ok_or_else(|| wrong("a parameter that no panel has"))?;
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                    return Err(wrong("a parameter that is neither text nor number"));
                }
            };
            if value.len() > VALUE_BYTES_MAX {
                return Err(ProviderError::Rejected {
                    reason: FailureReason::BadInput,
                    detail: format!("order: {field} is too long"),
                });
            }
            Ok((field, value))
        })
        .collect()
}

/// What an order works on: there is at most one under way for each.
pub(super) fn target(request: &SubmitRequest) -> Option<&str> {
    let text = |name: &str| request.params.get(name)?.as_str();
    text("link").or_else(|| text("username"))
}

fn wrong(what: &str) -> ProviderError {
    ProviderError::Permanent {
        detail: format!("order: {what}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn request(params: Value) -> SubmitRequest {
        SubmitRequest {
            service: "101".to_owned(),
            params,
            callback_url: None,
            correlation: Uuid::nil(),
        }
    }

    #[test]
    fn nothing_gets_into_the_form_that_is_not_of_an_order() {
        let good = request(json!({"link": "https://t.me/a", "quantity": 100}));
        let expected = [
            ("link", "https://t.me/a".to_owned()),
            ("quantity", "100".to_owned()),
        ];
        assert_eq!(fields(&good).unwrap(), expected);
        assert_eq!(target(&good), Some("https://t.me/a"));
        for bad in [
            json!({"key": "x"}),
            json!({"action": "balance"}),
            json!({"service": "1"}),
            json!({"link": ["a"]}),
            json!([]),
        ] {
            assert!(fields(&request(bad.clone())).is_err(), "{bad}");
        }
    }
}
