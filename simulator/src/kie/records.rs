//! A task as recordInfo and callbacks show it.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::families;
use super::settings::{ResultJson, ResultKey, Shape};
use super::tasks::{Standing, Task, millis};
use crate::core::Core;

/// Where a task's result can be read once it is made.
pub(super) fn result_url(core: &Core, task: &Task) -> String {
    format!(
        "http://127.0.0.1:{}/kie/results/{}.{}",
        core.addr.port(),
        task.id,
        task.extension()
    )
}

/// `data` of recordInfo.
pub(super) fn record(core: &Core, shape: Shape, task: &Task) -> Value {
    if let Some(family) = families::of(task.model) {
        return family.record(core, task);
    }
    let now = core.clock.now();
    let standing = task.standing(now);
    let ended = matches!(standing, Standing::Success | Standing::Fail(_));
    let done_at = task.ends().filter(|_| ended).unwrap_or(now);
    let mut data = json!({
        "taskId": task.id,
        "model": task.model.id,
        "state": standing.name(),
        "param": task.param.to_string(),
        "resultJson": result_json(core, shape, task, &standing),
        "failCode": "",
        "failMsg": "",
        "createTime": millis(task.created),
        "updateTime": millis(done_at),
    });
    if let Value::Object(data) = &mut data {
        finish(data, task, &standing, done_at);
    }
    data
}

fn finish(
    data: &mut Map<String, Value>,
    task: &Task,
    standing: &Standing,
    done_at: OffsetDateTime,
) {
    let mut set = |name: &str, value: Value| drop(data.insert(name.to_owned(), value));
    match standing {
        Standing::Waiting | Standing::Queuing | Standing::Generating => {
            set("completeTime", Value::Null);
            set("costTime", Value::Null);
        }
        Standing::Success => {
            set("completeTime", json!(millis(done_at)));
            set("costTime", json!(millis(done_at) - millis(task.created)));
            set("creditsConsumed", json!(task.model.credits));
        }
        Standing::Fail(failure) => {
            set("failCode", json!(failure.code));
            set("failMsg", json!(failure.message));
            set("completeTime", json!(millis(done_at)));
            set("costTime", json!(millis(done_at) - millis(task.created)));
            set("creditsConsumed", json!(0));
        }
    }
}

fn result_json(core: &Core, shape: Shape, task: &Task, standing: &Standing) -> Value {
    if *standing != Standing::Success {
        return json!("");
    }
    let url = result_url(core, task);
    let result = match shape.result_key {
        ResultKey::ResultUrls => json!({"resultUrls": [url]}),
        ResultKey::VideoUrl => json!({"videoUrl": url}),
        ResultKey::ImageUrl => json!({"imageUrl": url}),
        ResultKey::AudioUrl => json!({"audioUrl": url}),
        ResultKey::ResultUrl => json!({"resultUrl": url}),
        ResultKey::Url => json!({"url": url}),
    };
    match shape.result_json {
        ResultJson::String => json!(result.to_string()),
        ResultJson::Object => result,
    }
}

/// Body of a callback: the same data, with the id in the places where it was seen.
pub(super) fn callback(core: &Core, shape: Shape, task: &Task) -> Value {
    if let Some(family) = families::of(task.model) {
        return family.callback(core, task, None);
    }
    let mut data = record(core, shape, task);
    let failed = matches!(task.standing(core.clock.now()), Standing::Fail(_));
    if let Value::Object(data) = &mut data {
        data.insert("task_id".to_owned(), json!(task.id));
    }
    json!({
        "code": if failed { 501 } else { 200 },
        "msg": if failed { "Playground task failed." } else { "Playground task completed successfully." },
        "taskId": task.id,
        "data": data,
    })
}
