//! Patience with what is not there yet: a new task may be unknown to another server of the provider for a moment, a
//! new result missing at an edge of its network.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::fetch::{DownloadError, Http};
use super::{Download, FailureReason, PollState, ProviderError, ResultUrl};
use crate::base::clock::Clock;

/// Beyond this many things are forgotten, the longest missing first: then patience begins anew, which is harmless.
const REMEMBERED_MAX: usize = 1_000;

/// Since when things have been missing.
#[derive(Debug)]
pub struct Grace {
    clock: Clock,
    lasts: Duration,
    missing_since: Mutex<HashMap<String, Duration>>,
}

impl Grace {
    /// Patience of this length.
    pub fn new(clock: Clock, lasts: Duration) -> Self {
        Self {
            clock,
            lasts,
            missing_since: Mutex::default(),
        }
    }

    /// It is missing now: whether it has been so for too long.
    pub fn is_over(&self, what: &str) -> bool {
        let mut missing = self.missing();
        let now = self.clock.monotonic();
        let since = *missing.entry(what.to_owned()).or_insert(now);
        if missing.len() > REMEMBERED_MAX
            && let Some(oldest) = missing
                .iter()
                .min_by_key(|(_, since)| **since)
                .map(|(what, _)| what.clone())
        {
            missing.remove(&oldest);
        }
        now >= since + self.lasts
    }

    /// It was found.
    pub fn found(&self, what: &str) {
        self.missing().remove(what);
    }

    /// What it means that the provider knows no such task.
    pub fn unknown_task(&self, external_id: &str, detail: &str) -> ProviderError {
        let detail = detail.to_owned();
        if self.is_over(external_id) {
            // Not `Permanent`: nobody has to mend anything, this one task is gone, and its user should not wait longer.
            ProviderError::Rejected {
                reason: FailureReason::ProviderFailed,
                detail,
            }
        } else {
            ProviderError::Transient { detail }
        }
    }

    /// A success that names no result yet may still name one in a moment.
    pub fn succeeded(&self, id: &str, urls: Vec<String>) -> PollState {
        let nothing = format!("the results of {id}");
        if urls.is_empty() && !self.is_over(&nothing) {
            tracing::warn!("a task has succeeded without a result, asking again");
            return PollState::Running {
                progress_percent: None,
            };
        }
        self.found(&nothing);
        PollState::Succeeded {
            results: urls.into_iter().map(|url| ResultUrl { url }).collect(),
        }
    }

    /// Opens a result, which may not have arrived everywhere yet.
    ///
    /// # Errors
    /// As [`Http::download`]; one that stays missing is gone.
    pub async fn download(&self, http: &Http, url: &ResultUrl) -> Result<Download, ProviderError> {
        match http.download(&url.url).await {
            Ok(download) => {
                self.found(&url.url);
                Ok(download)
            }
            Err(DownloadError::Provider(error)) => Err(error),
            Err(DownloadError::Missing) => {
                let detail = "the result is not there".to_owned();
                Err(if self.is_over(&url.url) {
                    ProviderError::Permanent { detail }
                } else {
                    ProviderError::Transient { detail }
                })
            }
        }
    }

    fn missing(&self) -> std::sync::MutexGuard<'_, HashMap<String, Duration>> {
        self.missing_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn patience_runs_per_thing_and_its_memory_is_bounded() {
        let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
        let grace = Grace::new(clock, Duration::from_secs(60));
        assert!(!grace.is_over("a"));
        manual.advance(Duration::from_secs(60));
        assert!(grace.is_over("a") && !grace.is_over("b"));
        grace.found("a");
        assert!(!grace.is_over("a"));
        for n in 0..2 * REMEMBERED_MAX {
            grace.is_over(&n.to_string());
        }
        assert!(grace.missing().len() <= REMEMBERED_MAX);
    }
}
