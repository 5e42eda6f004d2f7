//! What a provider's errors mean for a job.

use serde_json::{Value, json};

use crate::providers::{FailureReason, ProviderError};

/// Why a result was not fetched.
pub(super) enum FetchError {
    /// It never will be.
    Ending(FailureReason),
    /// Try again.
    Again(String),
    /// Our own database.
    Database(sqlx::Error),
}

impl From<ProviderError> for FetchError {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Rejected { reason, .. } => Self::Ending(reason),
            ProviderError::Permanent { .. } => Self::Ending(FailureReason::ResultLost),
            ProviderError::Transient { .. }
            | ProviderError::RateLimited { .. }
            | ProviderError::Ambiguous { .. }
            | ProviderError::NoFunds => Self::Again(error.to_string()),
        }
    }
}

/// An error as it is kept: what we make of it, and what was said, word for word but for secrets.
pub(super) fn said(error: &ProviderError, heard: &[Value]) -> Value {
    json!({ "error": error.to_string(), "answers": heard })
}

/// The stored name of an error's class.
pub(super) fn class(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::Transient { .. } => "transient",
        ProviderError::RateLimited { .. } => "rate_limited",
        ProviderError::Rejected { .. } => "rejected",
        ProviderError::Permanent { .. } => "permanent",
        ProviderError::Ambiguous { .. } => "ambiguous",
        ProviderError::NoFunds => "no_funds",
    }
}
