//! Stops calling a provider that is ill, and finds out carefully whether it is well again.
//!
//! ```text
//!            enough failures in the window
//!   closed ─────────────────────────────────▶ open (longer each time, with jitter)
//!     ▲                                        │ its time is over
//!     │ enough probes went well                ▼
//!     └──────────────────────────────────── half-open ──a probe failed──▶ open
//! ```
//! Only what says "the provider is ill" counts: a refused input, an empty account or a rate limit do not. Each
//! replica judges by its own window, and [`BreakerRow`] is how it tells the others its verdict. A call counts for the phase
//! in which it began, so that an answer from before an outage neither closes nor opens anything.

mod budget;
mod class;
mod latch;
mod row;
#[cfg(test)]
mod tests;
mod window;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::clock::Clock;
use crate::base::ids::Ids;

pub use budget::{RetryBudget, backoff};
pub use class::{Breakers, Class, Dependency, Threshold, Thresholds};
pub use latch::Latch;
pub use row::BreakerRow;
use window::Window;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct BreakerSettings {
    /// What is judged: the outcomes of this long.
    pub window: Duration,
    /// Fewer outcomes than this prove nothing.
    pub calls_min: u32,
    /// Nor do fewer failures than this.
    pub failures_min: u32,
    /// Opens when at least this share of them failed.
    pub failures_percent: u32,
    /// The first time in the open state; doubles with each further trip.
    pub open_min: Duration,
    /// It never stays open longer, jitter apart (at most a quarter more).
    pub open_max: Duration,
    /// After so long in the closed state, earlier trips are forgotten.
    pub forget_after: Duration,
    /// Calls let through at once to see whether it is well.
    pub probes_max: usize,
    /// So many of them must go well in a row.
    pub probes_to_close: u32,
    /// A probe that never reported (its worker died) frees its place after this.
    pub probe_lease: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(60),
            calls_min: 4,
            failures_min: 1,
            failures_percent: 50,
            open_min: Duration::from_secs(5),
            open_max: Duration::from_secs(300),
            forget_after: Duration::from_secs(600),
            probes_max: 2,
            probes_to_close: 2,
            probe_lease: Duration::from_secs(90),
        }
    }
}

/// What a call says about the provider's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answered as it should, if only with a refusal.
    Well,
    /// It is down, in maintenance, or does not answer.
    Ill,
    /// Neither can be told.
    Unclear,
}

/// Where a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Calls pass.
    Closed,
    /// No call passes until this time of the monotonic clock.
    Open {
        /// When probes may begin.
        until: Duration,
    },
    /// A few calls pass, as probes.
    HalfOpen,
    /// Held open by an operator until restored.
    Isolated,
}

/// A call under way; handed back with its outcome. One that is dropped counts for nothing.
#[derive(Debug)]
#[must_use = "report the outcome with `Breaker::end`"]
pub struct Call {
    epoch: u64,
}

/// One breaker. All methods are quick and never wait.
#[derive(Debug)]
pub struct Breaker {
    /// For logs.
    name: String,
    settings: BreakerSettings,
    clock: Clock,
    ids: Ids,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Goes up with every change of phase.
    epoch: u64,
    window: Window,
    trips: u32,
    closed_at: Duration,
    /// When the places of the probes under way become free by themselves.
    probes: Vec<Duration>,
    probes_well: u32,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(settings: BreakerSettings, clock: Clock, ids: Ids) -> Self {
        let now = clock.monotonic();
        let state = State {
            phase: Phase::Closed,
            epoch: 0,
            window: Window::new(settings.window),
            trips: 0,
            closed_at: now,
            probes: Vec::new(),
            probes_well: 0,
        };
        Self {
            name: String::new(),
            settings,
            clock,
            ids,
            state: Mutex::new(state),
        }
    }

    /// A closed one in its place, which goes by other settings.
    #[must_use]
    pub fn judging(self, settings: BreakerSettings) -> Self {
        Self::new(settings, self.clock, self.ids).named(self.name)
    }

    /// The same, called so in logs.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }

    /// A closed one for this replica alone, which goes by the same settings.
    #[must_use]
    pub fn twin(&self) -> Self {
        Self::new(self.settings, self.clock.clone(), self.ids.clone()).named(self.name.clone())
    }

    /// None if a call may be made now (in the half-open phase that takes a probe's place); else how long to wait,
    /// with jitter, so that waiting jobs do not all return at once.
    pub fn admit(&self) -> Option<Duration> {
        let mut state = self.state();
        let now = self.clock.monotonic();
        match state.phase {
            Phase::Closed => None,
            Phase::Open { until } => {
                let left = until.saturating_sub(now);
                Some(left + self.ids.jitter(Duration::from_secs(1)))
            }
            Phase::Isolated => {
                Some(Duration::from_secs(30) + self.ids.jitter(Duration::from_secs(10)))
            }
            Phase::HalfOpen => {
                state.probes.retain(|free_at| *free_at > now);
                if state.probes.len() >= self.settings.probes_max {
                    return Some(Duration::from_secs(1) + self.ids.jitter(Duration::from_secs(1)));
                }
                state.probes.push(now + self.settings.probe_lease);
                None
            }
        }
    }

    /// Gives back what [`Breaker::admit`] allowed, if the call is not made after all.
    pub fn give_back(&self) {
        self.state().probes.pop();
    }

    /// A call begins.
    pub fn begin(&self) -> Call {
        Call {
            epoch: self.state().epoch,
        }
    }

    /// A call ended.
    pub fn end(&self, call: Call, health: Health) {
        let mut state = self.state();
        if call.epoch != state.epoch {
            return;
        }
        let now = self.clock.monotonic();
        match state.phase {
            Phase::Closed => self.judge(&mut state, now, health),
            Phase::HalfOpen => self.judge_probe(&mut state, now, health),
            Phase::Open { .. } | Phase::Isolated => {}
        }
    }

    /// Where it stands now.
    pub fn phase(&self) -> Phase {
        self.state().phase
    }

    /// Whether no call at all can pass now.
    pub fn is_open(&self) -> bool {
        match self.phase() {
            Phase::Open { .. } | Phase::Isolated => true,
            Phase::Closed | Phase::HalfOpen => false,
        }
    }

    /// Lets nothing pass until [`Breaker::restore`]: an operator's decision, which no success undoes.
    pub fn isolate(&self) {
        self.state().turn(Phase::Isolated);
    }

    /// Ends an isolation, through probes.
    pub fn restore(&self) {
        let mut state = self.state();
        if state.phase == Phase::Isolated {
            state.turn(Phase::HalfOpen);
        }
    }

    /// The state as replicas will share it.
    pub fn row(&self) -> BreakerRow {
        let state = self.state();
        BreakerRow::new(state.phase, state.epoch, &self.clock)
    }

    /// Takes over what another replica found, if it is newer than what this one knows. Of two that changed at once the
    /// one that was written stands.
    pub fn adopt(&self, row: &BreakerRow) {
        let mut state = self.state();
        let ours = BreakerRow::new(state.phase, state.epoch, &self.clock);
        let contradicted = row.epoch == ours.epoch && row.state != ours.state;
        if row.epoch > state.epoch || contradicted {
            let phase = row.phase(&self.clock, self.settings.open_max * 5 / 4);
            state.turn(phase);
            state.epoch = row.epoch;
            if phase == Phase::Closed {
                state.close(self.clock.monotonic());
            }
        }
    }

    fn judge(&self, state: &mut State, now: Duration, health: Health) {
        let is_ill = match health {
            Health::Well => false,
            Health::Ill => true,
            Health::Unclear => return,
        };
        state.window.record(now, is_ill);
        let (calls, failures) = state.window.totals(now);
        let too_many = u64::from(failures) * 100
            >= u64::from(calls) * u64::from(self.settings.failures_percent);
        let enough = calls >= self.settings.calls_min && failures >= self.settings.failures_min;
        if is_ill && enough && too_many {
            if now.saturating_sub(state.closed_at) >= self.settings.forget_after {
                state.trips = 0;
            }
            self.trip(state, now);
        }
    }

    fn judge_probe(&self, state: &mut State, now: Duration, health: Health) {
        state.probes.pop();
        match health {
            Health::Ill => self.trip(state, now),
            Health::Unclear => {}
            Health::Well => {
                state.probes_well += 1;
                if state.probes_well >= self.settings.probes_to_close {
                    tracing::info!(breaker = self.name, "it is well again");
                    state.turn(Phase::Closed);
                    state.close(now);
                }
            }
        }
    }

    fn trip(&self, state: &mut State, now: Duration) {
        let doubled = self
            .settings
            .open_min
            .saturating_mul(2_u32.saturating_pow(state.trips));
        let open = doubled.min(self.settings.open_max);
        let open = open + self.ids.jitter(open / 4);
        state.trips = state.trips.saturating_add(1);
        tracing::warn!(
            breaker = self.name,
            open_ms = open.as_millis(),
            trips = state.trips,
            "it is ill, no calls for a while"
        );
        state.turn(Phase::Open { until: now + open });
    }

    /// The state, with an open phase whose time is over turned to half-open.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Phase::Open { until } = state.phase
            && until <= self.clock.monotonic()
        {
            state.turn(Phase::HalfOpen);
        }
        state
    }
}

impl State {
    fn turn(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch += 1;
        self.probes.clear();
        self.probes_well = 0;
    }

    fn close(&mut self, now: Duration) {
        self.window.clear();
        self.closed_at = now;
    }
}
