//! What a person does: write, change the profile, block the bot.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refused, parse};
use crate::core::Core;
use crate::entities::{Marked, utf16_len};
use crate::telegram::media::{self, NewFile};
use crate::telegram::world::{FileKind, Message, User};

const TEXT_MAX: usize = 4096;
/// Bot API docs, "User" and "Chat": ids have at most 52 significant bits.
const ID_MAX: i64 = (1 << 52) - 1;
const CAPTION_MAX: usize = 1024;

/// Body of `POST /sim/users/{id}/send`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Send {
    /// The person's private chat with the bot, unless said otherwise; negative for a group.
    chat_id: Option<i64>,
    text: Option<String>,
    caption: Option<String>,
    photo: Option<File>,
    video: Option<File>,
    document: Option<File>,
    voice: Option<File>,
    audio: Option<File>,
    video_note: Option<File>,
    animation: Option<File>,
    /// For files given as a bare base64 text.
    file_name: Option<String>,
    mime_type: Option<String>,
    reply_to: Option<i64>,
    /// `true`, or a `MessageOrigin` of the Bot API.
    forward: Option<Value>,
    media_group_id: Option<String>,
    first_name: Option<String>,
    username: Option<String>,
    language_code: Option<String>,
}

/// A file: its base64, or that with a name and a type.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a file is its base64, or {data, file_name, mime_type, duration} with the base64 in data"
)]
enum File {
    Bare(String),
    Named {
        #[serde(alias = "base64", alias = "content", alias = "bytes")]
        data: String,
        #[serde(default, alias = "name")]
        file_name: Option<String>,
        #[serde(default, alias = "mime")]
        mime_type: Option<String>,
        #[serde(default)]
        duration: u64,
    },
}

impl Send {
    fn take_file(&mut self) -> Option<(FileKind, File)> {
        let files = [
            (FileKind::Photo, self.photo.take()),
            (FileKind::Video, self.video.take()),
            (FileKind::Document, self.document.take()),
            (FileKind::Voice, self.voice.take()),
            (FileKind::Audio, self.audio.take()),
            (FileKind::VideoNote, self.video_note.take()),
            (FileKind::Animation, self.animation.take()),
        ];
        let mut files = files.into_iter();
        files.find_map(|(kind, file)| Some((kind, file?)))
    }

    /// What the message holds beside who, where and when.
    fn content(&mut self, core: &Core) -> Result<Value, Refused> {
        let file = self.take_file();
        let text = self.text.take();
        let caption = self.caption.take();
        let (field, entities_field, max, text, mut content) = match file {
            None => {
                let text = text.or(caption).unwrap_or_default();
                ("text", "entities", TEXT_MAX, text, json!({}))
            }
            Some((kind, file)) => {
                let file = self.decode(kind, file)?;
                let stored = media::store(core, kind, file).swap_remove(0);
                let fields = media::message_fields(core, &stored);
                let text = caption.or(text).unwrap_or_default();
                ("caption", "caption_entities", CAPTION_MAX, text, fields)
            }
        };
        // Before any work: what is cleaned away is little.
        if text.len() > max * 8 || utf16_len(text.trim()) > max {
            return Err(Refused::bad(format!(
                "Telegram's apps send at most {max} characters of {field}"
            )));
        }
        let marked = Marked {
            text,
            entities: Vec::new(),
        };
        let marked = marked.cleaned().map_err(Refused::bad)?;
        if !marked.text.is_empty() {
            content[field] = json!(marked.text);
            if !marked.entities.is_empty() {
                content[entities_field] = json!(marked.entities);
            }
        } else if field == "text" {
            return Err(Refused::bad("say text or give a file"));
        }
        Ok(content)
    }

    fn decode(&self, kind: FileKind, file: File) -> Result<NewFile, Refused> {
        let (data, file_name, mime, duration) = match file {
            File::Bare(data) => (data, None, None, 0),
            File::Named {
                data,
                file_name,
                mime_type,
                duration,
            } => (data, file_name, mime_type, duration),
        };
        let data = data
            .rsplit_once("base64,")
            .map_or(data.as_str(), |(_, d)| d);
        let bytes = STANDARD
            .decode(data.trim())
            .map_err(|error| Refused::bad(format!("{}: {error}", kind.field())))?;
        let usual = match kind {
            FileKind::Photo => "image/jpeg",
            FileKind::Video | FileKind::VideoNote | FileKind::Animation => "video/mp4",
            FileKind::Audio => "audio/mpeg",
            FileKind::Voice => "audio/ogg",
            FileKind::Document => "application/octet-stream",
        };
        Ok(NewFile {
            bytes: bytes.into(),
            mime: mime
                .or_else(|| self.mime_type.clone())
                .unwrap_or_else(|| usual.to_owned()),
            file_name: file_name.or_else(|| self.file_name.clone()),
            duration: duration.max(1),
        })
    }
}

/// `POST /sim/users/{id}/send`: the person writes.
pub(super) async fn send(
    State(core): State<Arc<Core>>,
    Path(user_id): Path<i64>,
    body: Bytes,
) -> Answer {
    let mut send: Send = parse(&body)?;
    let chat_id = send.chat_id.unwrap_or(user_id);
    check_place(user_id, chat_id)?;
    let mut content = send.content(&core)?;
    let now = core.clock.now();
    let (message_id, is_seen) = {
        let mut world = core.telegram.world();
        let user = world.user(user_id);
        set_profile(user, send.first_name, send.username, send.language_code);
        if chat_id > 0 && user.has_blocked_bot {
            let text = "this person has blocked the bot; unblock first";
            return Err(Refused(StatusCode::CONFLICT, text.to_owned()));
        }
        let from = user.json();
        world.chat(chat_id);
        if let Some(reply) = send.reply_to {
            let target = world.message(chat_id, reply);
            let target = target.ok_or_else(|| Refused::missing("no such message to reply to"))?;
            content["reply_to_message"] = target.json.clone();
        }
        let message_id = world.next_message_id(chat_id);
        content["message_id"] = json!(message_id);
        content["from"] = from;
        content["chat"] = world.chat_json(chat_id);
        content["date"] = json!(now.unix_timestamp());
        if let Some(group) = send.media_group_id {
            content["media_group_id"] = json!(group);
        }
        put_forward(&mut content, send.forward, now.unix_timestamp());
        let message = Message {
            json: content.clone(),
            from_bot: false,
            is_deleted: false,
            edits: Vec::new(),
        };
        world.chat(chat_id).messages.insert(message_id, message);
        (message_id, chat_id > 0 || is_seen_in_group(&core, &content))
    };
    core.chat_changed(chat_id);
    let update_id = is_seen.then(|| push(&core, "message", content.clone()));
    core.saves.wait().await;
    Ok(Json(json!({
        "ok": true,
        "chat_id": chat_id,
        "message_id": message_id,
        "update_id": update_id,
        "message": content,
    })))
}

/// A person acts in the own private chat or in a group.
pub(super) fn check_place(user_id: i64, chat_id: i64) -> Result<(), Refused> {
    if !(1..=ID_MAX).contains(&user_id) {
        return Err(Refused::bad("a person's id is positive and below 2^52"));
    }
    if chat_id >= 0 && chat_id != user_id || chat_id < -ID_MAX {
        return Err(Refused::bad(
            "a private chat has the id of its person, a group a negative one",
        ));
    }
    Ok(())
}

fn put_forward(content: &mut Value, forward: Option<Value>, date: i64) {
    content["forward_origin"] = match forward {
        None | Some(Value::Null | Value::Bool(false)) => return,
        Some(Value::Object(origin)) => Value::Object(origin),
        Some(_) => json!({"type": "hidden_user", "sender_user_name": "Someone", "date": date}),
    };
}

/// Bots with privacy mode see commands, replies to them, and mentions of them.
fn is_seen_in_group(core: &Core, content: &Value) -> bool {
    let bot = core.telegram.bot();
    let text = content["text"]
        .as_str()
        .or_else(|| content["caption"].as_str());
    let text = text.unwrap_or_default();
    let mention = format!("@{}", bot["username"].as_str().unwrap_or_default());
    text.starts_with('/')
        || text.contains(&mention)
        || content["reply_to_message"]["from"]["id"] == bot["id"]
}

/// Hands an update over for delivery.
pub(super) fn push(core: &Core, kind: &str, payload: Value) -> u64 {
    let now = core.clock.now();
    let id = core.telegram.state().updates.push(kind, payload, now);
    core.telegram.wake();
    id
}

fn set_profile(
    user: &mut User,
    first_name: Option<String>,
    username: Option<String>,
    language_code: Option<String>,
) {
    if let Some(first_name) = first_name {
        user.first_name = first_name;
    }
    // An empty text takes it away.
    if let Some(username) = username {
        let username = username.trim_start_matches('@').to_owned();
        user.username = Some(username).filter(|name| !name.is_empty());
    }
    if let Some(code) = language_code {
        user.language_code = Some(code).filter(|code| !code.is_empty());
    }
}

/// Body of `POST /sim/users/{id}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    first_name: Option<String>,
    username: Option<String>,
    language_code: Option<String>,
    /// Block or unblock the bot.
    blocked: Option<bool>,
}

/// `POST /sim/users/{id}`: makes or changes a person.
pub(super) async fn profile(
    State(core): State<Arc<Core>>,
    Path(user_id): Path<i64>,
    body: Bytes,
) -> Answer {
    let profile: Profile = parse(&body)?;
    check_place(user_id, user_id)?;
    let (user, chat, was_blocked) = {
        let mut world = core.telegram.world();
        let user = world.user(user_id);
        set_profile(
            user,
            profile.first_name,
            profile.username,
            profile.language_code,
        );
        let was_blocked = user.has_blocked_bot;
        user.has_blocked_bot = profile.blocked.unwrap_or(was_blocked);
        let user = user.clone();
        (user, world.chat_json(user_id), was_blocked)
    };
    if user.has_blocked_bot != was_blocked {
        let member = |is_blocked: bool| match is_blocked {
            true => json!({"user": core.telegram.bot(), "status": "kicked", "until_date": 0}),
            false => json!({"user": core.telegram.bot(), "status": "member"}),
        };
        let change = json!({
            "chat": chat,
            "from": user.json(),
            "date": core.clock.now().unix_timestamp(),
            "old_chat_member": member(was_blocked),
            "new_chat_member": member(user.has_blocked_bot),
        });
        push(&core, "my_chat_member", change);
    }
    core.chat_changed(user_id);
    Ok(Json(super::view::user(&user)))
}
