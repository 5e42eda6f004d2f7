//! `bulwark outbox`: messages that could not be delivered.

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;

use super::options::{List, MessageFilter};
use super::queue::{ALL_MAX, Listing, Shelf};
use super::related::{self, Subject};
use super::render::{Story, Table, pretty, when, when_if, without_secrets};
use crate::base::clock::Clock;
use crate::engine::operator::{Operator, Outcome, Queue};
use crate::engine::outbox::shelf::{self, Filter, KeptMessage, MessageState};
use crate::telegram::Rich;

pub(super) struct Outbox<'a> {
    pub(super) pool: &'a PgPool,
    pub(super) clock: &'a Clock,
}

#[async_trait]
impl Shelf for Outbox<'_> {
    type State = MessageFilter;
    type Id = i64;
    const ONE: &'static str = "message";

    async fn list(
        &self,
        options: &List<MessageFilter>,
        since: Option<OffsetDateTime>,
    ) -> Result<Listing, anyhow::Error> {
        let filter = Filter {
            states: states(&options.state),
            chat_id: options.chat,
            since,
            limit: options.limit,
        };
        let messages = shelf::list(self.pool, &filter).await?;
        let rows = messages.iter().map(|message| {
            vec![
                message.id.to_string(),
                message.state.clone(),
                message.chat_id.to_string(),
                message.kind.clone(),
                message.attempts.to_string(),
                when(message.created_at),
                message.error.clone().unwrap_or_default(),
            ]
        });
        let table = Table {
            head: &["MESSAGE", "STATE", "CHAT", "KIND", "TRIES", "MADE", "ERROR"],
            rows: rows.collect(),
        };
        Ok(Listing {
            table,
            json: json!(messages),
        })
    }

    async fn show(&self, id: &i64, payload: bool) -> Result<Option<Story>, anyhow::Error> {
        let Some(message) = shelf::find(self.pool, *id).await? else {
            return Ok(None);
        };
        let mut story = story(&message);
        if payload {
            add_payload(&mut story, shelf::payload(self.pool, *id).await?);
        }
        let subject = Subject {
            queue: Queue::Outbox,
            id: &id.to_string(),
            correlation: message.correlation,
            at: message.created_at,
            chat_id: message.chat_id,
        };
        related::complete(self.pool, &subject, &mut story).await?;
        Ok(Some(story))
    }

    async fn set_aside(&self) -> Result<Vec<i64>, anyhow::Error> {
        let filter = Filter {
            states: vec![MessageState::Dead],
            chat_id: None,
            since: None,
            limit: ALL_MAX,
        };
        let newest_first = shelf::list(self.pool, &filter).await?;
        Ok(newest_first
            .iter()
            .rev()
            .map(|message| message.id)
            .collect())
    }

    async fn retry(&self, id: &i64, by: &Operator) -> Result<Outcome, anyhow::Error> {
        Ok(shelf::retry(self.pool, *id, by, self.clock.sql_now()).await?)
    }

    async fn discard(&self, id: &i64, by: &Operator) -> Result<Outcome, anyhow::Error> {
        Ok(shelf::discard(self.pool, *id, by, self.clock.sql_now()).await?)
    }
}

fn states(filters: &[MessageFilter]) -> Vec<MessageState> {
    use MessageState as S;
    if filters.is_empty() {
        return vec![S::Dead];
    }
    let states = filters.iter().flat_map(|filter| match filter {
        MessageFilter::Dead => vec![S::Dead],
        MessageFilter::Pending => vec![S::Pending],
        MessageFilter::Sending => vec![S::Sending],
        MessageFilter::Parked => vec![S::Parked],
        MessageFilter::Ended => vec![S::Ended],
        MessageFilter::All => vec![S::Pending, S::Sending, S::Dead, S::Parked, S::Ended],
    });
    states.collect()
}

fn story(message: &KeptMessage) -> Story {
    Story {
        facts: vec![
            ("message", message.id.to_string()),
            ("state", message.state.clone()),
            ("kind", message.kind.clone()),
            ("chat", message.chat_id.to_string()),
            ("made", when(message.created_at)),
            ("tries", message.attempts.to_string()),
            ("not before", when_if(message.not_before)),
            ("expires", when_if(message.expires_at)),
            ("ended", when_if(message.ended_at)),
            (
                "telegram id",
                message
                    .message_id
                    .map(|id| id.to_string())
                    .unwrap_or_default(),
            ),
            ("error", message.error.clone().unwrap_or_default()),
            ("correlation", message.correlation.to_string()),
        ],
        tables: Vec::new(),
        texts: Vec::new(),
        json: json!({ "message": message }),
    }
}

fn add_payload(story: &mut Story, payload: Option<Value>) {
    let Some(payload) = payload else {
        story.texts.push((
            "Payload",
            "not kept once a message has left the queue".to_owned(),
        ));
        story.json["payload"] = Value::Null;
        return;
    };
    let payload = without_secrets(&payload);
    for field in ["text", "caption"] {
        if let Some(text) = payload
            .get(field)
            .and_then(|text| serde_json::from_value::<Rich>(text.clone()).ok())
        {
            story.texts.push(("Text", text.to_plain()));
        }
    }
    story.texts.push(("Payload", pretty(&payload)));
    story.json["payload"] = payload;
}
