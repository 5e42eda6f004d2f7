//! An outside service that settles transfers between users: asked once for each, then asked how it stands.
//!
//! ```text
//! POST /transfers {key, from, to, amount, currency}  ─▶ {id, state}        GET /transfers?key=…  ─▶ {transfers: […]}
//! GET  /transfers/{id}  ─▶ {id, state: pending │ settled │ rejected, progress, reason}       GET /balance ─▶ {available}
//! ```
//! JSON with a bearer key; errors are `{error: {code, message}}` with a status. `key` is ours, the transfer's own id: the
//! service is asked about it when an answer was lost, but never asked to act again, since it need not know the key yet.

mod classify;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::breaker::{Breaker, BreakerSettings};
use super::fetch::{FetchLimits, Http, HttpSetupError};
use super::gate::{CallsMax, Gate};
use super::grace::Grace;
use super::redaction::Redactor;
use super::{
    Arrived, Balance, CallbackError, CallbackHint, Clues, Download, Evidence, Polled, Provider,
    ProviderError, ResultUrl, Step, SubmitNote, SubmitRequest, Submitted,
};
use crate::base::clock::Clock;
use crate::base::fault::{self, Mutant, Point};
use crate::base::ids::Ids;
use crate::base::redact::Secret;

const SUBMITS_MAX: CallsMax = (20, Duration::from_secs(10));
const POLLS_MAX: CallsMax = (50, Duration::from_secs(10));
/// A transfer that is not settled by then counts as one whose end nobody knows.
const DEADLINE: Duration = Duration::from_secs(30 * 60);
/// How long a transfer may be missing before it counts as gone.
const MISSING_MAX: Duration = Duration::from_secs(300);

/// The account at the service.
#[derive(Clone, Debug)]
pub struct SettlementConfig {
    /// Its name in stored jobs and in logs.
    pub name: String,
    /// Sent as a bearer token.
    pub api_key: Secret,
    /// Base address, without a trailing slash.
    pub api_url: String,
}

/// The adapter.
#[derive(Debug)]
pub struct Settlement {
    name: String,
    http: Http,
    redactor: Redactor,
    ids: Ids,
    gate: Gate,
    missing: Grace,
}

impl Settlement {
    /// # Errors
    /// When the address is not valid or no HTTP client can be made.
    pub fn new(config: SettlementConfig, clock: Clock, ids: Ids) -> Result<Self, HttpSetupError> {
        Self::with_limits(config, clock, ids, FetchLimits::default())
    }

    fn with_limits(
        config: SettlementConfig,
        clock: Clock,
        ids: Ids,
        limits: FetchLimits,
    ) -> Result<Self, HttpSetupError> {
        let redactor = Redactor::new([config.api_key.clone()]);
        Ok(Self {
            name: config.name,
            http: Http::new(&config.api_url, config.api_key, clock.clone(), limits)?,
            redactor,
            gate: Gate::new(SUBMITS_MAX, POLLS_MAX, &clock, &ids),
            missing: Grace::new(clock, MISSING_MAX),
            ids,
        })
    }

    /// The same, with breakers that go by these settings.
    #[must_use]
    pub fn judged_by(self, settings: BreakerSettings) -> Self {
        let gate = self.gate.judging(settings, &self.name);
        Self { gate, ..self }
    }

    /// Asks something that changes nothing.
    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, ProviderError> {
        let call = self.gate.polls.begin();
        let outcome = self.http.get(path, query).await;
        let verdict = classify::asked(path, outcome, &self.redactor);
        self.gate.ended(Step::Poll, call, verdict)
    }
}

#[async_trait]
impl Provider for Settlement {
    fn name(&self) -> &str {
        &self.name
    }

    async fn submit(&self, request: &SubmitRequest) -> Result<Submitted, ProviderError> {
        let call = self.gate.submits.begin();
        fault::reach(Point::SettlementAsking);
        let outcome = self.http.post_once("/transfers", &request.params).await;
        fault::reach(Point::SettlementAsked);
        let mut verdict = classify::created(outcome, &self.redactor);
        if matches!(verdict.result, Err(ProviderError::Ambiguous { .. }))
            && fault::mutant(Mutant::SettlementSentAgain)
        {
            let again = self.http.post_once("/transfers", &request.params).await;
            verdict = classify::created(again, &self.redactor);
        }
        let (external_id, answer) = self.gate.ended(Step::Submit, call, verdict)?;
        Ok(Submitted {
            external_id,
            answer,
        })
    }

    async fn poll(&self, external_id: &str) -> Result<Polled, ProviderError> {
        if !classify::is_id(external_id) {
            let detail = "not an id of a transfer".to_owned();
            return Err(ProviderError::Permanent { detail });
        }
        match self.ask(&format!("/transfers/{external_id}"), &[]).await {
            Ok(answer) => {
                let state = classify::state(&answer, &self.redactor).ok_or_else(|| {
                    ProviderError::Transient {
                        detail: "a transfer without a state that is known".to_owned(),
                    }
                })?;
                self.missing.found(external_id);
                let answer = self.redactor.json(&answer);
                Ok(Polled { state, answer })
            }
            Err(ProviderError::Rejected { reason, detail }) => {
                // "Not found", which may be because it is new.
                if self.missing.is_over(external_id) {
                    Err(ProviderError::Rejected { reason, detail })
                } else {
                    Err(ProviderError::Transient { detail })
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Our key of the transfer, by which the service finds it.
    async fn note(&self, request: &SubmitRequest) -> Option<SubmitNote> {
        let key = request.params.get("key").and_then(Value::as_str)?;
        Some(SubmitNote {
            target: None,
            before: json!({ "key": key }),
        })
    }

    async fn knows(&self, external_id: &str) -> Result<bool, ProviderError> {
        if !classify::is_id(external_id) {
            return Ok(false);
        }
        match self.ask(&format!("/transfers/{external_id}"), &[]).await {
            Ok(_) => Ok(true),
            Err(ProviderError::Rejected { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn evidence(&self, clues: &Clues) -> Option<Evidence> {
        let note = clues.note.as_ref()?;
        let key = note.before.get("key").and_then(Value::as_str)?;
        let answer = self.ask("/transfers", &[("key", key)]).await.ok()?;
        let transfers = answer.get("transfers").and_then(Value::as_array)?;
        let ids = transfers.iter().filter_map(|transfer| {
            let id = transfer.get("id").and_then(Value::as_str);
            id.filter(|id| classify::is_id(id)).map(str::to_owned)
        });
        Some(Evidence {
            arrived: if transfers.is_empty() {
                Arrived::Unlikely
            } else {
                Arrived::Likely
            },
            candidates: ids.collect(),
            seen: json!({ "transfers": self.redactor.json(&Value::from(transfers.clone())) }),
        })
    }

    fn next_poll(&self, running_for: Duration) -> Duration {
        let (least, spread) = match running_for.as_secs() {
            0..30 => (2, 1),
            30..120 => (5, 2),
            120..600 => (15, 5),
            _ => (40, 15),
        };
        Duration::from_secs(least) + self.ids.jitter(Duration::from_secs(spread))
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }

    fn verify_callback(
        &self,
        _headers: &[(&str, &[u8])],
        _body: &[u8],
    ) -> Result<CallbackHint, CallbackError> {
        // It does not call back.
        Err(CallbackError::Malformed)
    }

    async fn download(&self, _url: &ResultUrl) -> Result<Download, ProviderError> {
        Err(ProviderError::Permanent {
            detail: "a transfer has no files".to_owned(),
        })
    }

    /// In minor units of the account's currency.
    async fn balance(&self) -> Result<Option<Balance>, ProviderError> {
        let answer = self.ask("/balance", &[]).await?;
        let Some(available) = answer.get("available").and_then(Value::as_i64) else {
            let detail = "balance: an answer without a number".to_owned();
            return Err(ProviderError::Transient { detail });
        };
        if available > 0 {
            self.gate.no_funds.clear();
        } else {
            self.gate.no_funds.set();
        }
        Ok(Some(Balance {
            amount: available,
            unit: None,
        }))
    }

    fn hold_back(&self, step: Step) -> Option<Duration> {
        self.gate.hold_back(step)
    }

    fn give_back(&self, step: Step) {
        self.gate.give_back(step);
    }

    fn calls_max(&self, step: Step) -> Option<(usize, Duration)> {
        self.gate.calls_max(step)
    }

    fn breakers(&self) -> Vec<(&'static str, &Breaker)> {
        self.gate.breakers()
    }

    fn tasks_max(&self) -> u32 {
        u32::MAX
    }

    fn submits_now(&self) -> usize {
        self.gate.submits_now()
    }

    fn is_unavailable(&self) -> bool {
        self.gate.is_unavailable()
    }
}
