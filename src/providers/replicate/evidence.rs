//! What speaks for or against the arrival of a prediction whose answer was lost: the list of our predictions, newest first
//! ("List predictions", 100 to a page), has what we sent.
//!
//! A prediction with our callback address is the lost one, whose token is in no other. Not every answer shows that address
//! (the type `Prediction` of `replicate-javascript` has it as optional, the published API description has not), and without it
//! the same input to the same model counts, which somebody else may have given: a person decides.

use reqwest::Url;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::{Replicate, classify};
use crate::providers::{Arrived, Clues, Evidence, ProviderError, Step, SubmitNote, SubmitRequest};

/// Of a hundred each; who creates more within minutes asks in vain.
const PAGES_MAX: usize = 3;
/// More would be no help to a person.
const CANDIDATES_MAX: usize = 5;
/// Replicate's clock and ours may differ.
const SKEW: Duration = Duration::seconds(60);

/// What is looked for later. Only digests: the note is kept with the job, and holds neither token nor words.
pub(super) fn before(request: &SubmitRequest, now: OffsetDateTime) -> SubmitNote {
    SubmitNote {
        target: None,
        before: json!({
            "webhook": request.callback_url.as_deref().map(|url| digest(url.as_bytes())),
            "input": digest(sorted(&request.params).to_string().as_bytes()),
            "at": now.unix_timestamp(),
        }),
    }
}

impl Replicate {
    /// Looks through what was created since then.
    pub(super) async fn look_among_ours(&self, clues: &Clues) -> Evidence {
        let before = clues.note.as_ref().map(|note| &note.before);
        let at = before.and_then(|before| before["at"].as_i64());
        let at = at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        let (Some(before), Some(at)) = (before, at) else {
            return unclear("nothing was noted");
        };
        let mut found = Found::default();
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let page = match self.page(cursor.as_deref()).await {
                Ok(page) => page,
                Err(_) => return unclear("the list cannot be had"),
            };
            let items = page["results"].as_array().map_or(&[][..], Vec::as_slice);
            found.look(before, at, items);
            cursor = next_cursor(&page);
            if found.is_through || cursor.is_none() {
                found.is_through = true;
                break;
            }
        }
        found.judged()
    }

    async fn page(&self, cursor: Option<&str>) -> Result<Value, ProviderError> {
        if let Some(after) = self.gate.take_poll() {
            return Err(ProviderError::RateLimited { after });
        }
        let query: Vec<(&str, &str)> = cursor
            .map(|cursor| ("cursor", cursor))
            .into_iter()
            .collect();
        let call = self.gate.polls.begin();
        let outcome = self.http.get("/predictions", &query).await;
        let verdict = classify::read("predictions", "results", outcome, &self.redactor);
        self.gate.ended(Step::Poll, call, verdict)
    }
}

#[derive(Debug, Default)]
struct Found {
    looked_at: usize,
    by_webhook: Vec<String>,
    by_input: Vec<String>,
    /// Everything since then was looked at.
    is_through: bool,
}

impl Found {
    fn look(&mut self, before: &Value, at: OffsetDateTime, items: &[Value]) {
        for item in items {
            let created = item["created_at"].as_str();
            let created = created.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
            if created.is_some_and(|created| created < at - SKEW) {
                self.is_through = true;
                return;
            }
            self.looked_at += 1;
            let Some(id) = item["id"].as_str().filter(|id| super::answer::is_id(id)) else {
                continue;
            };
            match item["webhook"].as_str() {
                Some(url) if before["webhook"] == digest(url.as_bytes()).as_str() => {
                    self.by_webhook.push(id.to_owned());
                }
                // Somebody else's.
                Some(_) => {}
                None => {
                    let input = digest(sorted(&item["input"]).to_string().as_bytes());
                    if before["input"] == input.as_str() {
                        self.by_input.push(id.to_owned());
                    }
                }
            }
        }
    }

    fn judged(self) -> Evidence {
        let is_ours = !self.by_webhook.is_empty();
        let mut candidates = if is_ours {
            self.by_webhook
        } else {
            self.by_input
        };
        candidates.truncate(CANDIDATES_MAX);
        let arrived = match (is_ours, candidates.is_empty(), self.is_through) {
            (true, ..) => Arrived::Likely,
            (false, true, true) => Arrived::Unlikely,
            (false, ..) => Arrived::Unclear,
        };
        Evidence {
            arrived,
            candidates,
            seen: json!({
                "predictions_looked_at": self.looked_at,
                "all_since_then": self.is_through,
                "with_our_callback": is_ours,
            }),
        }
    }
}

fn unclear(why: &str) -> Evidence {
    Evidence {
        arrived: Arrived::Unclear,
        candidates: Vec::new(),
        seen: json!({ "predictions": why }),
    }
}

/// `next` is a whole address; only what it says of the place is taken over.
fn next_cursor(page: &Value) -> Option<String> {
    let next = Url::parse(page["next"].as_str()?).ok()?;
    let cursor = next.query_pairs().find(|(name, _)| name == "cursor");
    cursor.map(|(_, value)| value.into_owned())
}

fn digest(bytes: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same with names in order: Replicate gives an input back in an order of its own.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            let fields = names
                .into_iter()
                .map(|name| (name.clone(), sorted(&fields[name])));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
