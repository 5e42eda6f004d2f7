//! What went wrong with a Bot API call, in classes that each call for one reaction.
//!
//! Telegram tells errors apart by English text only; the texts here are those of the Bot API server.

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::lenient::{self, Object};
use super::methods::is_repeatable;

/// Why a Bot API call gave no result. None of them holds an address or the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// 429: nothing to this chat (or at all, when Telegram means it so) for this long.
    #[error("Telegram asks to wait for {retry_after_s} s")]
    FloodWait { retry_after_s: u32 },
    /// The group became a supergroup: the same call works with the new chat id.
    #[error("the group is now the supergroup {to_chat_id}")]
    Migrated { to_chat_id: i64 },
    /// 403: blocked, removed from the chat, or never started.
    #[error("the bot may not write there")]
    Blocked,
    /// The formatting was refused; the same text without formatting is accepted.
    #[error("formatting refused: {description}")]
    BadEntities { description: String },
    /// Text or caption are longer than Telegram takes.
    #[error("the text is too long")]
    TooLong,
    /// The edit would change nothing: as good as done.
    #[error("the message is already like that")]
    NotModified,
    /// The message cannot be edited or deleted any more, or has no text or caption to edit.
    #[error("the message cannot be changed any more")]
    MessageGone,
    /// The press of a button, or the pre-checkout, was too long ago to be answered.
    #[error("the query is too old")]
    CallbackTooOld,
    /// Telegram could not fetch the address, or refuses this file; another way of sending it may work.
    #[error("the file was refused: {description}")]
    MediaRefused { description: String },
    /// There is no such chat or user (any more).
    #[error("the chat does not exist")]
    ChatGone,
    /// Any other 4xx: the same call is refused again.
    #[error("refused with {code}: {description}")]
    Rejected { code: u16, description: String },
    /// The token is wrong or was revoked.
    #[error("the bot's token is not valid")]
    Unauthorized,
    /// Calling again is safe: Telegram did not act, or acting twice is the same as once.
    #[error("Telegram is unavailable: {detail}")]
    Transient { detail: String },
    /// The call was sent and the answer was lost: Telegram may have acted.
    #[error("unknown whether Telegram acted: {detail}")]
    Unknown { detail: String },
}

impl CallError {
    /// True when repeating the call might do it twice.
    pub fn may_have_acted(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}

/// A flood wait that names no time.
const RETRY_AFTER_DEFAULT_S: u32 = 5;
/// Descriptions go to logs and attempt rows.
const DESCRIPTION_MAX_CHARS: usize = 300;

/// Reads an answer of the Bot API, or of a gateway before it; gives the raw JSON of its `result`.
///
/// A 5xx leaves it open whether Telegram acted when it comes from a gateway (no Bot API JSON, or 502 or 504), or from a
/// server that is closing, which says so of sends already on their way. Methods that must not be repeated blindly are
/// then [`CallError::Unknown`]. Any other 5xx of the Bot API says that it did not act.
pub(super) fn decode(
    method: &str,
    status: u16,
    retry_after: Option<&str>,
    body: &[u8],
) -> Result<String, CallError> {
    let json = lenient::mend(body);
    let Some(answer) = Object::parse(&json).filter(|answer| answer.raw("ok").is_some()) else {
        return Err(without_json(method, status, retry_after));
    };
    if answer.read("ok") == Some(true) && (200..300).contains(&status) {
        return Ok(answer.raw("result").unwrap_or("null").to_owned());
    }
    let code = answer.read("error_code").unwrap_or(status);
    let description: String = answer
        .string("description")
        .unwrap_or_default()
        .chars()
        .take(DESCRIPTION_MAX_CHARS)
        .collect();
    let parameters = answer.object("parameters").unwrap_or_default();
    if let Some(to_chat_id) = parameters.read("migrate_to_chat_id") {
        return Err(CallError::Migrated { to_chat_id });
    }
    Err(match code {
        429 => CallError::FloodWait {
            retry_after_s: parameters
                .raw("retry_after")
                .and_then(seconds)
                .or_else(|| retry_after.and_then(seconds))
                .or_else(|| seconds(description.rsplit(' ').next()?))
                .unwrap_or(RETRY_AFTER_DEFAULT_S)
                .max(1),
        },
        502 | 504 => open_outcome(method, format!("{code} {description}")),
        500..=599 if is_closing(&description) => {
            open_outcome(method, format!("{code} {description}"))
        }
        500..=599 => CallError::Transient {
            detail: format!("{code} {description}"),
        },
        _ => refusal(code, description),
    })
}

/// The call was acted upon, so a result that cannot be read whole (too deep, numbers out of range) must not look like
/// a failure: what is left of it is the id of the message.
pub(super) fn result_value(raw: &str) -> Value {
    serde_json::from_str(raw).unwrap_or_else(|_| {
        let message_id: Option<i64> =
            Object::parse(raw).and_then(|result| result.read("message_id"));
        message_id.map_or(Value::Null, |id| serde_json::json!({ "message_id": id }))
    })
}

/// Whole seconds, however large.
fn seconds(text: &str) -> Option<u32> {
    let seconds: u64 = text.trim().parse().ok()?;
    Some(u32::try_from(seconds).unwrap_or(u32::MAX))
}

fn without_json(method: &str, status: u16, retry_after: Option<&str>) -> CallError {
    match status {
        200..=299 => CallError::Unknown {
            detail: format!("unreadable answer with status {status}"),
        },
        401 => CallError::Unauthorized,
        413 => CallError::MediaRefused {
            description: "Request Entity Too Large".to_owned(),
        },
        429 => CallError::FloodWait {
            retry_after_s: retry_after
                .and_then(seconds)
                .unwrap_or(RETRY_AFTER_DEFAULT_S)
                .max(1),
        },
        500..=599 => open_outcome(method, format!("gateway answered {status}")),
        _ => CallError::Rejected {
            code: status,
            description: "not an answer of the Bot API".to_owned(),
        },
    }
}

fn open_outcome(method: &str, detail: String) -> CallError {
    if is_repeatable(method) {
        CallError::Transient { detail }
    } else {
        CallError::Unknown { detail }
    }
}

fn is_closing(description: &str) -> bool {
    description.ends_with("restart") || description.ends_with("Request aborted")
}

fn refusal(code: u16, description: String) -> CallError {
    let text = description.to_lowercase();
    let says = |texts: &[&str]| texts.iter().any(|known| text.contains(known));
    match code {
        // 421: a server that is set up for other bots.
        401 | 421 => CallError::Unauthorized,
        // A malformed token gives the bare text; an unknown method "Not Found: method not found".
        404 if text == "not found" => CallError::Unauthorized,
        403 => CallError::Blocked,
        413 => CallError::MediaRefused { description },
        400 if says(BAD_ENTITIES) => CallError::BadEntities { description },
        400 if says(TOO_LONG) => CallError::TooLong,
        400 if says(NOT_MODIFIED) => CallError::NotModified,
        400 if says(MESSAGE_GONE) => CallError::MessageGone,
        400 if says(QUERY_TOO_OLD) => CallError::CallbackTooOld,
        400 if says(MEDIA_REFUSED) => CallError::MediaRefused { description },
        400 if says(CHAT_GONE) => CallError::ChatGone,
        _ => CallError::Rejected { code, description },
    }
}

// In lower case; matched anywhere in the description.
const BAD_ENTITIES: &[&str] = &[
    "can't parse entities",
    "can't parse caption",
    "entities_too_long",
    "entity_bounds_invalid",
];
const TOO_LONG: &[&str] = &[
    "message is too long",
    "caption is too long",
    "message_too_long",
    "text is too long",
];
const NOT_MODIFIED: &[&str] = &["message is not modified", "message_not_modified"];
const MESSAGE_GONE: &[&str] = &[
    "message to edit not found",
    "message can't be edited",
    "message to delete not found",
    "message can't be deleted",
    "there is no text in the message to edit",
    "there is no caption in the message to edit",
    "there is no media in the message to edit",
    "message_id_invalid",
    "message_edit_time_expired",
];
const QUERY_TOO_OLD: &[&str] = &[
    "query is too old",
    "query id is invalid",
    "query_id_invalid",
];
const MEDIA_REFUSED: &[&str] = &[
    "wrong file identifier",
    "wrong remote file identifier",
    "wrong file_id",
    "wrong http url specified",
    "wrong padding in the string",
    "invalid file http url",
    "invalid file id",
    "failed to get http url content",
    "wrong type of the web page content",
    "can't use file of type",
    "can't upload file by url",
    "file must be non-empty",
    "file is too big",
    "too big for a photo",
    "image_process_failed",
    "photo_invalid_dimensions",
    "photo_ext_invalid",
    "photo_save_file_invalid",
    "photo_content_type_invalid",
    "video_content_type_invalid",
    "video_file_invalid",
    "audio_content_url_empty",
    "webpage_curl_failed",
    "webpage_media_empty",
    "media_empty",
    "media_invalid",
    "external_url_invalid",
    "file_parts_invalid",
    "file_reference_expired",
];
const CHAT_GONE: &[&str] = &[
    "chat not found",
    "user not found",
    "group chat was deactivated",
    "chat_id is empty",
    "peer_id_invalid",
    "chat_id_invalid",
    "channel_private",
    "user_deactivated",
    "input_user_deactivated",
];
