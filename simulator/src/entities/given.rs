//! The marks that a call gives itself (tdlib/telegram-bot-api, `Client.cpp`, `get_text_entity`), with Telegram's error texts.

use serde_json::{Value, json};

use super::Entity;

/// More cannot matter: of what is left after cleaning, [`super::ENTITIES_MAX`] are kept.
const GIVEN_MAX: usize = 1_000;
/// tdlib, `fix_formatted_text`.
const PLACE_MAX: i32 = 1_000_000;
/// Telegram finds these itself, and takes nobody's word for them.
const FOUND_KINDS: [&str; 8] = [
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "bank_card_number",
];
const PLAIN_KINDS: [&str; 8] = [
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "code",
    "blockquote",
    "expandable_blockquote",
];

/// Reads `entities`. What is no list counts as none, as with Telegram.
///
/// # Errors
/// The text behind `Bad Request: `.
pub fn read(given: &Value) -> Result<Vec<Entity>, String> {
    let mut read = Vec::new();
    for value in given.as_array().into_iter().flatten().take(GIVEN_MAX) {
        let entity = one(value).map_err(|error| format!("can't parse MessageEntity: {error}"))?;
        let Some((offset, length, mut entity)) = entity else {
            continue;
        };
        check_link(&mut entity)?;
        let place = |name: &str, value: i32| match usize::try_from(value) {
            Ok(place) if value <= PLACE_MAX => Ok(place),
            _ => Err(format!("receive an entity with incorrect {name} {value}")),
        };
        entity.offset = place("offset", offset)?;
        entity.length = place("length", length)?;
        read.push(entity);
    }
    Ok(read)
}

fn one(value: &Value) -> Result<Option<(i32, i32, Entity)>, String> {
    if !value.is_object() {
        return Err("expected an Object".to_owned());
    }
    let (offset, length) = (integer(value, "offset")?, integer(value, "length")?);
    let kind = text(value, "type")?;
    if kind.is_empty() {
        return Err("Type is not specified".to_owned());
    }
    if FOUND_KINDS.contains(&kind.as_str()) {
        return Ok(None);
    }
    let mut entity = Entity::new(&kind, 0, 0);
    match kind.as_str() {
        plain if PLAIN_KINDS.contains(&plain) => {}
        "pre" => entity.language = text(value, "language").ok().filter(|name| !name.is_empty()),
        "text_link" => entity.url = Some(text(value, "url")?),
        "text_mention" => {
            let user = value.get("user").ok_or("Can't find field \"user\"")?;
            if !user.is_object() {
                return Err("Field \"user\" must be of type Object".to_owned());
            }
            entity.user = Some(json!({ "id": integer::<i64>(user, "id")? }));
        }
        "custom_emoji" => {
            let id: i64 = integer(value, "custom_emoji_id")?;
            entity.custom_emoji_id = Some(id.to_string());
        }
        "date_time" => entity.unix_time = Some(integer(value, "unix_time")?),
        _ => return Err("Unsupported type specified".to_owned()),
    }
    Ok(Some((offset, length, entity)))
}

fn check_link(entity: &mut Entity) -> Result<(), String> {
    let Some(url) = &entity.url else {
        return Ok(());
    };
    if let Some(user_id) = crate::markdown::user_of_link(url) {
        entity.url = None;
        "text_mention".clone_into(&mut entity.kind);
        entity.user = Some(json!({ "id": user_id }));
        return Ok(());
    }
    let checked = crate::markdown::link(url);
    let checked =
        checked.ok_or_else(|| format!("entity URL '{url}' is invalid: Wrong HTTP URL"))?;
    entity.url = Some(checked);
    Ok(())
}

/// A whole number, also written as a text.
fn integer<T: std::str::FromStr>(object: &Value, name: &str) -> Result<T, String> {
    let digits = match &object[name] {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Null if object.get(name).is_none() => {
            return Err(format!("Can't find field \"{name}\""));
        }
        _ => return Err(format!("Field \"{name}\" must be a Number")),
    };
    let number = digits.parse();
    number.map_err(|_| format!("Field \"{name}\" must be a valid Number"))
}

fn text(object: &Value, name: &str) -> Result<String, String> {
    match &object[name] {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null if object.get(name).is_none() => Err(format!("Can't find field \"{name}\"")),
        _ => Err(format!("Field \"{name}\" must be of type String")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(entity: Value) -> String {
        read(&json!([entity])).unwrap_err()
    }

    #[test]
    fn hostile_places_are_refused() {
        let bold = |offset: Value, length: Value| json!({"type": "bold", "offset": offset, "length": length});
        assert_eq!(
            error(bold(json!(-1), json!(1))),
            "receive an entity with incorrect offset -1"
        );
        assert_eq!(
            error(bold(json!(1_000_001), json!(1))),
            "receive an entity with incorrect offset 1000001"
        );
        assert_eq!(
            error(bold(json!(0), json!(i32::MAX))),
            "receive an entity with incorrect length 2147483647"
        );
        for monstrous in [json!(u64::MAX), json!(1e300), json!(1.5), json!("x")] {
            assert_eq!(
                error(bold(json!(0), monstrous)),
                "can't parse MessageEntity: Field \"length\" must be a valid Number"
            );
        }
        assert_eq!(
            error(json!({"type": "bold", "length": 1})),
            "can't parse MessageEntity: Can't find field \"offset\""
        );
        assert_eq!(
            error(bold(json!([]), json!(1))),
            "can't parse MessageEntity: Field \"offset\" must be a Number"
        );
        assert_eq!(
            error(json!(7)),
            "can't parse MessageEntity: expected an Object"
        );
        let read = read(&json!([bold(json!("2"), json!(3))])).unwrap();
        assert_eq!(read, [Entity::new("bold", 2, 3)]);
    }

    #[test]
    fn kinds_ask_for_what_they_need() {
        let of = |mut entity: Value| {
            entity["offset"] = json!(0);
            entity["length"] = json!(1);
            read(&json!([entity]))
        };
        assert_eq!(of(json!({"type": "mention"})), Ok(Vec::new()));
        let unknown = "can't parse MessageEntity: Unsupported type specified".to_owned();
        assert_eq!(of(json!({"type": "huge"})), Err(unknown));
        let wrong = "entity URL 'x' is invalid: Wrong HTTP URL".to_owned();
        assert_eq!(of(json!({"type": "text_link", "url": "x"})), Err(wrong));
        let link = of(json!({"type": "text_link", "url": "tg://user?id=5"})).unwrap();
        assert_eq!(
            (link[0].kind.as_str(), &link[0].user),
            ("text_mention", &Some(json!({"id": 5})))
        );
        let missing = "can't parse MessageEntity: Can't find field \"user\"".to_owned();
        assert_eq!(of(json!({"type": "text_mention"})), Err(missing));
    }
}
