//! Runway: one model without a name, a word for its state, the video beside its cover.

use serde_json::{Map, Value, json};

use super::{Family, Naming, Shown, Unknown};
use crate::kie::models::{Kind, Makes, Media, Model, may, must};
use crate::kie::tasks::Standing;

pub(super) const FAMILY: Family = Family {
    name: "runway",
    generate_path: "/api/v1/runway/generate",
    record_path: "/api/v1/runway/record-detail",
    models: MODELS,
    names_model: Naming::Never,
    needs_callback: true,
    rules,
    record,
    callback,
    unknown: Unknown::Invalid,
    stages: &[],
};

const MODELS: &[Model] = &[Model {
    id: "runway",
    makes: Makes::Video,
    takes_ms: 15_000,
    credits: 12,
    params: &[
        must("prompt", Kind::Text(1_800)),
        may("imageUrl", Kind::Url(Media::Image)),
        must("duration", Kind::Number(5.0, 10.0)),
        must("quality", Kind::OneOf(&["720p", "1080p"])),
        may(
            "aspectRatio",
            Kind::OneOf(&["16:9", "4:3", "1:1", "3:4", "9:16"]),
        ),
        may("waterMark", Kind::Text(100)),
    ],
}];

fn rules(input: &Map<String, Value>) -> Result<(), String> {
    let duration = input.get("duration").and_then(Value::as_i64);
    let quality = input.get("quality").and_then(Value::as_str);
    match (duration, quality) {
        (Some(10), Some("1080p")) => {
            Err("If a 10-second video is selected, 1080p cannot be used".to_owned())
        }
        (Some(5 | 10), _)
            if input.contains_key("imageUrl") || input.contains_key("aspectRatio") =>
        {
            Ok(())
        }
        (Some(5 | 10), _) => Err("aspectRatio is required for text-to-video".to_owned()),
        _ => Err("duration must be 5 or 10".to_owned()),
    }
}

fn record(shown: &Shown<'_>) -> Value {
    let state = match &shown.standing {
        Standing::Waiting => "wait",
        Standing::Queuing => "queueing",
        Standing::Generating => "generating",
        Standing::Success => "success",
        Standing::Fail(_) => "fail",
    };
    let [url, _] = shown.urls();
    let video = shown.is_done().then(|| {
        json!({
            "videoId": shown.task.record_id,
            "taskId": shown.task.id,
            "videoUrl": url,
            "imageUrl": shown.beside("cover"),
        })
    });
    json!({
        "taskId": shown.task.id,
        "parentTaskId": "",
        "generateParam": shown.task.param,
        "state": state,
        "generateTime": "2023-08-15 14:30:45",
        "videoInfo": video,
        "failCode": shown.failure().map_or(json!(""), |failure| json!(failure.number())),
        "failMsg": shown.failure().map_or("", |failure| &failure.message),
        "expireFlag": 0,
    })
}

fn callback(shown: &Shown<'_>) -> Value {
    let [url, _] = shown.urls();
    let mut data = json!({ "task_id": shown.task.id, "video_id": shown.task.record_id });
    if shown.is_done() {
        data["video_url"] = json!(url);
        data["image_url"] = json!(shown.beside("cover"));
    }
    json!({
        "code": shown.failure().map_or(200, super::Failure::number),
        "msg": shown.failure().map_or("All generated successfully.", |failure| &failure.message),
        "data": data,
    })
}
