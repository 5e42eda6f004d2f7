//! Puts values at their places in a provider's input object.

use serde_json::{Map, Value};

/// Puts `value` at `path`: `prompt`, `options.size`, or `image_urls[]`, which appends to a list.
///
/// What stands in the way of the path is replaced: the catalogue's check refuses paths that collide.
pub fn insert(target: &mut Value, path: &str, value: Value) {
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(object) = target.as_object_mut() else {
        return;
    };
    match (head.strip_suffix("[]"), rest) {
        (None, None) => {
            object.insert(head.to_owned(), value);
        }
        (None, Some(rest)) => insert(object.entry(head).or_insert(Value::Null), rest, value),
        (Some(list), _) => {
            let slot = object
                .entry(list)
                .or_insert_with(|| Value::Array(Vec::new()));
            match slot {
                Value::Array(items) => items.push(value),
                other => *other = Value::Array(vec![value]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_land_where_their_path_says() {
        let mut input = json!({ "model": "x" });
        insert(&mut input, "prompt", json!("a cat"));
        insert(&mut input, "options.size", json!(2));
        insert(&mut input, "image_urls[]", json!("a"));
        insert(&mut input, "image_urls[]", json!("b"));
        assert_eq!(
            input,
            json!({ "model": "x", "prompt": "a cat", "options": { "size": 2 }, "image_urls": ["a", "b"] })
        );
    }
}
