//! Signed names of files: `v1.<expiry>.<file id>.<mac>`, all base64url, fit for a path.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use time::OffsetDateTime;

use crate::base::redact::{ExposeSecret as _, Secret};

/// Telegram's file ids have about 100 characters.
const FILE_ID_BYTES_MAX: usize = 512;

/// Signs and verifies. After a change of the secret the previous one still verifies.
#[derive(Clone)]
pub struct MediaSigner {
    current: Secret,
    previous: Option<Secret>,
}

/// Why a signed name is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not one of ours.
    #[error("invalid signature")]
    Invalid,
    /// One of ours, too late.
    #[error("expired")]
    Expired,
}

impl MediaSigner {
    /// Signs with `current`.
    pub fn new(current: &Secret, previous: Option<&Secret>) -> Self {
        Self {
            current: current.clone(),
            previous: previous.cloned(),
        }
    }

    /// A path segment that opens `file_id` until `expires_at`.
    pub fn sign(&self, file_id: &str, expires_at: OffsetDateTime) -> String {
        let signed = format!(
            "v1.{}.{}",
            expires_at.unix_timestamp(),
            BASE64.encode(file_id)
        );
        let mac = mac(&self.current, &signed).finalize().into_bytes();
        format!("{signed}.{}", BASE64.encode(mac))
    }

    /// The file that a segment opens now.
    ///
    /// # Errors
    /// [`SignatureError`]; the expiry of a forged segment is never looked at.
    pub fn verify(&self, segment: &str, now: OffsetDateTime) -> Result<String, SignatureError> {
        let (signed, given) = segment.rsplit_once('.').ok_or(SignatureError::Invalid)?;
        let given = BASE64.decode(given).map_err(|_| SignatureError::Invalid)?;
        let valid = std::iter::once(&self.current)
            .chain(self.previous.as_ref())
            .fold(false, |valid, key| {
                valid | mac(key, signed).verify_slice(&given).is_ok()
            });
        if !valid {
            return Err(SignatureError::Invalid);
        }
        let mut parts = signed.split('.');
        let (Some("v1"), Some(expiry), Some(file), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SignatureError::Invalid);
        };
        let expiry: i64 = expiry.parse().map_err(|_| SignatureError::Invalid)?;
        if now.unix_timestamp() >= expiry {
            return Err(SignatureError::Expired);
        }
        let file = BASE64.decode(file).map_err(|_| SignatureError::Invalid)?;
        String::from_utf8(file)
            .ok()
            .filter(|file| file.len() <= FILE_ID_BYTES_MAX)
            .ok_or(SignatureError::Invalid)
    }
}

fn mac(key: &Secret, signed: &str) -> Hmac<Sha256> {
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length (RFC 2104)"
    )]
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).expect("any length");
    mac.update(b"bulwark media\0");
    mac.update(signed.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-01-01 0:00 UTC);

    fn signer(current: &str, previous: Option<&str>) -> MediaSigner {
        MediaSigner::new(&Secret::from(current), previous.map(Secret::from).as_ref())
    }

    proptest! {
        #[test]
        fn a_segment_opens_its_file_until_it_expires(file_id in "[A-Za-z0-9_-]{1,100}", ttl_s in 1_u64..100_000) {
            let signer = signer("key", None);
            let segment = signer.sign(&file_id, NOW + Duration::from_secs(ttl_s));
            prop_assert!(segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)));
            prop_assert_eq!(signer.verify(&segment, NOW), Ok(file_id));
            prop_assert_eq!(signer.verify(&segment, NOW + Duration::from_secs(ttl_s)), Err(SignatureError::Expired));
        }

        #[test]
        fn a_changed_segment_opens_nothing(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9._-]") {
            let signer = signer("key", None);
            let segment = signer.sign("file", NOW + Duration::from_secs(60));
            let at = at.index(segment.len());
            let changed = format!("{}{to}{}", &segment[..at], &segment[at + 1..]);
            // The last character of base64 carries unused bits, which strict decoding refuses too.
            prop_assert!(changed == segment || signer.verify(&changed, NOW) == Err(SignatureError::Invalid));
        }
    }

    #[test]
    fn the_previous_key_verifies_and_no_other() {
        let old = signer("old", None).sign("file", NOW + Duration::from_secs(60));
        assert_eq!(
            signer("new", Some("old")).verify(&old, NOW),
            Ok("file".into())
        );
        assert_eq!(
            signer("new", None).verify(&old, NOW),
            Err(SignatureError::Invalid)
        );
        assert_eq!(
            signer("new", None).verify("", NOW),
            Err(SignatureError::Invalid)
        );
    }
}
