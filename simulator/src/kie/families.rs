//! KIE's older families of models (docs.kie.ai: 4o Image, Flux Kontext, Veo 3.1, Runway, Suno), one file each.
//!
//! They share the account, its limits, its tasks and the way they are made with the market; endpoints, parameters, words
//! for a state, the shape of a record and that of a callback are each family's own. A family knows no task of another.

mod flux;
mod gpt4o;
mod runway;
mod suno;
mod veo;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value};

use super::api::{self, Create, RecordQuery, Refusal};
use super::models::{Model, Wanted};
use super::records::result_url;
use super::tasks::{Failure, Standing, Task};
use crate::core::Core;

/// One family.
#[derive(Debug)]
pub(crate) struct Family {
    /// In the targets of faults and in the log: `kie.<name>.generate`, `kie.<name>.record`.
    pub(crate) name: &'static str,
    generate_path: &'static str,
    record_path: &'static str,
    /// The first is used where a request names none.
    pub(crate) models: &'static [Model],
    /// Whether a request names its model.
    names_model: Naming,
    needs_callback: bool,
    /// What no single parameter tells.
    rules: fn(&Map<String, Value>) -> Result<(), String>,
    record: fn(&Shown<'_>) -> Value,
    callback: fn(&Shown<'_>) -> Value,
    /// What is said of a task that does not exist. The documents do not show it, and clients must bear all of these.
    unknown: Unknown,
    /// Callbacks before the last one: what they are called, and after how many fifths of the time.
    pub(crate) stages: &'static [(&'static str, i32)],
}

/// Whether a request names its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    Never,
    May,
    Must,
}

/// What is said of a task that does not exist.
#[derive(Clone, Copy, Debug)]
enum Unknown {
    NotFound,
    Invalid,
    NoData,
}

/// A task at a moment, for its record.
pub(super) struct Shown<'a> {
    core: &'a Core,
    task: &'a Task,
    standing: Standing,
    /// Of a callback before the end.
    stage: Option<&'static str>,
}

impl Shown<'_> {
    /// The address of its result, and of the one that comes with it.
    fn urls(&self) -> [String; 2] {
        let url = result_url(self.core, self.task);
        let second = match url.rsplit_once('.') {
            Some((head, extension)) => format!("{head}-2.{extension}"),
            None => url.clone(),
        };
        [url, second]
    }

    /// Where something of it lies that is no result: a cover, a stream, the input as it was.
    fn beside(&self, what: &str) -> String {
        let port = self.core.addr.port();
        format!("http://127.0.0.1:{port}/kie/beside/{}-{what}", self.task.id)
    }

    fn failure(&self) -> Option<&Failure> {
        match &self.standing {
            Standing::Fail(failure) => Some(failure),
            Standing::Waiting | Standing::Queuing | Standing::Generating | Standing::Success => {
                None
            }
        }
    }

    fn is_done(&self) -> bool {
        self.standing == Standing::Success
    }

    /// The parameters as most families show them: JSON in a string.
    fn params(&self) -> String {
        self.task.param.to_string()
    }
}

impl Failure {
    /// The older families give numbers, and call what their rules forbid 400.
    fn number(&self) -> i64 {
        match self.code.as_str() {
            "422" => 400,
            code => code.parse().unwrap_or(500),
        }
    }
}

/// All of them.
pub(crate) const FAMILIES: [&Family; 5] = [
    &gpt4o::FAMILY,
    &flux::FAMILY,
    &veo::FAMILY,
    &runway::FAMILY,
    &suno::FAMILY,
];

/// The family of a model; none for the market's.
pub(crate) fn of(model: &Model) -> Option<&'static Family> {
    FAMILIES
        .into_iter()
        .find(|family| family.models.iter().any(|known| known.id == model.id))
}

impl Family {
    pub(super) fn record(&self, core: &Core, task: &Task) -> Value {
        (self.record)(&Shown::at(core, task, None))
    }

    pub(super) fn callback(&self, core: &Core, task: &Task, stage: Option<&'static str>) -> Value {
        (self.callback)(&Shown::at(core, task, stage))
    }

    pub(super) fn unknown(&self) -> Result<Value, Refusal> {
        match self.unknown {
            Unknown::NotFound => Err(Refusal::new(404, "recordInfo is null")),
            Unknown::Invalid => Err(Refusal::new(422, "recordInfo is null")),
            Unknown::NoData => Ok(Value::Null),
        }
    }

    /// A request in parts, or what is wrong with it.
    fn read(&self, body: &Bytes) -> Result<(Create, &'static Model, Vec<Wanted>), Refusal> {
        let refuse = |text: &str| Refusal::new(422, text);
        let mut input: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| Refusal::new(400, "not valid JSON"))?;
        let callback_url = match input.remove("callBackUrl") {
            None | Some(Value::Null) if self.needs_callback => {
                return Err(refuse("callBackUrl is required"));
            }
            None | Some(Value::Null) => None,
            Some(Value::String(url)) => Some(url),
            Some(_) => return Err(refuse("callBackUrl must be a valid url")),
        };
        let named = match (self.names_model, input.remove("model")) {
            (Naming::Never, Some(_)) => return Err(refuse("model is not a parameter")),
            (Naming::Must, None) => return Err(refuse("model is required")),
            (_, None) => self.models.first(),
            (_, Some(name)) => self.models.iter().find(|model| name == model.id),
        };
        let model = named.ok_or_else(|| refuse("model is not within the range of options"))?;
        let wanted = model.check(&input).map_err(|text| refuse(&text))?;
        (self.rules)(&input).map_err(|text| refuse(&text))?;
        let create = Create {
            model: model.id.to_owned(),
            callback_url,
            input,
        };
        Ok((create, model, wanted))
    }
}

impl<'a> Shown<'a> {
    fn at(core: &'a Core, task: &'a Task, stage: Option<&'static str>) -> Self {
        Self {
            core,
            task,
            standing: task.standing(core.clock.now()),
            stage,
        }
    }
}

/// The endpoints of all families.
pub(super) fn routes(router: Router<Arc<Core>>) -> Router<Arc<Core>> {
    FAMILIES.into_iter().fold(router, |router, family| {
        let generate = move |State(core): State<Arc<Core>>, headers: HeaderMap, body: Bytes| {
            generate(family, core, headers, body)
        };
        let record = move |State(core): State<Arc<Core>>,
                           headers: HeaderMap,
                           Query(query): Query<RecordQuery>| {
            record(family, core, headers, query)
        };
        router
            .route(family.generate_path, post(generate))
            .route(family.record_path, get(record))
    })
}

async fn generate(
    family: &'static Family,
    core: Arc<Core>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = format!("kie.{}.generate", family.name);
    api::submit(&core, &target, &headers, &body, |body| family.read(body)).await
}

async fn record(
    family: &'static Family,
    core: Arc<Core>,
    headers: HeaderMap,
    query: RecordQuery,
) -> Response {
    let target = format!("kie.{}.record", family.name);
    api::look_up(&core, &target, &headers, query, Some(family)).await
}
