//! Flux Kontext: a flag for its state and no word, one result by a name of its own beside the original.

use serde_json::{Map, Value, json};

use super::{Family, Naming, Shown, Unknown};
use crate::kie::models::{Kind, Makes, Media, Model, Param, may, must};
use crate::kie::tasks::Standing;

pub(super) const FAMILY: Family = Family {
    name: "flux-kontext",
    generate_path: "/api/v1/flux/kontext/generate",
    record_path: "/api/v1/flux/kontext/record-info",
    models: MODELS,
    names_model: Naming::May,
    needs_callback: false,
    rules,
    record,
    callback,
    unknown: Unknown::Invalid,
    stages: &[],
};

const PARAMS: &[Param] = &[
    must("prompt", Kind::Text(5_000)),
    may("enableTranslation", Kind::Flag),
    may("uploadCn", Kind::Flag),
    may("inputImage", Kind::Url(Media::Image)),
    may(
        "aspectRatio",
        Kind::OneOf(&["21:9", "16:9", "4:3", "1:1", "3:4", "9:16"]),
    ),
    may("outputFormat", Kind::OneOf(&["jpeg", "png"])),
    may("promptUpsampling", Kind::Flag),
    may("safetyTolerance", Kind::Number(0.0, 6.0)),
    may("watermark", Kind::Text(100)),
];

const MODELS: &[Model] = &[
    Model {
        id: "flux-kontext-pro",
        makes: Makes::Picture,
        takes_ms: 6_000,
        credits: 5,
        params: PARAMS,
    },
    Model {
        id: "flux-kontext-max",
        makes: Makes::Picture,
        takes_ms: 9_000,
        credits: 10,
        params: PARAMS,
    },
];

fn rules(input: &Map<String, Value>) -> Result<(), String> {
    let most = if input.contains_key("inputImage") {
        2.0
    } else {
        6.0
    };
    match input.get("safetyTolerance").and_then(Value::as_f64) {
        Some(level) if level > most || level.fract() != 0.0 => {
            Err("The security tolerance level is out of range and should be 0-2 or 0-6".to_owned())
        }
        Some(_) | None => Ok(()),
    }
}

fn result(shown: &Shown<'_>) -> Option<Value> {
    let [url, _] = shown.urls();
    shown
        .is_done()
        .then(|| json!({ "originImageUrl": shown.beside("origin"), "resultImageUrl": url }))
}

fn record(shown: &Shown<'_>) -> Value {
    let flag = match &shown.standing {
        Standing::Waiting | Standing::Queuing | Standing::Generating => 0,
        Standing::Success => 1,
        Standing::Fail(_) => 3,
    };
    json!({
        "taskId": shown.task.id,
        "paramJson": shown.params(),
        "completeTime": if flag == 0 { Value::Null } else { json!("2024-03-20T10:30:00Z") },
        "response": result(shown),
        "successFlag": flag,
        "errorCode": shown.failure().map(super::Failure::number),
        "errorMessage": shown.failure().map(|failure| &failure.message),
        "createTime": "2024-03-20T10:25:00Z",
    })
}

fn callback(shown: &Shown<'_>) -> Value {
    json!({
        "code": shown.failure().map_or(200, super::Failure::number),
        "msg": shown.failure().map_or("BFL image generated successfully.", |failure| &failure.message),
        "data": { "taskId": shown.task.id, "info": result(shown) },
    })
}
