//! G4, with money that is paid out: each withdrawal was asked for by its user and ended once, by somebody who said so; its
//! money is gone if it was paid, else it is back, and its user was told once.

use std::collections::{HashMap, HashSet};

use super::{Facts, Verdict};
use crate::payouts::acts_on;
use crate::tables::Payout;

pub(super) fn check(facts: &Facts, verdict: &mut Verdict) {
    verdict.payouts = facts.payouts.len();
    verdict.paid_out = facts.payouts.iter().filter(|p| is_paid(p)).count();
    let pressed: HashSet<(i64, &str)> = pressed(facts).collect();
    let said: HashSet<(i64, &str)> = facts.said().map(|(who, _, text)| (who, text)).collect();
    for payout in &facts.payouts {
        moved(payout, verdict);
        wanted(payout, &pressed, &said, verdict);
        told(facts, payout, verdict);
    }
}

fn is_paid(payout: &Payout) -> bool {
    payout.state == "paid"
}

/// The presses that Telegram delivered: who, and what the button sends.
pub(super) fn pressed(facts: &Facts) -> impl Iterator<Item = (i64, &str)> {
    let delivered = facts.delivered.iter();
    delivered
        .filter(|record| record["fate"] == "delivered")
        .filter_map(|record| {
            let query = &record["update"]["callback_query"];
            Some((query["from"]["id"].as_i64()?, query["data"].as_str()?))
        })
}

/// It has ended, and its hold with it.
fn moved(payout: &Payout, verdict: &mut Verdict) {
    let money = (payout.held, payout.captured, payout.released);
    let amount = Some(payout.amount);
    let right = match payout.state.as_str() {
        "paid" => money == (amount, amount, Some(0)),
        "rejected" | "cancelled" => money == (amount, Some(0), amount),
        _ => false,
    };
    if !right {
        let (id, state) = (&payout.short_id, &payout.state);
        let what = format!(
            "withdrawal {id} of {} is {state}, and its money {money:?}",
            payout.amount
        );
        verdict.add("G4", what);
    }
    let fee = fee_of(&payout.method, payout.amount);
    let taken = if is_paid(payout) { fee } else { 0 };
    if (payout.fee, payout.fee_taken) != (fee, taken) {
        let what = format!("withdrawal {} has another fee: {payout:?}", payout.short_id);
        verdict.add("G4", what);
    }
    let by_admins = i64::from(matches!(payout.state.as_str(), "paid" | "rejected"));
    if payout.ends != by_admins {
        let what = format!(
            "withdrawal {} is {} and was ended {} times by admins",
            payout.short_id, payout.state, payout.ends
        );
        verdict.add("G4", what);
    }
}

/// By `payouts.toml`: a part of the smallest coin is the house's.
fn fee_of(method: &str, amount: i64) -> i64 {
    match method {
        "single" => 3 + (amount * 150 + 9_999) / 10_000,
        _ => 0,
    }
}

/// Nobody's money goes anywhere that nobody wanted.
fn wanted(
    payout: &Payout,
    pressed: &HashSet<(i64, &str)>,
    said: &HashSet<(i64, &str)>,
    verdict: &mut Verdict,
) {
    let id = &payout.short_id;
    let confirm = format!("w:y:{id}");
    if !pressed.contains(&(payout.user_id, confirm.as_str())) {
        let what = format!("withdrawal {id} was never asked for");
        verdict.add("G4", what);
    }
    if let Some(by) = &payout.approved_by
        && !admin(by).is_some_and(|admin| pressed.contains(&(admin, &format!("w:i:{id}:a"))))
    {
        verdict.add(
            "G4",
            format!("withdrawal {id} was approved, and not by {by}"),
        );
    }
    let by = payout.ended_by.as_deref().unwrap_or_default();
    let words = [&payout.external_ref, &payout.reason];
    let words = words.into_iter().flatten().next();
    let is_so = match words {
        Some(words) => admin(by).is_some_and(|admin| said.contains(&(admin, words))),
        None => pressed
            .iter()
            .any(|(who, data)| *who == payout.user_id && acts_on(data) == Some((id.as_str(), "c"))),
    };
    if !is_so {
        let what = format!(
            "withdrawal {id} is {} by {by}, who never said so",
            payout.state
        );
        verdict.add("G4", what);
    }
}

fn admin(name: &str) -> Option<i64> {
    name.strip_prefix("admin ")?.parse().ok()
}

/// What was paid and what was rejected is in the user's chat, in a message of its own, that was made once; and the message of
/// the request says how it ended.
fn told(facts: &Facts, payout: &Payout, verdict: &mut Verdict) {
    let id = &payout.short_id;
    let words = match payout.state.as_str() {
        "paid" => "Paid. Reference",
        "rejected" => "Not paid; the money is back",
        _ => "Taken back; the money is back",
    };
    let title = format!("Withdrawal {id}");
    let is_about = |text: &str| text.contains(id.as_str()) && text.contains(words);
    let user = payout.user_id;
    let status = facts.read(user, |text| is_about(text) && text.contains(&title));
    let own = facts.read(user, |text| is_about(text) && !text.contains(&title));
    let owed = usize::from(payout.state != "cancelled");
    if status == 0 || own != owed {
        let what = format!(
            "withdrawal {id} is {}, which its message says {status} times, and others {own} times",
            payout.state
        );
        verdict.add("G6", what);
    }
}

/// What each main wallet has of it all.
pub(super) fn sums(facts: &Facts) -> HashMap<i64, i64> {
    out_of(facts, "wallet")
}

/// What was paid out of each wallet of a kind.
pub(super) fn out_of(facts: &Facts, kind: &str) -> HashMap<i64, i64> {
    let mut sums: HashMap<i64, i64> = HashMap::new();
    let paid = facts.payouts.iter().filter(|payout| is_paid(payout));
    for payout in paid.filter(|payout| payout.wallet_kind == kind) {
        *sums.entry(payout.user_id).or_default() -= payout.amount;
    }
    sums
}
