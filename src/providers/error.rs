//! What goes wrong at a provider, in classes that each call for one reaction.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a call to a provider failed. `detail` is redacted and for records and logs only, never for users.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The provider is ill, and surely did not act: try again.
    #[error("unavailable: {detail}")]
    Transient {
        /// For the record.
        detail: String,
    },
    /// We are too fast: try again after this.
    #[error("rate limited for {after:?}")]
    RateLimited {
        /// How long.
        after: Duration,
    },
    /// The user's input is refused: trying again does not help.
    #[error("rejected as {reason:?}: {detail}")]
    Rejected {
        /// What a user may be told.
        reason: FailureReason,
        /// For the record.
        detail: String,
    },
    /// Refused for a reason that an operator must mend (a wrong key, a service that is gone).
    #[error("permanent: {detail}")]
    Permanent {
        /// For the record.
        detail: String,
    },
    /// The answer was lost: the call may have been acted upon.
    #[error("outcome unknown: {detail}")]
    Ambiguous {
        /// For the record.
        detail: String,
    },
    /// Our account at the provider is empty.
    #[error("no funds at the provider")]
    NoFunds,
}

/// Why a job ended without a result, in the terms in which a user may be told. The codes are stored: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The provider's rules forbid the content.
    ContentRefused,
    /// The input does not fit the service.
    BadInput,
    /// The provider could not fetch the user's file.
    InputUnreachable,
    /// It tried and failed.
    ProviderFailed,
    /// It cannot be used at present.
    ProviderUnavailable,
    /// It took too long.
    TimedOut,
    /// The result is larger than Telegram takes.
    ResultTooLarge,
    /// The result could not be fetched.
    ResultLost,
    /// Nobody can tell what became of it.
    Unknown,
    /// The provider cancelled it, and delivered nothing.
    Cancelled,
    /// Another order for the same target is under way.
    TargetBusy,
    /// It never came to the provider.
    NotReceived,
}

impl FailureReason {
    /// The stored code.
    pub fn code(self) -> &'static str {
        match self {
            Self::ContentRefused => "content_refused",
            Self::BadInput => "bad_input",
            Self::InputUnreachable => "input_unreachable",
            Self::ProviderFailed => "provider_failed",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::TimedOut => "timed_out",
            Self::ResultTooLarge => "result_too_large",
            Self::ResultLost => "result_lost",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
            Self::TargetBusy => "target_busy",
            Self::NotReceived => "not_received",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_codes_are_append_only() {
        use FailureReason as R;
        let stored = [
            (R::ContentRefused, "content_refused"),
            (R::BadInput, "bad_input"),
            (R::InputUnreachable, "input_unreachable"),
            (R::ProviderFailed, "provider_failed"),
            (R::ProviderUnavailable, "provider_unavailable"),
            (R::TimedOut, "timed_out"),
            (R::ResultTooLarge, "result_too_large"),
            (R::ResultLost, "result_lost"),
            (R::Unknown, "unknown"),
            (R::Cancelled, "cancelled"),
            (R::TargetBusy, "target_busy"),
            (R::NotReceived, "not_received"),
        ];
        for (reason, code) in stored {
            assert_eq!(reason.code(), code);
            assert_eq!(serde_json::to_value(reason).unwrap(), code);
            let read: FailureReason = serde_json::from_value(code.into()).unwrap();
            assert_eq!(read, reason);
        }
    }
}
