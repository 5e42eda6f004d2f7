//! The one place of the benches that reads a clock.
#![expect(
    clippy::disallowed_methods,
    reason = "measuring time is what this crate is for"
)]

use std::time::{Duration, Instant};

/// Now, for differences.
pub fn now() -> Instant {
    Instant::now()
}

/// Waits until `at`.
pub async fn until(at: Instant) {
    tokio::time::sleep_until(at.into()).await;
}

/// Whole microseconds of `duration`, at least 1.
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros())
        .unwrap_or(u64::MAX)
        .max(1)
}
