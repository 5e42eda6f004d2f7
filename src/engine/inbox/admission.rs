//! How many updates may be in hand at once: a window as TCP's, that opens with commits and closes with failures.
//!
//! While the database is away or slow almost everything is refused at once, so that nobody waits for a time-out and
//! memory stays bounded; what is let in is the probe that finds it back. Then the window doubles with each commit, so
//! that what was turned away does not come back upon a database that has just got up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::base::clock::Clock;
use crate::base::ids::Ids;

/// Let in even when nothing works, as probes.
const WINDOW_MIN: usize = 16;
/// A commit that takes longer closes the window: who is let in should have an answer within a few of these.
const SLOW: Duration = Duration::from_secs(1);
const RETRY_AFTER_MAX_S: u32 = 30;

/// The bounds of what is in hand.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionLimits {
    /// Updates.
    pub updates_max: usize,
    /// Their bodies, bytes.
    pub bytes_max: usize,
}

/// The window and what is in it.
#[derive(Debug)]
pub(super) struct Admission {
    limits: AdmissionLimits,
    clock: Clock,
    ids: Ids,
    updates: AtomicUsize,
    bytes: AtomicUsize,
    window: AtomicUsize,
    /// Milliseconds of the monotonic clock, plus one; zero while commits succeed.
    failing_since: AtomicU64,
}

/// A place in the window, free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    admission: Arc<Admission>,
    bytes: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.updates.fetch_sub(1, Ordering::Relaxed);
        self.admission
            .bytes
            .fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Admission {
    pub(super) fn new(limits: AdmissionLimits, clock: Clock, ids: Ids) -> Arc<Self> {
        Arc::new(Self {
            limits,
            clock,
            ids,
            updates: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            window: AtomicUsize::new(limits.updates_max),
            failing_since: AtomicU64::new(0),
        })
    }

    /// A place for an update of so many bytes, if there is one.
    pub(super) fn enter(self: &Arc<Self>, bytes: usize) -> Option<Place> {
        let place = Place {
            admission: Arc::clone(self),
            bytes,
        };
        let updates = self.updates.fetch_add(1, Ordering::Relaxed);
        let in_hand = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // One alone is let in whatever its size: its body has been read already.
        let fits = updates == 0 || in_hand + bytes <= self.limits.bytes_max;
        (fits && updates < self.window.load(Ordering::Relaxed)).then_some(place)
    }

    /// A batch of `rows` was committed in `took`.
    pub(super) fn committed(&self, rows: usize, took: Duration) {
        self.failing_since.store(0, Ordering::Relaxed);
        if took > SLOW {
            self.close(self.window.load(Ordering::Relaxed) * 7 / 10);
            return;
        }
        let grown = |window: usize| Some((window + rows.max(1)).min(self.limits.updates_max));
        let _ = self
            .window
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown);
    }

    /// The database did not take a batch.
    pub(super) fn failed(&self) {
        let now = self.now_ms() + 1;
        let _ = self
            .failing_since
            .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        self.close(WINDOW_MIN);
    }

    fn close(&self, window: usize) {
        let least = WINDOW_MIN.min(self.limits.updates_max);
        self.window.store(window.max(least), Ordering::Relaxed);
    }

    /// When to come again, seconds: the longer the trouble lasts the later, and never all at once.
    pub(super) fn retry_after_s(&self) -> u32 {
        let since = self.failing_since.load(Ordering::Relaxed);
        let failing_ms = match since {
            0 => 0,
            since => (self.now_ms() + 1).saturating_sub(since),
        };
        let base = Duration::from_millis(failing_ms / 2).clamp(
            Duration::from_secs(1),
            Duration::from_secs(RETRY_AFTER_MAX_S.into()),
        );
        let spread = base / 2 + self.ids.jitter(base / 2);
        let seconds = spread.as_secs_f64().round();
        u32::try_from(Duration::from_secs_f64(seconds).as_secs())
            .unwrap_or(RETRY_AFTER_MAX_S)
            .clamp(1, RETRY_AFTER_MAX_S)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.monotonic().as_millis()).unwrap_or(u64::MAX - 1)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::base::clock::ManualClock;

    fn admission(updates_max: usize) -> (Arc<Admission>, ManualClock) {
        let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
        let limits = AdmissionLimits {
            updates_max,
            bytes_max: 1000,
        };
        (Admission::new(limits, clock, Ids::seeded(1)), manual)
    }

    fn room(admission: &Arc<Admission>) -> usize {
        let places: Vec<Place> = std::iter::from_fn(|| admission.enter(0))
            .take(10_000)
            .collect();
        places.len()
    }

    #[test]
    fn updates_and_their_bytes_have_a_bound_and_leave_their_place() {
        let (admission, _) = admission(3);
        assert_eq!(room(&admission), 3);
        assert_eq!(room(&admission), 3, "dropped places are free again");
        let large = admission.enter(5000).expect("one alone");
        assert!(admission.enter(1).is_none());
        drop(large);
        let _half = admission.enter(600).expect("room");
        assert!(admission.enter(600).is_none());
        assert!(admission.enter(400).is_some());
    }

    #[test]
    fn after_a_failure_probes_are_let_in_and_commits_open_the_window_again() {
        let (admission, _) = admission(4096);
        admission.failed();
        assert_eq!(room(&admission), WINDOW_MIN);
        let mut commits = 0;
        while room(&admission) < 4096 {
            let in_hand = room(&admission);
            admission.committed(in_hand.min(512), Duration::from_millis(5));
            commits += 1;
        }
        assert!((8..=16).contains(&commits), "{commits}");
    }

    #[test]
    fn a_slow_database_has_less_to_do() {
        let (admission, _) = admission(4096);
        for _ in 0..5 {
            admission.committed(100, SLOW * 2);
        }
        assert!(room(&admission) < 4096 / 5);
        for _ in 0..100 {
            admission.committed(100, SLOW * 2);
        }
        assert_eq!(room(&admission), WINDOW_MIN);
    }

    #[test]
    fn the_longer_it_lasts_the_later_and_spread_they_come_again() {
        let (admission, clock) = admission(4096);
        assert_eq!(admission.retry_after_s(), 1);
        admission.failed();
        let mut before = 0;
        for (after_s, least, most) in [(4, 1, 2), (20, 5, 10), (3600, 15, 30)] {
            clock.advance(Duration::from_secs(after_s));
            admission.failed();
            let said: Vec<u32> = (0..200).map(|_| admission.retry_after_s()).collect();
            let all = said.iter().all(|s| (least..=most + 2).contains(s));
            assert!(all && said.iter().max() > Some(&before), "{said:?}");
            assert!(said.iter().min() < said.iter().max(), "never all at once");
            before = most;
        }
        admission.committed(1, Duration::ZERO);
        assert_eq!(admission.retry_after_s(), 1, "back at once");
    }
}
