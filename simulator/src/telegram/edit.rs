//! Methods that change or remove messages.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::params::Params;
use super::refusal::Refusal;
use super::send::{input_media, open_chat, put_entities, show_mentioned, take_limit};
use super::text::{self, Markup};
use super::world::{FileKind, Message};
use crate::core::Core;

/// Bot API docs, "deleteMessage".
const DELETABLE_FOR: Duration = Duration::from_secs(48 * 3600);

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";

/// editMessageText.
pub(super) fn text(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let marked = text::text(params)?;
    edit(core, params, |json| {
        if json.get("text").is_none() {
            return Err(Refusal::bad("there is no text in the message to edit"));
        }
        json["text"] = json!(marked.text);
        remove(json, "entities");
        put_entities(json, "entities", &marked);
        Ok(())
    })
}

/// editMessageCaption.
pub(super) fn caption(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let caption = text::caption(params)?;
    edit(core, params, |json| {
        let has_file = FileKind::ALL
            .iter()
            .any(|kind| json.get(kind.field()).is_some());
        if !has_file {
            return Err(Refusal::bad("there is no caption in the message to edit"));
        }
        remove(json, "caption");
        remove(json, "caption_entities");
        if !caption.text.is_empty() {
            json["caption"] = json!(caption.text);
            put_entities(json, "caption_entities", &caption);
        }
        Ok(())
    })
}

/// editMessageMedia: a file in the place of another, or of a text.
pub(super) async fn media(core: &Arc<Core>, params: &Params) -> Result<Value, Refusal> {
    let item = params.structure("media").ok().flatten();
    let item = item.ok_or_else(|| Refusal::bad("can't parse input media JSON object"))?;
    let new = input_media(core, params, &item).await?;
    edit(core, params, |json| {
        let old = FileKind::ALL
            .iter()
            .find(|kind| json.get(kind.field()).is_some());
        let is_fixed =
            old.is_some_and(|kind| matches!(kind, FileKind::Voice | FileKind::VideoNote));
        if is_fixed || (old.is_none() && json.get("text").is_none()) {
            return Err(Refusal::bad("message media can't be edited"));
        }
        let old = old.map_or("text", |kind| kind.field());
        if json.get("media_group_id").is_some() && new.get(old).is_none() {
            check_album(old, &new)?;
        }
        let gone = FileKind::ALL.iter().map(|kind| kind.field());
        for field in gone.chain(["text", "entities", "caption", "caption_entities"]) {
            remove(json, field);
        }
        if let (Some(fields), Value::Object(new)) = (json.as_object_mut(), new) {
            fields.extend(new);
        }
        Ok(())
    })
}

/// An album of photos and videos may mix them; one of documents or of music holds nothing else.
fn check_album(old: &str, new: &Value) -> Result<(), Refusal> {
    if new.get("animation").is_some() {
        return Err(Refusal::bad(
            "message content type can't be used in an album",
        ));
    }
    let is_pure = |kind: &str| ["audio", "document"].contains(&kind);
    if is_pure(old) || new.get("audio").is_some() || new.get("document").is_some() {
        return Err(Refusal::bad("can't change media type in the album"));
    }
    Ok(())
}

/// editMessageReplyMarkup.
pub(super) fn reply_markup(core: &Core, params: &Params) -> Result<Value, Refusal> {
    edit(core, params, |_| Ok(()))
}

fn remove(json: &mut Value, field: &str) {
    if let Some(fields) = json.as_object_mut() {
        fields.remove(field);
    }
}

/// Changes a message of the bot; without a keyboard in the call its buttons go away.
fn edit(
    core: &Core,
    params: &Params,
    change: impl FnOnce(&mut Value) -> Result<(), Refusal>,
) -> Result<Value, Refusal> {
    let markup = text::markup(params)?;
    if params.text("chat_id").is_none() && params.text("inline_message_id").is_none() {
        return Err(Refusal::bad("message identifier is not specified"));
    }
    let mut world = core.telegram.world();
    let chat_id = open_chat(&world, params)?;
    let message_id = params
        .integer("message_id")
        .ok_or_else(|| Refusal::bad("message identifier is not specified"))?;
    let message = world
        .message(chat_id, message_id)
        .ok_or_else(|| Refusal::bad("message to edit not found"))?;
    if !message.from_bot {
        return Err(Refusal::bad("message can't be edited"));
    }
    let mut json = message.json.clone();
    change(&mut json)?;
    show_mentioned(&world, &mut json);
    remove(&mut json, "reply_markup");
    if let Markup::Inline(markup) = markup {
        json["reply_markup"] = markup;
    }
    if is_same(&json, &message.json) {
        return Err(Refusal::bad(NOT_MODIFIED));
    }
    if chat_id < 0 {
        take_limit(core, chat_id, 1)?;
    }
    json["edit_date"] = json!(core.clock.now().unix_timestamp());
    if let Some(message) = world.chat(chat_id).messages.get_mut(&message_id) {
        let before = std::mem::replace(&mut message.json, json.clone());
        message.edits.push(before);
    }
    drop(world);
    core.chat_changed(chat_id);
    Ok(json)
}

fn is_same(one: &Value, other: &Value) -> bool {
    [
        "text",
        "entities",
        "caption",
        "caption_entities",
        "reply_markup",
    ]
    .into_iter()
    .chain(FileKind::ALL.iter().map(|kind| kind.field()))
    .all(|field| one.get(field) == other.get(field))
}

/// deleteMessage.
pub(super) fn delete(core: &Core, params: &Params) -> Result<Value, Refusal> {
    if params.text("chat_id").is_none() {
        return Err(Refusal::bad("chat identifier is not specified"));
    }
    let message_id = params.integer("message_id").unwrap_or_default();
    if message_id == 0 {
        return Err(Refusal::bad("message identifier is not specified"));
    }
    let mut world = core.telegram.world();
    let chat_id = open_chat(&world, params)?;
    let now = core.clock.now().unix_timestamp();
    let message = world.chat(chat_id).messages.get_mut(&message_id);
    let message: &mut Message = message
        .filter(|message| !message.is_deleted)
        .ok_or_else(|| Refusal::bad("message to delete not found"))?;
    let age = now - message.json["date"].as_i64().unwrap_or(now);
    let is_foreign_in_group = chat_id < 0 && !message.from_bot;
    if age > DELETABLE_FOR.as_secs().cast_signed() || is_foreign_in_group {
        return Err(Refusal::bad("message can't be deleted for everyone"));
    }
    message.is_deleted = true;
    drop(world);
    core.chat_changed(chat_id);
    Ok(json!(true))
}
