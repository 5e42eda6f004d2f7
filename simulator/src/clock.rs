//! The simulator's time: the machine's, or one that only a test moves.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place of the simulator that reads the machine's clock"
)]

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;

/// Clones show the same time.
#[derive(Clone, Debug)]
pub struct SimClock {
    /// Where a manual clock stood at first; none for the machine's time.
    start: Option<OffsetDateTime>,
    advanced: Arc<watch::Sender<Duration>>,
}

impl SimClock {
    /// The machine's time, which can be pushed forward.
    pub fn system() -> Self {
        Self::new(None)
    }

    /// Stands still until [`SimClock::advance`].
    pub fn manual(start: OffsetDateTime) -> Self {
        Self::new(Some(start))
    }

    fn new(start: Option<OffsetDateTime>) -> Self {
        Self {
            start,
            advanced: Arc::new(watch::Sender::new(Duration::ZERO)),
        }
    }

    pub fn now(&self) -> OffsetDateTime {
        let base = self.start.unwrap_or_else(OffsetDateTime::now_utc);
        base + *self.advanced.borrow()
    }

    /// Moves the time forward and wakes every sleeper whose time has come.
    pub fn advance(&self, by: Duration) {
        self.advanced.send_modify(|advanced| *advanced += by);
    }

    pub async fn sleep(&self, length: Duration) {
        self.sleep_until(self.now() + length).await;
    }

    pub async fn sleep_until(&self, deadline: OffsetDateTime) {
        let mut advanced = self.advanced.subscribe();
        loop {
            let left = deadline - self.now();
            if !left.is_positive() {
                return;
            }
            if self.start.is_some() {
                if advanced.changed().await.is_err() {
                    return;
                }
            } else {
                // Whichever ends first, the loop looks at the clock again.
                let _ = tokio::time::timeout(left.unsigned_abs(), advanced.changed()).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_stands_until_advanced_and_then_wakes_sleepers() {
        let clock = SimClock::manual(OffsetDateTime::UNIX_EPOCH);
        let sleep = clock.sleep(Duration::from_secs(10));
        tokio::pin!(sleep);
        assert!(futures_util::poll!(&mut sleep).is_pending());
        clock.advance(Duration::from_secs(9));
        assert!(futures_util::poll!(&mut sleep).is_pending());
        clock.advance(Duration::from_secs(1));
        sleep.await;
        assert_eq!(clock.now().unix_timestamp(), 10);
    }
}
