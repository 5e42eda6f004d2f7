//! Tasks: what was asked, how it stands at a moment, and how it ends.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::families;
use super::models::{Makes, Model, Wanted};

/// Why a task failed. Codes are strings in KIE's answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// One input that was read, for the control API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fetched {
    pub(crate) url: String,
    /// 0 when there was no answer.
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) bytes: usize,
    pub(crate) error: Option<String>,
}

/// One attempt to call back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Callback {
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    /// 0 when there was no answer.
    pub(crate) status: u16,
}

/// Where a task's inputs are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Inputs {
    Reading,
    Read,
    Unusable(Failure),
}

/// How a task stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Waiting,
    Queuing,
    Generating,
    Success,
    Fail(Failure),
}

impl Standing {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queuing => "queuing",
            Self::Generating => "generating",
            Self::Success => "success",
            Self::Fail(_) => "fail",
        }
    }
}

/// One task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) record_id: String,
    #[serde(with = "model_by_id")]
    pub(crate) model: &'static Model,
    /// The request as it came.
    pub(crate) param: Value,
    pub(crate) callback_url: Option<String>,
    pub(crate) wanted: Vec<Wanted>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created: OffsetDateTime,
    /// None for one that never ends.
    pub(crate) takes: Option<Duration>,
    /// Decided at its creation.
    pub(crate) failure: Option<Failure>,
    pub(crate) inputs: Inputs,
    pub(crate) fetched: Vec<Fetched>,
    /// The first picture among the inputs, until the result is made from it.
    #[serde(skip)]
    pub(crate) picture: Option<Bytes>,
    pub(crate) callbacks: Vec<Callback>,
    /// Callbacks before the end that were made.
    #[serde(default)]
    pub(crate) staged: usize,
    /// When calling back is tried again; none before the first attempt and after the last.
    #[serde(skip)]
    pub(crate) next_callback: Option<OffsetDateTime>,
    pub(crate) refunded: bool,
    #[serde(skip)]
    pub(crate) result: Option<Bytes>,
}

mod model_by_id {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Model;

    pub(super) fn serialize<S: Serializer>(
        model: &&'static Model,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(model.id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<&'static Model, D::Error> {
        let id = String::deserialize(deserializer)?;
        Model::known(&id).ok_or_else(|| D::Error::custom("no such model"))
    }
}

impl Task {
    /// Waiting takes a tenth of the time, queuing the next tenth.
    pub(crate) fn standing(&self, now: OffsetDateTime) -> Standing {
        let age = now - self.created;
        let Some(takes) = self.takes else {
            return match age.whole_seconds() {
                ..1 => Standing::Waiting,
                1..3 => Standing::Queuing,
                3.. => Standing::Generating,
            };
        };
        if age < takes / 10 {
            return Standing::Waiting;
        }
        if age < takes / 5 {
            return Standing::Queuing;
        }
        // What cannot be read is found out before the work.
        if let Inputs::Unusable(failure) = &self.inputs {
            return Standing::Fail(failure.clone());
        }
        if age < takes || self.inputs == Inputs::Reading {
            return Standing::Generating;
        }
        match &self.failure {
            Some(failure) => Standing::Fail(failure.clone()),
            None => Standing::Success,
        }
    }

    /// When it ends at the latest, once its inputs were read.
    pub(crate) fn ends(&self) -> Option<OffsetDateTime> {
        let takes = self.takes?;
        Some(match self.inputs {
            Inputs::Unusable(_) => self.created + takes / 5,
            Inputs::Reading | Inputs::Read => self.created + takes,
        })
    }

    /// When the next callback before the end is due, and what it is called.
    pub(crate) fn next_stage(&self) -> Option<(OffsetDateTime, &'static str)> {
        let takes = self.takes.filter(|_| self.failure.is_none())?;
        let &(name, fifths) = families::of(self.model)?.stages.get(self.staged)?;
        Some((self.created + takes * fifths / 5, name))
    }

    pub(crate) fn extension(&self) -> &'static str {
        let jpeg = match (self.input("output_format"), self.input("outputFormat")) {
            (None, None) => self.model.id.starts_with("flux-kontext"),
            (market, older) => market.or(older) == Some("jpeg"),
        };
        match self.model.makes {
            Makes::Picture | Makes::Edited if jpeg => "jpg",
            Makes::Picture | Makes::Edited | Makes::Upscaled | Makes::Cutout => "png",
            Makes::Video => "mp4",
            Makes::Speech => "mp3",
        }
    }

    /// A text of the input; the older families have no object of its own for that.
    pub(crate) fn input(&self, name: &str) -> Option<&str> {
        let input = self.param.get("input").unwrap_or(&self.param);
        input.get(name)?.as_str()
    }

    /// For the control API.
    pub(crate) fn report(&self, now: OffsetDateTime, result_url: &str) -> Value {
        let standing = self.standing(now);
        let (fail_code, fail_msg) = match &standing {
            Standing::Fail(failure) => (Some(&failure.code), Some(&failure.message)),
            _ => (None, None),
        };
        let ends = self.ends();
        json!({
            "task_id": self.id,
            "model": self.model.id,
            "param": self.param,
            "state": standing.name(),
            "fail_code": fail_code,
            "fail_msg": fail_msg,
            "result_urls": if standing == Standing::Success { vec![result_url] } else { Vec::new() },
            "created_ms": millis(self.created),
            "ends_ms": ends.map(millis),
            "inputs": self.fetched.iter().map(|read| json!({
                "url": read.url,
                "status": read.status,
                "content_type": read.content_type,
                "bytes": read.bytes,
                "error": read.error,
            })).collect::<Vec<_>>(),
            "callback_url": self.callback_url,
            "callbacks": self.callbacks.iter().map(|call| json!({
                "at_ms": millis(call.at),
                "status": call.status,
            })).collect::<Vec<_>>(),
        })
    }
}

/// Milliseconds since 1970, as KIE writes times.
pub(crate) fn millis(at: OffsetDateTime) -> i64 {
    at.unix_timestamp() * 1000 + i64::from(at.millisecond())
}
