//! What stands before the calls of a provider: breakers, its rate limits, and what is known of our account there.

use std::time::Duration;

use super::breaker::{Breaker, BreakerSettings, Call, Latch};
use super::rate::Pace;
use super::verdict::Verdict;
use super::{AccountState, ProviderError, Step};
use crate::base::clock::Clock;
use crate::base::ids::Ids;

/// How long new orders are refused after "no funds" or "key refused", before one of them finds out.
const ACCOUNT_TROUBLE: Duration = Duration::from_secs(300);

/// What an answer says about our account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account {
    Good,
    NoFunds,
    KeyRefused,
    Silent,
}

/// So many calls in any window of this length.
pub(super) type CallsMax = (usize, Duration);

/// Two breakers: creating may be in maintenance while asking works, and the many good answers to questions must not
/// drown the few failures of submits.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) submits: Breaker,
    pub(super) polls: Breaker,
    submit_pace: Pace,
    poll_pace: Pace,
    submits_max: CallsMax,
    polls_max: CallsMax,
    pub(super) no_funds: Latch,
    key_refused: Latch,
}

impl Gate {
    pub(super) fn new(
        submits_max: CallsMax,
        polls_max: CallsMax,
        clock: &Clock,
        ids: &Ids,
    ) -> Self {
        let breaker = || Breaker::new(BreakerSettings::default(), clock.clone(), ids.clone());
        let pace = |(calls_max, window)| Pace::new(calls_max, window, clock.clone(), ids.clone());
        let latch = || Latch::new(clock.clone(), ACCOUNT_TROUBLE);
        Self {
            submits: breaker(),
            polls: breaker(),
            submit_pace: pace(submits_max),
            poll_pace: pace(polls_max),
            submits_max,
            polls_max,
            no_funds: latch(),
            key_refused: latch(),
        }
    }

    /// The same, with breakers that go by these settings; `provider` is for logs.
    #[must_use]
    pub(super) fn judging(self, settings: BreakerSettings, provider: &str) -> Self {
        Self {
            submits: self
                .submits
                .judging(settings)
                .named(format!("{provider}.submits")),
            polls: self
                .polls
                .judging(settings)
                .named(format!("{provider}.polls")),
            ..self
        }
    }

    /// Takes note of what an answer says about our account.
    pub(super) fn learn(&self, account: Account) {
        match account {
            Account::Good => self.key_refused.clear(),
            Account::NoFunds => self.no_funds.set(),
            Account::KeyRefused => self.key_refused.set(),
            Account::Silent => {}
        }
    }

    /// A call has ended: for its breaker, its limits and what is known of our account.
    pub(super) fn ended<T>(
        &self,
        step: Step,
        call: Call,
        verdict: Verdict<T>,
    ) -> Result<T, ProviderError> {
        match step {
            Step::Submit => self.submits.end(call, verdict.health),
            Step::Poll => self.polls.end(call, verdict.health),
            Step::Download => {}
        }
        self.learn(verdict.account);
        match &verdict.result {
            Ok(_) if step == Step::Submit => self.no_funds.clear(),
            Ok(_) => {}
            Err(error) => self.slow_down(step, error),
        }
        verdict.result
    }

    /// What is known of our account.
    pub(super) fn account(&self) -> AccountState {
        if self.key_refused.is_set() {
            AccountState::KeyRefused
        } else if self.no_funds.is_set() {
            AccountState::NoFunds
        } else {
            AccountState::Good
        }
    }

    /// A call was refused as one too many: none for a while.
    pub(super) fn slow_down(&self, step: Step, error: &ProviderError) {
        let ProviderError::RateLimited { after } = error else {
            return;
        };
        match step {
            Step::Submit => self.submit_pace.pause(*after),
            Step::Poll => self.poll_pace.pause(*after),
            Step::Download => {}
        }
    }

    /// One more question within a step that was let pass as one.
    pub(super) fn take_poll(&self) -> Option<Duration> {
        self.poll_pace.take()
    }

    /// Results lie elsewhere: neither the provider's health nor its limits are about them.
    pub(super) fn hold_back(&self, step: Step) -> Option<Duration> {
        let (breaker, pace) = match step {
            Step::Submit => (&self.submits, &self.submit_pace),
            Step::Poll => (&self.polls, &self.poll_pace),
            Step::Download => return None,
        };
        if let Some(wait) = breaker.admit() {
            return Some(wait);
        }
        let wait = pace.take();
        if wait.is_some() {
            breaker.give_back();
        }
        wait
    }

    pub(super) fn give_back(&self, step: Step) {
        match step {
            Step::Submit => self.submits.give_back(),
            Step::Poll => self.polls.give_back(),
            Step::Download => {}
        }
    }

    pub(super) fn calls_max(&self, step: Step) -> Option<CallsMax> {
        match step {
            Step::Submit => Some(self.submits_max),
            Step::Poll => Some(self.polls_max),
            Step::Download => None,
        }
    }

    pub(super) fn breakers(&self) -> Vec<(&'static str, &Breaker)> {
        vec![("submits", &self.submits), ("polls", &self.polls)]
    }

    pub(super) fn submits_now(&self) -> usize {
        if self.submits.is_open() {
            0
        } else {
            self.submit_pace.free()
        }
    }

    pub(super) fn is_unavailable(&self) -> bool {
        self.submits.is_open()
            || self.polls.is_open()
            || self.no_funds.is_set()
            || self.key_refused.is_set()
    }
}
