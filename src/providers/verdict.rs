//! What a call came to: for the job, for the breaker, and for what is known of our account.

use super::ProviderError;
use super::breaker::Health;
use super::gate::Account;

/// What a call came to.
#[derive(Debug)]
pub(super) struct Verdict<T> {
    pub(super) result: Result<T, ProviderError>,
    pub(super) health: Health,
    pub(super) account: Account,
}

impl<T> Verdict<T> {
    pub(super) fn ok(value: T) -> Self {
        Self {
            result: Ok(value),
            health: Health::Well,
            account: Account::Good,
        }
    }

    pub(super) fn error(error: ProviderError, health: Health) -> Self {
        let account = match error {
            ProviderError::NoFunds => Account::NoFunds,
            ProviderError::RateLimited { .. }
            | ProviderError::Transient { .. }
            | ProviderError::Ambiguous { .. }
            | ProviderError::Rejected { .. }
            | ProviderError::Permanent { .. } => Account::Silent,
        };
        Self {
            result: Err(error),
            health,
            account,
        }
    }

    pub(super) fn key_refused(detail: String) -> Self {
        Self {
            result: Err(ProviderError::Permanent { detail }),
            // It answers, and well; that our key is wrong is for the latch.
            health: Health::Well,
            account: Account::KeyRefused,
        }
    }
}
