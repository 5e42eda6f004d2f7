//! G4, at a processor: what its own books say was paid is credited once, what they say went back is taken once and went
//! back once, and nothing else is.

use std::collections::HashMap;

use serde_json::Value;

use super::{Facts, Verdict};
use crate::cards::{list, payer_of};
use crate::tables::CardRefund;

const DONE: &str = "done";
/// Kobo for a cent.
const RATE: i64 = 1_600;

pub(super) fn check(facts: &Facts, verdict: &mut Verdict) {
    let paid: HashMap<String, &Value> = list(&facts.card_books, "transactions")
        .filter(|one| one["status"] == "successful")
        .map(|one| (one["id"].to_string(), one))
        .collect();
    verdict.card_payments = paid.len();
    verdict.card_refunds = list(&facts.card_books, "refunds").count();
    credited(facts, &paid, verdict);
    given_back(facts, verdict);
    receipted(facts, &paid, verdict);
}

/// What it is worth, in cents.
fn worth(transaction: &Value) -> i64 {
    let kobo = transaction["amount"].as_f64().unwrap_or(0.0) * 100.0;
    #[expect(clippy::cast_possible_truncation, reason = "a few thousand naira")]
    let kobo = kobo.round() as i64;
    kobo / RATE
}

fn credited(facts: &Facts, paid: &HashMap<String, &Value>, verdict: &mut Verdict) {
    let mut times: HashMap<&str, u32> = HashMap::new();
    for payment in &facts.card_payments {
        let id = payment.transaction_id.as_str();
        *times.entry(id).or_default() += 1;
        let Some(transaction) = paid.get(id) else {
            verdict.add("G4", format!("{payment:?} is recorded and was never paid"));
            continue;
        };
        if (payment.user_id, payment.amount) != (payer_of(transaction), worth(transaction)) {
            verdict.add("G4", format!("{transaction} is recorded as {payment:?}"));
        }
    }
    for (id, transaction) in paid {
        if times.get(id.as_str()) != Some(&1) {
            let times = times.get(id.as_str()).copied().unwrap_or(0);
            verdict.add("G4", format!("{transaction} is recorded {times} times"));
        }
    }
}

fn given_back(facts: &Facts, verdict: &mut Verdict) {
    let mut done: HashMap<&str, Vec<&CardRefund>> = HashMap::new();
    for refund in facts.card_refunds.iter().filter(|one| one.state == DONE) {
        done.entry(&refund.transaction_id).or_default().push(refund);
    }
    let mut seen: HashMap<String, u32> = HashMap::new();
    for line in list(&facts.card_books, "refunds") {
        let id = line["tx_id"].to_string();
        let times = seen.entry(id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            verdict.add("G4", format!("the processor gave {id} back {times} times"));
            continue;
        }
        let refunds = done.remove(id.as_str()).unwrap_or_default();
        let [refund] = refunds[..] else {
            let times = refunds.len();
            verdict.add("G4", format!("{line} is booked {times} times"));
            continue;
        };
        let payment = facts
            .card_payments
            .iter()
            .find(|one| one.transaction_id == id);
        let worth = payment.map_or(0, |payment| payment.amount);
        // Only what is done by hand in the dashboard may find too little in the wallet.
        let may_lose = refund.admin_id.is_none();
        if refund.taken + refund.lost != worth || refund.lost > 0 && !may_lose {
            verdict.add("G4", format!("{line} is booked as {refund:?}"));
        }
    }
    for refund in done.values().flatten() {
        verdict.add("G4", format!("{refund:?} is booked, and nothing went back"));
    }
}

/// Whoever paid has it in writing.
fn receipted(facts: &Facts, paid: &HashMap<String, &Value>, verdict: &mut Verdict) {
    for (id, transaction) in paid {
        let messages = facts
            .chats
            .get(&payer_of(transaction))
            .into_iter()
            .flatten();
        let charge = format!("flutterwave:{id}");
        let mut texts = messages.flat_map(|message| {
            let edits = message["edits"].as_array().into_iter().flatten();
            edits
                .chain([message])
                .filter_map(|state| state["text"].as_str())
        });
        if !texts.any(|text| text.contains(&charge)) {
            verdict.add("G6", format!("{transaction} was paid without a receipt"));
        }
    }
}

/// What each wallet has of it all: what was paid, less what was taken for what went back.
pub(super) fn sums(facts: &Facts) -> HashMap<i64, i64> {
    let mut sums: HashMap<i64, i64> = HashMap::new();
    let went_back: Vec<String> = list(&facts.card_books, "refunds")
        .map(|line| line["tx_id"].to_string())
        .collect();
    for transaction in list(&facts.card_books, "transactions") {
        if transaction["status"] != "successful" {
            continue;
        }
        let id = transaction["id"].to_string();
        let sum = sums.entry(payer_of(transaction)).or_default();
        *sum += worth(transaction);
        let is_its = |refund: &&CardRefund| refund.state == DONE && refund.transaction_id == id;
        if went_back.contains(&id) {
            // How much the wallet had in that moment only the books know; that the rest is lost is checked above.
            let refund = facts.card_refunds.iter().find(is_its);
            *sum -= refund.map_or(0, |refund| refund.taken);
        }
    }
    sums
}
