//! `bulwark inbox`: updates that could not be handled.

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;

use super::options::{List, UpdateFilter};
use super::queue::{ALL_MAX, Listing, Shelf};
use super::related::{self, Subject};
use super::render::{Story, Table, pretty, when, when_if, without_secrets};
use crate::base::clock::Clock;
use crate::engine::inbox::shelf::{self, Filter, KeptUpdate, UpdateState};
use crate::engine::operator::{Operator, Outcome, Queue};
use crate::telegram::{Event, Incoming};

pub(super) struct Inbox<'a> {
    pub(super) pool: &'a PgPool,
    pub(super) clock: &'a Clock,
}

#[async_trait]
impl Shelf for Inbox<'_> {
    type State = UpdateFilter;
    type Id = i64;
    const ONE: &'static str = "update";

    async fn list(
        &self,
        options: &List<UpdateFilter>,
        since: Option<OffsetDateTime>,
    ) -> Result<Listing, anyhow::Error> {
        let filter = Filter {
            states: states(&options.state),
            chat_id: options.chat,
            since,
            limit: options.limit,
        };
        let updates = shelf::list(self.pool, &filter).await?;
        let rows = updates.iter().map(|update| {
            vec![
                update.update_id.to_string(),
                update.state.clone(),
                update.chat_id.to_string(),
                update.kind.clone(),
                update.attempts.to_string(),
                when(update.received_at),
                update.error.clone().unwrap_or_default(),
            ]
        });
        let table = Table {
            head: &[
                "UPDATE", "STATE", "CHAT", "KIND", "TRIES", "RECEIVED", "ERROR",
            ],
            rows: rows.collect(),
        };
        Ok(Listing {
            table,
            json: json!(updates),
        })
    }

    async fn show(&self, id: &i64, payload: bool) -> Result<Option<Story>, anyhow::Error> {
        let Some(update) = shelf::find(self.pool, *id).await? else {
            return Ok(None);
        };
        let mut story = story(&update);
        if payload {
            let raw = shelf::payload(self.pool, *id).await?.unwrap_or_default();
            add_payload(&mut story, &raw);
        }
        let subject = Subject {
            queue: Queue::Inbox,
            id: &id.to_string(),
            correlation: update.correlation,
            at: update.received_at,
            chat_id: update.chat_id,
        };
        related::complete(self.pool, &subject, &mut story).await?;
        Ok(Some(story))
    }

    async fn set_aside(&self) -> Result<Vec<i64>, anyhow::Error> {
        let filter = Filter {
            states: vec![UpdateState::Quarantined],
            chat_id: None,
            since: None,
            limit: ALL_MAX,
        };
        let newest_first = shelf::list(self.pool, &filter).await?;
        Ok(newest_first
            .iter()
            .rev()
            .map(|update| update.update_id)
            .collect())
    }

    async fn retry(&self, id: &i64, by: &Operator) -> Result<Outcome, anyhow::Error> {
        Ok(shelf::retry(self.pool, *id, by, self.clock.sql_now()).await?)
    }

    async fn discard(&self, id: &i64, by: &Operator) -> Result<Outcome, anyhow::Error> {
        Ok(shelf::discard(self.pool, *id, by, self.clock.sql_now()).await?)
    }
}

fn states(filters: &[UpdateFilter]) -> Vec<UpdateState> {
    if filters.is_empty() {
        return vec![UpdateState::Quarantined];
    }
    let states = filters.iter().flat_map(|filter| match filter {
        UpdateFilter::Quarantined => vec![UpdateState::Quarantined],
        UpdateFilter::Pending => vec![UpdateState::Pending],
        UpdateFilter::Done => vec![UpdateState::Done],
        UpdateFilter::Shed => vec![UpdateState::Shed],
        UpdateFilter::Discarded => vec![UpdateState::Discarded],
        UpdateFilter::All => UpdateState::ALL.to_vec(),
    });
    states.collect()
}

fn story(update: &KeptUpdate) -> Story {
    Story {
        facts: vec![
            ("update", update.update_id.to_string()),
            ("state", update.state.clone()),
            ("kind", update.kind.clone()),
            ("chat", update.chat_id.to_string()),
            ("received", when(update.received_at)),
            ("tries", update.attempts.to_string()),
            ("not before", when_if(update.not_before)),
            ("finished", when_if(update.finished_at)),
            ("error", update.error.clone().unwrap_or_default()),
            ("correlation", update.correlation.to_string()),
            ("payload", format!("{} bytes", update.payload_bytes)),
        ],
        tables: Vec::new(),
        texts: Vec::new(),
        json: json!({ "update": update }),
    }
}

fn add_payload(story: &mut Story, raw: &[u8]) {
    if let Ok(incoming) = Incoming::parse(raw) {
        let user = &incoming.user;
        let username = user.username.as_deref().unwrap_or("-");
        let who = format!("{} (@{username}, {})", user.first_name, user.id);
        story.facts.push(("from", who));
        story.facts.push(("what", said(&incoming.event)));
    }
    let value: Value = serde_json::from_slice(raw)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(raw).into_owned()));
    let value = without_secrets(&value);
    story.texts.push(("Payload", pretty(&value)));
    story.json["payload"] = value;
}

fn said(event: &Event) -> String {
    match event {
        Event::Message(message) => {
            let media = message
                .media
                .as_ref()
                .map(|media| format!("[{:?}] ", media.kind));
            let text = message.text.as_deref().unwrap_or_default();
            format!("wrote: {}{text}", media.unwrap_or_default())
        }
        Event::Callback { data, .. } => format!("pressed: {data}"),
        Event::BotBlocked => "blocked the bot".to_owned(),
        Event::BotUnblocked => "unblocked the bot".to_owned(),
        Event::ChatMigrated { to } => format!("the group moved to {to}"),
        Event::PreCheckout { .. } => "wants to pay".to_owned(),
        Event::Other(kind) => format!("something else: {kind}"),
    }
}
