//! What speaks for or against the arrival of an order whose answer was lost.
//!
//! Panels have no idempotency key and no list of orders. What is left: our balance before and after; that a panel takes no
//! second order for a link; and that it answers about orders of our account only, so that an order just after our newest one,
//! which belongs to no job, may well be the lost one. All are guesses (others order at the same time, a top-up comes in
//! between, somebody orders by hand), so they are shown to a person and decide nothing.

use serde_json::{Value, json};

use super::prose::Meaning;
use super::{Panel, REFILL, TOGETHER_MAX, answer, classify, order};
use crate::providers::breaker::Health;
use crate::providers::fetch::Repeat;
use crate::providers::{Arrived, Clues, Evidence, ProviderError, SubmitNote, SubmitRequest};

/// So many numbers after our newest order are looked at, a hundred at a time: a panel numbers the orders of all its
/// customers together.
const LOOKED_AT_MAX: usize = 300;
/// More would be no help to a person.
const CANDIDATES_MAX: usize = 5;
/// Where the note has our balance, in millionths.
const BALANCE: &str = "balance_micros";

impl Panel {
    /// What an order whose answer may be lost is compared with later. A refill costs nothing and is not searched for.
    pub(super) async fn before(&self, request: &SubmitRequest) -> Option<SubmitNote> {
        if request.service == REFILL {
            return None;
        }
        let balance = self.balance_micros().await.ok();
        Some(SubmitNote {
            target: order::target(request).map(str::to_owned),
            before: json!({ BALANCE: balance }),
        })
    }

    /// What it looks like now.
    pub(super) async fn weigh(&self, clues: &Clues) -> Evidence {
        let before = clues.note.as_ref();
        let before = before.and_then(|note| note.before.get(BALANCE)?.as_i64());
        let now = self.balance_micros().await.ok();
        let candidates = self.after(clues.task_before.as_deref()).await;
        Evidence {
            arrived: judge(clues, before, now),
            seen: json!({
                "balance_before_micros": before,
                "balance_now_micros": now,
                "orders_since": clues.others_since,
                "orders_lost_too": clues.others_open,
                "refused_as_duplicate_since": clues.refused_as_duplicate,
                "orders_looked_at_after": clues.task_before,
            }),
            candidates,
        }
    }

    /// Whether the panel has such an order or refill.
    pub(super) async fn has(&self, external_id: &str) -> Result<bool, ProviderError> {
        if !answer::is_id(external_id) {
            return self.ask(external_id).await.map(|_| true);
        }
        let form = [("action", "status"), ("order", external_id)];
        Ok(match self.listen("status", &form).await? {
            Told::Answer(_) => true,
            Told::NoSuchOrder => false,
        })
    }

    /// Orders of our account that came after this one; as far as we may ask now.
    async fn after(&self, newest: Option<&str>) -> Vec<String> {
        let mut found = Vec::new();
        let Some(newest) = newest.and_then(|id| id.parse::<u64>().ok()) else {
            return found;
        };
        for page in 0..LOOKED_AT_MAX / TOGETHER_MAX {
            if self.gate.take_poll().is_some() {
                break;
            }
            // The panel names its numbers, and there is nothing beyond the last one.
            let first = newest.saturating_add(1 + (page * TOGETHER_MAX) as u64);
            let numbers = first..first.saturating_add(TOGETHER_MAX as u64);
            if numbers.is_empty() {
                break;
            }
            let ids: Vec<String> = numbers.map(|id| id.to_string()).collect();
            let form = [("action", "status"), ("orders", &ids.join(","))];
            let Ok(Told::Answer(told)) = self.listen("status", &form).await else {
                break;
            };
            let is_ours = |id: &&String| {
                let one = told.get(id.as_str());
                one.is_some_and(|one| one.is_object() && answer::error(one).is_none())
            };
            found.extend(ids.iter().filter(is_ours).cloned());
        }
        found.truncate(CANDIDATES_MAX);
        found
    }

    async fn listen(&self, what: &str, form: &[(&str, &str)]) -> Result<Told, ProviderError> {
        let call = self.gate.polls.begin();
        let outcome = self.http.form(Repeat::Harmless, "key", form).await;
        let verdict = classify::read(what, outcome, &self.redactor);
        let no_such = verdict.meaning == Some(Meaning::NoSuchOrder);
        let health = if no_such {
            Health::Well
        } else {
            verdict.health
        };
        self.gate.polls.end(call, health);
        if no_such {
            return Ok(Told::NoSuchOrder);
        }
        verdict.result.map(Told::Answer)
    }
}

enum Told {
    Answer(Value),
    NoSuchOrder,
}

fn judge(clues: &Clues, before: Option<i64>, now: Option<i64>) -> Arrived {
    match (before, now) {
        _ if clues.refused_as_duplicate => Arrived::Likely,
        (Some(before), Some(now)) if is_alone(clues) && now < before => Arrived::Likely,
        (Some(before), Some(now)) if now >= before => Arrived::Unlikely,
        (Some(_) | None, Some(_) | None) => Arrived::Unclear,
    }
}

/// Whether nothing else of ours can have moved the balance.
fn is_alone(clues: &Clues) -> bool {
    (clues.others_since, clues.others_open) == (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_that_fell_with_nobody_else_ordering_speaks_for_it() {
        let alone = Clues::default();
        let others = Clues {
            others_since: 1,
            ..Clues::default()
        };
        let lost = Clues {
            others_open: 1,
            ..Clues::default()
        };
        let duplicate = Clues {
            refused_as_duplicate: true,
            ..Clues::default()
        };
        for (clues, before, now, expected) in [
            (&alone, Some(100), Some(90), Arrived::Likely),
            (&alone, Some(100), Some(100), Arrived::Unlikely),
            (&alone, Some(100), Some(120), Arrived::Unlikely),
            (&alone, Some(100), None, Arrived::Unclear),
            (&alone, None, Some(90), Arrived::Unclear),
            (&others, Some(100), Some(90), Arrived::Unclear),
            (&lost, Some(100), Some(90), Arrived::Unclear),
            (&lost, Some(100), Some(100), Arrived::Unlikely),
            (&duplicate, None, None, Arrived::Likely),
        ] {
            assert_eq!(judge(clues, before, now), expected, "{before:?} {now:?}");
        }
    }
}
