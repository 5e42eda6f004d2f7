//! The few facts of an update that intake needs before anything is understood: who, where, and which kind.
//!
//! This runs for every webhook delivery, so it builds no tree and copies almost nothing.

use super::lenient::{self, Object};

/// The body is not a JSON object with an integer `update_id`: nothing that Telegram sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an update: no JSON object with an integer update_id")]
pub struct NotAnUpdate;

/// The kinds of update that Bulwark acts on; Bot API docs, "Update".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Message,
    CallbackQuery,
    MyChatMember,
    PreCheckoutQuery,
    /// Every other kind, known to Telegram or not.
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            "message" => Self::Message,
            "callback_query" => Self::CallbackQuery,
            "my_chat_member" => Self::MyChatMember,
            "pre_checkout_query" => Self::PreCheckoutQuery,
            _ => Self::Other,
        }
    }
}

/// What intake knows about an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub update_id: i64,
    pub kind: Kind,
    /// The kind as Telegram names it, at most 40 characters of `[a-z0-9_]`; `"none"` for an update without one.
    pub kind_name: String,
    /// The chat it happened in; `None` for updates that belong to no chat.
    pub chat_id: Option<i64>,
    /// The person who caused it.
    pub user_id: Option<i64>,
    /// The user's language as Telegram reports it (an IETF tag), at most 35 characters.
    pub language_code: Option<String>,
    pub is_private: bool,
    /// When the message was written, seconds since 1970; only messages say.
    pub date_s: Option<i64>,
    /// It carries a file: rate limits charge more for it.
    pub has_media: bool,
    /// A message whose text begins with a slash.
    pub is_command: bool,
    /// It is about a payment: rate limits never hold it back.
    pub has_payment: bool,
    /// The id to answer with `answerCallbackQuery`.
    pub callback_query_id: Option<String>,
    /// The id to answer with `answerPreCheckoutQuery`, within 10 seconds.
    pub pre_checkout_query_id: Option<String>,
}

impl Envelope {
    /// Reads any JSON object with an integer `update_id`.
    ///
    /// # Errors
    /// [`NotAnUpdate`] for everything else.
    pub fn parse(raw: &[u8]) -> Result<Self, NotAnUpdate> {
        if let Some(envelope) = std::str::from_utf8(raw).ok().and_then(read) {
            return Ok(envelope);
        }
        read(&lenient::mend(raw)).ok_or(NotAnUpdate)
    }
}

/// The update's kind and its content, taken apart one level: shared by the envelope and the full decoder.
pub(super) struct Parts<'a> {
    pub(super) update_id: i64,
    pub(super) kind: Kind,
    pub(super) kind_name: String,
    pub(super) content: Object<'a>,
}

/// `None` when there is no integer `update_id`, or when the text has to be mended first.
pub(super) fn parts(json: &str) -> Option<Parts<'_>> {
    let update = Object::parse(json)?;
    let update_id = update.read("update_id")?;
    let name = kind_key(&update);
    let content = name
        .and_then(|name| update.object(name))
        .unwrap_or_default();
    Some(Parts {
        update_id,
        kind: name.map_or(Kind::Other, Kind::of),
        kind_name: name.map_or_else(|| "none".to_owned(), tame_name),
        content,
    })
}

/// A kind that we act on wins over an unknown key beside it.
fn kind_key<'o>(update: &'o Object<'_>) -> Option<&'o str> {
    let mut names = update.keys().filter(|key| *key != "update_id");
    let first = names.next()?;
    std::iter::once(first)
        .chain(names)
        .find(|key| Kind::of(key) != Kind::Other)
        .or(Some(first))
}

/// Kind names go to the database, logs and metrics: a strange one must not carry anything along.
fn tame_name(name: &str) -> String {
    name.chars()
        .take(40)
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '_' => c,
            _ => '?',
        })
        .collect()
}

fn read(json: &str) -> Option<Envelope> {
    let parts = parts(json)?;
    let content = &parts.content;
    let user = content.object("from").or_else(|| content.object("user"));
    let message = content.object("message");
    let chat = content
        .object("chat")
        .or_else(|| message.as_ref().and_then(|message| message.object("chat")));
    let chat_id = chat.as_ref().and_then(|chat| chat.read("id"));
    let id_if = |kind| (parts.kind == kind).then(|| content.string("id")).flatten();
    Some(Envelope {
        update_id: parts.update_id,
        chat_id,
        user_id: user.as_ref().and_then(|user| user.read("id")),
        language_code: user
            .as_ref()
            .and_then(|user| user.string("language_code"))
            .filter(|code| code.len() <= 35),
        // Only private chats have positive ids, so a chat type that is not known yet changes nothing.
        is_private: chat_id.is_some_and(|id| id > 0),
        date_s: (parts.kind == Kind::Message)
            .then(|| content.read("date"))
            .flatten(),
        has_media: parts.kind == Kind::Message
            && MEDIA_KEYS.iter().any(|key| content.raw(key).is_some()),
        is_command: parts.kind == Kind::Message
            && content
                .raw("text")
                .is_some_and(|text| text.starts_with("\"/")),
        has_payment: parts.kind == Kind::PreCheckoutQuery
            || content.raw("successful_payment").is_some()
            || content.raw("refunded_payment").is_some(),
        callback_query_id: id_if(Kind::CallbackQuery),
        pre_checkout_query_id: id_if(Kind::PreCheckoutQuery),
        kind: parts.kind,
        kind_name: parts.kind_name,
    })
}

const MEDIA_KEYS: [&str; 9] = [
    "photo",
    "video",
    "video_note",
    "animation",
    "audio",
    "voice",
    "document",
    "live_photo",
    "sticker",
];
