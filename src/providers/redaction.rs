//! What a provider answers, made fit to be stored and logged.
//!
//! Answers echo what we sent: our key in an error text, the callback address with its token inside `param` (JSON within
//! a string), signed addresses. Addresses keep scheme, host and path, which is enough to look into a complaint.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use crate::base::redact::{self, ExposeSecret as _, MASK, Secret};

const DEPTH_MAX: usize = 12;
const ITEMS_MAX: usize = 100;
const STRING_CHARS_MAX: usize = 4_000;
const DETAIL_CHARS_MAX: usize = 300;

/// Part of a key's name that makes its value a secret, in lower case and without `_` and `-`.
const SECRET_NAMES: &[&str] = &[
    "apikey",
    "token",
    "secret",
    "authorization",
    "password",
    "signature",
    "credential",
    "cookie",
    "callbackurl",
    "webhookurl",
    "hookurl",
];

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
    Regex::new(r#"(?i)\b([a-z][a-z0-9+.-]*://)([^\s"'<>@/?#]*@)?([^\s"'<>?#]*)([?#][^\s"'<>]*)?"#)
        .expect("constant pattern")
});

/// Secrets of others, of which we know no more than how they look: `api_key=…`, `"token": "…"`, well-known prefixes, tokens in
/// three parts, private keys.
static FOREIGN: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
    Regex::new(
        r#"(?x)
        (?P<name>(?i:\b(?:key
            |[a-z0-9_-]*(?:api[_-]?key|token|secret|passw(?:or)?d|pwd|signature|credential|authorization|cookie)[a-z0-9_-]*))
            ["']?\s*(?:=>|[:=])\s*["']?)[^\s"'&,;<>(){}\[\]]{4,}
        | \b(?:sk|pk|rk|whsec|ghp|gho|xox[abp])[-_][A-Za-z0-9_-]{12,}
        | \bAKIA[0-9A-Z]{12,}
        | \beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*
        | -----BEGIN[^-]*PRIVATE\ KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END[^-]*-----)?
        "#,
    )
    .expect("constant pattern")
});

/// Masks secrets: those it is told, and those that their name or shape gives away.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    known: Vec<Secret>,
}

impl Redactor {
    /// `known` are masked wherever they stand.
    pub fn new(known: impl IntoIterator<Item = Secret>) -> Self {
        let known = known.into_iter();
        Self {
            known: known.filter(|one| one.expose_secret().len() >= 4).collect(),
        }
    }

    /// A JSON answer with secrets masked, cut where it is absurdly long, and without NUL, which Postgres refuses.
    pub fn json(&self, value: &Value) -> Value {
        self.value(value, DEPTH_MAX)
    }

    /// A short text for a log line or an error's detail.
    pub fn detail(&self, text: &str) -> String {
        let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        cut(&self.text(&one_line), DETAIL_CHARS_MAX)
    }

    /// A longer text, such as a page that came in place of an answer.
    pub fn words(&self, text: &str) -> String {
        cut(&self.text(text), STRING_CHARS_MAX)
    }

    fn value(&self, value: &Value, depth: usize) -> Value {
        if depth == 0 {
            return Value::from("[too deep]");
        }
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
            Value::String(text) => Value::from(self.string(text, depth)),
            Value::Array(items) => {
                let items = items.iter().take(ITEMS_MAX);
                items.map(|item| self.value(item, depth - 1)).collect()
            }
            Value::Object(fields) => Value::Object(self.fields(fields, depth)),
        }
    }

    fn fields(&self, fields: &Map<String, Value>, depth: usize) -> Map<String, Value> {
        let masked = fields.iter().take(ITEMS_MAX).map(|(name, value)| {
            let empty = value.is_null() || value.as_str() == Some("");
            let value = if names_a_secret(name) && !empty {
                Value::from(MASK)
            } else {
                self.value(value, depth - 1)
            };
            (cut(&self.text(name), 100), value)
        });
        masked.collect()
    }

    /// JSON within a string is masked as JSON: its keys tell more than its shape.
    fn string(&self, text: &str, depth: usize) -> String {
        let looks_nested = text.trim_start().starts_with(['{', '[']);
        match serde_json::from_str::<Value>(text) {
            Ok(nested) if looks_nested => cut(
                &self.value(&nested, depth - 1).to_string(),
                STRING_CHARS_MAX,
            ),
            Ok(_) | Err(_) => cut(&self.text(text), STRING_CHARS_MAX),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut text = visible(text);
        for secret in &self.known {
            text = text.replace(secret.expose_secret(), MASK);
        }
        let text = ADDRESS.replace_all(&text, "$1$3");
        let text = FOREIGN.replace_all(&text, format!("${{name}}{MASK}"));
        redact::text(&text).into_owned()
    }
}

/// Without what moves a cursor, turns the direction of writing or hides: a log line is read on terminals. NUL is left out:
/// Postgres refuses it.
fn visible(text: &str) -> String {
    let shown = text.chars().filter(|c| *c != '\0').map(|c| match c {
        '\n' | '\t' => c,
        '\r' => '\n',
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    });
    shown.collect()
}

fn names_a_secret(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn redactor() -> Redactor {
        Redactor::new([Secret::from("kie-key-0123456789")])
    }

    #[test]
    fn secrets_are_masked_by_name_by_shape_and_by_value_at_any_depth() {
        let param = json!({
            "callBackUrl": "https://us.example/callbacks/kie/t0ken-of-the-job",
            "input": {"image_url": "https://us.example/media/v1.c2lnbmVk.x?exp=1", "prompt": "a cat"},
        });
        let answer = json!({
            "msg": "key kie-key-0123456789 is over quota",
            "data": {
                "param": param.to_string(),
                "results": ["https://user:pw@cdn.example/a.png?X-Amz-Signature=abcdef#frag"],
                "x-api_Key": 12345,
                "accessToken": "abc",
                "header": "Bearer abcdef0123456789",
            },
        });
        let masked = redactor().json(&answer).to_string();
        for secret in [
            "kie-key", "t0ken", "c2lnbmVk", "exp=1", "user:pw", "Amz", "frag", "12345", "\"abc\"",
            "abcdef",
        ] {
            assert!(!masked.contains(secret), "{secret} in {masked}");
        }
        assert!(masked.contains("https://cdn.example/a.png") && masked.contains("a cat"));
    }

    #[test]
    fn secrets_of_others_are_masked_by_how_they_look() {
        for text in [
            "api_key=CANARYabcdef",
            "API-KEY: CANARYabcdef",
            r#"{"access_token":"CANARYabcdef"}"#,
            "'db_password' => 'CANARYabcdef'",
            "X-Amz-Signature=CANARYabcdef&x=1",
            "Cookie: CANARYabcdef; path=/",
            "sk-live-CANARYabcdef0123",
            "AKIACANARYABCDEF0123",
            "eyJhbGciOi.CANARYabcdef.sig",
            "-----BEGIN RSA PRIVATE KEY-----\nCANARYabcdef\n-----END RSA PRIVATE KEY-----",
            r"-----BEGIN RSA PRIVATE KEY-----\nCANARYabcdef\r\n-----END RSA PRIVATE KEY-----",
            "https://cdn.example/x.png?sig=CANARYabcdef",
            "ftp://user:CANARYabcdef@host/x",
        ] {
            let masked = redactor().words(text);
            assert!(!masked.contains("CANARY"), "{masked}");
        }
        let harmless = "Incorrect service ID: 12. The token of appreciation is large.";
        assert_eq!(redactor().words(harmless), harmless);
        assert_eq!(
            redactor().words("a\u{202e}b\u{1b}[31m\rc\0"),
            "a\u{fffd}b\u{fffd}[31m\nc"
        );
    }

    #[test]
    fn what_is_absurd_is_cut() {
        let mut deep = json!("x");
        for _ in 0..100 {
            deep = json!([deep]);
        }
        assert!(redactor().json(&deep).to_string().contains("too deep"));
        let long =
            redactor().json(&json!({"a": "ü".repeat(10_000), "b": vec![1; 1_000], "c\0": "d\0e"}));
        assert_eq!(
            long["a"].as_str().unwrap().chars().count(),
            STRING_CHARS_MAX + 1
        );
        assert_eq!(long["b"].as_array().unwrap().len(), ITEMS_MAX);
        assert_eq!(long["c"], "de");
    }

    #[test]
    fn a_detail_is_one_short_line() {
        let detail = redactor().detail(&format!("<html>\n\n  {}", "no ".repeat(1_000)));
        assert!(detail.starts_with("<html> no no") && detail.chars().count() <= 301);
    }
}
