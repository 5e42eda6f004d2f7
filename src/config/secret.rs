//! Secrets made from other secrets, so that the smallest set-up needs only the bot token.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::base::redact::{ExposeSecret as _, Secret};

/// A secret of 64 hex digits for `purpose`. HKDF is one-way: whoever learns it learns nothing of `source`, nor of the
/// secret of another purpose. The same inputs give the same secret in every replica and after every restart.
pub(super) fn derive(source: &Secret, purpose: &str) -> Secret {
    let key = Hkdf::<Sha256>::new(Some(b"bulwark"), source.expose_secret().as_bytes());
    let mut bytes = [0_u8; 32];
    #[expect(
        clippy::expect_used,
        reason = "HKDF-SHA256 gives up to 8160 bytes, this asks for 32"
    )]
    key.expand(purpose.as_bytes(), &mut bytes)
        .expect("a short output");
    Secret::from(hex(&bytes))
}

/// A value that is legal as Telegram's secret token (Bot API docs, setWebhook: 1-256 of `A-Z a-z 0-9 _ -`): `value`
/// itself if it is, else its HMAC as hex. Platforms that generate secrets use base64, whose `+ / =` are refused.
pub(super) fn as_header_token(value: &Secret) -> Secret {
    let text = value.expose_secret();
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=256).contains(&text.len()) && text.bytes().all(legal) {
        return value.clone();
    }
    #[expect(clippy::expect_used, reason = "HMAC accepts keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(text.as_bytes()).expect("any key");
    mac.update(b"bulwark webhook secret");
    Secret::from(hex(&mac.finalize().into_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
