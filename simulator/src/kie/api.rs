//! The endpoints of the API.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::Duration;

use super::families::{self, Family};
use super::models::{Model, Wanted};
use super::records::record;
use super::settings::{FailNext, Shape, TaskIdPlace};
use super::tasks::{Failure, Inputs, Standing, Task};
use super::{Inner, KEPT_TASKS_MAX, callback, inputs};
use crate::core::Core;
use crate::server::Cut;

/// Longer requests are refused unread.
const BODY_BYTES_MAX: usize = 1 << 20;
/// docs.kie.ai, "Rate limits": 20 new requests in 10 seconds.
const CREATES_MAX: usize = 20;
const CREATES_LENGTH: Duration = Duration::seconds(10);
/// docs.kie.ai: at most 10 queries a second for one key.
const POLLS_MAX: usize = 10;
const POLLS_LENGTH: Duration = Duration::seconds(1);

/// A refusal: its code is also the HTTP status.
pub(super) struct Refusal {
    code: u16,
    message: String,
}

impl Refusal {
    pub(super) fn new(code: u16, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// A good answer.
pub(super) enum Good {
    /// Under `data`.
    Data(Value),
    /// Beside the code.
    Beside(&'static str, Value),
}

pub(super) type Outcome = Result<Good, Refusal>;

/// Answers under the faults in force and logs the call.
pub(super) async fn answered(
    core: &Arc<Core>,
    target: &str,
    params: Value,
    act: impl Future<Output = Outcome>,
) -> Response {
    let answer = async {
        let outcome = act.await;
        envelope(core.kie.lock().settings.shape, outcome)
    };
    let response = core.faults.around(&core.clock, target, None, answer).await;
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    let cut = parts.extensions.get::<Cut>().is_some();
    let status = if cut { 0 } else { parts.status.as_u16() };
    let shown = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    core.log
        .push(core.clock.now(), target, params, status, shown);
    Response::from_parts(parts, Body::from(bytes))
}

fn envelope(shape: Shape, outcome: Outcome) -> Response {
    let name = if shape.message { "message" } else { "msg" };
    let mut body = Map::new();
    let status = match outcome {
        Ok(good) => {
            body.insert("code".to_owned(), json!(200));
            body.insert(name.to_owned(), json!("success"));
            match good {
                Good::Data(data) => body.insert("data".to_owned(), data),
                Good::Beside(name, value) => body.insert(name.to_owned(), value),
            };
            StatusCode::OK
        }
        Err(refusal) => {
            body.insert("code".to_owned(), json!(refusal.code));
            body.insert(name.to_owned(), json!(refusal.message));
            if shape.http_200 {
                StatusCode::OK
            } else {
                StatusCode::from_u16(refusal.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    };
    (status, Json(Value::Object(body))).into_response()
}

/// The key opens the account; any other is refused with the documented text.
pub(super) fn authorised(core: &Core, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if given == Some(core.config.kie_key.as_str()) {
        return Ok(());
    }
    Err(Refusal::new(401, "You do not have access permissions"))
}

pub(super) async fn not_found() -> Response {
    envelope(
        Shape::default(),
        Err(Refusal::new(404, "The requested resource was not found")),
    )
}

pub(super) async fn create_task(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    submit(&core, "kie.createTask", &headers, &body, read_create).await
}

/// A request that creates work; `read` takes its body apart.
pub(super) async fn submit(
    core: &Arc<Core>,
    target: &str,
    headers: &HeaderMap,
    body: &Bytes,
    read: impl Fn(&Bytes) -> Result<(Create, &'static Model, Vec<Wanted>), Refusal>,
) -> Response {
    let params = serde_json::from_slice(body).unwrap_or(Value::Null);
    let act = async {
        let outcome = create(core, headers, body, read);
        // A task that was promised outlives the simulator.
        core.saves.wait().await;
        outcome
    };
    answered(core, target, params, act).await
}

/// A request in parts.
#[derive(Deserialize)]
pub(super) struct Create {
    pub(super) model: String,
    #[serde(rename = "callBackUrl")]
    pub(super) callback_url: Option<String>,
    #[serde(default)]
    pub(super) input: Map<String, Value>,
}

fn create(
    core: &Arc<Core>,
    headers: &HeaderMap,
    body: &Bytes,
    read: impl Fn(&Bytes) -> Result<(Create, &'static Model, Vec<Wanted>), Refusal>,
) -> Outcome {
    authorised(core, headers)?;
    let now = core.clock.now();
    let mut inner = core.kie.lock();
    inner.create_calls += 1;
    if inner.settings.limits && !inner.creates.admit(now, CREATES_MAX, CREATES_LENGTH) {
        return Err(Refusal::new(
            429,
            "Your call frequency is too high. Please try again later.",
        ));
    }
    is_json(headers, body)?;
    let (create, model, wanted) = read(body)?;
    let callable = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if !create.callback_url.as_ref().is_none_or(callable) {
        return Err(Refusal::new(422, "callBackUrl must be a valid url"));
    }
    let failing = inner.settings.take_failure(model.id);
    if let Some(FailNext { code, msg, .. }) = failing.as_ref().filter(|next| next.at_create) {
        return Err(Refusal::new(*code, msg.clone()));
    }
    if inner.settings.credits < model.credits {
        return Err(Refusal::new(
            402,
            "Credits insufficient: the current account balance isn't enough to run this request. Please top up to continue.",
        ));
    }
    inner.settings.credits -= model.credits;
    let task = new_task(core, &inner, body, create, model, wanted, failing);
    let data = created(inner.settings.shape.task_id, &task);
    let id = task.id.clone();
    if inner.tasks.len() >= KEPT_TASKS_MAX {
        inner.tasks.pop_front();
    }
    inner.tasks.push_back(task);
    drop(inner);
    let busy = core.kie.begin();
    let reader = Arc::clone(core);
    core.spawn(async move {
        inputs::read(&reader, &id).await;
        drop(busy);
        callback::when_ended(&reader, &id).await;
    });
    Ok(data)
}

fn is_json(headers: &HeaderMap, body: &Bytes) -> Result<(), Refusal> {
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    if !json {
        return Err(Refusal::new(
            422,
            "The request body must be application/json",
        ));
    }
    if body.len() > BODY_BYTES_MAX {
        return Err(Refusal::new(422, "The request body is too large"));
    }
    Ok(())
}

fn read_create(body: &Bytes) -> Result<(Create, &'static Model, Vec<Wanted>), Refusal> {
    let refuse = |text: &str| Refusal::new(422, text);
    let create: Create = serde_json::from_slice(body)
        .map_err(|error| refuse(&format!("The request body cannot be read: {error}")))?;
    let Some(model) = Model::find(&create.model) else {
        return Err(refuse(
            "The model name you specified is not supported. Please verify and use a valid model.",
        ));
    };
    let wanted = model.check(&create.input).map_err(|text| refuse(&text))?;
    Ok((create, model, wanted))
}

fn new_task(
    core: &Core,
    inner: &Inner,
    body: &Bytes,
    create: Create,
    model: &'static Model,
    wanted: Vec<Wanted>,
    failing: Option<FailNext>,
) -> Task {
    let words = ["prompt", "text"]
        .into_iter()
        .filter_map(|name| create.input.get(name)?.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    let speed = inner.settings.speed.unwrap_or(core.config.kie_speed);
    let duration = create.input.get("duration");
    let long = duration.is_some_and(|duration| *duration == "10" || *duration == 10);
    let takes = Duration::milliseconds(i64::try_from(model.takes_ms).unwrap_or(i64::MAX));
    let takes = (if long { takes * 3 / 2 } else { takes }) / speed.max(0.001);
    Task {
        id: core.random_name(32).to_lowercase(),
        record_id: core.random_name(32).to_lowercase(),
        model,
        param: serde_json::from_slice(body).unwrap_or(Value::Null),
        callback_url: create.callback_url,
        inputs: if wanted.is_empty() {
            Inputs::Read
        } else {
            Inputs::Reading
        },
        wanted,
        created: core.clock.now(),
        takes: (!words.contains("!slow")).then_some(takes),
        failure: failure(&words, failing),
        fetched: Vec::new(),
        picture: None,
        callbacks: Vec::new(),
        staged: 0,
        next_callback: None,
        refunded: false,
        result: None,
    }
}

/// The failures that words in the prompt ask for, so that a person at the chat page can see them too.
fn failure(words: &str, failing: Option<FailNext>) -> Option<Failure> {
    let failure = |code: &str, message: &str| Failure {
        code: code.to_owned(),
        message: message.to_owned(),
    };
    if let Some(next) = failing {
        return Some(failure(&next.code.to_string(), &next.msg));
    }
    if words.contains("!refuse") {
        return Some(failure(
            "422",
            "The request was flagged as sensitive by the content policy. Please change the prompt.",
        ));
    }
    words.contains("!fail").then(|| {
        failure(
            "501",
            "Internal Error, Please try again later. [upstream fal.ai/bytedance-seed gateway: HTTP 502, contact support@kie.ai, task host gpu-17.kie.internal]",
        )
    })
}

fn created(place: TaskIdPlace, task: &Task) -> Good {
    let id = json!(task.id);
    if families::of(task.model).is_some() {
        return Good::Data(json!({ "taskId": id }));
    }
    match place {
        TaskIdPlace::DataTaskId => Good::Data(json!({"taskId": id, "recordId": task.record_id})),
        TaskIdPlace::DataRecordId => Good::Data(json!({"recordId": id})),
        TaskIdPlace::DataId => Good::Data(json!({"id": id})),
        TaskIdPlace::TaskId => Good::Beside("taskId", id),
        TaskIdPlace::RecordId => Good::Beside("recordId", id),
        TaskIdPlace::Id => Good::Beside("id", id),
    }
}

/// Query of recordInfo.
#[derive(Deserialize)]
pub(super) struct RecordQuery {
    #[serde(rename = "taskId")]
    task_id: Option<String>,
}

pub(super) async fn record_info(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    Query(query): Query<RecordQuery>,
) -> Response {
    look_up(&core, "kie.recordInfo", &headers, query, None).await
}

/// A question about a task; `family` knows only its own.
pub(super) async fn look_up(
    core: &Arc<Core>,
    target: &str,
    headers: &HeaderMap,
    query: RecordQuery,
    family: Option<&'static Family>,
) -> Response {
    let id = query.task_id.unwrap_or_default();
    let act = async {
        authorised(core, headers)?;
        let now = core.clock.now();
        let mut inner = core.kie.lock();
        if inner.settings.limits && !inner.polls.admit(now, POLLS_MAX, POLLS_LENGTH) {
            return Err(Refusal::new(
                429,
                "Your call frequency is too high. Please try again later.",
            ));
        }
        if id.is_empty() {
            return Err(Refusal::new(422, "taskId is required"));
        }
        settle(&mut inner, &id, now);
        let shape = inner.settings.shape;
        let name = |family: Option<&Family>| family.map(|family| family.name);
        let own = |task: &&Task| name(families::of(task.model)) == name(family);
        match (inner.task(&id).filter(own), family) {
            (Some(task), _) => Ok(Good::Data(record(core, shape, task))),
            (None, Some(family)) => family.unknown().map(Good::Data),
            (None, None) => Err(Refusal::new(404, "recordInfo is null")),
        }
    };
    answered(core, target, json!({"taskId": id}), act).await
}

/// Credits of a failed task come back once.
pub(super) fn settle(inner: &mut Inner, id: &str, now: time::OffsetDateTime) {
    let Some(task) = inner.task_mut(id) else {
        return;
    };
    if !task.refunded && matches!(task.standing(now), Standing::Fail(_)) {
        task.refunded = true;
        let credits = task.model.credits;
        inner.settings.credits += credits;
    }
}
