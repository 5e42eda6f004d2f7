//! G4, with Stars: what Telegram's own list says was paid is credited once, what it says was given back is taken once,
//! and nothing else is.

use std::collections::HashMap;

use serde_json::Value;

use super::{Facts, Verdict};
use crate::payers::RATE;
use crate::tables::StarRefund;

const DONE: &str = "done";

pub(super) fn check(facts: &Facts, verdict: &mut Verdict) {
    let charges: HashMap<&str, &Value> = came_in(facts)
        .filter_map(|line| Some((line["id"].as_str()?, line)))
        .collect();
    verdict.charges = charges.len();
    verdict.given_back = went_out(facts).count();
    credited(facts, &charges, verdict);
    given_back(facts, verdict);
    receipted(facts, &charges, verdict);
}

/// Telegram's lines of Stars that came to the bot.
fn came_in(facts: &Facts) -> impl Iterator<Item = &Value> {
    let lines = facts.star_lines.iter();
    lines.filter(|line| line["stars"].as_i64().is_some_and(|stars| stars > 0))
}

/// Telegram's lines of Stars that went back.
fn went_out(facts: &Facts) -> impl Iterator<Item = &Value> {
    let lines = facts.star_lines.iter();
    lines.filter(|line| line["stars"].as_i64().is_some_and(|stars| stars < 0))
}

fn credited(facts: &Facts, charges: &HashMap<&str, &Value>, verdict: &mut Verdict) {
    let mut times: HashMap<&str, u32> = HashMap::new();
    for payment in &facts.star_payments {
        let id = payment.charge_id.as_str();
        *times.entry(id).or_default() += 1;
        let Some(line) = charges.get(id) else {
            let what = format!("{} Stars are recorded and were never paid", payment.stars);
            verdict.add("G4", what);
            continue;
        };
        let (stars, payer) = (line["stars"].as_i64(), line["user_id"].as_i64());
        let is_same = (stars, payer) == (Some(payment.stars), Some(payment.user_id));
        if !is_same || payment.amount != payment.stars * RATE {
            verdict.add("G4", format!("{line} is recorded as {payment:?}"));
        }
    }
    for (id, line) in charges {
        if times.get(id) != Some(&1) {
            let times = times.get(id).copied().unwrap_or(0);
            verdict.add("G4", format!("{line} is recorded {times} times"));
        }
    }
}

fn given_back(facts: &Facts, verdict: &mut Verdict) {
    let mut done: HashMap<&str, Vec<&StarRefund>> = HashMap::new();
    for refund in facts.star_refunds.iter().filter(|r| r.state == DONE) {
        done.entry(&refund.charge_id).or_default().push(refund);
    }
    for line in went_out(facts) {
        let id = line["id"].as_str().unwrap_or_default();
        let worth = -line["stars"].as_i64().unwrap_or(0) * RATE;
        let refunds = done.remove(id).unwrap_or_default();
        let [refund] = refunds[..] else {
            let times = refunds.len();
            verdict.add("G4", format!("{line} is booked {times} times"));
            continue;
        };
        // Only what Telegram does unasked may find too little in the wallet.
        let may_lose = refund.admin_id.is_none();
        if refund.taken + refund.lost != worth || refund.lost > 0 && !may_lose {
            verdict.add("G4", format!("{line} is booked as {refund:?}"));
        }
    }
    for refund in done.values().flatten() {
        let what = format!("{refund:?} is booked, and Telegram gave nothing back");
        verdict.add("G4", what);
    }
}

/// Whoever paid has it in writing.
fn receipted(facts: &Facts, charges: &HashMap<&str, &Value>, verdict: &mut Verdict) {
    for (id, line) in charges {
        let chat = line["user_id"].as_i64().unwrap_or_default();
        let messages = facts.chats.get(&chat).into_iter().flatten();
        // A button under it may have made another page of it since.
        let mut shown = messages.flat_map(|message| {
            let edits = message["edits"].as_array().into_iter().flatten();
            edits
                .chain([message])
                .filter_map(|state| state["text"].as_str())
        });
        if !shown.any(|text| text.contains(id)) {
            verdict.add("G6", format!("{line} was paid without a receipt"));
        }
    }
}

/// What each wallet has of it all: what was paid, less what was taken for what went back.
pub(super) fn sums(facts: &Facts) -> HashMap<i64, i64> {
    let mut sums: HashMap<i64, i64> = HashMap::new();
    for line in came_in(facts) {
        let payer = line["user_id"].as_i64().unwrap_or_default();
        *sums.entry(payer).or_default() += line["stars"].as_i64().unwrap_or(0) * RATE;
    }
    for line in went_out(facts) {
        let payer = line["user_id"].as_i64().unwrap_or_default();
        let is_its = |refund: &&StarRefund| {
            refund.state == DONE && Some(refund.charge_id.as_str()) == line["id"].as_str()
        };
        // How much the wallet had in that moment only the books know; that the rest is lost is checked above.
        let taken = facts
            .star_refunds
            .iter()
            .find(is_its)
            .map(|refund| refund.taken);
        *sums.entry(payer).or_default() -= taken.unwrap_or(0);
    }
    sums
}
