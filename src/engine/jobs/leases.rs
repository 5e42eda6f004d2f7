//! Which jobs this process has in hand, and for how long it may believe so.
//!
//! The database decides whose a job is. This is what a process may assume without asking: its own monotonic clock, from
//! before the statement that gave the lease, so that it errs on the safe side. A process that was frozen, or cannot
//! reach the database, finds its leases over here, and makes no call that creates work.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::job::Job;
use crate::base::clock::Clock;

/// The leases of one process.
#[derive(Debug)]
pub(super) struct Leases {
    clock: Clock,
    lease: Duration,
    held: Mutex<HashMap<Uuid, Held>>,
}

#[derive(Debug)]
struct Held {
    token: i64,
    until: Duration,
    provider: String,
    is_start: bool,
}

impl Leases {
    /// `lease` is what the statements give.
    pub(super) fn new(clock: Clock, lease: Duration) -> Self {
        Self {
            clock,
            lease,
            held: Mutex::default(),
        }
    }

    /// The moment to remember before a statement that gives or extends leases.
    pub(super) fn asked_at(&self) -> Duration {
        self.clock.monotonic()
    }

    /// The job was claimed.
    pub(super) fn take(&self, job: &Job, asked_at: Duration) {
        let held = Held {
            token: job.lease_token,
            until: asked_at + self.lease,
            provider: job.provider.clone(),
            is_start: job.state == "queued",
        };
        self.held().insert(job.id, held);
    }

    /// The step is over. A newer lease of the same job, claimed since by this very process, stays.
    pub(super) fn leave(&self, job: &Job) {
        let mut held = self.held();
        if held
            .get(&job.id)
            .is_some_and(|held| held.token == job.lease_token)
        {
            held.remove(&job.id);
        }
    }

    /// Whether the lease of this step surely still runs.
    pub(super) fn runs(&self, job: &Job) -> bool {
        let now = self.clock.monotonic();
        self.held()
            .get(&job.id)
            .is_some_and(|held| held.token == job.lease_token && now < held.until)
    }

    /// Everything in hand: ids and tokens.
    pub(super) fn all(&self) -> Vec<(Uuid, i64)> {
        self.held()
            .iter()
            .map(|(id, held)| (*id, held.token))
            .collect()
    }

    /// The step's own statement gave it a full lease.
    pub(super) fn renew(&self, job: &Job, asked_at: Duration) {
        if let Some(held) = self
            .held()
            .get_mut(&job.id)
            .filter(|held| held.token == job.lease_token)
        {
            held.until = asked_at + self.lease;
        }
    }

    /// Of all that was `asked` for, the database extended some; the others are lost, and forgotten. How many.
    pub(super) fn extended(
        &self,
        asked: &[(Uuid, i64)],
        extended: &[Uuid],
        asked_at: Duration,
    ) -> usize {
        let mut map = self.held();
        let mut lost = 0;
        for (id, token) in asked {
            let Some(held) = map.get_mut(id).filter(|held| held.token == *token) else {
                continue;
            };
            if extended.contains(id) {
                held.until = asked_at + self.lease;
            } else {
                map.remove(id);
                lost += 1;
            }
        }
        lost
    }

    /// How many jobs of a provider are in hand: to be submitted, and all others.
    pub(super) fn in_hand(&self, provider: &str) -> (usize, usize) {
        let map = self.held();
        let of_it = map.values().filter(|held| held.provider == provider);
        let (starts, others): (Vec<_>, Vec<_>) = of_it.partition(|held| held.is_start);
        (starts.len(), others.len())
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Uuid, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
