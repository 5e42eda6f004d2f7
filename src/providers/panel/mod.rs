//! Order panels ("SMM panel API v2"): one adapter for any number of them. One address each, form-encoded POST with `key` and
//! `action`, answers in JSON with HTTP 200 whatever they say.
//!
//! There is no idempotency key, no callback and no list of orders: an order whose answer was lost can only be guessed at
//! (`evidence`), and is never sent again. The many orders that are under way for hours are asked about a hundred at a time.
//!
//! Source: the API page that panels share, and what they were seen to answer.

mod answer;
mod classify;
mod evidence;
mod order;
mod prose;
mod questions;
mod services;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::breaker::{Breaker, BreakerSettings};
use super::fetch::{FetchLimits, Http, HttpSetupError, Repeat};
use super::gate::{CallsMax, Gate};
use super::grace::Grace;
use super::kinds::Account;
use super::redaction::Redactor;
use super::{
    AccountState, Balance, CallbackError, CallbackHint, Clues, Download, Evidence, Listing, Polled,
    Provider, ProviderError, REFILL, ResultUrl, Step, Stopped, SubmitNote, SubmitRequest,
    Submitted, Told,
};
use crate::base::clock::Clock;
use crate::base::fault::{self, Mutant, Point};
use crate::base::ids::Ids;
use crate::base::redact::Secret;

/// No panel documents a limit; most allow about a hundred calls a minute.
const SUBMITS_MAX: CallsMax = (10, Duration::from_secs(10));
const POLLS_MAX: CallsMax = (20, Duration::from_secs(10));
/// "status": up to 100 orders in one question.
const TOGETHER_MAX: usize = 100;
/// Orders last for days; one that has no end by then has none.
const DEADLINE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long an order may be missing before it counts as gone.
const MISSING_MAX: Duration = Duration::from_secs(300);

/// The account at a panel.
#[derive(Clone, Debug)]
pub struct PanelConfig {
    /// Its name in the catalogue, in stored jobs and in logs.
    pub name: String,
    /// Sent as a field of each form.
    pub api_key: Secret,
    /// The whole address, such as `https://panel.example/api/v2`.
    pub api_url: String,
}

/// The adapter.
#[derive(Debug)]
pub struct Panel {
    name: String,
    http: Http,
    redactor: Redactor,
    ids: Ids,
    gate: Gate,
    missing: Grace,
    /// Whether it has refused a question about several orders.
    asks_singly: AtomicBool,
}

impl Panel {
    /// # Errors
    /// When the address is not valid or no HTTP client can be made.
    pub fn new(config: PanelConfig, clock: Clock, ids: Ids) -> Result<Self, HttpSetupError> {
        let limits = FetchLimits {
            // Lists of services have thousands of rows.
            answer_bytes_max: 16 << 20,
            ..FetchLimits::default()
        };
        Self::with_limits(config, clock, ids, limits)
    }

    fn with_limits(
        config: PanelConfig,
        clock: Clock,
        ids: Ids,
        limits: FetchLimits,
    ) -> Result<Self, HttpSetupError> {
        let redactor = Redactor::new([config.api_key.clone()]);
        let address = config.api_url.trim_end_matches('/');
        Ok(Self {
            http: Http::new(address, config.api_key, clock.clone(), limits)?,
            name: config.name,
            redactor,
            gate: Gate::new(SUBMITS_MAX, POLLS_MAX, &clock, &ids),
            missing: Grace::new(clock, MISSING_MAX),
            asks_singly: AtomicBool::new(false),
            ids,
        })
    }

    /// An adapter for an account, with breakers that go by these settings.
    ///
    /// # Errors
    /// As [`Panel::new`].
    pub fn make(
        account: Account,
        judged_by: BreakerSettings,
        clock: Clock,
        ids: Ids,
    ) -> Result<Arc<dyn Provider>, HttpSetupError> {
        let config = PanelConfig {
            name: account.name,
            api_key: account.api_key,
            api_url: account.api_url,
        };
        Ok(Arc::new(
            Self::new(config, clock, ids)?.judged_by(judged_by),
        ))
    }

    /// The same, with breakers that go by these settings.
    #[must_use]
    pub fn judged_by(self, settings: BreakerSettings) -> Self {
        let gate = self.gate.judging(settings, &self.name);
        Self { gate, ..self }
    }

    async fn order(&self, request: &SubmitRequest) -> Result<Submitted, ProviderError> {
        let fields = order::fields(request)?;
        let mut form = vec![("action", "add"), ("service", request.service.as_str())];
        form.extend(fields.iter().map(|(name, value)| (*name, value.as_str())));
        fault::reach(Point::PanelAdding);
        let mut answered = self.create("order", &form).await;
        fault::reach(Point::PanelAdded);
        if matches!(answered, Err(ProviderError::Ambiguous { .. }))
            && fault::mutant(Mutant::AddSentAgain)
        {
            answered = self.create("order", &form).await;
        }
        let (external_id, answer) = answered?;
        Ok(Submitted {
            external_id,
            answer,
        })
    }

    async fn refill(&self, request: &SubmitRequest) -> Result<Submitted, ProviderError> {
        let order = request.params.get("order").and_then(Value::as_str);
        let order = order.filter(|id| answer::is_id(id));
        let order = order.ok_or_else(|| ProviderError::Permanent {
            detail: "refill: of no order".to_owned(),
        })?;
        let form = [("action", "refill"), ("order", order)];
        fault::reach(Point::PanelRefilling);
        let answered = self.create("refill", &form).await;
        fault::reach(Point::PanelRefilled);
        let (id, answer) = answered?;
        Ok(Submitted {
            external_id: questions::refill_id(&id),
            answer,
        })
    }

    /// The one request that creates something.
    async fn create(
        &self,
        name: &str,
        form: &[(&str, &str)],
    ) -> Result<(String, Value), ProviderError> {
        let call = self.gate.submits.begin();
        let outcome = self.http.form(Repeat::Never, "key", form).await;
        let ours = ["action", "service"];
        let given = form.iter().filter(|(field, _)| !ours.contains(field));
        let given: Vec<&str> = given.map(|(_, value)| *value).collect();
        let verdict = classify::created(name, &given, outcome, &self.redactor);
        self.gate.submits.end(call, verdict.health);
        self.gate.learn(verdict.account);
        match &verdict.result {
            Ok(_) => self.gate.no_funds.clear(),
            Err(error) => self.gate.slow_down(Step::Submit, error),
        }
        verdict.result
    }

    /// Our balance in millionths of the account's currency.
    async fn balance_micros(&self) -> Result<i64, ProviderError> {
        let form = [("action", "balance")];
        let outcome = self.http.form(Repeat::Harmless, "key", &form).await;
        let answer = classify::read("balance", outcome, &self.redactor).result?;
        let missing = || ProviderError::Transient {
            detail: "balance: an answer without a number".to_owned(),
        };
        answer::micros(answer.get("balance")).ok_or_else(missing)
    }
}

#[async_trait]
impl Provider for Panel {
    fn name(&self) -> &str {
        &self.name
    }

    async fn submit(&self, request: &SubmitRequest) -> Result<Submitted, ProviderError> {
        if request.service == REFILL {
            self.refill(request).await
        } else {
            self.order(request).await
        }
    }

    async fn poll(&self, external_id: &str) -> Result<Polled, ProviderError> {
        self.ask(external_id).await
    }

    fn polls_together(&self) -> usize {
        TOGETHER_MAX
    }

    async fn poll_many(&self, external_ids: &[&str]) -> Vec<Result<Polled, ProviderError>> {
        self.ask_together(external_ids).await
    }

    async fn note(&self, request: &SubmitRequest) -> Option<SubmitNote> {
        self.before(request).await
    }

    async fn evidence(&self, clues: &Clues) -> Option<Evidence> {
        Some(self.weigh(clues).await)
    }

    async fn knows(&self, external_id: &str) -> Result<bool, ProviderError> {
        self.has(external_id).await
    }

    fn can_cancel(&self) -> bool {
        true
    }

    async fn cancel(&self, external_id: &str) -> Result<Stopped, ProviderError> {
        if !answer::is_id(external_id) {
            // A refill: nothing stops it, and nothing was paid for it.
            return Ok(Stopped::TooLate);
        }
        let form = [("action", "cancel"), ("orders", external_id)];
        let outcome = self.http.form(Repeat::Harmless, "key", &form).await;
        let verdict = classify::read("cancel", outcome, &self.redactor);
        self.gate.learn(verdict.account);
        let answer = verdict.result?;
        let one = answer.get(0).unwrap_or(&answer);
        let cancel = one.get("cancel").unwrap_or(&Value::Null);
        Ok(match answer::error(cancel) {
            None if answer::number(Some(cancel)).is_some_and(|n| n != 0) => Stopped::Asked,
            Some(_) | None => Stopped::TooLate,
        })
    }

    fn next_poll(&self, running_for: Duration) -> Duration {
        let (least, spread) = match running_for.as_secs() {
            0..120 => (5, 3),
            120..1_800 => (30, 15),
            1_800..21_600 => (120, 60),
            21_600..172_800 => (600, 120),
            _ => (1_800, 300),
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
        // No panel calls back.
        Err(CallbackError::Malformed)
    }

    async fn download(&self, _url: &ResultUrl) -> Result<Download, ProviderError> {
        Err(ProviderError::Permanent {
            detail: "a panel has no files".to_owned(),
        })
    }

    /// In hundredths of the account's currency.
    async fn balance(&self) -> Result<Option<Balance>, ProviderError> {
        let form = [("action", "balance")];
        let outcome = self.http.form(Repeat::Harmless, "key", &form).await;
        let verdict = classify::read("balance", outcome, &self.redactor);
        self.gate.learn(verdict.account);
        let answer = verdict.result?;
        let Some(micros) = answer::micros(answer.get("balance")) else {
            let detail = "balance: an answer without a number".to_owned();
            return Err(ProviderError::Transient { detail });
        };
        if micros > 0 {
            self.gate.no_funds.clear();
        } else {
            self.gate.no_funds.set();
        }
        Ok(Some(Balance {
            amount: micros.div_euclid(10_000),
            unit: services::currency(&answer),
        }))
    }

    async fn listing(&self) -> Result<Option<Listing>, ProviderError> {
        self.services().await.map(Some)
    }

    fn is_service_id(&self, id: &str) -> bool {
        answer::is_id(id) && id.bytes().any(|byte| byte.is_ascii_digit())
    }

    /// `charge` of a status.
    fn tells_cost(&self, _service: &str) -> Option<Told> {
        Some(Told::Money)
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

/// The answer about an order or a refill as it is kept.
fn kept(redactor: &Redactor, answer: &Value) -> Value {
    match answer {
        Value::Object(_) => redactor.json(answer),
        other => json!({ "answer": redactor.json(other) }),
    }
}
