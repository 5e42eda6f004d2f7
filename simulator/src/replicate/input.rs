//! What models take: of `openapi_schema`, only the parts that are checked here.

use serde_json::{Map, Value};

/// A model that can be run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) name: &'static str,
    /// Community models are run by their version alone.
    pub(super) version: Option<&'static str>,
    pub(super) price_micros: i64,
}

pub(super) const MODELS: [Model; 2] = [
    Model {
        name: "black-forest-labs/flux-schnell",
        version: None,
        price_micros: 3_000,
    },
    Model {
        name: "somebody/pictures",
        version: Some("5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa"),
        price_micros: 1_000,
    },
];

const RATIOS: [&str; 11] = [
    "1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21",
];

/// # Errors
/// What is wrong with it, one line for each.
pub(super) fn check(input: &Map<String, Value>) -> Result<(), String> {
    let mut wrong = Vec::new();
    let prompt = input.get("prompt").and_then(Value::as_str);
    if prompt.unwrap_or_default().is_empty() {
        wrong.push("- input: prompt is required".to_owned());
    }
    for (name, value) in input {
        let one_of = |allowed: &[&str]| value.as_str().is_some_and(|text| allowed.contains(&text));
        let within = |least: i64, most: i64| {
            value
                .as_i64()
                .is_some_and(|number| (least..=most).contains(&number))
        };
        let is_right = match name.as_str() {
            "prompt" => value.is_string(),
            "aspect_ratio" => one_of(&RATIOS),
            "output_format" => one_of(&["webp", "jpg", "png"]),
            "megapixels" => one_of(&["1", "0.25"]),
            "num_outputs" | "num_inference_steps" => within(1, 4),
            "output_quality" => within(0, 100),
            "seed" => value.is_i64(),
            "disable_safety_checker" | "go_fast" => value.is_boolean(),
            _ => false,
        };
        if !is_right {
            wrong.push(format!("- input.{name}: {value} is not valid"));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}
