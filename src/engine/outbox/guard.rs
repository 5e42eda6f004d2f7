//! A breaker before Telegram: while it is ill, rows wait in their places, and no try is spent on them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::providers::breaker::{Breaker, Health};
use crate::telegram::CallError;

/// The breaker, if there is one.
#[derive(Debug, Default)]
pub(super) struct Guard(pub(super) Option<Arc<Breaker>>);

impl Guard {
    /// None if a call may be made now; else how long to wait.
    pub(super) fn admit(&self) -> Option<Duration> {
        self.0.as_ref()?.admit()
    }

    /// The call that was let pass is not made.
    pub(super) fn give_back(&self) {
        if let Some(breaker) = &self.0 {
            breaker.give_back();
        }
    }

    /// Makes the call and learns from it. One that is given up tells nothing.
    pub(super) async fn around<T>(
        &self,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let Some(breaker) = &self.0 else {
            return call.await;
        };
        let under_way = breaker.begin();
        let result = call.await;
        breaker.end(under_way, health(result.as_ref().err()));
        result
    }
}

/// Every answer of Telegram's own, a refusal too, says that it is well.
fn health(error: Option<&CallError>) -> Health {
    match error {
        Some(CallError::Transient { .. } | CallError::Unknown { .. }) => Health::Ill,
        Some(
            CallError::FloodWait { .. }
            | CallError::Migrated { .. }
            | CallError::Blocked
            | CallError::BadEntities { .. }
            | CallError::TooLong
            | CallError::NotModified
            | CallError::MessageGone
            | CallError::CallbackTooOld
            | CallError::MediaRefused { .. }
            | CallError::ChatGone
            | CallError::Rejected { .. }
            | CallError::Unauthorized,
        )
        | None => Health::Well,
    }
}
