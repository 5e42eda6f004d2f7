//! A provider's own rate limits, kept before it has to refuse.
//!
//! A sliding log, not a token bucket: KIE counts requests in any ten seconds, and a bucket of twenty lets nearly
//! forty through around its refill. Limits are small, so the log is too. This is one replica's count; together they
//! count in the database (`engine::vitals`), and this one spares it what could not pass anyway.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::clock::Clock;
use crate::base::ids::Ids;

/// At most so many calls within any window of this length.
#[derive(Debug)]
pub struct Pace {
    calls_max: usize,
    window: Duration,
    clock: Clock,
    ids: Ids,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    calls: VecDeque<Duration>,
    paused_until: Duration,
}

impl Pace {
    /// `calls_max` calls per `window`, at least one.
    pub fn new(calls_max: usize, window: Duration, clock: Clock, ids: Ids) -> Self {
        Self {
            calls_max: calls_max.max(1),
            window,
            clock,
            ids,
            log: Mutex::default(),
        }
    }

    /// None if a call may be made now, which counts it; else how long to wait, with jitter, so that those who wait do
    /// not all come back in the same moment.
    pub fn take(&self) -> Option<Duration> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.monotonic();
        while log.calls.front().is_some_and(|at| *at + self.window <= now) {
            log.calls.pop_front();
        }
        let free_at = match log.calls.front() {
            Some(oldest) if log.calls.len() >= self.calls_max => *oldest + self.window,
            Some(_) | None => now,
        };
        let free_at = free_at.max(log.paused_until);
        if free_at > now {
            return Some(free_at - now + self.ids.jitter(self.window / 4));
        }
        log.calls.push_back(now);
        None
    }

    /// How many calls [`Pace::take`] would let pass now.
    pub fn free(&self) -> usize {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.monotonic();
        if log.paused_until > now {
            return 0;
        }
        let recent = log
            .calls
            .iter()
            .filter(|at| **at + self.window > now)
            .count();
        self.calls_max.saturating_sub(recent)
    }

    /// The provider says that we are too fast: no calls for this long.
    pub fn pause(&self, length: Duration) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.paused_until = log.paused_until.max(self.clock.monotonic() + length);
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn no_window_ever_holds_more_calls_than_allowed() {
        let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
        let window = Duration::from_secs(10);
        let pace = Pace::new(20, window, clock.clone(), Ids::seeded(1));
        let mut passed: Vec<Duration> = Vec::new();
        for _ in 0..600 {
            if pace.take().is_none() {
                passed.push(clock.monotonic());
            }
            manual.advance(Duration::from_millis(100));
        }
        assert!(passed.len() >= 119, "the limit is used: {}", passed.len());
        for first in &passed {
            let inside = passed
                .iter()
                .filter(|at| *at >= first && **at < *first + window);
            assert!(inside.count() <= 20);
        }
    }

    #[test]
    fn the_wait_it_tells_is_enough() {
        let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
        let pace = Pace::new(2, Duration::from_secs(1), clock, Ids::seeded(1));
        assert_eq!(pace.free(), 2);
        assert_eq!((pace.take(), pace.take()), (None, None));
        assert_eq!(pace.free(), 0);
        let wait = pace.take().unwrap();
        assert!(wait >= Duration::from_secs(1));
        manual.advance(wait);
        assert_eq!(pace.free(), 2);
        assert_eq!(pace.take(), None);
    }

    #[test]
    fn a_pause_holds_everything_and_is_never_shortened() {
        let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
        let pace = Pace::new(5, Duration::from_secs(1), clock, Ids::seeded(1));
        pace.pause(Duration::from_secs(30));
        pace.pause(Duration::from_secs(1));
        assert!(pace.take().unwrap() >= Duration::from_secs(30));
        assert_eq!(pace.free(), 0);
        manual.advance(Duration::from_secs(30));
        assert_eq!(pace.take(), None);
    }
}
