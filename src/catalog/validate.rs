//! What one field alone cannot tell: references, uniqueness, limits that depend on each other.

use std::collections::HashSet;

use serde_json::Value;

use super::params::place;
use super::route;
use super::{Catalog, DefaultValue, Input, InputKind, Problem, Service};
use super::{instant, panel};

/// A keyboard of more buttons is unreadable on a phone.
const OPTIONS_MAX: usize = 12;
/// More questions than this nobody answers.
const INPUTS_MAX: usize = 8;

/// Adds every problem of a catalogue that was readable.
pub(super) fn catalog(
    file: &str,
    catalog: &Catalog,
    providers: &[&str],
    problems: &mut Vec<Problem>,
) {
    // After a problem in reading, a service may be absent here that stands in the file.
    let nothing_lost = problems.is_empty();
    let mut add = |place: String, message: String| {
        problems.push(Problem {
            file: file.to_owned(),
            place,
            message,
        });
    };
    let mut ids = HashSet::new();
    for category in &catalog.categories {
        let place = format!("category `{}`", category.id);
        if !ids.insert(category.id.as_str()) {
            add(format!("{place}: id"), "is used twice".to_owned());
        }
        if nothing_lost && catalog.in_category(&category.id).next().is_none() {
            add(place, "has no service".to_owned());
        }
    }
    if nothing_lost && catalog.services.is_empty() {
        add(
            String::new(),
            "has no [[service]]; at least one is needed".to_owned(),
        );
    }
    let mut ids = HashSet::new();
    for service in &catalog.services {
        let at = |field: &str| format!("service `{}`: {field}", service.id);
        if !ids.insert(service.id.as_str()) {
            add(at("id"), "is used twice".to_owned());
        }
        if catalog.category(&service.category).is_none() {
            add(
                at("category"),
                format!("`{}` is not a [[category]] of this file", service.category),
            );
        }
        if service.free_per_day.is_some() && !service.is_free() {
            add(
                at("free_per_day"),
                "is only for a free service: set price = \"0\" or remove it".to_owned(),
            );
        }
        inputs(service, &mut |field, message| add(at(&field), message));
        panel::validate(service, &mut |field, message| add(at(&field), message));
        instant::validate(service, &catalog.services, &mut |field, message| {
            add(at(&field), message);
        });
        route::validate(service, providers, &mut |field, message| {
            add(at(&field), message);
        });
    }
}

fn inputs(service: &Service, add: &mut impl FnMut(String, String)) {
    if service.inputs.is_empty() || service.inputs.len() > INPUTS_MAX {
        add(
            "input".to_owned(),
            format!(
                "must be there 1 to {INPUTS_MAX} times, is there {} times",
                service.inputs.len()
            ),
        );
    }
    let mut ids = HashSet::new();
    let mut targets: Vec<_> = service
        .routes
        .iter()
        .map(|route| route.fixed.clone())
        .collect();
    for input in &service.inputs {
        let at = |field: &str| format!("input `{}`: {field}", input.id);
        if !ids.insert(input.id.as_str()) {
            add(at("id"), "is used twice in this service".to_owned());
        }
        if !is_param_path(&input.param) {
            add(
                at("param"),
                "must be a parameter name such as prompt, outer.name or image_urls[]".to_owned(),
            );
        } else if targets
            .iter_mut()
            .any(|target| place(target, &input.param, Value::Null).is_err())
        {
            add(
                at("param"),
                format!("`{}` is already taken in this service", input.param),
            );
        }
        if let Some((field, message)) = limits_problem(&input.kind) {
            add(at(field), message);
        }
        if let Some(message) = default_problem(input) {
            add(at("default"), message);
        }
    }
}

fn is_param_path(path: &str) -> bool {
    let path = path.strip_suffix("[]").unwrap_or(path);
    path.split('.').all(|name| {
        !name.is_empty()
            && name.len() <= 64
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    })
}

fn limits_problem(kind: &InputKind) -> Option<(&'static str, String)> {
    match kind {
        InputKind::Text { min, max } if min > max => {
            Some(("min", format!("must not be above max ({max})")))
        }
        InputKind::Number(range) if range.min >= range.max => {
            Some(("min", format!("must be below max ({})", range.max)))
        }
        InputKind::Number(range) if range.step <= 0.0 || range.step > range.max - range.min => {
            Some(("step", "must be above 0 and at most max - min".to_owned()))
        }
        InputKind::Choice { options } => options_problem(options.iter().map(|o| o.value.as_str())),
        InputKind::Lines { min, max } if min > max => {
            Some(("min", format!("must not be above max ({max})")))
        }
        InputKind::Text { .. }
        | InputKind::Lines { .. }
        | InputKind::Link { .. }
        | InputKind::Number(_)
        | InputKind::Image { .. }
        | InputKind::Video { .. }
        | InputKind::Audio { .. } => None,
    }
}

fn options_problem<'a>(
    values: impl ExactSizeIterator<Item = &'a str> + Clone,
) -> Option<(&'static str, String)> {
    let count = values.len();
    if !(2..=OPTIONS_MAX).contains(&count) {
        let message = format!("must be there 2 to {OPTIONS_MAX} times, is there {count} times");
        return Some(("option", message));
    }
    let mut seen = HashSet::new();
    values
        .into_iter()
        .find(|value| !seen.insert(*value))
        .map(|value| ("option", format!("value `{value}` is used twice")))
}

fn default_problem(input: &Input) -> Option<String> {
    let default = input.default.as_ref()?;
    if input.is_required() {
        return Some("is only used when the input is skipped: set optional = true".to_owned());
    }
    match (&input.kind, default) {
        (InputKind::Text { min, max }, DefaultValue::Text(text)) => {
            let length = text.chars().count();
            let fits = (*min as usize..=*max as usize).contains(&length);
            (!fits).then(|| format!("must have {min} to {max} characters, has {length}"))
        }
        (InputKind::Choice { options }, DefaultValue::Text(text)) => {
            let known = options.iter().any(|option| option.value == *text);
            (!known).then(|| format!("`{text}` is not the value of an option"))
        }
        (InputKind::Number(range), DefaultValue::Number(number)) => (!range.accepts(*number))
            .then(|| "must be a number that min, max and step allow".to_owned()),
        (InputKind::Text { .. } | InputKind::Choice { .. }, DefaultValue::Number(_)) => {
            Some("must be a text".to_owned())
        }
        (InputKind::Number(_), DefaultValue::Text(_)) => Some("must be a number".to_owned()),
        (InputKind::Link { .. } | InputKind::Lines { .. }, _) => {
            Some("is not possible for a link or lines".to_owned())
        }
        (
            InputKind::Image { .. } | InputKind::Video { .. } | InputKind::Audio { .. },
            DefaultValue::Text(_) | DefaultValue::Number(_),
        ) => Some("is not possible for a file".to_owned()),
    }
}
