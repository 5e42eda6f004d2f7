//! G4, between people: no tip was given that nobody gave, none more often than it was said; its money moved once if both
//! were told so, else it is back. At a service that settles, each is there once at most, was never sent again blindly, and is
//! settled if and only if it moved.

use std::collections::{HashMap, HashSet};

use bulwark_simulator::log::Call;
use serde_json::Value;

use super::{Facts, Verdict};
use crate::journal::CLOCK_SET;
use crate::outside::Outside;
use crate::tables::Tip;
use crate::tippers::COMMANDS;

/// From whom, to whom, how much.
type Kind = (i64, i64, i64);

pub(super) fn check(facts: &Facts, outside: &Outside, verdict: &mut Verdict) {
    verdict.tips = facts.tips.iter().filter(|tip| is_done(tip)).count();
    verdict.settled = facts.transfers.len();
    said(facts, verdict);
    told(facts, verdict);
    for tip in &facts.tips {
        moved(tip, facts.settles_outside, verdict);
        settled(facts, outside, tip, verdict);
    }
    known(facts, verdict);
    sent_once(facts, verdict);
}

fn is_done(tip: &Tip) -> bool {
    tip.state == "done"
}

fn said(facts: &Facts, verdict: &mut Verdict) {
    let mut said: HashMap<Kind, usize> = HashMap::new();
    for (who, _, text) in facts.said() {
        let mut words = text.split_whitespace();
        let command = words.next();
        if let (Some(command), Some(to), Some(amount)) = (command, words.next(), words.next())
            && COMMANDS.contains(&command)
        {
            let cents = amount.replace('.', "").parse().unwrap_or(0);
            let kind = (who, to.parse().unwrap_or(0), cents);
            *said.entry(kind).or_default() += 1;
        }
    }
    let mut there: HashMap<Kind, usize> = HashMap::new();
    for tip in &facts.tips {
        let kind = (tip.sender_id, tip.recipient_id, tip.amount);
        *there.entry(kind).or_default() += 1;
    }
    for (kind, times) in there {
        let wanted = said.get(&kind).copied().unwrap_or(0);
        if times > wanted {
            let (from, to, cents) = kind;
            let what =
                format!("{from} gave {to} {cents} cents {times} times, and said so {wanted} times");
            verdict.add("G4", what);
        }
    }
}

/// Its sender and its recipient read of each that was given, and its sender of each that was not, in a message that was made
/// once.
fn told(facts: &Facts, verdict: &mut Verdict) {
    let mut owed: HashMap<(i64, String), usize> = HashMap::new();
    for tip in &facts.tips {
        let amount = format!("${}.{:02}", tip.amount / 100, tip.amount % 100);
        let mut owe = |who, words| *owed.entry((who, words)).or_default() += 1;
        match tip.state.as_str() {
            "done" => {
                owe(tip.sender_id, format!("has got {amount} from you"));
                owe(tip.recipient_id, format!("gave you {amount}."));
            }
            "failed" => owe(tip.sender_id, format!("{amount} for ")),
            _ => {}
        }
    }
    for ((who, words), times) in owed {
        let is_it = |text: &str| {
            let is_back = !words.ends_with("for ") || text.contains("could not be settled");
            text.contains(&words) && is_back
        };
        let told = facts.read(who, is_it);
        if told != times {
            let what =
                format!("{who} was to read {words:?} {times} times, and read it {told} times");
            verdict.add("G6", what);
        }
    }
}

/// Its money is where its state says. What the ledger settles needs no hold; what nobody confirmed has none.
fn moved(tip: &Tip, outside: bool, verdict: &mut Verdict) {
    let (money, amount) = ((tip.held, tip.captured, tip.released), Some(tip.amount));
    let right = match tip.state.as_str() {
        "done" if outside => money == (amount, amount, Some(0)),
        "failed" => money == (amount, Some(0), amount),
        "done" | "asked" | "cancelled" => money == (None, None, None),
        _ => false,
    };
    if !right {
        let what = format!("tip {} is {}, and its money {money:?}", tip.id, tip.state);
        verdict.add("G4", what);
    }
}

/// It is as the service says that settles. Where its answer was lost and nobody could know, the money is back.
fn settled(facts: &Facts, outside: &Outside, tip: &Tip, verdict: &mut Verdict) {
    if !facts.settles_outside {
        return;
    }
    let key = tip.id.to_string();
    let mut transfers = facts.transfers.iter();
    let transfer = transfers.find(|transfer| transfer["key"] == key);
    let state = transfer.and_then(|transfer| transfer["state"].as_str());
    let is_lost = matches!(tip.failure.as_deref(), Some("unknown" | "not_received"));
    // A replica whose clock was set is the only one that half an hour is over for.
    let is_late = tip.job.as_deref() == Some("timed_out");
    let right = match (tip.state.as_str(), state) {
        ("done", Some("settled")) => true,
        ("failed", None | Some("rejected")) => true,
        ("failed", Some(_)) if is_late => outside.journal.has(CLOCK_SET),
        ("failed", Some(_)) => is_lost && is_excused(facts, outside, &key),
        ("asked" | "cancelled", None) => true,
        _ => false,
    };
    if !right {
        let what = format!(
            "tip {key} is {} ({:?} {:?}), and the service that settles says {state:?}",
            tip.state, tip.job, tip.failure
        );
        verdict.add("G4", what);
    }
}

/// What is there was asked for by us, once, and as we asked for it.
fn known(facts: &Facts, verdict: &mut Verdict) {
    let mut seen = HashSet::new();
    for transfer in &facts.transfers {
        let key = transfer["key"].as_str().unwrap_or_default();
        let is_it = |tip: &&Tip| {
            let terms = |name: &str| transfer[name].as_i64();
            tip.id.to_string() == key
                && terms("from") == Some(tip.sender_id)
                && terms("to") == Some(tip.recipient_id)
                && terms("amount") == Some(tip.amount)
        };
        if !seen.insert(key) || !facts.tips.iter().any(|tip| is_it(&tip)) {
            let what = format!("the service that settles has a transfer too many: {transfer}");
            verdict.add("G5", what);
        }
    }
}

fn calls(facts: &Facts) -> impl Iterator<Item = (&str, &Call)> {
    let all = facts.calls.iter();
    all.filter(|call| call.target == "settlement.create")
        .filter_map(|call| Some((call.params["key"].as_str()?, call)))
}

/// After an answer that says that there is a transfer, or that says nothing that can be believed, nothing is sent again.
fn sent_once(facts: &Facts, verdict: &mut Verdict) {
    let mut perhaps_made: HashSet<&str> = HashSet::new();
    for (key, call) in calls(facts) {
        if perhaps_made.contains(key) {
            let what = format!(
                "the transfer {key} was sent again after an answer that may have come from a made one"
            );
            verdict.add("G5", what);
        }
        if !is_refusal(call) {
            perhaps_made.insert(key);
        }
    }
}

/// The service's own word that nothing was done.
fn is_refusal(call: &Call) -> bool {
    let said = |value: &Value| value["error"]["code"].is_string();
    call.status == 429 || (400..504).contains(&call.status) && said(&call.answer)
}

/// Its answer was lost: the service's was, or ours was disturbed when it came.
fn is_excused(facts: &Facts, outside: &Outside, key: &str) -> bool {
    let mut sent = calls(facts).filter(|(of, _)| *of == key);
    sent.all(|(_, call)| {
        let was_told = call.status == 200 && call.answer["id"].is_string();
        !was_told || outside.journal.excuses(call.at)
    })
}

/// What each wallet has of it all.
pub(super) fn sums(facts: &Facts) -> HashMap<i64, i64> {
    let mut sums: HashMap<i64, i64> = HashMap::new();
    for tip in facts.tips.iter().filter(|tip| is_done(tip)) {
        *sums.entry(tip.sender_id).or_default() -= tip.amount;
        *sums.entry(tip.recipient_id).or_default() += tip.amount;
    }
    sums
}
