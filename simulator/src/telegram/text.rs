//! Texts, captions and keyboards of a call, checked as Telegram checks them.

use serde_json::{Value, json};

use super::params::Params;
use super::refusal::Refusal;
use crate::entities::{self, Marked, utf16_len};
use crate::{html, markdown};

const TEXT_MAX: usize = 4096;
/// tdlib/telegram-bot-api, `get_formatted_text`: before the marks are read.
const TEXT_MAX_BYTES: usize = 1 << 15;
const CAPTION_MAX: usize = 1024;
const BUTTONS_MAX: usize = 100;
const CALLBACK_DATA_MAX_BYTES: usize = 64;

/// The `text` of a call.
pub fn text(params: &Params) -> Result<Marked, Refusal> {
    if params.text("text").unwrap_or_default().is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    let marked = marked(params, "text", "entities")?;
    if marked.text.is_empty() {
        return Err(Refusal::bad("text must be non-empty"));
    }
    if utf16_len(&marked.text) > TEXT_MAX {
        return Err(Refusal::bad("message is too long"));
    }
    Ok(marked)
}

/// The `caption` of a call; it may be empty.
pub fn caption(params: &Params) -> Result<Marked, Refusal> {
    let marked = marked(params, "caption", "caption_entities")?;
    if utf16_len(&marked.text) > CAPTION_MAX {
        return Err(Refusal::bad("message caption is too long"));
    }
    Ok(marked)
}

fn marked(params: &Params, field: &str, entities_field: &str) -> Result<Marked, Refusal> {
    let text = params.text(field).unwrap_or_default();
    if text.len() > TEXT_MAX_BYTES {
        return Err(Refusal::bad("text is too long"));
    }
    if text.contains('\0') {
        return Err(Refusal::bad("strings must be encoded in UTF-8"));
    }
    let mode = params.text("parse_mode").unwrap_or_default();
    let cannot = |reason: String| Refusal::bad(format!("can't parse entities: {reason}"));
    if text.is_empty() {
        return Ok(Marked::default());
    }
    let (text, entities) = match mode.to_ascii_lowercase().as_str() {
        "" | "none" => {
            let entities = params
                .structure(entities_field)
                .map_err(|()| Refusal::bad("can't parse entities JSON object"))?;
            let entities = entities::read(&entities.unwrap_or_default());
            (text, entities.map_err(Refusal::bad)?)
        }
        "markdownv2" => markdown::parse_v2(&text).map_err(cannot)?,
        "html" => html::parse(&text).map_err(cannot)?,
        // The old Markdown is not spoken here: nothing of ours sends it.
        _ => return Err(Refusal::bad("unsupported parse_mode")),
    };
    let marked = Marked { text, entities };
    marked.cleaned().map_err(Refusal::bad)
}

/// What a `reply_markup` asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Markup {
    None,
    /// `{"inline_keyboard": …}` as it will be shown in the message.
    Inline(Value),
    /// A reply keyboard, its removal, or a forced reply.
    Reply(Value),
}

/// The `reply_markup` of a call.
pub fn markup(params: &Params) -> Result<Markup, Refusal> {
    let markup = params
        .structure("reply_markup")
        .map_err(|()| Refusal::bad("can't parse reply keyboard markup JSON object"))?;
    let Some(markup) = markup else {
        return Ok(Markup::None);
    };
    let Value::Object(fields) = &markup else {
        return Err(Refusal::bad("object expected as reply markup"));
    };
    if let Some(rows) = fields.get("inline_keyboard") {
        return inline_keyboard(rows);
    }
    if let Some(rows) = fields.get("keyboard") {
        let Some(rows) = rows.as_array() else {
            return Err(Refusal::bad(
                "field \"keyboard\" of the ReplyKeyboardMarkup must be an Array of Arrays",
            ));
        };
        for button in rows
            .iter()
            .flat_map(|row| row.as_array().into_iter().flatten())
        {
            let text = button.as_str().or_else(|| button["text"].as_str());
            if text.is_none_or(str::is_empty) {
                return Err(Refusal::bad(
                    "can't parse keyboard button: Field \"text\" must be of type String",
                ));
            }
        }
        return Ok(Markup::Reply(markup));
    }
    Ok(Markup::Reply(markup))
}

fn inline_keyboard(rows: &Value) -> Result<Markup, Refusal> {
    let shape = || {
        Refusal::bad(
            "field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays",
        )
    };
    let mut shown = Vec::new();
    let mut count = 0;
    for row in rows.as_array().ok_or_else(shape)? {
        let row = row.as_array().ok_or_else(shape)?;
        let buttons: Result<Vec<Value>, Refusal> = row.iter().map(inline_button).collect();
        let buttons = buttons?;
        count += buttons.len();
        if !buttons.is_empty() {
            shown.push(Value::Array(buttons));
        }
    }
    if count > BUTTONS_MAX {
        return Err(Refusal::bad("reply markup is too long"));
    }
    if shown.is_empty() {
        return Ok(Markup::None);
    }
    Ok(Markup::Inline(json!({"inline_keyboard": shown})))
}

fn inline_button(button: &Value) -> Result<Value, Refusal> {
    let cannot =
        |reason: &str| Refusal::bad(format!("can't parse inline keyboard button: {reason}"));
    let Value::Object(fields) = button else {
        return Err(cannot("InlineKeyboardButton must be an Object"));
    };
    let text = fields.get("text").and_then(Value::as_str);
    let text = text.ok_or_else(|| cannot("Field \"text\" must be of type String"))?;
    if text.is_empty() {
        return Err(Refusal::bad(
            "inline keyboard button text must be non-empty",
        ));
    }
    if text.trim().is_empty() {
        return Err(Refusal::bad("BUTTON_TEXT_INVALID"));
    }
    // As with Telegram, an address or data that are empty count as left out.
    let empty = |name: &str| ["url", "callback_data"].contains(&name);
    let actions: Vec<&str> = ACTIONS
        .into_iter()
        .filter(|name| match fields.get(*name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !(text.is_empty() && empty(name)),
            Some(_) => true,
        })
        .collect();
    match actions[..] {
        [] => {
            return Err(cannot("Text buttons are unallowed in the inline keyboard"));
        }
        [action] => check_action(action, &fields[action])?,
        // tdlib's server would silently take one of them; the docs ("InlineKeyboardButton") allow exactly one.
        _ => return Err(Refusal::bad("BUTTON_TYPE_INVALID")),
    }
    Ok(button.clone())
}

const ACTIONS: [&str; 10] = [
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
];

fn check_action(action: &str, value: &Value) -> Result<(), Refusal> {
    if !["url", "callback_data"].contains(&action) {
        return Ok(());
    }
    let text = value.as_str().ok_or_else(|| {
        Refusal::bad(format!(
            "can't parse inline keyboard button: Field \"{action}\" must be of type String"
        ))
    })?;
    if action == "url" && markdown::link(text).is_none() {
        return Err(Refusal::bad(format!(
            "inline keyboard button URL '{text}' is invalid: Wrong HTTP URL"
        )));
    }
    if action == "callback_data" && text.len() > CALLBACK_DATA_MAX_BYTES {
        return Err(Refusal::bad("BUTTON_DATA_INVALID"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::Entity;

    fn params(fields: Value) -> Params {
        Params::from_json(fields.as_object().unwrap().clone())
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
        result.unwrap_err().description
    }

    #[test]
    fn texts_are_measured_after_their_marks_are_read() {
        let ok =
            params(json!({"text": format!("*{}*", "a".repeat(4096)), "parse_mode": "MarkdownV2"}));
        assert_eq!(text(&ok).unwrap().entities, [Entity::new("bold", 0, 4096)]);
        let long = params(json!({"text": "a".repeat(4097)}));
        assert_eq!(refusal(text(&long)), "Bad Request: message is too long");
        for (blank, error) in [
            (json!({}), "Bad Request: message text is empty"),
            (
                json!({"text": " \n"}),
                "Bad Request: text must be non-empty",
            ),
            (
                json!({"text": "**", "parse_mode": "MarkdownV2"}),
                "Bad Request: text must be non-empty",
            ),
        ] {
            assert_eq!(refusal(text(&params(blank))), error);
        }
        let long = params(json!({"caption": "a".repeat(1025)}));
        assert_eq!(
            refusal(caption(&long)),
            "Bad Request: message caption is too long"
        );
        let wrong = params(json!({"text": "a.", "parse_mode": "MarkdownV2"}));
        assert_eq!(
            refusal(text(&wrong)),
            "Bad Request: can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'"
        );
    }

    #[test]
    fn callback_data_is_measured_in_bytes() {
        let with = |data: &str| {
            let button = json!({"text": "A", "callback_data": data});
            markup(&params(
                json!({"reply_markup": {"inline_keyboard": [[button]]}}),
            ))
        };
        assert!(with(&"a".repeat(64)).is_ok());
        for wrong in ["a".repeat(65), "é".repeat(33)] {
            assert_eq!(refusal(with(&wrong)), "Bad Request: BUTTON_DATA_INVALID");
        }
    }

    #[test]
    fn a_button_has_exactly_one_action() {
        let with = |button: Value| {
            let keyboard = json!({"reply_markup": {"inline_keyboard": [[button]]}});
            refusal(markup(&params(keyboard)))
        };
        let none = "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard";
        assert_eq!(with(json!({"text": "A"})), none);
        assert_eq!(with(json!({"text": "A", "callback_data": ""})), none);
        let both = json!({"text": "A", "callback_data": "a", "url": "https://a.example"});
        assert_eq!(with(both), "Bad Request: BUTTON_TYPE_INVALID");
        assert_eq!(
            with(json!({"text": "", "callback_data": "a"})),
            "Bad Request: inline keyboard button text must be non-empty"
        );
        assert_eq!(
            with(json!({"text": "A", "callback_data": 5})),
            "Bad Request: can't parse inline keyboard button: Field \"callback_data\" must be of type String"
        );
    }

    #[test]
    fn keyboards_from_forms_are_json_strings() {
        let text = r#"{"inline_keyboard":[[{"text":"A","url":"https://a.example/"}],[]]}"#;
        let markup = markup(&params(json!({"reply_markup": text}))).unwrap();
        let shown = json!({"inline_keyboard": [[{"text": "A", "url": "https://a.example/"}]]});
        assert_eq!(markup, Markup::Inline(shown));
    }
}
