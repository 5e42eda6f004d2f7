//! KIE's answers in one shape.
//!
//! Its families of models grew apart: the task id has six names, states are words or flags, results sit in JSON, in
//! JSON within a string, or under a name per family. Everything known is read here; what is not known is never an error
//! of the task, only an answer that says nothing.

use serde_json::{Map, Value};

const NESTING_MAX: usize = 6;
const RESULTS_MAX: usize = 20;
const ID_CHARS_MAX: usize = 128;

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TaskState {
    Waiting,
    Running,
    Succeeded,
    Failed,
}

/// `code`: a number, or a number in a string.
pub(super) fn code(answer: &Value) -> Option<i64> {
    number(answer.get("code")?)
}

/// What it says in words, for a record.
pub(super) fn message(answer: &Value) -> &str {
    ["msg", "message", "error", "errorMessage"]
        .iter()
        .find_map(|name| text(answer, name))
        .unwrap_or_default()
}

/// The id of a created task.
pub(super) fn created_task(answer: &Value) -> Option<String> {
    let data = data(answer);
    if let Value::String(_) | Value::Number(_) = data {
        return id(data);
    }
    [data, answer].iter().find_map(|object| {
        ["taskId", "task_id", "recordId", "record_id", "id"]
            .iter()
            .find_map(|name| id(object.get(name)?))
    })
}

/// An id under a name that can mean nothing but a task: also believed in an answer that claims an error.
pub(super) fn named_task(answer: &Value) -> Option<String> {
    [data(answer), answer].iter().find_map(|object| {
        ["taskId", "task_id"]
            .iter()
            .find_map(|name| id(object.get(name)?))
    })
}

/// What the answer is about: `data`, or the whole where there is none.
pub(super) fn data(answer: &Value) -> &Value {
    match answer.get("data") {
        None | Some(Value::Null) => answer,
        Some(data) => data,
    }
}

/// Whether there is a record of a task at all.
pub(super) fn has_record(answer: &Value) -> bool {
    answer.get("data").is_some_and(Value::is_object) || state(answer).is_some()
}

/// The state; `successFlag` counts where no word says it, since it stays 0 in some families that have both.
pub(super) fn state(data: &Value) -> Option<TaskState> {
    let word = state_word(data).and_then(word_of_state);
    word.or_else(|| match success_flag(data)? {
        0 => Some(TaskState::Running),
        1 => Some(TaskState::Succeeded),
        2 | 3 => Some(TaskState::Failed),
        _ => None,
    })
}

/// The word for its state, as it came.
pub(super) fn state_word(data: &Value) -> Option<&str> {
    ["state", "status", "taskStatus"]
        .iter()
        .find_map(|name| text(data, name))
}

/// 0 under way, 1 done, 2 not created, 3 failed (docs.kie.ai, "Get Veo3.1 Video Details").
fn success_flag(data: &Value) -> Option<i64> {
    number(data.get("successFlag")?)
}

fn word_of_state(word: &str) -> Option<TaskState> {
    let word = word.to_ascii_lowercase().replace(['-', ' '], "_");
    match word.as_str() {
        "waiting" | "wait" | "queuing" | "queueing" | "queued" | "pending" | "created"
        | "submitted" => Some(TaskState::Waiting),
        "generating" | "running" | "processing" | "in_progress" | "text_success"
        | "first_success" => Some(TaskState::Running),
        "success" | "succeeded" | "successful" | "completed" | "complete" | "finished" | "done" => {
            Some(TaskState::Succeeded)
        }
        "fail"
        | "failed"
        | "failure"
        | "error"
        | "cancelled"
        | "canceled"
        | "timeout"
        | "callback_exception"
        | "sensitive_word_error" => Some(TaskState::Failed),
        _ if word.ends_with("_failed") => Some(TaskState::Failed),
        _ => None,
    }
}

/// 0 to 100: "0.35", 35, "35%".
pub(super) fn progress_percent(data: &Value) -> Option<u8> {
    let value = data.get("progress")?;
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let number: f64 = text.trim_end_matches('%').trim().parse().ok()?;
    // "1.00" is all of it, "1" and "1%" a hundredth.
    let is_fraction = text.contains('.') && !text.ends_with('%') && number <= 1.0;
    let percent = if is_fraction { number * 100.0 } else { number };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped before"
    )]
    let percent = percent
        .is_finite()
        .then_some(percent.clamp(0.0, 100.0) as u8);
    percent
}

/// The code and the words of a failed task. Where no code is given, its state stands for it: some states say why.
pub(super) fn failure(data: &Value) -> (String, &str) {
    let code = ["failCode", "errorCode", "fail_code"]
        .iter()
        .find_map(|name| match data.get(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
        .or_else(|| state_word(data).map(str::to_owned))
        .or_else(|| success_flag(data).map(|flag| format!("flag {flag}")));
    let words = ["failMsg", "errorMessage", "fail_msg", "failReason"]
        .iter()
        .find_map(|name| text(data, name));
    (code.unwrap_or_default(), words.unwrap_or_default())
}

/// The addresses of a task's results, in order, each once.
///
/// Names that say "result" come first. Only without any of these every other `…Url` and `…Urls` counts, except what is
/// not a result: our own input and callback, previews, and copies with a watermark.
pub(super) fn result_urls(data: &Value) -> Vec<String> {
    let mut found = Found::default();
    found.walk(data, NESTING_MAX);
    let urls = if found.named_results.is_empty() {
        found.others
    } else {
        found.named_results
    };
    each_once(urls)
}

/// The addresses that stand under this one name, or its plural; `name` in small letters without anything between words.
pub(super) fn urls_named(data: &Value, name: &'static str) -> Vec<String> {
    let mut found = Found {
        only: Some(name),
        ..Found::default()
    };
    found.walk(data, NESTING_MAX);
    each_once(found.named_results)
}

fn each_once(mut urls: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    urls.retain(|url| seen.insert(url.clone()));
    urls.truncate(RESULTS_MAX);
    urls
}

#[derive(Default)]
struct Found {
    /// The one name that is looked for.
    only: Option<&'static str>,
    named_results: Vec<String>,
    others: Vec<String>,
}

impl Found {
    fn walk(&mut self, value: &Value, depth: usize) {
        if depth == 0 {
            return;
        }
        match value {
            Value::Object(fields) => self.fields(fields, depth),
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, depth - 1)),
            Value::String(text) => {
                if let Some(nested) = nested(text) {
                    self.walk(&nested, depth - 1);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn fields(&mut self, fields: &Map<String, Value>, depth: usize) {
        for (name, value) in fields {
            match meaning(name, self.only) {
                Meaning::NotAResult => {}
                Meaning::Result => addresses(value, &mut self.named_results, depth),
                Meaning::Url => addresses(value, &mut self.others, depth),
                Meaning::Other => self.walk(value, depth - 1),
            }
        }
    }
}

enum Meaning {
    Result,
    Url,
    NotAResult,
    Other,
}

fn meaning(name: &str, only: Option<&str>) -> Meaning {
    const NOT_RESULTS: &[&str] = &[
        "param",
        "input",
        "callback",
        "webhook",
        "watermark",
        "thumb",
        "cover",
        "preview",
        "source",
        "origin",
        "poster",
        "lastframe",
        "firstframe",
    ];
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    if NOT_RESULTS.iter().any(|word| name.contains(word)) {
        Meaning::NotAResult
    } else if let Some(only) = only {
        match name.strip_suffix('s').unwrap_or(&name) {
            name if name == only => Meaning::Result,
            name if name.ends_with("url") => Meaning::NotAResult,
            _ => Meaning::Other,
        }
    } else if !name.ends_with("url") && !name.ends_with("urls") {
        Meaning::Other
    } else if name.contains("result") {
        Meaning::Result
    } else {
        Meaning::Url
    }
}

/// An address, several, several in a string of JSON, or objects that hold them.
fn addresses(value: &Value, into: &mut Vec<String>, depth: usize) {
    if depth == 0 {
        return;
    }
    match value {
        Value::String(text) if text.starts_with("https://") || text.starts_with("http://") => {
            into.push(text.clone());
        }
        Value::String(text) => {
            if let Some(nested) = nested(text) {
                addresses(&nested, into, depth - 1);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| addresses(item, into, depth - 1)),
        Value::Object(fields) => fields
            .values()
            .for_each(|field| addresses(field, into, depth - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn nested(text: &str) -> Option<Value> {
    let text = text.trim();
    if !text.starts_with(['{', '[', '"']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An id that is fit for an address, a log line and the database.
pub(super) fn id(value: &Value) -> Option<String> {
    let id = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            return None;
        }
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    (!id.is_empty() && id.len() <= ID_CHARS_MAX && id.chars().all(fits)).then_some(id)
}

#[cfg(test)]
mod tests;
