//! Replicate (replicate.com): models of many makers behind one HTTP API. Work is a "prediction": created, asked about until it
//! ends, and its files fetched before they are deleted.
//!
//! There is no idempotency key. A lost answer to the creation is found again by the callback, whose address carries the job's
//! own token, or in the list of our predictions (`evidence`). Nothing says what is left on our account: only a refusal does.
//!
//! Sources: replicate.com/docs, "HTTP API", "Prediction lifecycle", "Rate limits", "Data retention", "Verify webhooks"; the official
//! clients `replicate-javascript` (`lib/predictions.js`, `lib/util.js`) and `replicate-python` (`webhook.py`, and the answers recorded
//! in its `tests/cassettes`).

mod answer;
mod callback;
mod classify;
mod evidence;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::breaker::{Breaker, BreakerSettings, Health};
use super::fetch::{FetchLimits, Http, HttpSetupError};
use super::gate::{CallsMax, Gate};
use super::grace::Grace;
use super::kinds::Account;
use super::redaction::Redactor;
use super::verdict::Verdict;
use super::{
    AccountState, Balance, CallbackError, CallbackHint, Clues, Download, Evidence, PollState,
    Polled, Provider, ProviderError, ResultUrl, Step, Stopped, SubmitNote, SubmitRequest,
    Submitted,
};
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use callback::SigningKey;

/// "Rate limits": predictions are created at 600 requests a minute. A tenth of a second each, rather than all at once.
const SUBMITS_MAX: CallsMax = (10, Duration::from_millis(1_050));
/// "Rate limits": all other endpoints, 3000 requests a minute.
const POLLS_MAX: CallsMax = (50, Duration::from_millis(1_050));
/// "Prediction lifecycle": predictions time out after running for 30 minutes.
const DEADLINE: Duration = Duration::from_secs(30 * 60);
/// The same as a duration in Replicate's words: what nobody waits for any more should not cost anything ("Set deadlines for
/// predictions", the header `Cancel-After`).
const CANCEL_AFTER: (&str, &str) = ("Cancel-After", "30m");
/// How long a prediction or a file may be missing before it counts as gone.
const MISSING_MAX: Duration = Duration::from_secs(60);

/// The adapter.
#[derive(Debug)]
pub struct Replicate {
    name: String,
    http: Http,
    signing_key: Option<SigningKey>,
    redactor: Redactor,
    clock: Clock,
    ids: Ids,
    gate: Gate,
    missing: Grace,
}

impl Replicate {
    /// An adapter for an account, with breakers that go by these settings.
    ///
    /// # Errors
    /// When the address is not valid or no HTTP client can be made.
    pub fn make(
        account: Account,
        judged_by: BreakerSettings,
        clock: Clock,
        ids: Ids,
    ) -> Result<Arc<dyn Provider>, HttpSetupError> {
        let mut made = Self::with_limits(account, clock, ids, FetchLimits::default())?;
        made.gate = made.gate.judging(judged_by, &made.name);
        Ok(Arc::new(made))
    }

    fn with_limits(
        account: Account,
        clock: Clock,
        ids: Ids,
        limits: FetchLimits,
    ) -> Result<Self, HttpSetupError> {
        let secrets = [Some(account.api_key.clone()), account.webhook_key.clone()];
        let address = account.api_url.trim_end_matches('/');
        Ok(Self {
            http: Http::new(address, account.api_key, clock.clone(), limits)?,
            signing_key: account.webhook_key.as_ref().map(SigningKey::read),
            redactor: Redactor::new(secrets.into_iter().flatten()),
            gate: Gate::new(SUBMITS_MAX, POLLS_MAX, &clock, &ids),
            missing: Grace::new(clock.clone(), MISSING_MAX),
            name: account.name,
            clock,
            ids,
        })
    }

    /// A prediction as it is now; None if there is no such.
    async fn prediction(&self, id: &str) -> Result<Option<Value>, ProviderError> {
        if !answer::is_id(id) {
            return Ok(None);
        }
        let call = self.gate.polls.begin();
        let outcome = self.http.get(&format!("/predictions/{id}"), &[]).await;
        let verdict = if outcome.as_ref().is_ok_and(classify::is_not_found) {
            Verdict {
                result: Ok(None),
                health: Health::Well,
                account: super::gate::Account::Good,
            }
        } else {
            let read = classify::read("prediction", "status", outcome, &self.redactor);
            Verdict {
                result: read.result.map(Some),
                health: read.health,
                account: read.account,
            }
        };
        self.gate.ended(Step::Poll, call, verdict)
    }

    fn state_of(&self, id: &str, prediction: &Value) -> PollState {
        match prediction["status"].as_str().unwrap_or_default() {
            "starting" => PollState::Waiting,
            "processing" => PollState::Running {
                progress_percent: answer::progress_percent(prediction),
            },
            "succeeded" => self.succeeded(id, prediction),
            status @ ("failed" | "canceled" | "aborted") => {
                let (reason, code) = classify::ended(status, prediction);
                PollState::Failed { reason, code }
            }
            _ => {
                // A word that we do not know yet: the deadline ends the waiting, we do not.
                tracing::warn!("a prediction is in a state without a known name");
                PollState::Running {
                    progress_percent: None,
                }
            }
        }
    }

    fn succeeded(&self, id: &str, prediction: &Value) -> PollState {
        // "Data retention": input, output and files are removed after an hour. Then there is nothing to wait for.
        if prediction["data_removed"] == true {
            return PollState::Succeeded {
                results: Vec::new(),
            };
        }
        self.missing.succeeded(id, answer::result_urls(prediction))
    }
}

#[async_trait]
impl Provider for Replicate {
    fn name(&self) -> &str {
        &self.name
    }

    async fn submit(&self, request: &SubmitRequest) -> Result<Submitted, ProviderError> {
        let (path, version) =
            answer::place(&request.service).ok_or_else(|| ProviderError::Permanent {
                detail: "create: not the name of a model".to_owned(),
            })?;
        let mut body = json!({ "input": request.params });
        if let Some(version) = version {
            body["version"] = Value::from(version);
        }
        if let Some(url) = &request.callback_url {
            body["webhook"] = Value::from(url.as_str());
            body["webhook_events_filter"] = json!(["completed"]);
        }
        let call = self.gate.submits.begin();
        let sent = self.http.post_once_with(&path, &[CANCEL_AFTER], &body);
        let verdict = classify::created(sent.await, &self.redactor);
        self.gate.ended(Step::Submit, call, verdict)
    }

    async fn poll(&self, external_id: &str) -> Result<Polled, ProviderError> {
        let Some(prediction) = self.prediction(external_id).await? else {
            let detail = "Replicate knows no such prediction";
            return Err(self.missing.unknown_task(external_id, detail));
        };
        self.missing.found(external_id);
        Ok(Polled {
            state: self.state_of(external_id, &prediction),
            answer: self.redactor.json(&prediction),
        })
    }

    async fn note(&self, request: &SubmitRequest) -> Option<SubmitNote> {
        Some(evidence::before(request, self.clock.now()))
    }

    async fn evidence(&self, clues: &Clues) -> Option<Evidence> {
        Some(self.look_among_ours(clues).await)
    }

    async fn knows(&self, external_id: &str) -> Result<bool, ProviderError> {
        Ok(self.prediction(external_id).await?.is_some())
    }

    fn can_cancel(&self) -> bool {
        true
    }

    /// How it ends is told by a question: it may have succeeded meanwhile, and one that stops is `canceled` some time later.
    async fn cancel(&self, external_id: &str) -> Result<Stopped, ProviderError> {
        if !answer::is_id(external_id) {
            return Ok(Stopped::TooLate);
        }
        let path = format!("/predictions/{external_id}/cancel");
        let call = self.gate.polls.begin();
        let outcome = self.http.post_once(&path, &json!({})).await;
        let verdict = classify::read("cancel", "status", outcome, &self.redactor);
        let prediction = self.gate.ended(Step::Poll, call, verdict)?;
        Ok(match prediction["status"].as_str() {
            Some("succeeded" | "failed") => Stopped::TooLate,
            Some(_) | None => Stopped::Asked,
        })
    }

    fn next_poll(&self, running_for: Duration) -> Duration {
        let (least, spread) = match running_for.as_secs() {
            0..30 => (2, 1),
            30..120 => (5, 5),
            _ => (15, 15),
        };
        Duration::from_secs(least) + self.ids.jitter(Duration::from_secs(spread))
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }

    fn verify_callback(
        &self,
        headers: &[(&str, &[u8])],
        body: &[u8],
    ) -> Result<CallbackHint, CallbackError> {
        callback::verify(self.signing_key.as_ref(), headers, body, self.clock.now())
    }

    async fn download(&self, url: &ResultUrl) -> Result<Download, ProviderError> {
        self.missing.download(&self.http, url).await
    }

    /// There is no question for that: a refusal tells when nothing is left.
    async fn balance(&self) -> Result<Option<Balance>, ProviderError> {
        Ok(None)
    }

    fn is_service_id(&self, id: &str) -> bool {
        answer::place(id).is_some()
    }

    fn account(&self) -> AccountState {
        self.gate.account()
    }

    fn hold_back(&self, step: Step) -> Option<Duration> {
        self.gate.hold_back(step)
    }

    fn give_back(&self, step: Step) {
        self.gate.give_back(step);
    }

    fn calls_max(&self, step: Step) -> Option<CallsMax> {
        self.gate.calls_max(step)
    }

    fn breakers(&self) -> Vec<(&'static str, &Breaker)> {
        self.gate.breakers()
    }

    fn submits_now(&self) -> usize {
        self.gate.submits_now()
    }

    fn is_unavailable(&self) -> bool {
        self.gate.is_unavailable()
    }
}
