//! G4: charged if and only if delivered, released if and only if not; nobody's sum is off by a cent.

use std::collections::HashMap;

use super::{Facts, Verdict, cards, panels, payouts, rewards, stars, tips};
use crate::people::{ADMINS, WELCOME};

pub(super) fn check(facts: &Facts, verdict: &mut Verdict) {
    for finding in &facts.audit {
        verdict.add("G4", format!("the audit of the books: {finding}"));
    }
    for order in &facts.orders {
        let money = (order.held, order.captured, order.released);
        let right = match order.state.as_str() {
            _ if order.price == 0 => money == (None, None, None),
            "succeeded" => money == (Some(order.price), Some(order.price), Some(0)),
            // Which part, the panel says.
            "partial" => {
                let (captured, released) =
                    (order.captured.unwrap_or(-1), order.released.unwrap_or(-1));
                let parts = captured >= 0 && released > 0 && captured + released == order.price;
                parts && order.held == Some(order.price)
            }
            _ => money == (Some(order.price), Some(0), Some(order.price)),
        };
        if !right {
            verdict.add(
                "G4",
                format!(
                    "order {} is {}, and its money {money:?}",
                    order.id, order.state
                ),
            );
        }
    }
    let expected = expected(facts);
    for (user, sum) in &expected {
        let found = facts.wallets.iter().find(|(owner, ..)| owner == user);
        let (available, held) = found.map_or((0, 0), |(_, available, held)| (*available, *held));
        if (available, held) != (*sum, 0) {
            verdict.add("G4", format!("user {user} has {available} and {held} held; by what the world saw it must be {sum}"));
        }
    }
}

/// From what was said, paid and delivered alone: the welcome, the gifts, the Stars, less what was delivered.
fn expected(facts: &Facts) -> HashMap<i64, i64> {
    let mut sums: HashMap<i64, i64> = HashMap::new();
    for (who, chat, _) in facts.said() {
        if who == chat {
            sums.entry(who).or_insert(WELCOME);
        }
    }
    for (who, _, text) in facts.said() {
        let mut words = text.split_whitespace();
        let (Some("/grant"), Some(to), Some(amount)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let cents = amount.replace('.', "").parse::<i64>().unwrap_or(0);
        let to = to.parse().unwrap_or(0);
        if ADMINS.contains(&who)
            && let Some(sum) = sums.get_mut(&to)
        {
            *sum += cents;
        }
    }
    for order in &facts.orders {
        if order.price > 0 && delivered(facts, order.correlation, order.user_id) > 0 {
            *sums.entry(order.user_id).or_default() -= order.price;
        }
    }
    for (user, paid) in panels::paid(facts) {
        *sums.entry(user).or_default() -= paid;
    }
    let others = payouts::sums(facts)
        .into_iter()
        .chain(tips::sums(facts))
        .chain(rewards::sums(facts));
    let others = others.chain(cards::sums(facts));
    for (user, sum) in stars::sums(facts).into_iter().chain(others) {
        *sums.entry(user).or_default() += sum;
    }
    sums
}

/// How many results of an order are in its chat.
pub(super) fn delivered(facts: &Facts, correlation: Option<uuid::Uuid>, chat: i64) -> usize {
    let files = facts
        .sent
        .iter()
        .filter(|sent| sent.kind == "file" && Some(sent.correlation) == correlation);
    let shown = facts.chats.get(&chat);
    let is_shown = |id: i64| {
        shown.is_some_and(|messages| {
            let mut messages = messages.iter();
            messages.any(|message| message["message_id"] == id && message["media"].is_object())
        })
    };
    files
        .filter_map(|sent| sent.message_id)
        .filter(|id| is_shown(*id))
        .count()
}
