//! A sliding window of outcomes: a ring of slices, so that its size does not depend on the traffic.

use std::time::Duration;

const SLICES: u32 = 12;

/// Outcomes of the last while, forgotten slice by slice.
#[derive(Debug)]
pub(super) struct Window {
    slice: Duration,
    slices: [Slice; SLICES as usize],
}

#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    /// Which slice of all time this place holds now.
    number: u128,
    calls: u32,
    failures: u32,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Self {
            slice: (length / SLICES).max(Duration::from_millis(1)),
            slices: [Slice::default(); SLICES as usize],
        }
    }

    pub(super) fn record(&mut self, now: Duration, failed: bool) {
        let number = self.number(now);
        let place = usize::try_from(number % u128::from(SLICES)).unwrap_or(0);
        let slice = &mut self.slices[place];
        if slice.number != number {
            *slice = Slice {
                number,
                ..Slice::default()
            };
        }
        slice.calls = slice.calls.saturating_add(1);
        slice.failures = slice.failures.saturating_add(u32::from(failed));
    }

    /// Calls and failures within the window.
    pub(super) fn totals(&self, now: Duration) -> (u32, u32) {
        let newest = self.number(now);
        self.slices
            .iter()
            .filter(|slice| slice.number + u128::from(SLICES) > newest)
            .fold((0, 0), |(calls, failures), slice| {
                (
                    slice.calls.saturating_add(calls),
                    slice.failures.saturating_add(failures),
                )
            })
    }

    pub(super) fn clear(&mut self) {
        self.slices = [Slice::default(); SLICES as usize];
    }

    /// Counted from one: zero marks a place that was never used.
    fn number(&self, now: Duration) -> u128 {
        now.as_nanos() / self.slice.as_nanos() + 1
    }
}
