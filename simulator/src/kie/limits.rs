//! So many calls in so much time; what is more is refused, not queued.

use std::collections::VecDeque;

use time::{Duration, OffsetDateTime};

/// The calls that were let through lately.
#[derive(Debug, Default)]
pub(crate) struct Window(VecDeque<OffsetDateTime>);

impl Window {
    /// Whether one more of at most `max` in `length` may pass at `now`; if so it is counted.
    pub(crate) fn admit(&mut self, now: OffsetDateTime, max: usize, length: Duration) -> bool {
        while self.0.front().is_some_and(|at| now - *at >= length) {
            self.0.pop_front();
        }
        if self.0.len() >= max {
            return false;
        }
        self.0.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides() {
        let mut window = Window::default();
        let start = OffsetDateTime::UNIX_EPOCH;
        let at = |ms| start + Duration::milliseconds(ms);
        let length = Duration::seconds(1);
        assert!(window.admit(at(0), 2, length));
        assert!(window.admit(at(600), 2, length));
        assert!(!window.admit(at(999), 2, length));
        assert!(window.admit(at(1_000), 2, length));
        assert!(!window.admit(at(1_100), 2, length));
        assert!(window.admit(at(1_600), 2, length));
    }
}
