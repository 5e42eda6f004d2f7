//! The measures that pacing is made of.

use std::collections::VecDeque;
use std::time::Duration;

/// So many at once, then one each `every`.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Time between two.
    pub every: Duration,
    /// How many may go at once after a rest.
    pub burst: u32,
}

impl Rate {
    /// Slower by `factor` (0 to 1); a slowed one has no burst.
    pub(super) fn times(self, factor: f64) -> Self {
        if factor >= 1.0 {
            return self;
        }
        Self {
            every: self.every.div_f64(factor.max(Caution::LEAST)),
            burst: 1,
        }
    }
}

/// A generic cell rate: the time at which the next one would be exactly on pace.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meter {
    pub(super) on_pace_at: Duration,
}

impl Meter {
    pub(super) fn ready_at(self, rate: Rate) -> Duration {
        self.on_pace_at
            .saturating_sub(rate.every * rate.burst.saturating_sub(1))
    }

    pub(super) fn count(&mut self, now: Duration, rate: Rate) {
        self.on_pace_at = self.on_pace_at.max(now) + rate.every;
    }

    pub(super) fn refund(&mut self, rate: Rate) {
        self.on_pace_at = self.on_pace_at.saturating_sub(rate.every);
    }
}

/// The times of the last calls: exact where a burst followed by a steady rate would exceed the limit of a second.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    sent: VecDeque<Duration>,
}

impl Window {
    /// When one more may go, at `per_s` a second; below 1 the window is longer than a second.
    pub(super) fn ready_at(&self, per_s: f64) -> Duration {
        let count = whole(per_s) as usize;
        let window = Duration::from_secs_f64((1.0 / per_s.max(Caution::LEAST)).max(1.0));
        match self.sent.len().checked_sub(count) {
            Some(at) => self.sent[at] + window,
            None => Duration::ZERO,
        }
    }

    pub(super) fn count(&mut self, now: Duration, per_s: f64) {
        self.sent.push_back(now);
        while self.sent.len() > (whole(per_s) as usize).max(128) {
            self.sent.pop_front();
        }
    }

    pub(super) fn refund(&mut self) {
        self.sent.pop_back();
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "calls a second: small and positive"
)]
pub(super) fn whole(per_s: f64) -> u32 {
    (per_s.floor() as u32).max(1)
}

/// How much of the full pace is dared: cut at once by complaints, regained with time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Caution {
    /// What was taken away, and when.
    lost: f64,
    at: Duration,
}

impl Caution {
    pub(super) const LEAST: f64 = 0.03;

    /// From [`Self::LEAST`] to 1.
    pub(super) fn factor(self, recovers_in: Duration, now: Duration) -> f64 {
        let regained = now.saturating_sub(self.at).as_secs_f64() / recovers_in.as_secs_f64();
        1.0 - (self.lost - regained).max(0.0)
    }

    /// Multiplies the pace with `by`, unless that was done less than `every` ago.
    pub(super) fn cut(&mut self, by: f64, every: Duration, recovers_in: Duration, now: Duration) {
        if self.lost > 0.0 && self.at + every > now {
            return;
        }
        let factor = (self.factor(recovers_in, now) * by).max(Self::LEAST);
        *self = Self {
            lost: 1.0 - factor,
            at: now,
        };
    }

    /// When all is regained.
    pub(super) fn over_at(self, recovers_in: Duration) -> Duration {
        self.at + recovers_in.mul_f64(self.lost)
    }
}
