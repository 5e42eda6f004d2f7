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

    /// Where a manual clock stood at first; for the machine's time always the same.
    pub(crate) fn started_at(&self) -> OffsetDateTime {
        self.start.unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// How far it was moved forward.
    pub(crate) fn ahead_ms(&self) -> u64 {
        u64::try_from(self.advanced.borrow().as_millis()).unwrap_or(u64::MAX)
    }

    /// Moves to where another clock stood, of which `started_at` and `ahead_ms` are known; never back.
    pub(crate) fn catch_up(&self, started_at: OffsetDateTime, ahead_ms: u64) {
        let ahead = Duration::from_millis(ahead_ms);
        let behind = match self.start {
            Some(start) => {
                (started_at - start).saturating_add(ahead.try_into().unwrap_or_default())
            }
            None => ahead.try_into().unwrap_or_default(),
        };
        if behind.is_positive() {
            self.advance(behind.unsigned_abs());
        }
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
