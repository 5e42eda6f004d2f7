//! The breaker as replicas share it: one small row each.

use std::time::Duration;

use time::OffsetDateTime;

use super::Phase;
use crate::base::clock::Clock;

/// One breaker's state, in times that mean the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerRow {
    /// Goes up with every change; the larger one is the newer.
    pub epoch: u64,
    /// `closed`, `open`, `half_open` or `isolated`; stored, append only.
    pub state: String,
    /// When an open breaker lets probes through.
    pub open_until: Option<OffsetDateTime>,
}

impl BreakerRow {
    pub(super) fn new(phase: Phase, epoch: u64, clock: &Clock) -> Self {
        let (state, open_until) = match phase {
            Phase::Closed => ("closed", None),
            Phase::Open { until } => {
                let left = until.saturating_sub(clock.monotonic());
                ("open", Some(clock.now() + left))
            }
            Phase::HalfOpen => ("half_open", None),
            Phase::Isolated => ("isolated", None),
        };
        Self {
            epoch,
            state: state.to_owned(),
            open_until,
        }
    }

    /// `open_max` bounds what a replica with a wrong clock can ask for.
    pub(super) fn phase(&self, clock: &Clock, open_max: Duration) -> Phase {
        match (self.state.as_str(), self.open_until) {
            ("closed", _) => Phase::Closed,
            ("isolated", _) => Phase::Isolated,
            ("open", Some(until)) => {
                let left = Duration::try_from(until - clock.now()).unwrap_or(Duration::ZERO);
                Phase::Open {
                    until: clock.monotonic() + left.min(open_max),
                }
            }
            // A state of a newer version: probes find out.
            _ => Phase::HalfOpen,
        }
    }
}
