//! G6: every owed message came, in order; twice only where an answer was lost.

use std::collections::{HashMap, HashSet};

use bulwark_simulator::log::Call;
use time::OffsetDateTime;

use super::{Facts, Verdict};
use crate::outside::Outside;
use crate::people::ADMINS;
use crate::tables::Sent;

/// What the suite lets Telegram say when it refuses for ever.
pub const REFUSED: &str = "the suite refuses";

pub(super) fn check(facts: &Facts, outside: &Outside, verdict: &mut Verdict) {
    set_aside(facts, verdict);
    came(facts, verdict);
    in_order(facts, verdict);
    repeated(facts, outside, verdict);
    gifts(facts, verdict);
    broadcasts(facts, verdict);
}

/// Only what was refused for ever, or must rather be lost than come twice.
fn set_aside(facts: &Facts, verdict: &mut Verdict) {
    for dead in &facts.dead {
        let error = dead.error.as_deref().unwrap_or_default();
        let may = error.contains(REFUSED) || dead.on_unknown.as_deref() == Some("give_up");
        if !may {
            verdict.add(
                "G6",
                format!(
                    "message {} to {} was set aside: {error}",
                    dead.id, dead.chat_id
                ),
            );
        }
    }
}

/// What is recorded as sent is in the chat.
fn came(facts: &Facts, verdict: &mut Verdict) {
    for sent in makes_a_message(facts) {
        let Some(id) = sent.message_id else {
            verdict.add(
                "G6",
                format!(
                    "message {} to {} counts as sent without a number",
                    sent.id, sent.chat_id
                ),
            );
            continue;
        };
        let shown = facts.chats.get(&sent.chat_id).into_iter().flatten();
        if !shown.into_iter().any(|message| message["message_id"] == id) {
            verdict.add(
                "G6",
                format!(
                    "message {} to {} counts as sent and is not there",
                    sent.id, sent.chat_id
                ),
            );
        }
    }
}

fn makes_a_message(facts: &Facts) -> impl Iterator<Item = &Sent> {
    let makes =
        |sent: &&Sent| sent.outcome == "sent" && (sent.kind == "say" || sent.kind == "file");
    facts.sent.iter().filter(makes)
}

/// In each chat in the order in which they were made, where that order means something: updates are handled one after
/// another, while a job may end in the same moment. Broadcasts and warnings let others pass.
fn in_order(facts: &Facts, verdict: &mut Verdict) {
    let mut last: HashMap<i64, (i64, i64)> = HashMap::new();
    let handlers = makes_a_message(facts).filter(|sent| sent.by_update);
    for sent in handlers.filter(|sent| !ADMINS.contains(&sent.chat_id)) {
        let Some(message_id) = sent.message_id else {
            continue;
        };
        if let Some((before, its_message)) =
            last.get(&sent.chat_id).filter(|(_, its)| *its > message_id)
        {
            verdict.add(
                "G6",
                format!(
                    "chat {}: row {} came before row {before} ({message_id} before {its_message})",
                    sent.chat_id, sent.id
                ),
            );
        }
        last.insert(sent.chat_id, (sent.id, message_id));
    }
}

/// A message in a chat that the service does not know of is one that it has sent again: its answer must have been lost.
fn repeated(facts: &Facts, outside: &Outside, verdict: &mut Verdict) {
    let recorded = facts
        .sent
        .iter()
        .filter_map(|sent| Some((sent.chat_id, sent.message_id?)));
    let known: HashSet<(i64, i64)> = recorded.chain(facts.named.iter().copied()).collect();
    let mut times: HashMap<(i64, i64), OffsetDateTime> = HashMap::new();
    let mut lost: HashMap<i64, usize> = HashMap::new();
    for call in facts
        .calls
        .iter()
        .filter(|call| call.method.starts_with("send"))
    {
        let Some(chat) = chat_of(call) else { continue };
        match call.answer["result"]["message_id"].as_i64() {
            Some(id) => drop(times.insert((chat, id), call.at)),
            None => *lost.entry(chat).or_default() += 1,
        }
    }
    for (chat, messages) in &facts.chats {
        for message in messages {
            let Some(id) = message["message_id"].as_i64() else {
                continue;
            };
            if known.contains(&(*chat, id)) || is_notice(message) {
                continue;
            }
            verdict.repeated += 1;
            let excused = match times.get(&(*chat, id)) {
                Some(at) => outside.journal.excuses(*at),
                None => lost.get_mut(chat).is_some_and(|left| {
                    *left = left.saturating_sub(1);
                    true
                }),
            };
            if !excused {
                verdict.add(
                    "G6",
                    format!(
                        "chat {chat}: message {id} was sent twice for no reason: {}",
                        message["text"]
                    ),
                );
            }
        }
    }
}

/// A webhook's answer may say "slow down": it is nobody's row.
fn is_notice(message: &serde_json::Value) -> bool {
    message["text"]
        .as_str()
        .is_some_and(|text| text.contains("Slow down"))
}

fn chat_of(call: &Call) -> Option<i64> {
    let id = &call.params["chat_id"];
    id.as_i64().or_else(|| id.as_str()?.parse().ok())
}

/// Every gift is announced to both sides, and to the giver in the order of giving.
fn gifts(facts: &Facts, verdict: &mut Verdict) {
    let said = facts.said().filter(|(who, chat, text)| {
        who == chat && ADMINS.contains(who) && text.starts_with("/grant")
    });
    let given: Vec<(i64, &str)> = said
        .filter_map(|(who, _, text)| Some((who, text.split_whitespace().nth(3)?)))
        .collect();
    let place = |admin: i64, reason: &str| {
        let told = facts.chats.get(&admin)?;
        let is_it = |text: &str| {
            text.split(|c: char| !(c.is_alphanumeric() || c == '-'))
                .any(|word| word == reason)
        };
        told.iter()
            .rposition(|message| message["text"].as_str().is_some_and(is_it))
    };
    let mut last = None;
    for (admin, reason) in given {
        let at = place(admin, reason);
        if at.is_none() {
            verdict.add(
                "G6",
                format!("{reason} was given, and the giver was not told"),
            );
        }
        if at.is_some() && at < last {
            verdict.add(
                "G3",
                format!("{reason} was answered before the gift before it"),
            );
        }
        last = at.or(last);
    }
}

/// Each person reads a broadcast once at most.
fn broadcasts(facts: &Facts, verdict: &mut Verdict) {
    for (chat, messages) in facts
        .chats
        .iter()
        .filter(|(chat, _)| !ADMINS.contains(chat))
    {
        let mut seen: HashSet<&str> = HashSet::new();
        let texts = messages
            .iter()
            .filter_map(|message| message["text"].as_str());
        for text in texts.filter(|text| text.contains("broadcast-")) {
            if !seen.insert(text) {
                verdict.add("G6", format!("chat {chat} was told {text:?} twice"));
            }
        }
    }
}
