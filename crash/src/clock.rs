//! The one place of the suite that reads a clock and the environment.
#![expect(
    clippy::disallowed_methods,
    reason = "measuring time is what this crate is for"
)]

use std::time::{Duration, Instant};

use time::OffsetDateTime;

/// For differences.
pub fn now() -> Instant {
    Instant::now()
}

/// For comparison with the simulator's log, which is written on this machine.
pub fn wall() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Waits.
pub async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Asks every 25 ms until there is an answer, at most for `patience`.
pub async fn until<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = now() + patience;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if now() >= end {
            return None;
        }
        pause(25).await;
    }
}
