//! KIE (docs.kie.ai): one account for many models. A task is created, asked about until it ends, and its results fetched.
//! Which endpoints and which words that takes is the matter of its `family`.
//!
//! There is no idempotency key: a lost answer to createTask is only found again through the callback, whose address
//! carries the job's own token. Everything that a client must tell apart is in `classify` and `answer`.

mod answer;
mod callback;
mod classify;
mod family;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::breaker::{Breaker, BreakerSettings};
use super::fetch::{FetchLimits, Http, HttpSetupError};
use super::gate::{CallsMax, Gate};
use super::grace::Grace;
use super::kinds::Account;
use super::redaction::Redactor;
use super::{
    AccountState, Balance, CallbackError, CallbackHint, Download, PollState, Polled, Provider,
    ProviderError, ResultUrl, Step, SubmitRequest, Submitted, Told,
};
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::redact::Secret;
use answer::TaskState;
use family::Family;

/// The older families, as a service names them before a colon.
pub const FAMILIES: [&str; 5] = {
    let [a, b, c, d, e] = Family::OLDER;
    [a.name(), b.name(), c.name(), d.name(), e.name()]
};

/// KIE: 20 new requests in 10 s per account; a little longer, since what leaves evenly may arrive closer together.
const SUBMITS_MAX: CallsMax = (20, Duration::from_millis(10_500));
/// KIE: polling at most 10 times a second per key.
const POLLS_MAX: CallsMax = (10, Duration::from_millis(1_050));
/// KIE: "100+ concurrent running tasks" for an account.
const TASKS_MAX: u32 = 100;
/// KIE: stop asking after 10 to 15 minutes.
const DEADLINE: Duration = Duration::from_secs(15 * 60);
/// How long a task or a result may be missing before it counts as gone.
const MISSING_MAX: Duration = Duration::from_secs(60);

/// The account at KIE.
#[derive(Clone, Debug)]
pub struct KieConfig {
    /// Sent as a bearer token.
    pub api_key: Secret,
    /// Without a trailing slash: `https://api.kie.ai`, or the simulator.
    pub api_url: String,
    /// Verifies callbacks, if the account signs them.
    pub webhook_key: Option<Secret>,
}

/// The adapter.
#[derive(Debug)]
pub struct Kie {
    http: Http,
    webhook_key: Option<Secret>,
    redactor: Redactor,
    clock: Clock,
    ids: Ids,
    gate: Gate,
    missing: Grace,
}

impl Kie {
    /// # Errors
    /// When the address is not valid or no HTTP client can be made.
    pub fn new(config: KieConfig, clock: Clock, ids: Ids) -> Result<Self, HttpSetupError> {
        Self::with_limits(config, clock, ids, FetchLimits::default())
    }

    fn with_limits(
        config: KieConfig,
        clock: Clock,
        ids: Ids,
        limits: FetchLimits,
    ) -> Result<Self, HttpSetupError> {
        let secrets = [Some(config.api_key.clone()), config.webhook_key.clone()];
        Ok(Self {
            http: Http::new(
                config.api_url.trim_end_matches('/'),
                config.api_key,
                clock.clone(),
                limits,
            )?,
            webhook_key: config.webhook_key,
            redactor: Redactor::new(secrets.into_iter().flatten()),
            gate: Gate::new(SUBMITS_MAX, POLLS_MAX, &clock, &ids),
            missing: Grace::new(clock.clone(), MISSING_MAX),
            clock,
            ids,
        })
    }

    /// An adapter for an account, with breakers that go by these settings.
    ///
    /// # Errors
    /// As [`Kie::new`].
    pub fn make(
        account: Account,
        judged_by: BreakerSettings,
        clock: Clock,
        ids: Ids,
    ) -> Result<Arc<dyn Provider>, HttpSetupError> {
        let config = KieConfig {
            api_key: account.api_key,
            api_url: account.api_url,
            webhook_key: account.webhook_key,
        };
        Ok(Arc::new(
            Self::new(config, clock, ids)?.judged_by(judged_by),
        ))
    }

    /// The same, with breakers that go by these settings.
    #[must_use]
    pub fn judged_by(self, settings: BreakerSettings) -> Self {
        let gate = self.gate.judging(settings, "kie");
        Self { gate, ..self }
    }

    fn state_of(&self, family: Family, id: &str, record: &Value) -> PollState {
        let data = answer::data(record);
        let Some(state) = family.state(data) else {
            // A word that we do not know yet: the deadline ends the waiting, we do not.
            tracing::warn!("a task is in a state without a known name");
            return PollState::Running {
                progress_percent: None,
            };
        };
        match state {
            TaskState::Waiting => PollState::Waiting,
            TaskState::Running => PollState::Running {
                progress_percent: answer::progress_percent(data),
            },
            TaskState::Succeeded => self.missing.succeeded(id, family.result_urls(data)),
            TaskState::Failed => {
                let (code, words) = answer::failure(data);
                PollState::Failed {
                    reason: classify::failed_task(&code, words),
                    code: self.redactor.detail(&code),
                }
            }
        }
    }
}

#[async_trait]
impl Provider for Kie {
    fn name(&self) -> &str {
        "kie"
    }

    async fn submit(&self, request: &SubmitRequest) -> Result<Submitted, ProviderError> {
        let (family, model) = Family::split(&request.service);
        let body = family.request(model, &request.params, request.callback_url.as_deref());
        let call = self.gate.submits.begin();
        let outcome = self.http.post_once(family.submit_path(), &body).await;
        let verdict = classify::submit(outcome, &self.redactor);
        let submitted = self.gate.ended(Step::Submit, call, verdict);
        submitted.map(|submitted| Submitted {
            external_id: family.task(&submitted.external_id),
            ..submitted
        })
    }

    async fn poll(&self, external_id: &str) -> Result<Polled, ProviderError> {
        let (family, id) = Family::split(external_id);
        let call = self.gate.polls.begin();
        let query = [("taskId", id)];
        let outcome = self.http.get(family.record_path(), &query).await;
        let is_unknown = outcome.as_ref().is_ok_and(classify::is_unknown_task);
        let mut verdict = classify::read("recordInfo", outcome, &self.redactor);
        if is_unknown {
            verdict.health = super::breaker::Health::Well;
            let detail = "recordInfo: KIE knows no such task";
            verdict.result = Err(self.missing.unknown_task(external_id, detail));
        } else if verdict.result.is_ok() {
            self.missing.found(external_id);
        }
        let record = self.gate.ended(Step::Poll, call, verdict)?;
        Ok(Polled {
            state: self.state_of(family, external_id, &record),
            answer: self.redactor.json(&record),
        })
    }

    fn task_named(&self, service: &str, id: &str) -> String {
        Family::split(service).0.task(id)
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
        callback::verify(self.webhook_key.as_ref(), headers, body, self.clock.now())
    }

    async fn download(&self, url: &ResultUrl) -> Result<Download, ProviderError> {
        self.missing.download(&self.http, url).await
    }

    async fn balance(&self) -> Result<Option<Balance>, ProviderError> {
        let outcome = self.http.get("/api/v1/chat/credit", &[]).await;
        let verdict = classify::read("credit", outcome, &self.redactor);
        self.gate.learn(verdict.account);
        let answer = verdict.result?;
        let Some(credits) = answer.get("data").and_then(whole) else {
            let detail = "credit: an answer without a number".to_owned();
            return Err(ProviderError::Transient { detail });
        };
        if credits > 0 {
            self.gate.no_funds.clear();
        } else {
            self.gate.no_funds.set();
        }
        Ok(Some(Balance::credits(credits)))
    }

    /// Models have names; a number is a panel's.
    fn is_service_id(&self, id: &str) -> bool {
        id.bytes().any(|byte| byte.is_ascii_alphabetic())
    }

    /// `creditsConsumed` of the market's records; those of the older families name nothing like it.
    fn tells_cost(&self, service: &str) -> Option<Told> {
        match Family::split(service).0 {
            Family::Market => Some(Told::Credits),
            Family::Gpt4oImage
            | Family::FluxKontext
            | Family::Veo
            | Family::Runway
            | Family::Suno => None,
        }
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

    fn tasks_max(&self) -> u32 {
        TASKS_MAX
    }

    fn submits_now(&self) -> usize {
        self.gate.submits_now()
    }

    fn is_unavailable(&self) -> bool {
        self.gate.is_unavailable()
    }
}

/// Credits come whole or with decimals, as a number or in a string; a part of a credit buys nothing.
fn whole(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }?;
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
    let whole = number.is_finite().then(|| number.floor() as i64);
    whole
}
