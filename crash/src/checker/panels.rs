//! G4 and G5 at a panel, by its own list: each order was made there once at most and never sent again blindly, the part
//! that it delivered is paid and nothing else, the user reads both, and each refill was asked for once.

use std::collections::{HashMap, HashSet};

use bulwark_simulator::log::Call;
use serde_json::Value;

use super::{Facts, Verdict};
use crate::outside::Outside;
use crate::promoters::{self, PANEL};
use crate::tables::Order;

/// What the panel made of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    /// There is none.
    Never,
    /// It is under way.
    Open,
    Nothing,
    /// So many of so many units.
    Part(i64, i64),
    Whole,
}

/// Whether an order is one of the panel's.
pub(super) fn is_there(order: &Order) -> bool {
    order.provider.as_deref() == Some(PANEL)
}

pub(super) fn check(facts: &Facts, outside: &Outside, verdict: &mut Verdict) {
    verdict.made = facts.panel_orders.len();
    made_once(facts, verdict);
    sent_once(facts, verdict);
    for order in facts.orders.iter().filter(|order| is_there(order)) {
        let made = made(facts, order);
        verdict.in_part += usize::from(matches!(made, Made::Part(..)));
        verdict.unknown += usize::from(is_unknown(order));
        ended(facts, outside, order, made, verdict);
        told(facts, order, verdict);
    }
    refilled(facts, verdict);
}

/// The orders, with the links that the service has forgotten.
pub(super) async fn with_links(mut orders: Vec<Order>, outside: &Outside) -> Vec<Order> {
    let known = promoters::list(outside).await;
    for order in orders.iter_mut().filter(|order| order.link.is_none()) {
        let is_it = |made: &&Value| order.external_id == Some(made["order"].to_string());
        let by_number = known
            .iter()
            .find(is_it)
            .map(|made| link_of(made).to_owned());
        if is_there(order) {
            order.link = by_number.or_else(|| outside.link_of(&order.short_id));
        }
    }
    orders
}

fn link_of(order: &Value) -> &str {
    order["fields"]["link"].as_str().unwrap_or_default()
}

fn is_unknown(order: &Order) -> bool {
    order.failure.as_deref() == Some("unknown")
}

/// The panel's orders are those of ours, each once: their links have numbers.
fn made_once(facts: &Facts, verdict: &mut Verdict) {
    let ours: HashSet<&str> = facts
        .orders
        .iter()
        .filter_map(|order| order.link.as_deref())
        .collect();
    let mut seen = HashSet::new();
    for order in &facts.panel_orders {
        let link = link_of(order);
        if !ours.contains(link) {
            verdict.add("G5", format!("the panel has an order of no job: {order}"));
        }
        if !seen.insert(link) {
            verdict.add("G5", format!("the panel has a second order for {link}"));
        }
    }
}

/// After an answer that says that there is an order, or that says nothing that can be believed, nothing is sent again.
fn sent_once(facts: &Facts, verdict: &mut Verdict) {
    let mut perhaps_made: HashSet<&str> = HashSet::new();
    for call in calls(facts, "panel.add") {
        let link = call.params["link"].as_str().unwrap_or_default();
        if perhaps_made.contains(link) {
            let what = format!(
                "the order for {link} was sent again after an answer that may have come from a made one"
            );
            verdict.add("G5", what);
        }
        if !is_refusal(call) {
            perhaps_made.insert(link);
        }
    }
}

fn calls<'f>(facts: &'f Facts, target: &str) -> impl Iterator<Item = &'f Call> {
    let all = facts.calls.iter();
    all.filter(move |call| call.target == target)
}

/// The panel's own word that nothing was done.
fn is_refusal(call: &Call) -> bool {
    let words = call.answer["error"].as_str();
    let is_clear = words.is_some_and(|words| !words.contains("went wrong"));
    is_clear && call.answer["order"].is_null() && (call.status == 200 || call.status == 429)
}

fn made(facts: &Facts, order: &Order) -> Made {
    let link = order.link.as_deref().unwrap_or_default();
    let mut known = facts.panel_orders.iter();
    let Some(known) = known.find(|known| link_of(known) == link) else {
        return Made::Never;
    };
    let units = known["quantity"].as_i64().unwrap_or_default();
    let remains = known["remains"].as_i64().unwrap_or(0).clamp(0, units);
    match known["status"].as_str() {
        Some("Completed") => Made::Whole,
        Some("Partial") if remains == 0 => Made::Whole,
        Some("Partial") if remains < units => Made::Part(units - remains, units),
        Some("Partial" | "Canceled") => Made::Nothing,
        Some(_) | None => Made::Open,
    }
}

/// What is owed for it; a part of the smallest coin is the user's.
fn owed(order: &Order, made: Made) -> i64 {
    match made {
        Made::Never | Made::Open | Made::Nothing => 0,
        Made::Part(done, units) => order.price * done / units.max(1),
        Made::Whole => order.price,
    }
}

/// The order ended as the panel says, and its money went where it belongs.
fn ended(facts: &Facts, outside: &Outside, order: &Order, made: Made, verdict: &mut Verdict) {
    let reason = order.failure.as_deref().unwrap_or_default();
    let right = match (order.state.as_str(), made) {
        ("succeeded", Made::Whole) | ("partial", Made::Part(..)) => true,
        ("failed" | "cancelled", Made::Never) => true,
        ("failed", Made::Nothing) if reason == "cancelled" => true,
        // Nobody can know of the order: its money is released.
        ("failed", _) if is_unknown(order) => is_excused(facts, outside, order),
        _ => false,
    };
    let (id, state) = (order.id, order.state.as_str());
    if !right {
        let what = format!("order {id} is {state} ({reason}), and the panel says {made:?}");
        verdict.add("G5", what);
    }
    if order.units.is_none() {
        verdict.add(
            "G5",
            format!("order {id} does not say how many units it is for"),
        );
    }
    let owed = if is_unknown(order) {
        0
    } else {
        owed(order, made)
    };
    let money = (order.captured, order.released);
    if money != (Some(owed), Some(order.price - owed)) {
        let price = order.price;
        let what = format!(
            "order {id} of {price} is {state}, the panel says {made:?}, and its money {money:?}"
        );
        verdict.add("G4", what);
    }
}

/// Its answer was lost: the panel's was, or the service was disturbed when it came.
fn is_excused(facts: &Facts, outside: &Outside, order: &Order) -> bool {
    let mut sent = calls(facts, "panel.add").filter(|call| {
        let link = call.params["link"].as_str();
        link.is_some() && link == order.link.as_deref()
    });
    // No call at all: its caller was gone before the panel had answered.
    sent.all(|call| {
        let was_told = call.status == 200 && !call.answer["order"].is_null();
        !was_told || outside.journal.excuses(call.at)
    })
}

/// The message of the order has said what was charged, or that the money is back; a button under it may have made another
/// page of it since.
fn told(facts: &Facts, order: &Order, verdict: &mut Verdict) {
    let id = order.id;
    let known = facts.shown.iter().find(|(shown, ..)| *shown == id);
    let message = known.and_then(|(_, chat, number)| {
        let mut messages = facts.chats.get(chat)?.iter();
        messages.find(|message| message["message_id"] == *number)
    });
    let edits = message.and_then(|message| message["edits"].as_array());
    let states = edits.into_iter().flatten().chain(message);
    let mut texts = states.filter_map(|state| state["text"].as_str());
    let captured = order.captured.unwrap_or(0);
    let charged = format!("Charged: {}", dollars(captured));
    let back = format!(
        "{} is back on your balance",
        dollars(order.price - captured)
    );
    let expected: &[&str] = match order.state.as_str() {
        "succeeded" => &[&charged],
        "partial" => &[&charged, &back],
        _ => &[&back],
    };
    let says_all = |text: &str| expected.iter().all(|words| text.contains(words));
    if !texts.any(says_all) {
        let (state, price) = (&order.state, order.price);
        let what =
            format!("order {id} of {price} is {state}, and its message never said {expected:?}");
        verdict.add("G6", what);
    }
}

fn dollars(cents: i64) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

/// What was paid to the panel's orders, by wallet.
pub(super) fn paid(facts: &Facts) -> HashMap<i64, i64> {
    let mut sums: HashMap<i64, i64> = HashMap::new();
    for order in facts.orders.iter().filter(|order| is_there(order)) {
        if !is_unknown(order) {
            *sums.entry(order.user_id).or_default() += owed(order, made(facts, order));
        }
    }
    sums
}

/// Each refill that the panel took, or may have taken, belongs to a job of its own.
fn refilled(facts: &Facts, verdict: &mut Verdict) {
    let mut asked: HashMap<&str, usize> = HashMap::new();
    for call in calls(facts, "panel.refill") {
        let order = call.params["order"].as_str().unwrap_or_default();
        if !is_refusal(call) {
            *asked.entry(order).or_default() += 1;
        }
        let Some(number) = call.answer["refill"]
            .as_str()
            .filter(|_| call.status == 200)
        else {
            continue;
        };
        verdict.refills += 1;
        let name = format!("refill:{number}");
        let is_its = |external_id: &Option<String>| external_id.as_ref() == Some(&name);
        let known = facts
            .refills
            .iter()
            .filter(|refill| is_its(&refill.external_id));
        let done = known.filter(|refill| refill.state == "succeeded").count();
        let is_lost = |state: &str| state == "failed";
        let mut of_it = facts
            .refills
            .iter()
            .filter(|refill| refill.of.as_deref() == Some(order));
        if done != 1 && !of_it.any(|refill| is_lost(&refill.state)) {
            verdict.add("G5", format!("refill {number} ended in {done} jobs"));
        }
    }
    for (order, times) in asked {
        let jobs = facts
            .refills
            .iter()
            .filter(|refill| refill.of.as_deref() == Some(order));
        let jobs = jobs.count();
        if times > jobs {
            let what =
                format!("a refill of order {order} was asked for {times} times by {jobs} jobs");
            verdict.add("G5", what);
        }
    }
}
