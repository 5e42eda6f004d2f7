//! Signed media addresses.

use std::time::Duration;

use super::Reader;
use super::secret::derive;
use crate::base::redact::Secret;

/// What signs `/media` addresses and how long they live.
#[derive(Clone, Debug)]
pub struct Media {
    /// Signs and verifies.
    pub secret: Secret,
    /// Only verifies, after a change of the secret.
    pub secret_previous: Option<Secret>,
    /// How long an address is valid.
    pub link_ttl: Duration,
}

impl Media {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let own = reader.secret("MEDIA_PROXY_SECRET", 16);
        // Asked for again here; that it is missing was said where it belongs.
        let token = Secret::from(reader.text("TELEGRAM_BOT_TOKEN").unwrap_or_default());
        Self {
            secret: own.unwrap_or_else(|| derive(&token, "media proxy secret v1")),
            secret_previous: reader.secret("MEDIA_PROXY_SECRET_PREVIOUS", 16),
            link_ttl: Duration::from_secs(reader.number("MEDIA_LINK_TTL", 600..=604_800)),
        }
    }
}
