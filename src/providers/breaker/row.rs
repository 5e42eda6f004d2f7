//! The breaker as replicas share it: one small row per provider, changed by compare-and-set.

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::Phase;
use crate::base::clock::Clock;

/// One breaker's state, in times that mean the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerRow {
    /// Goes up with every change; the larger one is the newer.
    pub epoch: u64,
    /// `closed`, `open`, `half_open` or `isolated`; stored, append only.
    pub state: &'static str,
    /// When an open breaker lets probes through.
    pub open_until: Option<OffsetDateTime>,
}

/// Where replicas keep the row. In-process breakers need none.
#[async_trait]
pub trait SharedBreaker: Send + Sync {
    /// The row of a breaker, if anybody has written it.
    ///
    /// # Errors
    /// When the store is away; the replica then goes by its own judgement.
    async fn read(&self, breaker: &str) -> anyhow::Result<Option<BreakerRow>>;

    /// Writes `next` if the stored epoch is still `expected`; false if another replica was first.
    ///
    /// # Errors
    /// When the store is away.
    async fn compare_and_set(
        &self,
        breaker: &str,
        expected: u64,
        next: &BreakerRow,
    ) -> anyhow::Result<bool>;
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
            state,
            open_until,
        }
    }

    /// `open_max` bounds what a replica with a wrong clock can ask for.
    pub(super) fn phase(&self, clock: &Clock, open_max: Duration) -> Phase {
        match (self.state, self.open_until) {
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
