//! What stands before the calls of a processor: the breaker that the replicas share, and what an operator's isolation of it
//! leaves open.
//!
//! Isolated means: no new business, so nobody is led to a page to pay. What was begun goes on, because its payer has paid or
//! may pay at any moment: payments are looked up and credited, lists compared, refunds made that were asked for. An isolated
//! breaker judges nothing, so these calls have one of their own meanwhile: if the processor is ill as well, they wait, too.

use std::sync::Arc;
use std::time::Duration;

use crate::providers::breaker::{Breaker, Call, Health, Phase};

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Business {
    /// A payment that nobody can have made yet.
    New,
    /// One that was begun, or its refund.
    Begun,
}

/// The breakers of a processor.
#[derive(Debug)]
pub(super) struct Gate {
    shared: Arc<Breaker>,
    /// Of this replica alone; used only while the other is isolated.
    begun: Breaker,
}

/// A call that may be made.
#[must_use = "report the outcome with `Pass::ended`"]
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    call: Call,
}

impl Gate {
    /// Behind this breaker.
    pub(super) fn new(shared: Arc<Breaker>) -> Self {
        let begun = shared.twin();
        Self { shared, begun }
    }

    /// The breaker that the replicas share.
    pub(super) fn shared(&self) -> &Breaker {
        &self.shared
    }

    /// Whether a call may be made.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn pass(&self, business: Business) -> Result<Pass<'_>, Duration> {
        let breaker = match (business, self.shared.phase()) {
            (Business::Begun, Phase::Isolated) => &self.begun,
            (Business::New | Business::Begun, _) => &self.shared,
        };
        match breaker.admit() {
            Some(wait) => Err(wait),
            None => Ok(Pass {
                breaker,
                call: breaker.begin(),
            }),
        }
    }
}

impl Pass<'_> {
    /// The call has ended.
    pub(super) fn ended(self, health: Health) {
        self.breaker.end(self.call, health);
    }
}
