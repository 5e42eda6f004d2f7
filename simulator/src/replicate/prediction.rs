//! A prediction: how it stands at a time, and how it is shown.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// "Data retention": input, output, files and logs are removed after an hour.
const KEPT: Duration = Duration::hours(1);
/// Until a worker has begun.
const STARTS: Duration = Duration::seconds(1);
const TAKES: Duration = Duration::seconds(5);

/// One prediction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Prediction {
    pub(super) id: String,
    /// `owner/name`.
    pub(super) model: Cow<'static, str>,
    /// What was asked for, `hidden` where the model's own endpoint was used.
    pub(super) version: Cow<'static, str>,
    pub(super) input: Value,
    pub(super) webhook: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created: OffsetDateTime,
    /// None for one that never ends by itself.
    pub(super) takes: Option<Duration>,
    /// `Cancel-After`.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) deadline: Option<OffsetDateTime>,
    /// What it fails with.
    pub(super) failure: Option<Cow<'static, str>>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) cancelled: Option<OffsetDateTime>,
    /// Statuses that its webhook was answered with; 0 for none.
    pub(super) told: Vec<u16>,
    /// When the webhook is tried again; none before the first try and after the last.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) next_try: Option<OffsetDateTime>,
}

/// `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Starting,
    Processing,
    Succeeded,
    Failed,
    Canceled,
    Aborted,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Aborted => "aborted",
        }
    }
}

impl Prediction {
    /// How long one takes, and what it fails with: words in the prompt ask for that.
    pub(super) fn fate(input: &Value, speed: f64) -> (Option<Duration>, Option<Cow<'static, str>>) {
        let prompt = input["prompt"].as_str().unwrap_or_default();
        let failure = if prompt.contains("!refuse") {
            Some(
                "The input or output was flagged as sensitive. Please try again with different inputs. (E005) (x1Y2z3)",
            )
        } else if prompt.contains("!fail") {
            Some(
                "CUDA error: an illegal memory access was encountered [host gpu-17.replicate.internal, /src/predict.py line 214]",
            )
        } else {
            None
        };
        let takes = (!prompt.contains("!slow")).then_some(TAKES / speed.max(0.001));
        (takes, failure.map(Cow::Borrowed))
    }

    pub(super) fn starts(&self) -> OffsetDateTime {
        let takes = self.takes.unwrap_or(TAKES);
        self.created + STARTS.min(takes / 2)
    }

    /// When it ends, and how.
    pub(super) fn end(&self) -> Option<(OffsetDateTime, Status)> {
        let done = self.takes.map(|takes| {
            let status = if self.failure.is_some() {
                Status::Failed
            } else {
                Status::Succeeded
            };
            (self.created + takes, status)
        });
        let late = self.deadline.map(|at| {
            let status = if at < self.starts() {
                Status::Aborted
            } else {
                Status::Canceled
            };
            (at, status)
        });
        let cancelled = self.cancelled.map(|at| (at, Status::Canceled));
        let ends = [done, late, cancelled].into_iter().flatten();
        ends.min_by_key(|(at, _)| *at)
    }

    pub(super) fn status(&self, now: OffsetDateTime) -> Status {
        match self.end() {
            Some((at, status)) if at <= now => status,
            Some(_) | None if now < self.starts() => Status::Starting,
            Some(_) | None => Status::Processing,
        }
    }

    pub(super) fn is_removed(&self, now: OffsetDateTime) -> bool {
        self.end().is_some_and(|(at, _)| at + KEPT <= now)
    }

    pub(super) fn owes_a_webhook(&self, now: OffsetDateTime) -> bool {
        let first = self
            .end()
            .map(|(at, _)| at)
            .filter(|_| self.told.is_empty());
        let due = first.or(self.next_try).is_some_and(|at| at <= now);
        self.webhook.is_some() && due
    }

    /// The object as the API shows it; `base` is where this simulator is.
    pub(super) fn json(&self, base: &str, now: OffsetDateTime, shows_webhook: bool) -> Value {
        let status = self.status(now);
        let is_removed = self.is_removed(now);
        let ended = self.end().filter(|(at, _)| *at <= now).map(|(at, _)| at);
        let output = (status == Status::Succeeded && !is_removed).then(|| self.files(base));
        let mut shown = json!({
            "id": self.id,
            "model": self.model,
            "version": self.version,
            "input": if is_removed { json!({}) } else { self.input.clone() },
            "logs": if is_removed { "" } else { self.logs(now) },
            "output": output,
            "data_removed": is_removed,
            "error": self.failure.as_ref().filter(|_| status == Status::Failed),
            "source": "api",
            "status": status.name(),
            "created_at": time_text(self.created),
            "started_at": (now >= self.starts()).then(|| time_text(self.starts())),
            "completed_at": ended.map(time_text),
            "urls": {
                "get": format!("{base}/v1/predictions/{}", self.id),
                "cancel": format!("{base}/v1/predictions/{}/cancel", self.id),
            },
        });
        if let Some(at) = ended {
            shown["metrics"] =
                json!({ "predict_time": (at - self.starts()).as_seconds_f64().max(0.0) });
        }
        if shows_webhook && let Some(url) = &self.webhook {
            shown["webhook"] = json!(url);
            shown["webhook_events_filter"] = json!(["completed"]);
        }
        shown
    }

    pub(super) fn extension(&self) -> &str {
        self.input["output_format"].as_str().unwrap_or("webp")
    }

    fn files(&self, base: &str) -> Vec<String> {
        let count = self.input["num_outputs"].as_u64().unwrap_or(1);
        let name = |n| format!("{base}/delivery/{}/out-{n}.{}", self.id, self.extension());
        (0..count).map(name).collect()
    }

    fn logs(&self, now: OffsetDateTime) -> &'static str {
        match self.status(now) {
            Status::Starting => "",
            Status::Processing => {
                "Using seed: 12103\n  0%|          | 0/4 [00:00<?, ?it/s]\n 50%|█████     | 2/4 [00:01<00:01,  1.96it/s]"
            }
            Status::Succeeded | Status::Failed | Status::Canceled | Status::Aborted => {
                "Using seed: 12103\n100%|██████████| 4/4 [00:02<00:00,  1.98it/s]"
            }
        }
    }
}

fn time_text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
