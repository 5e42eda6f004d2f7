//! The state as it is saved.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::blobs::{Blobs, Named};
use crate::core::Core;
use crate::flutterwave;
use crate::kie;
use crate::panel;
use crate::replicate;
use crate::telegram::stars::Stars;
use crate::telegram::updates::{Pending, QueueKey};
use crate::telegram::world::{Callback, Chat, StoredFile, User};

const FORMAT: &str = "bulwark-simulator";
const VERSION: u32 = 1;
/// Of all files together; the oldest are forgotten.
const FILES_MAX_BYTES: usize = 150 * 1024 * 1024;
/// Of what tasks read and made.
const TASKS_MAX_BYTES: usize = 50 * 1024 * 1024;
/// Numbers may have been given out after the last save. None may come again: a bot knows its updates by them.
const NUMBERS_SKIPPED: u64 = 10_000;

#[derive(Serialize, Deserialize)]
pub(super) struct Snapshot {
    format: String,
    version: u32,
    bot_id: i64,
    #[serde(with = "time::serde::rfc3339")]
    clock_start: OffsetDateTime,
    /// How far the clock was turned forward.
    clock_ahead_ms: u64,
    last_message_id: i64,
    last_file_number: u64,
    next_update_id: u64,
    users: Vec<User>,
    chats: Vec<Chat>,
    files: Vec<File>,
    photos: Vec<Vec<String>>,
    queries: Vec<Query>,
    #[serde(default)]
    stars: Stars,
    commands: BTreeMap<String, Value>,
    descriptions: BTreeMap<String, String>,
    allowed_updates: Option<Vec<String>>,
    updates: Vec<Update>,
    kie: kie::Saved,
    #[serde(default)]
    panels: BTreeMap<String, panel::Panel>,
    #[serde(default)]
    flutterwave: flutterwave::Account,
    #[serde(default)]
    replicate: replicate::Saved,
}

#[derive(Serialize, Deserialize)]
struct File {
    file: StoredFile,
    blob: String,
}

/// A press of a button, which may still be answered.
#[derive(Serialize, Deserialize)]
struct Query {
    id: String,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

/// An update that was not delivered yet.
#[derive(Serialize, Deserialize)]
struct Update {
    id: u64,
    queue: QueueKey,
    update: Value,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl Snapshot {
    /// The state of now, and the bytes that it names.
    pub(super) fn take(core: &Core) -> (Self, Named) {
        let mut blobs = Named::new();
        let mut snapshot = Self::of_world(core, &mut blobs);
        // After the world, so that no update is saved whose message is not.
        let state = core.telegram.state();
        snapshot.next_update_id = state.updates.next_id;
        snapshot.allowed_updates.clone_from(&state.updates.allowed);
        let updates = state.updates.pending.iter().map(|(id, pending)| Update {
            id: *id,
            queue: pending.queue.clone(),
            update: pending.json.clone(),
            expires_at: pending.expires_at,
        });
        snapshot.updates = updates.collect();
        drop(state);
        let mut room = TASKS_MAX_BYTES;
        snapshot.kie = core.kie.saved(&mut |name, bytes| {
            let fits = bytes.len() <= room;
            if fits {
                room -= bytes.len();
                blobs.insert(name.to_owned(), bytes.clone());
            }
            fits
        });
        (snapshot, blobs)
    }

    fn of_world(core: &Core, blobs: &mut Named) -> Self {
        let world = core.telegram.world();
        let mut files: Vec<&Arc<StoredFile>> = world.files.values().collect();
        files.sort_by_key(|file| std::cmp::Reverse(file.number));
        let mut room = FILES_MAX_BYTES;
        let mut kept = Vec::new();
        for file in files {
            // All sizes of a photo are the same bytes here.
            let photo = world.photos.get(&file.file_id);
            let blob = photo
                .and_then(|sizes| sizes.first())
                .unwrap_or(&file.file_id);
            if !blobs.contains_key(blob) {
                let Some(left) = room.checked_sub(file.bytes.len()) else {
                    break;
                };
                room = left;
                blobs.insert(blob.clone(), file.bytes.clone());
            }
            kept.push(File {
                file: StoredFile::clone(file),
                blob: blob.clone(),
            });
        }
        let queries = world.callbacks.iter().map(|(id, query)| Query {
            id: id.clone(),
            at: query.at,
        });
        let mut queries: Vec<Query> = queries.collect();
        // In a fixed order, so that nothing is written when nothing has changed.
        queries.sort_by(|one, other| one.id.cmp(&other.id));
        let mut photos: Vec<Vec<String>> = world
            .photos
            .iter()
            .filter(|(id, sizes)| sizes.first() == Some(*id))
            .map(|(_, sizes)| sizes.to_vec())
            .collect();
        photos.sort();
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            bot_id: core.telegram.bot_id(),
            clock_start: core.clock.started_at(),
            clock_ahead_ms: core.clock.ahead_ms(),
            last_message_id: world.last_message_id,
            last_file_number: world.last_file_number,
            next_update_id: 0,
            users: world.users.values().cloned().collect(),
            chats: world.chats.values().cloned().collect(),
            files: kept,
            photos,
            queries,
            stars: world.stars.clone(),
            commands: world.commands.clone(),
            descriptions: world.descriptions.clone(),
            allowed_updates: None,
            updates: Vec::new(),
            kie: kie::Saved::default(),
            panels: core.panels.saved(),
            flutterwave: core.flutterwave.saved(),
            replicate: core.replicate.saved(),
        }
    }

    /// # Errors
    /// Why this is no state for this simulator.
    pub(super) fn read(bytes: &[u8], core: &Core) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
            bot_id: i64,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if head.format != FORMAT {
            return Err(format!("it is of the format {:?}", head.format));
        }
        if head.version != VERSION {
            return Err(format!("it is of version {}, not {VERSION}", head.version));
        }
        if head.bot_id != core.telegram.bot_id() {
            return Err(format!("it belongs to the bot {}", head.bot_id));
        }
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    /// Puts all in place. Files whose bytes are gone are left out.
    pub(super) fn restore(self, core: &Arc<Core>, blobs: &Blobs) {
        core.clock.catch_up(self.clock_start, self.clock_ahead_ms);
        {
            let mut world = core.telegram.world();
            let last_message_id = self
                .last_message_id
                .saturating_add_unsigned(NUMBERS_SKIPPED);
            world.last_message_id = world.last_message_id.max(last_message_id);
            world.last_file_number = self.last_file_number.saturating_add(NUMBERS_SKIPPED);
            world.users = self.users.into_iter().map(|user| (user.id, user)).collect();
            world.chats = self.chats.into_iter().map(|chat| (chat.id, chat)).collect();
            world.stars = self.stars;
            world.commands = self.commands;
            world.descriptions = self.descriptions;
            for File { mut file, blob } in self.files {
                if let Some(bytes) = blobs.read(&blob) {
                    file.bytes = bytes;
                    world.put_file(file);
                }
            }
            for mut sizes in self.photos {
                sizes.retain(|id| world.files.contains_key(id));
                world.keep_photo(sizes);
            }
            for query in self.queries {
                let callback = Callback {
                    at: query.at,
                    answered: None,
                };
                world.callbacks.insert(query.id, callback);
            }
        }
        let now = core.clock.now();
        {
            let mut state = core.telegram.state();
            let next_id = self.next_update_id.saturating_add(NUMBERS_SKIPPED);
            state.updates.next_id = state.updates.next_id.max(next_id);
            state.updates.allowed = self.allowed_updates;
            for update in self.updates {
                let pending = Pending {
                    queue: update.queue,
                    json: update.update,
                    expires_at: update.expires_at,
                };
                state.updates.put_back(update.id, pending, now);
            }
        }
        core.panels.restore(self.panels);
        core.flutterwave.restore(self.flutterwave);
        replicate::restore(core, self.replicate);
        let tasks: VecDeque<_> = core.kie.restore(self.kie, &|name| blobs.read(name));
        for id in tasks {
            kie::resume(core, id);
        }
    }
}
