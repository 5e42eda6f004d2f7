//! A breaker before the file host: while it is ill, those who ask are told at once, instead of all waiting for it.

use std::future::Future;
use std::sync::Arc;

use super::upstream::FileSourceError;
use crate::providers::breaker::{Breaker, Health};

/// The breaker, if there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard(pub(super) Option<Arc<Breaker>>);

impl Guard {
    /// Makes the call, if it may be made now.
    pub(super) async fn around<T>(
        &self,
        call: impl Future<Output = Result<T, FileSourceError>>,
    ) -> Result<T, FileSourceError> {
        let Some(breaker) = &self.0 else {
            return call.await;
        };
        if breaker.admit().is_some() {
            return Err(FileSourceError::Unavailable);
        }
        let under_way = breaker.begin();
        let result = call.await;
        let health = match &result {
            Ok(_) | Err(FileSourceError::NotFound) => Health::Well,
            Err(FileSourceError::TimedOut | FileSourceError::Unavailable) => Health::Ill,
        };
        breaker.end(under_way, health);
        result
    }
}
