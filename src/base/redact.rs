//! Keeps secrets out of logs, errors and stored answers.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
pub use secrecy::{ExposeSecret, SecretString as Secret};

/// What stands in the place of a secret.
pub const MASK: &str = "[redacted]";

static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
    Regex::new(
        r#"(?x)
        (?P<bot>\d{5,}:[A-Za-z0-9_-]{20,})                      # a bot token, in a URL or alone
        | (?P<bearer>(?i:bearer)\s+[A-Za-z0-9._~+/=-]{8,})       # an Authorization header
        | (?P<media>/media/[A-Za-z0-9._~=%-]+)                    # a signed media address
        | (?P<callback>/callbacks/[a-z0-9_-]+/[A-Za-z0-9._~=%-]+) # a per-job callback token
        | (?P<dsn>postgres(?:ql)?://[^\s"']+)                     # a connection string with a password
        "#,
    )
    .expect("constant pattern")
});

/// Replaces every secret that can be told by its shape.
pub fn text(input: &str) -> Cow<'_, str> {
    SECRETS.replace_all(input, MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        for secret in [
            "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
            "Bearer abcdef0123456789",
            "/media/v1.abc.def",
            "/callbacks/kie/q1w2e3r4",
            "postgres://user:secret@host/db",
        ] {
            let line = format!("GET http://host{secret} failed");
            let masked = text(&line);
            assert!(!masked.contains(secret), "{masked}");
            assert!(masked.contains(MASK));
        }
        assert_eq!(text("nothing here: 12:30"), "nothing here: 12:30");
    }
}
