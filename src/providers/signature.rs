//! Signatures of what is sent to us: HMAC-SHA256 over parts of it, and a time.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use time::OffsetDateTime;

/// As the reference libraries of Standard Webhooks allow.
const TOLERANCE: Duration = Duration::from_secs(300);

/// A header's value, if it is text.
pub(super) fn header<'a>(headers: &[(&str, &'a [u8])], name: &str) -> Option<&'a str> {
    let found = headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.and_then(|(_, value)| std::str::from_utf8(value).ok())
}

/// Whether `signature` is that of the parts, one after the other, by this key.
pub(super) fn is_signed(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return false;
    };
    for part in parts {
        mac.update(part);
    }
    // Compares in constant time.
    mac.verify_slice(signature).is_ok()
}

/// Whether a signed time is near enough. Seconds, or milliseconds as some senders write.
pub(super) fn is_fresh(timestamp: &str, now: OffsetDateTime) -> bool {
    let Ok(number) = timestamp.parse::<i64>() else {
        return false;
    };
    let seconds = if number > 100_000_000_000 {
        number / 1_000
    } else {
        number
    };
    now.unix_timestamp().abs_diff(seconds) <= TOLERANCE.as_secs()
}
