//! Methods that send.

use std::sync::Arc;

use serde_json::{Value, json};

use super::media;
use super::params::Params;
use super::refusal::Refusal;
use super::text::{self, Markup};
use super::world::{FileKind, Message, World};
use crate::core::Core;
use crate::entities::Marked;

/// Bot API docs, "sendMediaGroup".
const GROUP_ITEMS: std::ops::RangeInclusive<usize> = 2..=10;

const ACTIONS: [&str; 11] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];

/// The chat of a call, when the bot may write there.
pub(super) fn open_chat(world: &World, params: &Params) -> Result<i64, Refusal> {
    let id = params.text("chat_id").unwrap_or_default();
    if id.is_empty() {
        return Err(Refusal::bad("chat_id is empty"));
    }
    let chat_id: i64 = id
        .trim()
        .parse()
        .map_err(|_| Refusal::bad("chat not found"))?;
    let Some(chat) = world.chats.get(&chat_id) else {
        return Err(match world.users.contains_key(&chat_id) {
            true => Refusal::forbidden("bot can't initiate conversation with a user"),
            false => Refusal::bad("chat not found"),
        });
    };
    if let Some(to) = chat.migrated_to {
        return Err(Refusal::migrated(to));
    }
    if world
        .users
        .get(&chat_id)
        .is_some_and(|user| user.has_blocked_bot)
    {
        return Err(Refusal::forbidden("bot was blocked by the user"));
    }
    Ok(chat_id)
}

/// sendMessage.
pub(super) fn message(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let chat_id = open_chat(&core.telegram.world(), params)?;
    let marked = text::text(params)?;
    let markup = text::markup(params)?;
    let mut content = json!({"text": marked.text});
    put_entities(&mut content, "entities", &marked);
    post(core, chat_id, params, content, &markup)
}

/// sendPhoto and its like.
pub(super) async fn file(
    core: &Arc<Core>,
    params: &Params,
    kind: FileKind,
) -> Result<Value, Refusal> {
    let chat_id = open_chat(&core.telegram.world(), params)?;
    let caption = text::caption(params)?;
    let markup = text::markup(params)?;
    let field = kind.field();
    let value = params.text(field);
    let file = media::resolve(core, params, field, value.as_deref(), kind).await?;
    let mut content = media::message_fields(core, &file);
    put_caption(&mut content, params, &caption);
    post(core, chat_id, params, content, &markup)
}

/// sendMediaGroup: all or none.
pub(super) async fn group(core: &Arc<Core>, params: &Params) -> Result<Value, Refusal> {
    let chat_id = open_chat(&core.telegram.world(), params)?;
    let items = params
        .structure("media")
        .map_err(|()| Refusal::bad("can't parse media JSON object"))?
        .unwrap_or_default();
    let items = items
        .as_array()
        .ok_or_else(|| Refusal::bad("can't parse media JSON object"))?;
    if !GROUP_ITEMS.contains(&items.len()) {
        return Err(Refusal::bad("Album must contain from 2 to 10 media"));
    }
    let album = core.random_below(u64::MAX).to_string();
    let mut contents = Vec::new();
    for item in items {
        let mut content = group_item(core, params, item).await?;
        content["media_group_id"] = json!(album);
        contents.push(content);
    }
    take_limit(core, chat_id, contents.len())?;
    let mut sent = Vec::new();
    for content in contents {
        sent.push(put(core, chat_id, params, content, &Markup::None)?);
    }
    Ok(Value::Array(sent))
}

async fn group_item(core: &Arc<Core>, params: &Params, item: &Value) -> Result<Value, Refusal> {
    if item["type"] == "animation" {
        return Err(Refusal::bad("can't parse InputMedia: Unsupported type"));
    }
    input_media(core, params, item).await
}

/// What a message shows of an `InputMedia`.
pub(super) async fn input_media(
    core: &Arc<Core>,
    params: &Params,
    item: &Value,
) -> Result<Value, Refusal> {
    let cannot = |reason: &str| Refusal::bad(format!("can't parse InputMedia: {reason}"));
    let Value::Object(fields) = item else {
        return Err(cannot("expected an Object"));
    };
    let own = Params {
        fields: fields.clone(),
        files: params.files.clone(),
    };
    let caption = text::caption(&own)?;
    let kind = match item["type"].as_str() {
        Some("photo") => FileKind::Photo,
        Some("video") => FileKind::Video,
        Some("animation") => FileKind::Animation,
        Some("audio") => FileKind::Audio,
        Some("document") => FileKind::Document,
        Some(_) => return Err(cannot("Unsupported type")),
        None => return Err(cannot("Can't find field \"type\"")),
    };
    let media = own.text("media").filter(|media| !media.is_empty());
    let media = media.ok_or_else(|| cannot("media not found"))?;
    let file = media::resolve(core, &own, "media", Some(&media), kind).await?;
    let mut content = media::message_fields(core, &file);
    put_caption(&mut content, &own, &caption);
    Ok(content)
}

/// sendChatAction.
pub(super) fn action(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let mut world = core.telegram.world();
    let chat_id = open_chat(&world, params)?;
    let action = params.text("action").unwrap_or_default();
    if !ACTIONS.contains(&action.as_str()) {
        return Err(Refusal::bad("wrong parameter action in request"));
    }
    let until = core.clock.now() + std::time::Duration::from_secs(5);
    world.chat(chat_id).action = Some((action, until));
    drop(world);
    core.chat_changed(chat_id);
    Ok(json!(true))
}

pub(super) fn put_entities(content: &mut Value, field: &str, marked: &Marked) {
    if !marked.entities.is_empty() {
        content[field] = json!(marked.entities);
    }
}

/// Mentions of people whom the bot may know show them; others are mere text.
pub(super) fn show_mentioned(world: &World, content: &mut Value) {
    for field in ["entities", "caption_entities"] {
        let Some(entities) = content.get_mut(field).and_then(Value::as_array_mut) else {
            continue;
        };
        for entity in entities.iter_mut() {
            let user = entity["user"]["id"].as_i64();
            if let Some(user) = user.and_then(|id| world.users.get(&id)) {
                entity["user"] = user.json();
            }
        }
        entities.retain(|entity| {
            entity["type"] != "text_mention" || entity["user"]["first_name"].is_string()
        });
        if entities.is_empty()
            && let Some(content) = content.as_object_mut()
        {
            content.remove(field);
        }
    }
}

fn put_caption(content: &mut Value, params: &Params, caption: &Marked) {
    if !caption.text.is_empty() {
        content["caption"] = json!(caption.text);
        put_entities(content, "caption_entities", caption);
    }
    if params.flag("has_spoiler") {
        content["has_media_spoiler"] = json!(true);
    }
}

pub(super) fn take_limit(core: &Core, chat_id: i64, count: usize) -> Result<(), Refusal> {
    let now = core.clock.now();
    let taken = core.telegram.limits().take(chat_id, count, now);
    taken.map_err(Refusal::flood)
}

pub(super) fn post(
    core: &Core,
    chat_id: i64,
    params: &Params,
    content: Value,
    markup: &Markup,
) -> Result<Value, Refusal> {
    take_limit(core, chat_id, 1)?;
    put(core, chat_id, params, content, markup)
}

/// Adds a message of the bot to a chat.
fn put(
    core: &Core,
    chat_id: i64,
    params: &Params,
    mut content: Value,
    markup: &Markup,
) -> Result<Value, Refusal> {
    let mut world = core.telegram.world();
    if let Some(reply) = reply_target(&world, params, chat_id)? {
        content["reply_to_message"] = reply;
    }
    let message_id = world.next_message_id(chat_id);
    content["message_id"] = json!(message_id);
    content["from"] = core.telegram.bot();
    content["chat"] = world.chat_json(chat_id);
    content["date"] = json!(core.clock.now().unix_timestamp());
    if params.flag("protect_content") {
        content["has_protected_content"] = json!(true);
    }
    let chat = world.chat(chat_id);
    match markup {
        Markup::None => {}
        Markup::Inline(markup) => content["reply_markup"] = markup.clone(),
        Markup::Reply(markup) => {
            chat.reply_keyboard = markup.get("keyboard").is_some().then(|| markup.clone());
        }
    }
    chat.action = None;
    show_mentioned(&world, &mut content);
    let chat = world.chat(chat_id);
    let message = Message {
        json: content.clone(),
        from_bot: true,
        is_deleted: false,
        edits: Vec::new(),
    };
    chat.messages.insert(message_id, message);
    drop(world);
    core.chat_changed(chat_id);
    Ok(content)
}

fn reply_target(world: &World, params: &Params, chat_id: i64) -> Result<Option<Value>, Refusal> {
    let reply = params
        .structure("reply_parameters")
        .map_err(|()| Refusal::bad("can't parse reply parameters JSON object"))?;
    let (message_id, may_miss) = match &reply {
        Some(reply) => (
            reply["message_id"].as_i64(),
            reply["allow_sending_without_reply"] == json!(true),
        ),
        None => (
            params.integer("reply_to_message_id"),
            params.flag("allow_sending_without_reply"),
        ),
    };
    let Some(message_id) = message_id else {
        return Ok(None);
    };
    match world.message(chat_id, message_id) {
        Some(message) => {
            let mut json = message.json.clone();
            if let Some(fields) = json.as_object_mut() {
                fields.remove("reply_to_message");
            }
            Ok(Some(json))
        }
        None if may_miss => Ok(None),
        None => Err(Refusal::bad("message to be replied not found")),
    }
}
