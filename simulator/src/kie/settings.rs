//! What a test may change about the provider: `POST /sim/kie/settings`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::models::Model;

/// An account at the start has this many credits.
const CREDITS: i64 = 100_000;

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Settings {
    /// None: as the simulator was started.
    pub(crate) speed: Option<f64>,
    pub(crate) shape: Shape,
    /// Applied to the next tasks, one each.
    pub(crate) fail_next: Vec<FailNext>,
    pub(crate) callbacks: bool,
    pub(crate) credits: i64,
    /// Signs callbacks; without it they carry no signature, as when none is set up in KIE's settings.
    #[serde(skip)]
    pub(crate) webhook_key: WebhookKey,
    /// Whether the limits of calls per second are kept.
    pub(crate) limits: bool,
}

/// Which key signs callbacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum WebhookKey {
    /// The key of the API.
    #[default]
    ApiKey,
    Own(String),
    None,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            speed: None,
            shape: Shape::default(),
            fail_next: Vec::new(),
            callbacks: true,
            credits: CREDITS,
            webhook_key: WebhookKey::default(),
            limits: true,
        }
    }
}

/// The shapes of answers that were seen in the wild.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Shape {
    pub(crate) task_id: TaskIdPlace,
    pub(crate) result_json: ResultJson,
    pub(crate) result_key: ResultKey,
    /// `message` in place of `msg`.
    pub(crate) message: bool,
    /// Errors come with HTTP status 200 and only their `code` tells.
    pub(crate) http_200: bool,
}

/// Where createTask puts the id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TaskIdPlace {
    /// `data.taskId` and `data.recordId`, as documented.
    #[default]
    #[serde(rename = "data.taskId")]
    DataTaskId,
    #[serde(rename = "data.recordId")]
    DataRecordId,
    #[serde(rename = "data.id")]
    DataId,
    #[serde(rename = "taskId")]
    TaskId,
    #[serde(rename = "recordId")]
    RecordId,
    #[serde(rename = "id")]
    Id,
}

/// How recordInfo carries the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ResultJson {
    #[default]
    String,
    Object,
}

/// The name of the result's addresses; all but the first carry one address instead of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResultKey {
    #[default]
    #[serde(rename = "resultUrls")]
    ResultUrls,
    #[serde(rename = "videoUrl")]
    VideoUrl,
    #[serde(rename = "imageUrl")]
    ImageUrl,
    #[serde(rename = "audioUrl")]
    AudioUrl,
    #[serde(rename = "resultUrl")]
    ResultUrl,
    #[serde(rename = "url")]
    Url,
}

/// How the next task fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailNext {
    pub(crate) code: u16,
    #[serde(default)]
    pub(crate) msg: String,
    /// Refuse createTask itself instead of failing the task.
    #[serde(default)]
    pub(crate) at_create: bool,
    /// Only for the next task of this model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
}

/// Body of `POST /sim/kie/settings`; what is left out stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    speed: Option<f64>,
    shape: Option<Shape>,
    /// One is added to those that wait; a list takes their place.
    fail_next: Option<Value>,
    callbacks: Option<bool>,
    credits: Option<i64>,
    /// Empty: callbacks are not signed.
    webhook_key: Option<String>,
    limits: Option<bool>,
}

impl Settings {
    /// Changes what `change` names, or says what is wrong with it.
    pub(crate) fn apply(&mut self, change: Change) -> Result<(), String> {
        let fail_next = change.fail_next.map(fail_next).transpose()?;
        if let Some(speed) = change.speed {
            if !(speed.is_finite() && (0.001..=100_000.0).contains(&speed)) {
                return Err("speed: from 0.001 to 100000".to_owned());
            }
            self.speed = Some(speed);
        }
        if let Some(shape) = change.shape {
            self.shape = shape;
        }
        match fail_next {
            None => {}
            Some(Named::One(next)) => self.fail_next.push(next),
            Some(Named::All(all)) => self.fail_next = all,
        }
        self.callbacks = change.callbacks.unwrap_or(self.callbacks);
        self.credits = change.credits.unwrap_or(self.credits);
        self.limits = change.limits.unwrap_or(self.limits);
        match change.webhook_key {
            None => {}
            Some(key) if key.is_empty() => self.webhook_key = WebhookKey::None,
            Some(key) => self.webhook_key = WebhookKey::Own(key),
        }
        Ok(())
    }

    /// The failure that waits for a task of this model.
    pub(crate) fn take_failure(&mut self, model: &str) -> Option<FailNext> {
        let fits = |next: &FailNext| next.model.as_deref().is_none_or(|wanted| wanted == model);
        let at = self.fail_next.iter().position(fits)?;
        Some(self.fail_next.remove(at))
    }
}

enum Named {
    One(FailNext),
    All(Vec<FailNext>),
}

fn fail_next(value: Value) -> Result<Named, String> {
    let read = |value: Value| {
        let next: FailNext =
            serde_json::from_value(value).map_err(|error| format!("fail_next: {error}"))?;
        match &next.model {
            Some(model) if Model::known(model).is_none() => {
                Err(format!("fail_next: there is no model {model:?}"))
            }
            Some(_) | None => Ok(next),
        }
    };
    match value {
        Value::Array(all) => {
            let all: Result<_, _> = all.into_iter().map(read).collect();
            all.map(Named::All)
        }
        one => read(one).map(Named::One),
    }
}
