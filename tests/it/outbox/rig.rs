//! Messages put straight into the outbox, and what the simulator saw of them.

use std::ops::Range;
use std::sync::Arc;

use bulwark::app::App;
use bulwark::engine::outbox::{self, Action, NewMessage, OnUnknown, Priority};
use bulwark::engine::shards;
use bulwark::telegram::Rich;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::world::World;

/// A message on its way into the outbox.
pub struct Post(NewMessage);

impl Post {
    pub fn to(chat_id: i64, text: &str) -> Self {
        let action = Action::Say {
            text: Rich::literal(text),
            keyboard: None,
        };
        Self(NewMessage::new(chat_id, Uuid::from_u128(7), action))
    }

    pub fn low(mut self) -> Self {
        self.0.priority = Priority::Low;
        self
    }

    pub fn owed(mut self) -> Self {
        self.0.owed = true;
        self
    }

    pub fn merged(mut self) -> Self {
        self.0.merge_key = Some(outbox::ADMIN_NOTICES);
        self
    }

    pub fn on_unknown(mut self, on_unknown: OnUnknown) -> Self {
        self.0.on_unknown = on_unknown;
        self
    }

    pub async fn put(self, world: &World) {
        let mut conn = world.pool.acquire().await.expect("a connection");
        outbox::enqueue(&mut conn, &self.0, Some(world.now()))
            .await
            .expect("a row");
    }
}

/// A call of sendMessage, as the simulator saw it.
#[derive(Clone, Debug)]
pub struct Send {
    pub at: OffsetDateTime,
    pub chat_id: i64,
    pub text: String,
    pub status: u16,
}

/// All of them, oldest first.
pub async fn sends(world: &World) -> Vec<Send> {
    let log = world.log("sendMessage").await;
    log.iter().map(send).collect()
}

fn send(call: &Value) -> Send {
    let at = call["at"].as_str().expect("a time");
    let chat_id = &call["params"]["chat_id"];
    let text = call["params"]["text"].as_str().expect("a text");
    Send {
        at: OffsetDateTime::parse(at, &Rfc3339).expect("a time"),
        chat_id: chat_id
            .as_i64()
            .or_else(|| chat_id.as_str()?.parse().ok())
            .expect("a chat"),
        text: text.replace('\\', ""),
        status: u16::try_from(call["status"].as_u64().expect("a status")).expect("a status"),
    }
}

/// People whom the bot may write to.
pub fn people(world: &World, ids: Range<i64>) {
    let mut telegram = world.sim.core().telegram.world();
    for id in ids {
        telegram.chat(id);
    }
}

pub async fn dead(world: &World) -> i64 {
    world
        .count("select count(*) from outbox_message where state = 3")
        .await
}

/// Which worker has the lane of a chat.
async fn worker_of(world: &World, chat_id: i64) -> Uuid {
    let shard = shards::of_lane(chat_id);
    let sql = format!("select owner from lane_shard where shard = {shard}");
    let row = world.pool.fetch_one(AssertSqlSafe(sql)).await;
    row.expect("a shard").get(0)
}

/// The chats of these whose lanes are with the first or the second of the replicas, in order of their names.
pub async fn chats_of(world: &World, which: usize, ids: Range<i64>) -> Vec<i64> {
    let mut owned: Vec<(Uuid, i64)> = Vec::new();
    for chat_id in ids {
        owned.push((worker_of(world, chat_id).await, chat_id));
    }
    let mut workers: Vec<Uuid> = owned.iter().map(|(worker, _)| *worker).collect();
    workers.sort_unstable();
    workers.dedup();
    assert_eq!(workers.len(), 2, "both have lanes");
    owned.retain(|(worker, _)| *worker == workers[which]);
    owned.into_iter().map(|(_, chat_id)| chat_id).collect()
}

/// The replica that has the lane of a chat.
pub async fn owner_of<'a>(world: &World, chat_id: i64, replicas: [&'a Arc<App>; 2]) -> &'a App {
    let worker = worker_of(world, chat_id).await;
    let found = replicas.into_iter().find(|app| app.worker() == worker);
    found.expect("one of them")
}
