//! What stands in Replicate's answers, and how its models and predictions are named.

use serde_json::Value;

const ID_CHARS_MAX: usize = 64;
const NAME_CHARS_MAX: usize = 128;
const RESULTS_MAX: usize = 20;
const NESTING_MAX: usize = 4;
/// A version is a digest in hexadecimal ("Get a model version").
const VERSION_CHARS: usize = 64;

/// Ids of predictions are small letters and digits, such as `vrsafsk7mnrgj0cf0p2ax766s4`. They stand in paths.
pub(super) fn is_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(allowed)
}

/// Where a prediction of this model is created, and of which version: `owner/name`, run as its owner publishes it, or
/// `owner/name:version` (`lib/predictions.js`).
pub(super) fn place(service: &str) -> Option<(String, Option<&str>)> {
    let (model, version) = match service.split_once(':') {
        Some((model, version)) => (model, Some(version)),
        None => (service, None),
    };
    let (owner, name) = model.split_once('/')?;
    match version {
        _ if !(is_name(owner) && is_name(name)) => None,
        None => Some((format!("/models/{owner}/{name}/predictions"), None)),
        Some(version) if is_version(version) => Some(("/predictions".to_owned(), Some(version))),
        Some(_) => None,
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=NAME_CHARS_MAX).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.bytes().all(|byte| byte == b'.')
}

fn is_version(text: &str) -> bool {
    text.len() == VERSION_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The addresses in `output`, in order: a text, a list or an object of them, as the model has it.
pub(super) fn result_urls(prediction: &Value) -> Vec<String> {
    let mut urls = Vec::new();
    gather(&prediction["output"], &mut urls, NESTING_MAX);
    urls
}

fn gather(value: &Value, urls: &mut Vec<String>, depth: usize) {
    if depth == 0 {
        return;
    }
    match value {
        Value::String(text) => {
            let is_address = text.starts_with("https://") || text.starts_with("http://");
            if is_address && urls.len() < RESULTS_MAX && !urls.contains(text) {
                urls.push(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, urls, depth - 1)),
        Value::Object(fields) => fields
            .values()
            .for_each(|field| gather(field, urls, depth - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What the last bar in the logs says, such as ` 35%|███▌      | 14/40 [00:03<00:05]` (`parseProgressFromLogs` of
/// `lib/util.js`).
pub(super) fn progress_percent(prediction: &Value) -> Option<u8> {
    let logs = prediction["logs"].as_str()?;
    logs.lines().rev().find_map(|line| {
        let (percent, bar) = line.trim_start().split_once("%|")?;
        let percent: u8 = percent.parse().ok()?;
        (percent <= 100 && bar.contains('/')).then_some(percent)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_model_has_its_own_path_and_a_version_the_common_one() {
        let version = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa";
        assert_eq!(
            place("black-forest-labs/flux-schnell"),
            Some((
                "/models/black-forest-labs/flux-schnell/predictions".to_owned(),
                None
            ))
        );
        assert_eq!(
            place(&format!("replicate/hello-world:{version}")),
            Some(("/predictions".to_owned(), Some(version)))
        );
        for wrong in [
            "1234",
            "a/b/c",
            "a/..",
            "a/b?c",
            "a/b:latest",
            "/b",
            "veo:veo3_fast",
        ] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn results_are_found_in_every_form_of_output() {
        let (one, two) = ("https://a.example/1.png", "https://a.example/2.png");
        for (output, expected) in [
            (json!(one), vec![one]),
            (json!([one, two, one]), vec![one, two]),
            (json!({"image": one, "seed": 7}), vec![one]),
            (json!(["some", " words"]), vec![]),
            (json!("data:image/png;base64,AAAA"), vec![]),
            (Value::Null, vec![]),
        ] {
            assert_eq!(result_urls(&json!({ "output": output })), expected);
        }
    }

    #[test]
    fn progress_is_read_from_the_last_bar() {
        let of = |logs: &str| progress_percent(&json!({ "logs": logs }));
        assert_eq!(
            of(
                "Using seed: 1\n  0%|          | 0/40 [00:00<?]\n 35%|███▌      | 14/40 [00:03<00:05]\ndone"
            ),
            Some(35)
        );
        assert_eq!(of("300%| | 1/2"), None);
        assert_eq!(of("at 50% of it"), None);
        assert_eq!(progress_percent(&json!({ "logs": null })), None);
    }
}
