//! Outside providers: keys and addresses.

use super::Reader;
use crate::base::redact::Secret;

/// All providers.
#[derive(Clone, Debug)]
pub struct Providers {
    /// KIE.
    pub kie: Kie,
}

/// The account at KIE.
#[derive(Clone, Debug)]
pub struct Kie {
    /// The account's key.
    pub api_key: Secret,
    /// Base address, without a trailing slash.
    pub api_url: String,
    /// Verifies the signature of callbacks.
    pub webhook_key: Option<Secret>,
}

impl Providers {
    /// The names a catalogue may bind a service to.
    pub const NAMES: &[&str] = &["kie"];

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let key = reader.required(
            "KIE_API_KEY",
            "create one in the API key page of your KIE account",
        );
        Self {
            kie: Kie {
                api_key: Secret::from(key.unwrap_or_default()),
                api_url: reader.api_url("KIE_API_URL"),
                webhook_key: reader.secret("KIE_WEBHOOK_KEY", 8),
            },
        }
    }
}
