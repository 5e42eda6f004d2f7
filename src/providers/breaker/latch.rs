//! A fact about our account there, remembered for a while: no funds, or a key that is refused.
//!
//! Apart from the breaker, because the provider is well: its answers to other calls prove nothing about the account.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::clock::Clock;

/// Set by an answer, cleared by a better one. It also runs out, so that one order finds out whether the operator has
/// mended the cause: while it is set nobody else would ask.
#[derive(Debug)]
pub struct Latch {
    clock: Clock,
    lasts: Duration,
    set_at: Mutex<Option<Duration>>,
}

impl Latch {
    /// A latch that is not set.
    pub fn new(clock: Clock, lasts: Duration) -> Self {
        Self {
            clock,
            lasts,
            set_at: Mutex::new(None),
        }
    }

    /// Sets it, or keeps it set for its full time from now.
    pub fn set(&self) {
        self.change(Some(self.clock.monotonic()));
    }

    /// The cause is gone.
    pub fn clear(&self) {
        self.change(None);
    }

    /// Whether it is set and has not run out.
    pub fn is_set(&self) -> bool {
        let set_at = *self.set_at.lock().unwrap_or_else(PoisonError::into_inner);
        set_at.is_some_and(|at| self.clock.monotonic() < at + self.lasts)
    }

    fn change(&self, set_at: Option<Duration>) {
        *self.set_at.lock().unwrap_or_else(PoisonError::into_inner) = set_at;
    }
}
