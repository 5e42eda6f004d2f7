//! G1, G2, G3: what was acknowledged is there, was handled once, with effects, and in order.

use std::collections::HashMap;

use serde_json::Value;

use super::{Facts, Verdict};
use crate::tables::Update;

const DONE: i16 = 1;
const QUARANTINED: i16 = 2;

pub(super) fn check(facts: &Facts, verdict: &mut Verdict) {
    kept(facts, verdict);
    handled(facts, verdict);
    ordered(facts, verdict);
}

/// Every update that was answered 2xx is in the table, once; a question before a payment may be missing.
fn kept(facts: &Facts, verdict: &mut Verdict) {
    let mut stored: HashMap<i64, u32> = HashMap::new();
    for update in &facts.updates {
        let payload: Value = serde_json::from_slice(&update.payload).unwrap_or_default();
        *stored
            .entry(payload["update_id"].as_i64().unwrap_or(-1))
            .or_default() += 1;
    }
    for record in &facts.delivered {
        let id = record["update_id"].as_i64().unwrap_or(-1);
        match (record["fate"].as_str(), stored.get(&id)) {
            // Answered within Telegram's ten seconds even where it cannot be kept (`http/intake.rs`): it has no effect.
            (Some("delivered"), None) if record["update"]["pre_checkout_query"].is_object() => {}
            (Some("delivered"), None) => {
                verdict.add(
                    "G1",
                    format!(
                        "update {id} was acknowledged and is not there: {}",
                        record["update"]
                    ),
                );
            }
            (_, Some(copies @ 2..)) => {
                verdict.add("G2", format!("update {id} is there {copies} times"))
            }
            (Some("pending"), _) => verdict.add(
                "G8",
                format!("update {id} was never taken: {}", record["attempts"]),
            ),
            _ => {}
        }
    }
}

/// Every update was handled, and what must have an effect had one.
fn handled(facts: &Facts, verdict: &mut Verdict) {
    for update in &facts.updates {
        let payload: Value = serde_json::from_slice(&update.payload).unwrap_or_default();
        let id = update.update_id;
        match update.state {
            DONE if expects_an_answer(&payload)
                && update.messages == 0
                && !changed_its_message(facts, &payload) =>
            {
                verdict.add(
                    "G2",
                    format!("update {id} is done without an effect: {payload}"),
                );
            }
            DONE => {}
            QUARANTINED if is_nonsense(&payload) => {}
            other => {
                let error = update.error.as_deref().unwrap_or_default();
                verdict.add("G2", format!("update {id} ended in state {other}: {error}"));
            }
        }
    }
}

/// Words and presses in a private chat are always answered.
fn expects_an_answer(payload: &Value) -> bool {
    let is_private = |chat: &Value| chat["type"] == "private";
    (payload["message"]["text"].is_string() && is_private(&payload["message"]["chat"]))
        || payload["callback_query"]["data"].is_string()
}

/// A press that is late is not answered (Telegram would refuse it; to a replica whose clock was set forward every press is), and
/// what it changes may be noted under the thing that the message shows: a payment, a tip.
fn changed_its_message(facts: &Facts, payload: &Value) -> bool {
    let pressed = &payload["callback_query"]["message"];
    let chat = pressed["chat"]["id"].as_i64().unwrap_or_default();
    let shown = facts.chats.get(&chat).into_iter().flatten();
    let mut now = shown.filter(|message| message["message_id"] == pressed["message_id"]);
    let changed_at = |message: &Value| message["edit_date"].as_i64();
    let before = changed_at(pressed).or(pressed["date"].as_i64());
    // Within a second of being sent it is another text that tells.
    now.any(|message| {
        changed_at(message) > before
            || changed_at(message) == before && message["text"] != pressed["text"]
    })
}

/// What the suite itself delivers to see it set aside.
fn is_nonsense(payload: &Value) -> bool {
    payload["message"].is_object() && payload["message"]["chat"].is_null()
}

/// In each lane: handled in order of arrival, and messages arrived in the order in which they were written.
fn ordered(facts: &Facts, verdict: &mut Verdict) {
    let mut lanes: HashMap<i64, Vec<&Update>> = HashMap::new();
    for update in &facts.updates {
        lanes.entry(update.lane).or_default().push(update);
    }
    for (lane, updates) in lanes {
        let handled = updates.iter().filter(|update| update.finished_at.is_some());
        let mut last: Option<&Update> = None;
        for update in handled {
            if let Some(before) = last.filter(|before| before.finished_at > update.finished_at) {
                let (id, other) = (update.update_id, before.update_id);
                verdict.add(
                    "G3",
                    format!(
                        "lane {lane}: update {id} was handled before {other}, which came first"
                    ),
                );
            }
            last = Some(update);
        }
        let written = updates.iter().filter(|update| update.kind == "message");
        let numbers: Vec<(i64, i64)> = written
            .map(|update| (update.seq, update.update_id))
            .collect();
        for pair in numbers.windows(2) {
            if pair[0].1 > pair[1].1 {
                verdict.add(
                    "G3",
                    format!("lane {lane}: {} arrived before {}", pair[0].1, pair[1].1),
                );
            }
        }
    }
}
