//! Updates that wait for the bot, in the queues in which Telegram keeps them.
//!
//! Of each queue one update at a time is under way; between queues there is no order (tdlib/telegram-bot-api,
//! `Client.cpp`, `add_update`; `WebhookActor.cpp`).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Remembered for `GET /sim/updates`.
const RECORDS_MAX: usize = 20_000;
/// tdlib, `TQueue.cpp`: beyond these, updates vanish.
const PENDING_MAX: usize = 100_000;
const UPDATE_MAX_BYTES: usize = 512 * 1024;

/// Beyond this, numbers are no longer exact everywhere.
const RAW_ID_MAX: u64 = 1 << 53;

/// Bot API docs, "setWebhook": not sent unless asked for by name.
const ON_DEMAND_ONLY: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// Which updates wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum QueueKey {
    Chat(i64),
    Callback(i64),
    Checkout(i64),
    MyChatMember(i64),
    ChatMember(i64),
    Other(String, i64),
}

impl QueueKey {
    /// The queue of an update, by the rules of facts: messages by chat, callbacks and payments by person, …
    pub fn of(kind: &str, payload: &Value) -> Self {
        let chat = payload["chat"]["id"].as_i64().unwrap_or_default();
        let from = payload["from"]["id"].as_i64().unwrap_or_default();
        match kind {
            "message" | "edited_message" | "channel_post" | "edited_channel_post" => {
                Self::Chat(chat)
            }
            "callback_query" => Self::Callback(from),
            "shipping_query" | "pre_checkout_query" => Self::Checkout(from),
            "my_chat_member" => Self::MyChatMember(chat),
            "chat_member" | "chat_join_request" => Self::ChatMember(from),
            _ => Self::Other(kind.to_owned(), if chat == 0 { from } else { chat }),
        }
    }
}

/// How long Telegram tries to deliver an update of this kind.
fn life(kind: &str) -> Duration {
    match kind {
        "callback_query" | "shipping_query" | "pre_checkout_query" => Duration::from_secs(150),
        "inline_query" => Duration::from_secs(30),
        "chosen_inline_result" => Duration::from_secs(600),
        _ => Duration::from_secs(24 * 3600),
    }
}

/// An update that was not delivered yet.
#[derive(Clone, Debug)]
pub struct Pending {
    pub queue: QueueKey,
    pub json: Value,
    pub expires_at: OffsetDateTime,
}

/// The state of one queue.
#[derive(Debug)]
pub struct Queue {
    pub ids: VecDeque<u64>,
    pub is_in_flight: bool,
    pub next_at: OffsetDateTime,
    pub failures: u32,
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    Pending,
    Delivered,
    Expired,
    /// Not among `allowed_updates`.
    Filtered,
    Dropped,
}

/// One try to deliver.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// `200`, or what went wrong.
    pub outcome: String,
}

/// An update in `GET /sim/updates`.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    pub update_id: u64,
    pub kind: String,
    pub fate: Fate,
    pub attempts: Vec<Attempt>,
    pub update: Value,
}

/// All updates.
#[derive(Debug)]
pub struct Updates {
    pub(crate) next_id: u64,
    pub pending: BTreeMap<u64, Pending>,
    pub queues: HashMap<QueueKey, Queue>,
    /// `allowed_updates` as set last; it outlives the webhook. None is the default set.
    pub allowed: Option<Vec<String>>,
    records: VecDeque<Record>,
}

impl Updates {
    /// Numbered from ten times `first_id` on: updates come faster than seconds.
    pub fn new(first_id: u64) -> Self {
        Self {
            next_id: first_id.saturating_mul(10),
            pending: BTreeMap::new(),
            queues: HashMap::new(),
            allowed: None,
            records: VecDeque::new(),
        }
    }

    fn allows(&self, kind: &str) -> bool {
        match &self.allowed {
            Some(allowed) if !allowed.is_empty() => allowed.iter().any(|name| name == kind),
            Some(_) | None => !ON_DEMAND_ONLY.contains(&kind),
        }
    }

    /// Adds an update of a kind, as things happen; its id, also when the bot does not want it.
    pub fn push(&mut self, kind: &str, payload: Value, now: OffsetDateTime) -> u64 {
        let update_id = self.take_id();
        let queue = QueueKey::of(kind, &payload);
        let is_wanted = self.allows(kind);
        let date = payload["date"].as_i64();
        let date = date.and_then(|date| OffsetDateTime::from_unix_timestamp(date).ok());
        let expires_at = date.unwrap_or(now) + life(kind);
        let json = json!({"update_id": update_id, kind: payload});
        self.record(update_id, kind, &json);
        if is_wanted {
            self.enqueue(update_id, queue, json, expires_at, now);
        } else {
            self.set_fate(update_id, Fate::Filtered);
        }
        update_id
    }

    /// Adds an update exactly as given; without an id it gets the next one.
    pub fn push_raw(&mut self, mut json: Value, now: OffsetDateTime) -> u64 {
        let update_id = match json["update_id"].as_u64() {
            Some(id) => {
                // A monstrous id is delivered, but nothing is counted on from there.
                if id < RAW_ID_MAX {
                    self.next_id = self.next_id.max(id + 1);
                }
                id
            }
            None => self.take_id(),
        };
        if json["update_id"].is_null() {
            json["update_id"] = json!(update_id);
        }
        let fields = json.as_object().into_iter().flatten();
        let found = fields.into_iter().find(|(name, _)| *name != "update_id");
        let (kind, payload) = found.map_or(("", Value::Null), |(k, v)| (k.as_str(), v.clone()));
        let (kind, queue) = (kind.to_owned(), QueueKey::of(kind, &payload));
        self.record(update_id, &kind, &json);
        self.enqueue(update_id, queue, json, now + life(&kind), now);
        update_id
    }

    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }

    fn enqueue(
        &mut self,
        update_id: u64,
        queue: QueueKey,
        json: Value,
        expires_at: OffsetDateTime,
        now: OffsetDateTime,
    ) {
        if self.pending.len() >= PENDING_MAX || json.to_string().len() > UPDATE_MAX_BYTES {
            self.set_fate(update_id, Fate::Dropped);
            return;
        }
        let pending = Pending {
            queue,
            json,
            expires_at,
        };
        self.put_back(update_id, pending, now);
    }

    /// Lets an update wait behind the others of its queue.
    pub(crate) fn put_back(&mut self, update_id: u64, pending: Pending, now: OffsetDateTime) {
        let queue = self.queues.entry(pending.queue.clone());
        let waiting = queue.or_insert_with(|| Queue {
            ids: VecDeque::new(),
            is_in_flight: false,
            next_at: now,
            failures: 0,
        });
        waiting.ids.push_back(update_id);
        self.pending.insert(update_id, pending);
    }

    /// Takes an update out of its queue for good.
    pub fn remove(&mut self, update_id: u64, fate: Fate) {
        let Some(pending) = self.pending.remove(&update_id) else {
            return;
        };
        self.set_fate(update_id, fate);
        if let Some(queue) = self.queues.get_mut(&pending.queue) {
            queue.ids.retain(|id| *id != update_id);
            if queue.ids.is_empty() && !queue.is_in_flight {
                self.queues.remove(&pending.queue);
            }
        }
    }

    /// Drops what nobody will get any more, but for what is under way; true when there was something.
    pub fn expire(&mut self, now: OffsetDateTime) -> bool {
        let is_free = |pending: &Pending, id: &u64| {
            let queue = self.queues.get(&pending.queue);
            queue.is_none_or(|queue| !queue.is_in_flight || queue.ids.front() != Some(id))
        };
        let expired = self
            .pending
            .iter()
            .filter(|(id, pending)| pending.expires_at <= now && is_free(pending, id));
        let expired: Vec<u64> = expired.map(|(id, _)| *id).collect();
        for id in &expired {
            self.remove(*id, Fate::Expired);
        }
        !expired.is_empty()
    }

    /// A try has ended: the queue may go on at `next_at`.
    pub fn release(&mut self, key: &QueueKey, next_at: OffsetDateTime, failures: u32) {
        if let Some(queue) = self.queues.get_mut(key) {
            queue.is_in_flight = false;
            queue.next_at = next_at;
            queue.failures = failures;
            if queue.ids.is_empty() {
                self.queues.remove(key);
            }
        }
    }

    pub fn drop_all(&mut self) {
        let ids: Vec<u64> = self.pending.keys().copied().collect();
        for id in ids {
            self.remove(id, Fate::Dropped);
        }
    }

    /// Forgets everything but the numbering and what the bot wants.
    pub fn reset(&mut self) {
        self.drop_all();
        self.records.clear();
    }

    fn record(&mut self, update_id: u64, kind: &str, json: &Value) {
        self.records.push_back(Record {
            update_id,
            kind: kind.to_owned(),
            fate: Fate::Pending,
            attempts: Vec::new(),
            update: json.clone(),
        });
        if self.records.len() > RECORDS_MAX {
            self.records.pop_front();
        }
    }

    fn record_of(&mut self, update_id: u64) -> Option<&mut Record> {
        let mut newest_first = self.records.iter_mut().rev();
        newest_first.find(|record| record.update_id == update_id)
    }

    fn set_fate(&mut self, update_id: u64, fate: Fate) {
        if let Some(record) = self.record_of(update_id) {
            record.fate = fate;
        }
    }

    pub fn add_attempt(&mut self, update_id: u64, at: OffsetDateTime, outcome: String) {
        if let Some(record) = self.record_of(update_id) {
            record.attempts.push(Attempt { at, outcome });
        }
    }

    /// Oldest first.
    pub fn records(&self) -> Vec<Record> {
        self.records.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn only_wanted_kinds_wait() {
        let mut updates = Updates::new(1);
        updates.push("message", json!({"chat": {"id": 1}}), NOW);
        updates.push("chat_member", json!({"chat": {"id": 1}}), NOW);
        assert_eq!(updates.pending.len(), 1);
        updates.allowed = Some(vec!["chat_member".to_owned()]);
        updates.push("message", json!({"chat": {"id": 1}}), NOW);
        updates.push("chat_member", json!({"chat": {"id": 1}}), NOW);
        let fates: Vec<Fate> = updates.records().iter().map(|r| r.fate).collect();
        let expected = [Fate::Pending, Fate::Filtered, Fate::Filtered, Fate::Pending];
        assert_eq!(fates, expected);
    }

    #[test]
    fn a_message_lives_a_day_and_a_press_150_seconds() {
        let mut updates = Updates::new(1);
        updates.push("message", json!({"chat": {"id": 1}, "date": 0}), NOW);
        updates.push("callback_query", json!({"from": {"id": 1}}), NOW);
        updates.expire(NOW + Duration::from_secs(149));
        assert_eq!(updates.pending.len(), 2);
        updates.expire(NOW + Duration::from_secs(150));
        assert_eq!(updates.pending.len(), 1);
        updates.expire(NOW + Duration::from_secs(86_400));
        assert!(updates.pending.is_empty() && updates.queues.is_empty());
    }
}
