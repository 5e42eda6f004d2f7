//! A retry budget: repeated calls are at most a share of all calls, so that trouble is never multiplied by ourselves.
//!
//! Backoff spreads the retries of one job; only a budget bounds those of all jobs together. Each replica keeps the share
//! of its own calls, so all of them together keep it too.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::window::Window;
use crate::base::clock::Clock;
use crate::base::ids::Ids;

/// What is counted: calls and repeated calls of this long.
const WINDOW: Duration = Duration::from_secs(60);
/// So many are always free within the window: where little is called, a share of it is nothing.
const FREE: u32 = 10;

/// Counts calls and repeated calls.
#[derive(Debug)]
pub struct RetryBudget {
    percent: u32,
    clock: Clock,
    ids: Ids,
    window: Mutex<Window>,
}

impl RetryBudget {
    /// At most `percent` of all calls within a minute are repeated ones.
    pub fn new(percent: u32, clock: Clock, ids: Ids) -> Self {
        Self {
            percent,
            clock,
            ids,
            window: Mutex::new(Window::new(WINDOW)),
        }
    }

    /// A call for the first time: it makes room for others to be repeated.
    pub fn first(&self) {
        self.window().record(self.clock.monotonic(), false);
    }

    /// A call is to be repeated. None: it may be, and is counted; else when to ask again.
    pub fn repeat(&self) -> Option<Duration> {
        let mut window = self.window();
        let now = self.clock.monotonic();
        let (calls, repeated) = window.totals(now);
        let share = u64::from(calls + 1) * u64::from(self.percent) / 100;
        if u64::from(repeated) < share.max(u64::from(FREE)) {
            window.record(now, true);
            return None;
        }
        drop(window);
        // About when the oldest tenth of the window is forgotten, and not all that wait at once.
        Some(WINDOW / 10 + self.ids.jitter(WINDOW / 4))
    }

    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long to wait before try `failures` + 1: a uniformly random part of what doubles each time up to a bound ("full
/// jitter"), so that what failed together does not come back together.
pub fn backoff(base: Duration, failures: u32, most: Duration, ids: &Ids) -> Duration {
    let doubled = base.saturating_mul(2_u32.saturating_pow(failures.min(30)));
    ids.jitter(doubled.min(most))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::base::clock::ManualClock;

    fn budget() -> (RetryBudget, ManualClock) {
        let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
        (RetryBudget::new(20, clock, Ids::seeded(1)), manual)
    }

    #[test]
    fn in_no_minute_are_more_than_a_fifth_of_the_calls_repeated_ones() {
        let (budget, manual) = budget();
        let mut log: Vec<(u32, bool)> = Vec::new();
        for second in 0..600_u32 {
            for _ in 0..10 {
                budget.first();
                log.push((second, false));
                // Everything fails, and everybody would try again.
                for _ in 0..3 {
                    if budget.repeat().is_none() {
                        log.push((second, true));
                    }
                }
            }
            manual.advance(Duration::from_secs(1));
        }
        for start in 0..540 {
            let inside = || {
                log.iter()
                    .filter(|(at, _)| (start..start + 55).contains(at))
            };
            let repeated = inside().filter(|(_, is_repeated)| *is_repeated).count();
            let share = repeated * 100 / inside().count();
            assert!(share <= 22, "from {start}: {share} %");
            assert!(share >= 15, "from {start}: {share} %, the budget is used");
        }
    }

    #[test]
    fn where_little_is_called_a_few_may_be_repeated_and_the_others_later() {
        let (budget, manual) = budget();
        budget.first();
        let allowed = (0..100).filter(|_| budget.repeat().is_none()).count();
        assert_eq!(allowed, 10);
        let wait = budget.repeat().unwrap();
        assert!(wait > Duration::ZERO && wait < WINDOW);
        manual.advance(WINDOW + WINDOW / 12);
        assert_eq!(budget.repeat(), None);
    }

    #[test]
    fn waits_grow_to_a_bound_and_use_all_of_their_range() {
        let (ids, base, most) = (
            Ids::seeded(3),
            Duration::from_secs(2),
            Duration::from_secs(120),
        );
        for (failures, whole_s) in [(0, 2), (1, 4), (3, 16), (6, 120), (40, 120)] {
            let whole = Duration::from_secs(whole_s);
            let waits: Vec<Duration> = (0..500)
                .map(|_| backoff(base, failures, most, &ids))
                .collect();
            assert!(waits.iter().all(|wait| *wait <= whole), "{failures}");
            assert!(waits.iter().any(|wait| *wait < whole / 10), "{failures}");
            assert!(
                waits.iter().any(|wait| *wait > whole * 9 / 10),
                "{failures}"
            );
        }
    }
}
