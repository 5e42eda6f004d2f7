//! KIE's callbacks: `X-Webhook-Signature` is base64 of HMAC-SHA256 over `taskId.timestamp`.
//!
//! The body is not signed (docs.kie.ai, webhook verification): even a good signature only proves that KIE once spoke of
//! this task at this time. So a callback is a hint to ask, and nothing in it is believed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use time::OffsetDateTime;

use super::answer;
use crate::base::redact::{ExposeSecret as _, Secret};
use crate::providers::{CallbackError, CallbackHint, signature};

/// Without a key nothing can be verified: the per-job token in the address is then all that vouches for it.
pub(super) fn verify(
    key: Option<&Secret>,
    headers: &[(&str, &[u8])],
    body: &[u8],
    now: OffsetDateTime,
) -> Result<CallbackHint, CallbackError> {
    let body: Value = serde_json::from_slice(body).map_err(|_| CallbackError::Malformed)?;
    if !body.is_object() {
        return Err(CallbackError::Malformed);
    }
    let ids = task_ids(&body);
    let Some(key) = key else {
        return Ok(CallbackHint {
            external_id: ids.into_iter().next(),
            verified: false,
        });
    };
    let timestamp =
        signature::header(headers, "x-webhook-timestamp").ok_or(CallbackError::BadSignature)?;
    let signed_by = signature::header(headers, "x-webhook-signature")
        .and_then(|text| STANDARD.decode(text.trim()).ok())
        .ok_or(CallbackError::BadSignature)?;
    let timestamp = timestamp.trim();
    let signed = ids
        .into_iter()
        .find(|id| is_signed(key, id, timestamp, &signed_by))
        .ok_or(CallbackError::BadSignature)?;
    if !signature::is_fresh(timestamp, now) {
        return Err(CallbackError::Stale);
    }
    Ok(CallbackHint {
        external_id: Some(signed),
        verified: true,
    })
}

/// The documents read `data.task_id`; real callbacks carry `taskId` as well.
fn task_ids(body: &Value) -> Vec<String> {
    let data = body.get("data").unwrap_or(&Value::Null);
    let mut ids = Vec::new();
    for value in [
        data.get("task_id"),
        data.get("taskId"),
        body.get("taskId"),
        body.get("task_id"),
    ] {
        if let Some(id) = value.and_then(answer::id)
            && !ids.contains(&id)
        {
            ids.push(id);
        }
    }
    ids
}

fn is_signed(key: &Secret, id: &str, timestamp: &str, signed_by: &[u8]) -> bool {
    let parts = [id.as_bytes(), b".", timestamp.as_bytes()];
    signature::is_signed(key.expose_secret().as_bytes(), &parts, signed_by)
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use sha2::Sha256;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 0:00 UTC);
    const BODY: &[u8] = br#"{"taskId":"t-2","code":200,"data":{"task_id":"t-1"}}"#;

    fn sign(key: &str, id: &str, timestamp: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(format!("{id}.{timestamp}").as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    fn check(timestamp: &str, signature: &str, body: &[u8]) -> Result<CallbackHint, CallbackError> {
        let headers = [
            ("x-webhook-timestamp", timestamp.as_bytes()),
            ("x-webhook-signature", signature.as_bytes()),
        ];
        verify(Some(&Secret::from("key")), &headers, body, NOW)
    }

    #[test]
    fn the_signature_is_that_of_the_documents() {
        // Computed with: printf '%s' t-1.1767225600 | openssl dgst -sha256 -hmac key -binary | base64
        assert_eq!(
            sign("key", "t-1", "1767225600"),
            "9j4VHULD9tBDMPSlsuVJAYsufh66zs+55UoenY99OsM="
        );
    }

    #[test]
    fn either_id_may_be_the_signed_one_and_only_that_is_believed() {
        let timestamp = NOW.unix_timestamp().to_string();
        for id in ["t-1", "t-2"] {
            let hint = check(&timestamp, &sign("key", id, &timestamp), BODY).unwrap();
            assert_eq!(
                hint,
                CallbackHint {
                    external_id: Some(id.to_owned()),
                    verified: true
                }
            );
        }
        let other = sign("key", "t-3", &timestamp);
        assert_eq!(
            check(&timestamp, &other, BODY),
            Err(CallbackError::BadSignature)
        );
        let forged = sign("another key", "t-1", &timestamp);
        assert_eq!(
            check(&timestamp, &forged, BODY),
            Err(CallbackError::BadSignature)
        );
    }

    #[test]
    fn the_time_must_be_near_and_the_form_right() {
        for (seconds, expected) in [(300, true), (301, false), (-300, true), (-301, false)] {
            let timestamp = (NOW.unix_timestamp() + seconds).to_string();
            let outcome = check(&timestamp, &sign("key", "t-1", &timestamp), BODY);
            assert_eq!(outcome.is_ok(), expected, "{seconds}");
        }
        let millis = (NOW.unix_timestamp() * 1_000).to_string();
        assert!(check(&millis, &sign("key", "t-1", &millis), BODY).is_ok());
        assert_eq!(
            check("soon", &sign("key", "t-1", "soon"), BODY),
            Err(CallbackError::Stale)
        );
        assert_eq!(check("1", "%%%", BODY), Err(CallbackError::BadSignature));
        assert_eq!(check("1", "", b"[1]"), Err(CallbackError::Malformed));
        assert_eq!(check("1", "", b"\xff"), Err(CallbackError::Malformed));
        assert_eq!(
            verify(Some(&Secret::from("key")), &[], BODY, NOW),
            Err(CallbackError::BadSignature)
        );
    }

    #[test]
    fn without_a_key_it_is_a_hint_and_no_more() {
        let hint = verify(None, &[], BODY, NOW).unwrap();
        assert_eq!(
            hint,
            CallbackHint {
                external_id: Some("t-1".to_owned()),
                verified: false
            }
        );
        assert_eq!(verify(None, &[], b"{}", NOW).unwrap().external_id, None);
    }
}
