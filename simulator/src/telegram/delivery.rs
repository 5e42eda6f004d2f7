//! Delivery to the webhook as Telegram does it (tdlib/telegram-bot-api, `WebhookActor.cpp`): at once, in order within
//! a queue, again after failures with growing pauses, until the update expires.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use serde_json::Value;
use time::OffsetDateTime;

use super::params::Params;
use super::state::State;
use super::updates::{Fate, Queue, QueueKey};
use super::webhook::Webhook;
use crate::core::Core;
use crate::faults::Rule;

/// An answer has to come within this time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// After this long without a success, one connection has to do.
const SLOW_AFTER: Duration = Duration::from_secs(10);
const SLOW_EVERY: Duration = Duration::from_secs(2);
/// The longest pause between tries is drawn from this many seconds.
const PAUSE_MAX: std::ops::RangeInclusive<u64> = 60..=120;
const RETRY_AFTER_MAX_SECONDS: u64 = 3600;
const GONE_FOR: Duration = Duration::from_secs(23 * 3600);
/// A method in the answer to an update is small.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;
/// The dispatcher looks up now and then, whatever happens.
const LOOK_UP: Duration = Duration::from_secs(3600);
/// Methods that are not taken from the answer to an update.
const REFUSED_IN_ANSWER: [&str; 4] = ["setwebhook", "deletewebhook", "close", "logout"];

/// Why a try failed.
struct Failure {
    message: String,
    retry_after: Option<u64>,
    is_gone: bool,
}

impl Failure {
    fn of(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            retry_after: None,
            is_gone: false,
        }
    }
}

/// An update under way.
struct Flight {
    id: u64,
    queue: QueueKey,
    json: Value,
}

/// Starts deliveries as they become possible, until the simulator stops.
pub(super) async fn run(core: Arc<Core>) {
    loop {
        let woken = core.telegram.woken();
        let next_at = start_ready(&core);
        tokio::select! {
            () = woken => {}
            () = core.clock.sleep_until(next_at) => {}
        }
    }
}

/// Starts what can be delivered now; gives the time of the next look.
fn start_ready(core: &Arc<Core>) -> OffsetDateTime {
    let now = core.clock.now();
    let mut state = core.telegram.state();
    if state.updates.expire(now) {
        core.telegram.wake();
    }
    let mut next_at = now + LOOK_UP;
    let Some(webhook) = state.delivery.webhook.clone() else {
        return next_at;
    };
    let mut ready: Vec<u64> = Vec::new();
    for queue in state.updates.queues.values() {
        match due(queue, now) {
            Due::Now(id) => ready.push(id),
            Due::At(at) => next_at = next_at.min(at),
            Due::Never => {}
        }
    }
    ready.sort_unstable();
    for id in ready {
        let gate = state.gate(now);
        if gate > now {
            next_at = next_at.min(gate);
            break;
        }
        if state.delivery.active >= state.connections(&webhook, now) {
            break;
        }
        let Some(flight) = state.take_off(id, now) else {
            continue;
        };
        let (work, webhook) = (Arc::clone(core), webhook.clone());
        core.spawn(async move { deliver(work, webhook, flight).await });
    }
    next_at
}

enum Due {
    Now(u64),
    At(OffsetDateTime),
    Never,
}

fn due(queue: &Queue, now: OffsetDateTime) -> Due {
    match queue.ids.front() {
        Some(_) if queue.is_in_flight => Due::Never,
        Some(id) if queue.next_at <= now => Due::Now(*id),
        Some(_) => Due::At(queue.next_at),
        None => Due::Never,
    }
}

impl State {
    fn is_slow(&self, now: OffsetDateTime) -> bool {
        let last_good = self.delivery.last_success_at.or(self.delivery.set_at);
        self.delivery.failing_since.is_some() && last_good.is_none_or(|at| now - at > SLOW_AFTER)
    }

    fn connections(&self, webhook: &Webhook, now: OffsetDateTime) -> usize {
        if self.is_slow(now) {
            1
        } else {
            webhook.connections_max
        }
    }

    /// When the next try may start at the earliest.
    fn gate(&self, now: OffsetDateTime) -> OffsetDateTime {
        match self.delivery.last_started_at {
            Some(at) if self.is_slow(now) => at + SLOW_EVERY,
            Some(_) | None => now,
        }
    }

    fn take_off(&mut self, id: u64, now: OffsetDateTime) -> Option<Flight> {
        let pending = self.updates.pending.get(&id)?;
        let (queue, json) = (pending.queue.clone(), pending.json.clone());
        self.updates.queues.get_mut(&queue)?.is_in_flight = true;
        self.delivery.active += 1;
        self.delivery.last_started_at = Some(now);
        Some(Flight { id, queue, json })
    }

    /// When the next waiting update will be tried, if nothing changes before.
    pub(super) fn next_at(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.delivery.webhook.as_ref()?;
        let queues = self.updates.queues.values();
        let times = queues.filter_map(|queue| match due(queue, now) {
            Due::Now(_) => Some(now),
            Due::At(at) => Some(at),
            Due::Never => None,
        });
        let next_at = times.min()?;
        Some(next_at.max(self.gate(now)))
    }

    /// True when nothing is under way and nothing could start now.
    pub(super) fn is_idle(&self, now: OffsetDateTime) -> bool {
        if self.delivery.active > 0 {
            return false;
        }
        if self.delivery.webhook.is_none() || self.gate(now) > now {
            return true;
        }
        let mut queues = self.updates.queues.values();
        !queues.any(|queue| matches!(due(queue, now), Due::Now(_)))
    }
}

async fn deliver(core: Arc<Core>, webhook: Webhook, flight: Flight) {
    let chat_id = super::chat_of_update(&flight.json);
    let rule = core.faults.take("webhook", chat_id);
    let started_at = core.clock.now();
    let outcome = tokio::select! {
        outcome = attempt(&core, &webhook, &flight.json, rule) => outcome,
        () = core.clock.sleep_until(started_at + ANSWER_TIMEOUT) => {
            Err(Failure::of("Read timeout expired"))
        }
    };
    let now = core.clock.now();
    let jitter = core.random_below(PAUSE_MAX.end() - PAUSE_MAX.start() + 1);
    let in_answer = {
        let mut state = core.telegram.state();
        match outcome {
            Ok(answer) => {
                state.arrived(&flight, now);
                answer
            }
            Err(failure) => {
                state.failed(&flight, failure, now, PAUSE_MAX.start() + jitter);
                None
            }
        }
    };
    core.telegram.wake();
    if let Some(answer) = in_answer {
        run_from_answer(&core, answer).await;
    }
    let mut state = core.telegram.state();
    state.delivery.active = state.delivery.active.saturating_sub(1);
    drop(state);
    core.telegram.wake();
}

impl State {
    fn arrived(&mut self, flight: &Flight, now: OffsetDateTime) {
        self.updates.add_attempt(flight.id, now, "200".to_owned());
        self.updates.remove(flight.id, Fate::Delivered);
        self.updates.release(&flight.queue, now, 0);
        self.delivery.last_success_at = Some(now);
        self.delivery.failing_since = None;
        self.delivery.gone_since = None;
    }

    fn failed(&mut self, flight: &Flight, failure: Failure, now: OffsetDateTime, pause_max: u64) {
        self.updates
            .add_attempt(flight.id, now, failure.message.clone());
        self.delivery.failing_since.get_or_insert(now);
        self.delivery.last_error = Some((now, failure.message));
        self.note_gone(failure.is_gone, now);
        let queue = self.updates.queues.get(&flight.queue);
        let failures = queue.map_or(0, |queue| queue.failures) + 1;
        let pause = match (failure.retry_after, failures) {
            (Some(seconds), _) => seconds,
            // The first retry comes at once.
            (None, 1) => 0,
            (None, failures) => 2_u64
                .saturating_pow(failures.saturating_sub(1))
                .min(pause_max),
        };
        let next_at = now + Duration::from_secs(pause);
        match self.updates.pending.get(&flight.id) {
            Some(pending) if next_at < pending.expires_at => {
                self.updates.release(&flight.queue, next_at, failures);
            }
            // What cannot be tried again in time, or was dropped meanwhile, holds up nothing.
            Some(_) | None => {
                self.updates.remove(flight.id, Fate::Expired);
                self.updates.release(&flight.queue, now, 0);
            }
        }
    }

    /// A bot that answers 410 for almost a day is not asked again.
    fn note_gone(&mut self, is_gone: bool, now: OffsetDateTime) {
        if !is_gone {
            self.delivery.gone_since = None;
            return;
        }
        let since = *self.delivery.gone_since.get_or_insert(now);
        if now - since > GONE_FOR {
            self.delivery.webhook = None;
        }
    }
}

/// The body of a 2xx answer that may hold a method.
async fn attempt(
    core: &Core,
    webhook: &Webhook,
    json: &Value,
    rule: Option<Rule>,
) -> Result<Option<Value>, Failure> {
    let rule = rule.unwrap_or_default();
    if let Some(delay_ms) = rule.delay_ms {
        core.clock.sleep(Duration::from_millis(delay_ms)).await;
    }
    if rule.drop_before {
        return Err(Failure::of("Connection reset by peer"));
    }
    if let Some(status) = rule.status_instead() {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return judge(status, rule.retry_after.map(u64::from), rule.body);
    }
    let mut request = core
        .http
        .post(&webhook.url)
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT_ENCODING, "gzip, deflate");
    if let Some(secret) = &webhook.secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let sent = request.body(json.to_string()).send().await;
    let mut response = sent.map_err(|error| {
        Failure::of(match error.is_connect() {
            true => "Connection refused",
            false => "Connection reset by peer",
        })
    })?;
    let status = response.status();
    if rule.drop_after {
        return Err(Failure::of("Connection reset by peer"));
    }
    if rule.body.is_some() {
        return judge(StatusCode::OK, None, rule.body);
    }
    if !status.is_success() {
        return judge(status, retry_after(&response), None);
    }
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_MAX_BYTES {
            return Ok(None);
        }
    }
    judge(status, None, serde_json::from_slice(&body).ok())
}

/// What an answer of the bot means; a good one may hold a method.
fn judge(
    status: StatusCode,
    retry_after: Option<u64>,
    body: Option<Value>,
) -> Result<Option<Value>, Failure> {
    if !status.is_success() {
        return Err(Failure {
            message: format!("Wrong response from the webhook: {status}"),
            retry_after: retry_after.map(|seconds| seconds.min(RETRY_AFTER_MAX_SECONDS)),
            is_gone: status == StatusCode::GONE,
        });
    }
    Ok(body.filter(|answer| answer["method"].is_string()))
}

fn retry_after(response: &reqwest::Response) -> Option<u64> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok()
}

/// Runs the method of an answer; its result and its errors are nobody's.
async fn run_from_answer(core: &Arc<Core>, answer: Value) {
    let method = answer["method"].as_str().unwrap_or_default().to_owned();
    let lower = method.to_ascii_lowercase();
    if lower.starts_with("get") || REFUSED_IN_ANSWER.contains(&lower.as_str()) {
        return;
    }
    if let Value::Object(mut fields) = answer {
        fields.remove("method");
        let response = super::answer(core, &method, Params::from_json(fields)).await;
        drop(response);
    }
}
