//! Suno: two tracks for an order, words for its stages, a callback for each of them.

use serde_json::{Map, Value, json};

use super::{Family, Naming, Shown, Unknown};
use crate::kie::models::{Kind, Makes, Model, Param, may, must};
use crate::kie::tasks::Standing;

pub(super) const FAMILY: Family = Family {
    name: "suno",
    generate_path: "/api/v1/generate",
    record_path: "/api/v1/generate/record-info",
    models: MODELS,
    names_model: Naming::Must,
    needs_callback: true,
    rules,
    record,
    callback,
    unknown: Unknown::NoData,
    stages: &[("text", TEXT), ("first", FIRST)],
};

/// Fifths of the time after which the words, and the first track, are there.
const TEXT: i32 = 2;
const FIRST: i32 = 3;

const PARAMS: &[Param] = &[
    may("prompt", Kind::Text(5_000)),
    may("style", Kind::Text(1_000)),
    may("title", Kind::Text(80)),
    must("customMode", Kind::Flag),
    must("instrumental", Kind::Flag),
    may("negativeTags", Kind::Text(1_000)),
    may("vocalGender", Kind::OneOf(&["m", "f"])),
    may("styleWeight", Kind::Number(0.0, 1.0)),
    may("weirdnessConstraint", Kind::Number(0.0, 1.0)),
    may("audioWeight", Kind::Number(0.0, 1.0)),
    may("personaId", Kind::Text(100)),
];

const fn model(id: &'static str) -> Model {
    Model {
        id,
        makes: Makes::Speech,
        takes_ms: 20_000,
        credits: 12,
        params: PARAMS,
    }
}

const MODELS: &[Model] = &[
    model("V5"),
    model("V4_5PLUS"),
    model("V4_5ALL"),
    model("V4_5"),
    model("V4"),
];

fn rules(input: &Map<String, Value>) -> Result<(), String> {
    let flag = |name: &str| input.get(name).and_then(Value::as_bool) == Some(true);
    let must = |names: &[&str]| match names.iter().find(|name| !input.contains_key(**name)) {
        Some(name) => Err(format!("{name} is required")),
        None => Ok(()),
    };
    if flag("customMode") {
        return if flag("instrumental") {
            must(&["style", "title"])
        } else {
            must(&["style", "title", "prompt"])
        };
    }
    must(&["prompt"])?;
    let prompt = input.get("prompt").and_then(Value::as_str);
    if prompt.is_some_and(|prompt| prompt.chars().count() > 500) {
        return Err("The description must be at most 500 characters".to_owned());
    }
    for name in ["style", "title", "negativeTags", "vocalGender"] {
        if input.contains_key(name) {
            return Err(format!("{name} should be left empty without customMode"));
        }
    }
    Ok(())
}

/// Fifths of its time that have passed.
fn fifths(shown: &Shown<'_>) -> i32 {
    let age = shown.core.clock.now() - shown.task.created;
    let Some(takes) = shown.task.takes else {
        return 0;
    };
    (1..=5)
        .rev()
        .find(|part| takes * *part / 5 <= age)
        .unwrap_or(0)
}

/// Tracks in the record's spelling, or the callback's.
fn tracks(shown: &Shown<'_>, count: usize, name: fn(&'static str) -> String) -> Value {
    let title = shown.task.input("title").unwrap_or("Untitled");
    let track = |(number, url): (usize, String)| {
        let mut track = Map::new();
        let mut set = |field: &'static str, value: Value| drop(track.insert(name(field), value));
        set("id", json!(format!("{}-{number}", shown.task.record_id)));
        set("audioUrl", json!(url));
        set("streamAudioUrl", json!(shown.beside("stream")));
        set("imageUrl", json!(shown.beside("cover")));
        set("prompt", json!(shown.task.input("prompt")));
        set("modelName", json!("chirp-v4"));
        set("title", json!(title));
        set("tags", json!(shown.task.input("style")));
        track.insert("createTime".to_owned(), json!("2025-01-01 00:00:00"));
        track.insert("duration".to_owned(), json!(198.44));
        Value::Object(track)
    };
    let tracks = shown.urls().into_iter().enumerate().take(count);
    Value::Array(tracks.map(track).collect())
}

fn camel(name: &'static str) -> String {
    name.to_owned()
}

fn snake(name: &'static str) -> String {
    name.chars().fold(String::new(), |mut text, letter| {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
        text
    })
}

fn record(shown: &Shown<'_>) -> Value {
    let (status, count) = match &shown.standing {
        Standing::Fail(failure) if failure.code == "422" => ("SENSITIVE_WORD_ERROR", 0),
        Standing::Fail(_) => ("GENERATE_AUDIO_FAILED", 0),
        Standing::Success => ("SUCCESS", 2),
        Standing::Waiting | Standing::Queuing | Standing::Generating => match fifths(shown) {
            ..TEXT => ("PENDING", 0),
            TEXT => ("TEXT_SUCCESS", 0),
            _ => ("FIRST_SUCCESS", 1),
        },
    };
    let response = (count > 0)
        .then(|| json!({ "taskId": shown.task.id, "sunoData": tracks(shown, count, camel) }));
    // The words say all about what is forbidden; there is no code for it.
    let failure = shown.failure().filter(|failure| failure.code != "422");
    json!({
        "taskId": shown.task.id,
        "parentMusicId": "",
        "param": shown.params(),
        "response": response,
        "status": status,
        "type": "GENERATE",
        "operationType": "generate",
        "errorCode": failure.map(super::Failure::number),
        "errorMessage": failure.map(|failure| &failure.message),
    })
}

fn callback(shown: &Shown<'_>) -> Value {
    let (kind, count) = match (shown.failure(), shown.stage) {
        (Some(_), _) => ("error", 0),
        (None, Some("text")) => ("text", 0),
        (None, Some(stage)) => (stage, 1),
        (None, None) => ("complete", 2),
    };
    json!({
        "code": shown.failure().map_or(200, super::Failure::number),
        "msg": shown.failure().map_or("All generated successfully.", |failure| &failure.message),
        "data": {
            "callbackType": kind,
            "task_id": shown.task.id,
            "data": tracks(shown, count, snake),
        },
    })
}
