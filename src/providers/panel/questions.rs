//! Asking how orders and refills stand: one by one, or up to a hundred orders in one call.

use std::sync::atomic::Ordering;

use serde_json::Value;

use super::answer;
use super::classify::{self, Verdict};
use super::prose::{self, Meaning};
use super::{Panel, kept};
use crate::base::fault::{self, Point};
use crate::providers::breaker::Health;
use crate::providers::fetch::Repeat;
use crate::providers::{FailureReason, PollState, Polled, ProviderError, Step};

/// Refills have numbers of their own: what a job keeps says which it is.
const REFILL_PREFIX: &str = "refill:";

/// A refill's number as a job keeps it.
pub(super) fn refill_id(id: &str) -> String {
    format!("{REFILL_PREFIX}{id}")
}

type Asked = Result<Polled, ProviderError>;

impl Panel {
    /// How one order, or one refill, stands.
    pub(super) async fn ask(&self, external_id: &str) -> Asked {
        match external_id.strip_prefix(REFILL_PREFIX) {
            Some(refill) => {
                let form = [("action", "refill_status"), ("refill", refill)];
                let answer = self.question("refill_status", &form, external_id).await?;
                self.polled(&answer, answer::refill_state(&answer))
            }
            None => {
                let form = [("action", "status"), ("order", external_id)];
                let answer = self.question("status", &form, external_id).await?;
                self.polled(&answer, answer::order_state(&answer))
            }
        }
    }

    /// How several stand, in the order of their ids.
    pub(super) async fn ask_together(&self, external_ids: &[&str]) -> Vec<Asked> {
        let orders: Vec<&str> = external_ids
            .iter()
            .copied()
            .filter(|id| answer::is_id(id))
            .collect();
        let together = if orders.len() > 1 && !self.asks_singly.load(Ordering::Relaxed) {
            self.many(&orders).await
        } else {
            None
        };
        let mut answers = Vec::with_capacity(external_ids.len());
        let mut is_first = together.is_none();
        for id in external_ids {
            let told = match &together {
                Some(Ok(told)) if answer::is_id(id) => Some(self.one_of(told, id)),
                Some(Err(error)) if answer::is_id(id) => Some(Err(error.clone())),
                Some(_) | None => None,
            };
            answers.push(match told {
                Some(told) => told,
                None => self.ask_paced(id, std::mem::take(&mut is_first)).await,
            });
        }
        answers
    }

    /// One more question, if it may be put now. The first one was let pass before.
    async fn ask_paced(&self, external_id: &str, is_first: bool) -> Asked {
        if !is_first && let Some(after) = self.gate.take_poll() {
            return Err(ProviderError::RateLimited { after });
        }
        self.ask(external_id).await
    }

    /// One question about many orders. None: this panel does not understand it.
    async fn many(&self, orders: &[&str]) -> Option<Result<Value, ProviderError>> {
        let ids = orders.join(",");
        let form = [("action", "status"), ("orders", ids.as_str())];
        fault::reach(Point::PanelAsking);
        let verdict = self.put("status", &form).await;
        fault::reach(Point::PanelAsked);
        if let Some(Meaning::NoSuchOrder | Meaning::BadCall | Meaning::BadInput) = verdict.meaning {
            tracing::warn!(
                panel = self.name,
                "does not take questions about several orders"
            );
            self.asks_singly.store(true, Ordering::Relaxed);
            return None;
        }
        let told = match verdict.result {
            Ok(told) => told,
            Err(error) => return Some(Err(error)),
        };
        if orders.iter().all(|id| is_unknown(told.get(id))) {
            // Not a hundred orders that are gone, but another account or another panel: a person has to look, and until
            // then nobody's money moves.
            tracing::error!(panel = self.name, "knows none of our orders");
            let detail = "status: none of our orders is known".to_owned();
            return Some(Err(ProviderError::Transient { detail }));
        }
        Some(Ok(told))
    }

    fn one_of(&self, told: &Value, id: &str) -> Asked {
        let Some(answer) = told.get(id) else {
            let detail = "status: an answer without this order".to_owned();
            return Err(ProviderError::Transient { detail });
        };
        if is_unknown(Some(answer)) {
            return Err(self.unknown(id));
        }
        if let Some(words) = answer::error(answer) {
            let detail = format!("status: {}", self.redactor.detail(words));
            return Err(ProviderError::Transient { detail });
        }
        self.missing.found(id);
        self.polled(answer, answer::order_state(answer))
    }

    async fn question(
        &self,
        what: &str,
        form: &[(&str, &str)],
        external_id: &str,
    ) -> Result<Value, ProviderError> {
        let verdict = self.put(what, form).await;
        if verdict.meaning == Some(Meaning::NoSuchOrder) {
            return Err(self.unknown(external_id));
        }
        if verdict.result.is_ok() {
            self.missing.found(external_id);
        }
        verdict.result
    }

    async fn put(&self, what: &str, form: &[(&str, &str)]) -> Verdict<Value> {
        let call = self.gate.polls.begin();
        let outcome = self.http.form(Repeat::Harmless, "key", form).await;
        let mut verdict = classify::read(what, outcome, &self.redactor);
        if verdict.result.as_ref().is_ok_and(|told| !told.is_object()) {
            // Most often `[]`: it is up, and says nothing.
            let detail = format!("{what}: an answer without what was asked");
            verdict.result = Err(ProviderError::Transient { detail });
            verdict.health = Health::Unclear;
        }
        self.gate.polls.end(call, verdict.health);
        self.gate.learn(verdict.account);
        if let Err(error) = &verdict.result {
            self.gate.slow_down(Step::Poll, error);
        }
        verdict
    }

    fn polled(&self, answer: &Value, state: Option<PollState>) -> Asked {
        let Some(state) = state else {
            let detail = "status: an answer that does not say how the order stands".to_owned();
            return Err(ProviderError::Transient { detail });
        };
        Ok(Polled {
            state,
            answer: kept(&self.redactor, answer),
        })
    }

    fn unknown(&self, external_id: &str) -> ProviderError {
        let detail = "status: the panel knows no such order".to_owned();
        if self.missing.is_over(external_id) {
            // Not `Permanent`: this one order is gone, and its user should not wait longer.
            ProviderError::Rejected {
                reason: FailureReason::ProviderFailed,
                detail,
            }
        } else {
            ProviderError::Transient { detail }
        }
    }
}

fn is_unknown(answer: Option<&Value>) -> bool {
    answer
        .and_then(answer::error)
        .is_some_and(|words| prose::meaning(words) == Meaning::NoSuchOrder)
}
