//! What speaks for or against the arrival of an order whose answer was lost.
//!
//! Panels have no idempotency key and no list of orders. What is left: our balance before and after, and that a panel takes
//! no second order for a link. Both are guesses (others order at the same time, a top-up comes in between), so they are shown
//! to a person and decide nothing. They are kept in memory: after a restart the balance before stands in the job's attempts.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use uuid::Uuid;

use crate::providers::{Arrived, Evidence};

/// Older ones are forgotten: an operator has looked by then, or the job has ended.
const PARKED_MAX: usize = 500;

/// Orders whose answers were lost.
#[derive(Debug, Default)]
pub(super) struct Parked(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Orders that were taken, in all.
    taken: u64,
    parked: HashMap<Uuid, Lost>,
}

#[derive(Debug)]
struct Lost {
    target: Option<String>,
    balance_micros: Option<i64>,
    taken: u64,
    was_refused_as_duplicate: bool,
}

impl Parked {
    /// An order was taken: it cost something.
    pub(super) fn taken(&self) {
        self.lock().taken += 1;
    }

    /// The answer to an order was lost; before it our balance was this.
    pub(super) fn lost(&self, order: Uuid, target: Option<&str>, balance_micros: Option<i64>) {
        let mut inner = self.lock();
        let taken = inner.taken;
        if inner.parked.len() >= PARKED_MAX
            && let Some(oldest) = inner.parked.iter().min_by_key(|(_, lost)| lost.taken)
        {
            let oldest = *oldest.0;
            inner.parked.remove(&oldest);
        }
        let lost = Lost {
            target: target.map(str::to_owned),
            balance_micros,
            taken,
            was_refused_as_duplicate: false,
        };
        inner.parked.insert(order, lost);
    }

    /// Another order for this target was refused, because there is one already.
    pub(super) fn duplicate(&self, target: Option<&str>) {
        let Some(target) = target else {
            return;
        };
        let mut inner = self.lock();
        let same = |lost: &&mut Lost| lost.target.as_deref() == Some(target);
        for lost in inner.parked.values_mut().filter(same) {
            lost.was_refused_as_duplicate = true;
        }
    }

    /// What it looks like, now that our balance is this.
    pub(super) fn judge(&self, order: Uuid, balance_micros: Option<i64>) -> Option<Evidence> {
        let inner = self.lock();
        let lost = inner.parked.get(&order)?;
        let others = inner.taken - lost.taken;
        let arrived = match (lost.balance_micros, balance_micros) {
            _ if lost.was_refused_as_duplicate => Arrived::Likely,
            (Some(before), Some(after)) if others == 0 && after < before => Arrived::Likely,
            (Some(before), Some(after)) if after >= before => Arrived::Unlikely,
            (Some(_) | None, Some(_) | None) => Arrived::Unclear,
        };
        let seen = json!({
            "balance_before_micros": lost.balance_micros,
            "balance_now_micros": balance_micros,
            "orders_taken_since": others,
            "refused_as_duplicate_since": lost.was_refused_as_duplicate,
        });
        Some(Evidence { arrived, seen })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_that_fell_with_nobody_else_ordering_speaks_for_it() {
        let parked = Parked::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        parked.lost(one, Some("https://t.me/a"), Some(100));
        parked.lost(other, Some("https://t.me/b"), None);
        let judged = |order, balance| parked.judge(order, balance).map(|it| it.arrived);
        assert_eq!(judged(one, Some(90)), Some(Arrived::Likely));
        assert_eq!(judged(one, Some(100)), Some(Arrived::Unlikely));
        assert_eq!(judged(one, None), Some(Arrived::Unclear));
        assert_eq!(judged(other, Some(90)), Some(Arrived::Unclear));
        assert_eq!(judged(Uuid::from_u128(3), Some(90)), None);
        parked.taken();
        assert_eq!(judged(one, Some(90)), Some(Arrived::Unclear));
        parked.duplicate(Some("https://t.me/b"));
        assert_eq!(judged(one, Some(90)), Some(Arrived::Unclear));
        assert_eq!(judged(other, None), Some(Arrived::Likely));
    }
}
