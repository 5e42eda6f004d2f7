//! The Bot API calls that Bulwark makes, as method name and parameters.
//!
//! They are plain data, so that they can be kept in the database and sent later.

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::keyboard::InlineKeyboard;
use super::media::MediaKind;
use super::rich::Rich;

/// The kinds of update that Bulwark asks Telegram for.
pub const ALLOWED_UPDATES: [&str; 4] = [
    "message",
    "callback_query",
    "my_chat_member",
    "pre_checkout_query",
];

/// A call to be made with [`super::Client::call`] or, when a file goes with it, [`super::Client::upload`].
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub method: &'static str,
    /// A JSON object.
    pub params: Value,
}

/// How a text is written for Telegram. Each is tried when the one before was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    MarkdownV2,
    Html,
    Plain,
}

impl Format {
    /// The next simpler one.
    pub fn fallback(self) -> Option<Self> {
        match self {
            Self::MarkdownV2 => Some(Self::Html),
            Self::Html => Some(Self::Plain),
            Self::Plain => None,
        }
    }

    fn render(self, text: &Rich) -> String {
        match self {
            Self::MarkdownV2 => text.to_markdown_v2(),
            Self::Html => text.to_html(),
            Self::Plain => text.to_plain(),
        }
    }

    fn parse_mode(self) -> Option<&'static str> {
        match self {
            Self::MarkdownV2 => Some("MarkdownV2"),
            Self::Html => Some("HTML"),
            Self::Plain => None,
        }
    }
}

/// Where the file of a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSource<'a> {
    /// An address that Telegram fetches itself; at most 20 MB, photos 5 MB.
    Url(&'a str),
    /// A file that Telegram has already.
    FileId(&'a str),
    /// Uploaded with the call, in the field that [`upload_field`] names.
    Upload,
}

/// A method that sends a message of the given kind of file.
pub fn send_method(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "sendPhoto",
        MediaKind::Video => "sendVideo",
        MediaKind::Audio => "sendAudio",
        MediaKind::Document => "sendDocument",
    }
}

/// The parameter that holds the file.
pub fn upload_field(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "photo",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Document => "document",
    }
}

/// Bot API docs, "sendMessage". Links show no preview: texts of ours are about what they say.
pub fn send_message(
    chat_id: i64,
    text: &Rich,
    format: Format,
    keyboard: Option<&InlineKeyboard>,
) -> Call {
    let mut params = json!({
        "chat_id": chat_id,
        "link_preview_options": { "is_disabled": true },
    });
    put_text(&mut params, "text", text, format);
    put_keyboard(&mut params, keyboard);
    Call {
        method: "sendMessage",
        params,
    }
}

/// Bot API docs, "sendInvoice", for an amount of Telegram Stars: an empty provider token and exactly one price. Without
/// buttons of ours Telegram puts its own "Pay" under it.
pub fn send_invoice(
    chat_id: i64,
    title: &str,
    description: &str,
    payload: &str,
    stars: i64,
) -> Call {
    let cut = |text: &str, chars_max| text.chars().take(chars_max).collect::<String>();
    Call {
        method: "sendInvoice",
        params: json!({
            "chat_id": chat_id,
            "title": cut(title, INVOICE_TITLE_MAX_CHARS),
            "description": cut(description, INVOICE_DESCRIPTION_MAX_CHARS),
            "payload": payload,
            "provider_token": "",
            "currency": STARS,
            "prices": [{ "label": cut(title, INVOICE_TITLE_MAX_CHARS), "amount": stars }],
        }),
    }
}

/// Bot API docs, "refundStarPayment".
pub fn refund_star_payment(user_id: i64, charge_id: &str) -> Call {
    Call {
        method: "refundStarPayment",
        params: json!({ "user_id": user_id, "telegram_payment_charge_id": charge_id }),
    }
}

/// Bot API docs, "getStarTransactions": oldest first, at most 100.
pub fn get_star_transactions(offset: u64, limit: u64) -> Call {
    Call {
        method: "getStarTransactions",
        params: json!({ "offset": offset, "limit": limit }),
    }
}

/// The currency code of Telegram Stars.
pub const STARS: &str = "XTR";
/// Bot API docs, "sendInvoice".
const INVOICE_TITLE_MAX_CHARS: usize = 32;
const INVOICE_DESCRIPTION_MAX_CHARS: usize = 255;

/// Bot API docs, "sendPhoto", "sendVideo", "sendAudio", "sendDocument".
pub fn send_file(
    chat_id: i64,
    kind: MediaKind,
    source: FileSource<'_>,
    caption: &Rich,
    format: Format,
    keyboard: Option<&InlineKeyboard>,
) -> Call {
    let mut params = json!({ "chat_id": chat_id });
    match source {
        FileSource::Url(file) | FileSource::FileId(file) => {
            params[upload_field(kind)] = json!(file);
        }
        FileSource::Upload => {}
    }
    if kind == MediaKind::Video {
        params["supports_streaming"] = json!(true);
    }
    if !caption.is_blank() {
        put_text(&mut params, "caption", caption, format);
    }
    put_keyboard(&mut params, keyboard);
    Call {
        method: send_method(kind),
        params,
    }
}

/// Bot API docs, "editMessageText". Without a keyboard the buttons go away.
pub fn edit_message_text(
    chat_id: i64,
    message_id: i64,
    text: &Rich,
    format: Format,
    keyboard: Option<&InlineKeyboard>,
) -> Call {
    let mut params = json!({
        "chat_id": chat_id,
        "message_id": message_id,
        "link_preview_options": { "is_disabled": true },
    });
    put_text(&mut params, "text", text, format);
    put_keyboard(&mut params, keyboard);
    Call {
        method: "editMessageText",
        params,
    }
}

/// Bot API docs, "editMessageCaption". Without a keyboard the buttons go away.
pub fn edit_message_caption(
    chat_id: i64,
    message_id: i64,
    caption: &Rich,
    format: Format,
    keyboard: Option<&InlineKeyboard>,
) -> Call {
    let mut params = json!({ "chat_id": chat_id, "message_id": message_id });
    put_text(&mut params, "caption", caption, format);
    put_keyboard(&mut params, keyboard);
    Call {
        method: "editMessageCaption",
        params,
    }
}

/// Bot API docs, "editMessageReplyMarkup". Without a keyboard the buttons go away.
pub fn edit_message_reply_markup(
    chat_id: i64,
    message_id: i64,
    keyboard: Option<&InlineKeyboard>,
) -> Call {
    let mut params = json!({ "chat_id": chat_id, "message_id": message_id });
    put_keyboard(&mut params, keyboard);
    Call {
        method: "editMessageReplyMarkup",
        params,
    }
}

/// Bot API docs, "deleteMessage".
pub fn delete_message(chat_id: i64, message_id: i64) -> Call {
    Call {
        method: "deleteMessage",
        params: json!({ "chat_id": chat_id, "message_id": message_id }),
    }
}

/// Longest text of an answer to a button, in characters.
pub const CALLBACK_ANSWER_MAX_CHARS: usize = 200;

/// Bot API docs, "answerCallbackQuery". A longer text is cut.
pub fn answer_callback_query(id: &str, text: Option<&str>, as_alert: bool) -> Call {
    let mut params = json!({ "callback_query_id": id });
    if let Some(text) = text {
        let text: String = text.chars().take(CALLBACK_ANSWER_MAX_CHARS).collect();
        params["text"] = json!(text);
        params["show_alert"] = json!(as_alert);
    }
    Call {
        method: "answerCallbackQuery",
        params,
    }
}

/// Bot API docs, "answerPreCheckoutQuery". `refusal` says why the payment cannot go on.
pub fn answer_pre_checkout_query(id: &str, refusal: Option<&str>) -> Call {
    let mut params = json!({ "pre_checkout_query_id": id, "ok": refusal.is_none() });
    if let Some(refusal) = refusal {
        params["error_message"] = json!(refusal);
    }
    Call {
        method: "answerPreCheckoutQuery",
        params,
    }
}

/// What the bot seems to be doing, for about 5 seconds; Bot API docs, "sendChatAction".
pub fn send_chat_action(chat_id: i64, kind: Option<MediaKind>) -> Call {
    let action = match kind {
        None => "typing",
        Some(MediaKind::Image) => "upload_photo",
        Some(MediaKind::Video) => "upload_video",
        Some(MediaKind::Audio) => "upload_voice",
        Some(MediaKind::Document) => "upload_document",
    };
    Call {
        method: "sendChatAction",
        params: json!({ "chat_id": chat_id, "action": action }),
    }
}

/// True when calling twice does the same as calling once.
pub fn is_repeatable(method: &str) -> bool {
    ["get", "set", "edit", "delete", "answer"]
        .iter()
        .any(|verb| method.starts_with(verb))
        || method == "sendChatAction"
}

fn put_text(params: &mut Value, field: &str, text: &Rich, format: Format) {
    params[field] = json!(format.render(text));
    if let Some(mode) = format.parse_mode() {
        params["parse_mode"] = json!(mode);
    }
}

fn put_keyboard(params: &mut Value, keyboard: Option<&InlineKeyboard>) {
    if let Some(keyboard) = keyboard.filter(|keyboard| !keyboard.is_empty()) {
        params["reply_markup"] = json!(keyboard);
    }
}
