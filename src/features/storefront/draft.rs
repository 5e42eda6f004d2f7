//! An order in the making, as it stands in the conversation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::money::Amount;
use crate::catalog::{
    Catalog, Input, InputKind, NumberRange, Route, Service, normal_link, provider_input,
};
use crate::engine::conversation;
use crate::engine::jobs::media_placeholder;
use crate::features::cx::{Cx, Handled};
use crate::telegram::{Media, MediaKind};

/// The version of [`Draft`] in the conversation; a draft of another version counts as none.
const VERSION: i16 = 1;

/// What a user has chosen so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Names it in callback data: a button of another draft is out of date.
    pub id: String,
    /// The service's id.
    pub service: String,
    /// The position of the input that is asked for; None: the summary is shown.
    pub asking: Option<usize>,
    /// Whether answering leads straight to the summary, because one input is being changed.
    pub changing: bool,
    /// By input id.
    pub answers: Answers,
    /// The album whose first picture was taken: its others are not answers to the next question.
    pub album: Option<String>,
}

/// Answers by input id; also stored with the order.
pub type Answers = BTreeMap<String, Answer>;

/// What a user gave for an input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Answer {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// The value of an option.
    Choice(String),
    /// A file at Telegram.
    Media(Box<Media>),
    /// Left out.
    Skipped,
}

impl Draft {
    /// A draft of `service` with what is known already.
    pub fn new(id: String, service: &Service, answers: Answers) -> Self {
        let mut draft = Self {
            id,
            service: service.id.clone(),
            asking: None,
            changing: false,
            answers,
            album: None,
        };
        draft.asking = draft.next_open(service);
        draft
    }

    /// The first input without an answer.
    pub fn next_open(&self, service: &Service) -> Option<usize> {
        service
            .inputs
            .iter()
            .position(|input| !self.answers.contains_key(&input.id))
    }

    /// Takes an answer and goes on: to the next question, or to the summary.
    pub fn take(&mut self, service: &Service, input: &Input, answer: Answer) {
        self.answers.insert(input.id.clone(), answer);
        self.changing = false;
        self.asking = self.next_open(service);
    }

    /// Its service, if it is still on sale and its inputs are still those that were answered.
    pub fn service<'c>(&self, catalog: &'c Catalog) -> Option<&'c Service> {
        catalog.service(&self.service)
    }

    /// The draft of this conversation.
    pub async fn load(cx: &mut Cx<'_>) -> Handled<Option<Self>> {
        Ok(conversation::load(cx.conn, cx.chat_id, cx.user_id, VERSION).await?)
    }

    /// Keeps it.
    pub async fn save(&self, cx: &mut Cx<'_>) -> Handled {
        let now = cx.now();
        conversation::save(cx.conn, cx.chat_id, cx.user_id, VERSION, self, now).await?;
        Ok(())
    }

    /// Forgets the draft of this conversation.
    pub async fn clear(cx: &mut Cx<'_>) -> Handled {
        conversation::clear(cx.conn, cx.chat_id, cx.user_id).await?;
        Ok(())
    }
}

/// Drops answers that no longer fit the service: the catalogue may have changed since.
pub fn fitting(service: &Service, answers: Answers) -> Answers {
    answers
        .into_iter()
        .filter(|(id, answer)| service.input(id).is_some_and(|input| fits(input, answer)))
        .collect()
}

fn fits(input: &Input, answer: &Answer) -> bool {
    match (&input.kind, answer) {
        (_, Answer::Skipped) => input.optional,
        (InputKind::Text { .. } | InputKind::Lines { .. }, Answer::Text(_)) => true,
        (InputKind::Link { hosts }, Answer::Text(link)) => normal_link(link, hosts).is_some(),
        (InputKind::Number(range), Answer::Number(number)) => range.accepts(*number),
        (InputKind::Choice { options }, Answer::Choice(value)) => {
            options.iter().any(|option| option.value == *value)
        }
        (InputKind::Image { .. }, Answer::Media(media)) => media.kind == MediaKind::Image,
        (InputKind::Video { .. }, Answer::Media(media)) => media.kind == MediaKind::Video,
        (InputKind::Audio { .. }, Answer::Media(media)) => media.kind == MediaKind::Audio,
        _ => false,
    }
}

/// What an order with these answers costs; None while one is missing.
pub fn price(service: &Service, answers: &Answers) -> Option<Amount> {
    let params = params(service, service.routes.first()?, answers).ok()?;
    Some(service.priced(&params).price)
}

/// The provider's input object for these answers. What makes the price in it is the same on every route.
pub fn params(service: &Service, route: &Route, answers: &Answers) -> Result<Value, anyhow::Error> {
    let values = answers
        .iter()
        .filter_map(|(id, answer)| {
            let value = match answer {
                Answer::Text(text) | Answer::Choice(text) => Value::from(text.clone()),
                Answer::Number(number) => NumberRange::to_json(*number),
                Answer::Media(media) => media_placeholder(&media.file_id),
                Answer::Skipped => return None,
            };
            Some((id.clone(), value))
        })
        .collect();
    Ok(provider_input(service, route, &values)?)
}
