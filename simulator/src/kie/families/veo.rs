//! Veo 3.1: a flag for its state, times as words, the results beside the originals.

use serde_json::{Map, Value, json};

use super::{Family, Naming, Shown, Unknown};
use crate::kie::models::{Kind, Makes, Media, Model, Param, may, must};
use crate::kie::tasks::Standing;

pub(super) const FAMILY: Family = Family {
    name: "veo",
    generate_path: "/api/v1/veo/generate",
    record_path: "/api/v1/veo/record-info",
    models: MODELS,
    names_model: Naming::May,
    needs_callback: false,
    rules,
    record,
    callback,
    unknown: Unknown::NotFound,
    stages: &[],
};

const PARAMS: &[Param] = &[
    must("prompt", Kind::Text(5_000)),
    may("imageUrls", Kind::Urls(Media::Image, 3)),
    may(
        "generationType",
        Kind::OneOf(&[
            "TEXT_2_VIDEO",
            "FIRST_AND_LAST_FRAMES_2_VIDEO",
            "REFERENCE_2_VIDEO",
        ]),
    ),
    may("aspect_ratio", Kind::OneOf(&["16:9", "9:16", "Auto"])),
    may("seeds", Kind::Number(10_000.0, 99_999.0)),
    may("enableFallback", Kind::Flag),
    may("enableTranslation", Kind::Flag),
    may("watermark", Kind::Text(100)),
];

const MODELS: &[Model] = &[
    Model {
        id: "veo3_fast",
        makes: Makes::Video,
        takes_ms: 20_000,
        credits: 60,
        params: PARAMS,
    },
    Model {
        id: "veo3",
        makes: Makes::Video,
        takes_ms: 30_000,
        credits: 250,
        params: PARAMS,
    },
];

fn rules(input: &Map<String, Value>) -> Result<(), String> {
    let images = input
        .get("imageUrls")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    match input.get("generationType").and_then(Value::as_str) {
        Some("TEXT_2_VIDEO") if images > 0 => Err("TEXT_2_VIDEO takes no imageUrls".to_owned()),
        Some("REFERENCE_2_VIDEO") if images == 0 => {
            Err("REFERENCE_2_VIDEO requires 1-3 images in imageUrls".to_owned())
        }
        Some("REFERENCE_2_VIDEO") => Ok(()),
        _ if images > 2 => Err("imageUrls supports 1 or 2 images".to_owned()),
        _ => Ok(()),
    }
}

fn result(shown: &Shown<'_>) -> Option<Value> {
    let [url, _] = shown.urls();
    shown.is_done().then(|| {
        json!({
            "resultUrls": [url],
            "originUrls": [shown.beside("origin")],
            "resolution": "1080p",
        })
    })
}

fn record(shown: &Shown<'_>) -> Value {
    let flag = match &shown.standing {
        Standing::Waiting | Standing::Queuing | Standing::Generating => 0,
        Standing::Success => 1,
        // Refused before it was begun, or failed in the making.
        Standing::Fail(failure) if failure.code == "422" => 2,
        Standing::Fail(_) => 3,
    };
    json!({
        "taskId": shown.task.id,
        "paramJson": shown.params(),
        "completeTime": if flag == 0 { Value::Null } else { json!("2025-06-06 10:30:00") },
        "response": result(shown),
        "successFlag": flag,
        "errorCode": shown.failure().map(super::Failure::number),
        "errorMessage": shown.failure().map_or("", |failure| &failure.message),
        "createTime": "2025-06-06 10:25:00",
        "fallbackFlag": false,
    })
}

fn callback(shown: &Shown<'_>) -> Value {
    json!({
        "code": shown.failure().map_or(200, super::Failure::number),
        "msg": shown.failure().map_or("Veo3.1 video generated successfully.", |failure| &failure.message),
        "data": {
            "taskId": shown.task.id,
            "promptJson": shown.params(),
            "info": result(shown),
            "fallbackFlag": false,
        },
    })
}
