//! 4o Image: one model without a name, a word and a flag for its state, progress from "0.00" to "1.00".

use serde_json::{Map, Value, json};

use super::{Family, Naming, Shown, Unknown};
use crate::kie::models::{Kind, Makes, Media, Model, may, must};
use crate::kie::tasks::{Standing, millis};

pub(super) const FAMILY: Family = Family {
    name: "4o-image",
    generate_path: "/api/v1/gpt4o-image/generate",
    record_path: "/api/v1/gpt4o-image/record-info",
    models: MODELS,
    names_model: Naming::Never,
    needs_callback: false,
    rules,
    record,
    callback,
    unknown: Unknown::NotFound,
    stages: &[],
};

const MODELS: &[Model] = &[Model {
    id: "gpt-4o-image",
    makes: Makes::Picture,
    takes_ms: 12_000,
    credits: 6,
    params: &[
        may("prompt", Kind::Text(5_000)),
        may("filesUrl", Kind::Urls(Media::Image, 5)),
        may("fileUrl", Kind::Url(Media::Image)),
        may("maskUrl", Kind::Url(Media::Image)),
        must("size", Kind::OneOf(&["1:1", "3:2", "2:3"])),
        may("nVariants", Kind::Number(1.0, 4.0)),
        may("isEnhance", Kind::Flag),
        may("uploadCn", Kind::Flag),
        may("enableFallback", Kind::Flag),
        may("fallbackModel", Kind::OneOf(&["GPT_IMAGE_1", "FLUX_MAX"])),
    ],
}];

fn rules(input: &Map<String, Value>) -> Result<(), String> {
    if !["prompt", "filesUrl", "fileUrl"]
        .iter()
        .any(|name| input.contains_key(*name))
    {
        return Err("At least one of prompt or filesUrl must be provided".to_owned());
    }
    match input.get("nVariants").map(Value::as_i64) {
        None | Some(Some(1 | 2 | 4)) => Ok(()),
        Some(_) => Err("nVariants must be 1, 2 or 4".to_owned()),
    }
}

/// One of the results for each variant, of which two are played.
fn results(shown: &Shown<'_>) -> Vec<String> {
    let several = shown.task.param.get("nVariants").and_then(Value::as_i64) > Some(1);
    let count = if several { 2 } else { 1 };
    shown.urls().into_iter().take(count).collect()
}

fn record(shown: &Shown<'_>) -> Value {
    let (status, flag, progress) = match &shown.standing {
        Standing::Waiting => ("GENERATING", 0, "0.00"),
        Standing::Queuing => ("GENERATING", 0, "0.10"),
        Standing::Generating => ("GENERATING", 0, "0.48"),
        Standing::Success => ("SUCCESS", 1, "1.00"),
        Standing::Fail(_) => ("GENERATE_FAILED", 3, "0.48"),
    };
    let ended = matches!(shown.standing, Standing::Success | Standing::Fail(_));
    let failure = shown.failure();
    json!({
        "taskId": shown.task.id,
        "paramJson": shown.params(),
        "completeTime": shown.task.ends().filter(|_| ended).map(millis),
        "response": shown.is_done().then(|| json!({ "resultUrls": results(shown) })),
        "successFlag": flag,
        "status": status,
        "errorCode": failure.map(super::Failure::number),
        "errorMessage": failure.map(|failure| &failure.message),
        "createTime": millis(shown.task.created),
        "progress": progress,
    })
}

fn callback(shown: &Shown<'_>) -> Value {
    let info = shown
        .is_done()
        .then(|| json!({ "result_urls": results(shown) }));
    json!({
        "code": shown.failure().map_or(200, super::Failure::number),
        "msg": shown.failure().map_or("Gpt4o-image generated successfully.", |failure| &failure.message),
        "data": { "taskId": shown.task.id, "info": info },
    })
}
