//! From the values of an order to the provider's input object.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{DefaultValue, InputKind, NumberRange, Route, Service};

/// Why values do not make a provider input. The caller validated them before, so each of these is our bug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// A required input has no value.
    #[error("input `{0}` has no value")]
    Missing(String),
    /// Two inputs, or an input and a fixed parameter, write to the same place in ways that exclude each other.
    #[error("parameter `{0}` is already taken")]
    Taken(String),
}

/// The provider's input for an order of `service` over `route`: the fixed parameters, then each input's value or default.
///
/// `values` maps input ids to JSON: a text or choice as a string, a number as a number, media as its address.
///
/// # Errors
/// [`ParamError`] if a required value is missing or two inputs write to one place.
pub fn provider_input(
    service: &Service,
    route: &Route,
    values: &BTreeMap<String, Value>,
) -> Result<Value, ParamError> {
    let mut object = route.fixed.clone();
    for input in &service.inputs {
        let value = match (values.get(&input.id), &input.default) {
            (Some(value), _) => number_without_decimals(&input.kind, value),
            (None, Some(DefaultValue::Text(text))) => Value::from(text.clone()),
            (None, Some(DefaultValue::Number(number))) => NumberRange::to_json(*number),
            (None, None) if input.optional => continue,
            (None, None) => return Err(ParamError::Missing(input.id.clone())),
        };
        place(&mut object, &input.param, value)?;
    }
    Ok(Value::Object(object))
}

fn number_without_decimals(kind: &InputKind, value: &Value) -> Value {
    match (kind, value.as_f64()) {
        (InputKind::Number(_), Some(number)) => NumberRange::to_json(number),
        _ => value.clone(),
    }
}

/// Puts `value` where `path` says: `a`, `a.b`, or `a[]` to append to a list.
pub(super) fn place(
    object: &mut Map<String, Value>,
    path: &str,
    value: Value,
) -> Result<(), ParamError> {
    let taken = || ParamError::Taken(path.to_owned());
    let mut target = object;
    let mut rest = path;
    while let Some((outer, inner)) = rest.split_once('.') {
        target = target
            .entry(outer)
            .or_insert_with(|| Value::Object(Map::new()))
            .as_object_mut()
            .ok_or_else(taken)?;
        rest = inner;
    }
    if let Some(list) = rest.strip_suffix("[]") {
        target
            .entry(list)
            .or_insert_with(|| Value::Array(Vec::new()))
            .as_array_mut()
            .ok_or_else(taken)?
            .push(value);
        return Ok(());
    }
    match target.insert(rest.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(taken()),
    }
}
