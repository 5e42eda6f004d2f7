//! The people, chats, messages and files that the simulator knows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::oneshot;

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    pub id: i64,
    pub first_name: String,
    pub username: Option<String>,
    pub language_code: Option<String>,
    pub has_blocked_bot: bool,
}

impl User {
    /// As the Bot API shows a person.
    pub fn json(&self) -> Value {
        let mut user = json!({"id": self.id, "is_bot": false, "first_name": self.first_name});
        if let Some(username) = &self.username {
            user["username"] = json!(username);
        }
        if let Some(code) = &self.language_code {
            user["language_code"] = json!(code);
        }
        user
    }
}

/// A message as the Bot API shows it, and what happened to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    pub json: Value,
    pub from_bot: bool,
    pub is_deleted: bool,
    /// Earlier states, oldest first.
    pub edits: Vec<Value>,
}

/// A private chat or, with a negative id, a group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub id: i64,
    pub title: String,
    pub messages: BTreeMap<i64, Message>,
    /// The person does not see messages up to this one any more; the bot may still change them.
    #[serde(default)]
    pub cleared_to: i64,
    /// What replaced the group.
    pub migrated_to: Option<i64>,
    /// The reply keyboard that is shown under the chat.
    pub reply_keyboard: Option<Value>,
    /// What the bot seems to be doing, and until when.
    #[serde(skip)]
    pub action: Option<(String, OffsetDateTime)>,
}

impl Chat {
    pub fn is_supergroup(&self) -> bool {
        self.id < -1_000_000_000_000
    }

    /// As the Bot API shows it inside messages.
    pub fn json(&self, peer: Option<&User>) -> Value {
        match peer {
            Some(user) if self.id > 0 => {
                let mut chat =
                    json!({"id": self.id, "type": "private", "first_name": user.first_name});
                if let Some(username) = &user.username {
                    chat["username"] = json!(username);
                }
                chat
            }
            _ if self.is_supergroup() => {
                json!({"id": self.id, "type": "supergroup", "title": self.title})
            }
            _ => json!({"id": self.id, "type": "group", "title": self.title}),
        }
    }
}

/// What a file was sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    Photo,
    Video,
    Audio,
    Voice,
    VideoNote,
    Animation,
    Document,
}

impl FileKind {
    /// The name of the parameter and of the message field.
    pub fn field(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::VideoNote => "video_note",
            Self::Animation => "animation",
            Self::Document => "document",
        }
    }

    /// As Telegram's error texts name it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Photo => "Photo",
            Self::Video => "Video",
            Self::Audio => "Audio",
            Self::Voice => "VoiceNote",
            Self::VideoNote => "VideoNote",
            Self::Animation => "Animation",
            Self::Document => "Document",
        }
    }

    pub const ALL: [Self; 7] = [
        Self::Photo,
        Self::Video,
        Self::Audio,
        Self::Voice,
        Self::VideoNote,
        Self::Animation,
        Self::Document,
    ];
}

/// A file that Telegram keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredFile {
    /// Later files have greater ones.
    pub number: u64,
    pub file_id: String,
    pub file_unique_id: String,
    pub kind: FileKind,
    #[serde(skip)]
    pub bytes: Bytes,
    pub mime: String,
    pub file_name: Option<String>,
    /// Below `/file/bot<token>/`.
    pub path: String,
    pub width: u32,
    pub height: u32,
    pub duration: u64,
}

/// A press of a button.
#[derive(Debug)]
pub struct Callback {
    pub at: OffsetDateTime,
    /// Takes the parameters of the first answer.
    pub answered: Option<oneshot::Sender<Value>>,
}

/// Everything that Telegram remembers but updates and the webhook.
#[derive(Debug, Default)]
pub struct World {
    pub users: BTreeMap<i64, User>,
    pub chats: BTreeMap<i64, Chat>,
    pub files: HashMap<String, Arc<StoredFile>>,
    pub file_ids_by_path: HashMap<String, String>,
    /// The sizes of each photo, from large to small, by the id of every one of them.
    pub(crate) photos: HashMap<String, Arc<Vec<String>>>,
    pub callbacks: HashMap<String, Callback>,
    pub stars: super::stars::Stars,
    /// By scope and language.
    pub commands: BTreeMap<String, Value>,
    /// Description and short description, by method and language.
    pub descriptions: BTreeMap<String, String>,
    /// Of private chats and basic groups together; supergroups count by themselves.
    pub(crate) last_message_id: i64,
    pub(crate) last_file_number: u64,
}

impl World {
    /// Messages are numbered from `first_id` on.
    pub fn new(first_id: u64) -> Self {
        Self {
            last_message_id: first_id.saturating_sub(1).cast_signed(),
            ..Self::default()
        }
    }

    /// Forgets people, chats and files. What the bot has set up and the counters stay: reused ids would confuse it.
    pub fn reset(&mut self) {
        self.users.clear();
        self.chats.clear();
        self.files.clear();
        self.file_ids_by_path.clear();
        self.photos.clear();
        self.callbacks.clear();
        self.stars = super::stars::Stars::default();
    }

    /// The user, made up if unknown.
    pub fn user(&mut self, id: i64) -> &mut User {
        self.users.entry(id).or_insert_with(|| User {
            id,
            first_name: format!("User {id}"),
            username: Some(format!("user{id}")),
            language_code: Some("en".to_owned()),
            has_blocked_bot: false,
        })
    }

    /// The chat, begun if unknown.
    pub fn chat(&mut self, id: i64) -> &mut Chat {
        self.chats.entry(id).or_insert_with(|| Chat {
            id,
            title: format!("Group {}", id.unsigned_abs()),
            ..Chat::default()
        })
    }

    pub fn chat_json(&self, id: i64) -> Value {
        let peer = self.users.get(&id);
        match self.chats.get(&id) {
            Some(chat) => chat.json(peer),
            None => Chat {
                id,
                ..Chat::default()
            }
            .json(peer),
        }
    }

    pub fn next_message_id(&mut self, chat_id: i64) -> i64 {
        if let Some(chat) = self.chats.get(&chat_id).filter(|chat| chat.is_supergroup()) {
            return chat.messages.last_key_value().map_or(0, |(id, _)| *id) + 1;
        }
        self.last_message_id += 1;
        self.last_message_id
    }

    pub fn next_file_number(&mut self) -> u64 {
        self.last_file_number += 1;
        self.last_file_number
    }

    pub fn put_file(&mut self, file: StoredFile) -> Arc<StoredFile> {
        let file = Arc::new(file);
        self.file_ids_by_path
            .insert(file.path.clone(), file.file_id.clone());
        self.files.insert(file.file_id.clone(), Arc::clone(&file));
        file
    }

    /// Notes that these files are sizes of one photo.
    pub fn keep_photo(&mut self, file_ids: Vec<String>) {
        let sizes = Arc::new(file_ids);
        for file_id in sizes.iter() {
            self.photos.insert(file_id.clone(), Arc::clone(&sizes));
        }
    }

    /// The sizes of the photo that this file is one of, as the Bot API shows them: from small to large.
    pub fn photo_sizes(&self, file_id: &str) -> Vec<Value> {
        let ids = self.photos.get(file_id);
        let files = ids.into_iter().flat_map(|ids| ids.iter().rev());
        files
            .filter_map(|id| self.files.get(id))
            .map(|file| {
                json!({
                    "file_id": file.file_id,
                    "file_unique_id": file.file_unique_id,
                    "file_size": file.bytes.len(),
                    "width": file.width,
                    "height": file.height,
                })
            })
            .collect()
    }

    pub fn message(&self, chat_id: i64, message_id: i64) -> Option<&Message> {
        let message = self.chats.get(&chat_id)?.messages.get(&message_id)?;
        (!message.is_deleted).then_some(message)
    }
}
