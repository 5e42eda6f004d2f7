//! Replicate's webhooks, signed as Standard Webhooks are: `webhook-signature` has, between spaces, signatures `v1,` base64 of
//! HMAC-SHA256 over `webhook-id.webhook-timestamp.body`, by the key that stands in base64 after `whsec_` ("Verify webhooks";
//! `validateWebhook` of `lib/util.js`; `webhook.py`).
//!
//! The body is the prediction itself, and signed. The result is asked for all the same before money moves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use time::OffsetDateTime;

use super::answer;
use crate::base::redact::{ExposeSecret as _, Secret};
use crate::providers::{CallbackError, CallbackHint, signature};

/// What signs the webhooks of our account (`GET /v1/webhooks/default/secret`).
pub(super) struct SigningKey(Vec<u8>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    /// What stands after the last underscore, in base64. Anything else is taken as it is, and signs nothing that comes.
    pub(super) fn read(key: &Secret) -> Self {
        let text = key.expose_secret();
        let encoded = text.rsplit('_').next().unwrap_or(text);
        Self(STANDARD.decode(encoded).unwrap_or_else(|_| {
            tracing::warn!("the key for webhooks is not of the form whsec_ and base64");
            text.as_bytes().to_vec()
        }))
    }
}

/// Without a key nothing can be verified: the per-job token in the address is then all that vouches for it.
pub(super) fn verify(
    key: Option<&SigningKey>,
    headers: &[(&str, &[u8])],
    body: &[u8],
    now: OffsetDateTime,
) -> Result<CallbackHint, CallbackError> {
    if let Some(SigningKey(key)) = key {
        let header = |name| signature::header(headers, name).ok_or(CallbackError::BadSignature);
        let id = header("webhook-id")?;
        let timestamp = header("webhook-timestamp")?;
        let mut parts: Vec<&[u8]> = vec![id.as_bytes(), b".", timestamp.as_bytes(), b"."];
        parts.push(body);
        let is_ours = |given: &str| {
            let decoded = given.strip_prefix("v1,").map(|text| STANDARD.decode(text));
            matches!(decoded, Some(Ok(given)) if signature::is_signed(key, &parts, &given))
        };
        if !header("webhook-signature")?.split(' ').any(is_ours) {
            return Err(CallbackError::BadSignature);
        }
        if !signature::is_fresh(timestamp, now) {
            return Err(CallbackError::Stale);
        }
    }
    let prediction: Value = serde_json::from_slice(body).map_err(|_| CallbackError::Malformed)?;
    if !prediction.is_object() {
        return Err(CallbackError::Malformed);
    }
    let id = prediction["id"].as_str().filter(|id| answer::is_id(id));
    Ok(CallbackHint {
        external_id: id.map(str::to_owned),
        verified: key.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    /// The example of the Standard Webhooks libraries, which Replicate's own client is tested with (`index.test.ts`).
    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const NOW: OffsetDateTime = datetime!(2021-02-25 15:02:10 UTC);

    fn check(signatures: &str, body: &[u8], now: OffsetDateTime) -> Result<bool, CallbackError> {
        let key = SigningKey::read(&Secret::from(KEY));
        let headers: [(&str, &[u8]); 3] = [
            ("webhook-id", b"msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", b"1614265330"),
            ("webhook-signature", signatures.as_bytes()),
        ];
        verify(Some(&key), &headers, body, now).map(|hint| hint.verified)
    }

    #[test]
    fn the_published_example_is_right_and_nothing_else_is() {
        assert_eq!(check(SIGNATURE, BODY, NOW), Ok(true));
        let several = format!("v1,AAAA v2,{SIGNATURE} {SIGNATURE}");
        assert_eq!(check(&several, BODY, NOW), Ok(true));
        let other = br#"{"test": 2432232315}"#;
        for (signatures, body) in [(SIGNATURE, &other[..]), ("v1,AAAA", BODY), ("", BODY)] {
            assert_eq!(
                check(signatures, body, NOW),
                Err(CallbackError::BadSignature)
            );
        }
        let late = NOW + time::Duration::seconds(301);
        assert_eq!(check(SIGNATURE, BODY, late), Err(CallbackError::Stale));
    }

    #[test]
    fn without_a_key_it_is_a_hint_and_no_more() {
        let hint = verify(None, &[], br#"{"id":"abc1"}"#, NOW).unwrap();
        assert_eq!(
            hint,
            CallbackHint {
                external_id: Some("abc1".to_owned()),
                verified: false
            }
        );
        let elsewhere = verify(None, &[], br#"{"id":"../models"}"#, NOW).unwrap();
        assert_eq!(elsewhere.external_id, None);
        assert_eq!(
            verify(None, &[], b"[1]", NOW),
            Err(CallbackError::Malformed)
        );
    }
}
