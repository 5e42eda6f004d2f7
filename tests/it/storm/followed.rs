//! What the model knows of rewards on orders: each is what its rule brings of what was taken for the order, and follows what
//! stays of that. By an arithmetic of its own.

use std::collections::HashMap;

use bulwark::engine::referrals::{Rule, Share};
use uuid::Uuid;

/// Something that was done about an order or a reward.
#[derive(Clone, Debug)]
pub enum Fact {
    /// So much was taken for an order.
    Taken {
        order: Uuid,
        payer: i64,
        amount: i64,
        rules: [Rule; 2],
    },
    /// So much of it was given back.
    PaidBack { order: Uuid, amount: i64 },
    /// A payment earned this for somebody.
    Rewarded {
        payment: String,
        level: usize,
        reward: Uuid,
        amount: i64,
    },
    /// So much of that was to go back, of which this was there.
    WentBack { reward: Uuid, due: i64, taken: i64 },
}

/// How often what is rare has happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Rewards on orders.
    pub rewards: usize,
    /// Of which a part went back, and a part stayed.
    pub in_part: usize,
    /// More than once.
    pub in_steps: usize,
    /// Of which all went back.
    pub whole: usize,
    /// Of which something that went back was spent before.
    pub spent: usize,
}

impl Seen {
    pub fn each(self) -> [(&'static str, usize); 5] {
        [
            ("rewards on orders", self.rewards),
            ("went back in part", self.in_part),
            ("in several steps", self.in_steps),
            ("as a whole", self.whole),
            ("after they were spent", self.spent),
        ]
    }
}

#[derive(Default)]
struct Order {
    payer: i64,
    taken: i64,
    rules: Vec<Rule>,
    left: i64,
    rewards: HashMap<usize, (i64, Uuid)>,
}

/// What of facts does not fit together, and how often what is rare has happened.
pub fn check<'a>(facts: impl Iterator<Item = &'a Fact> + Clone) -> (Vec<String>, Seen) {
    let mut found = Vec::new();
    let mut seen = Seen::default();
    let mut orders: HashMap<String, Order> = HashMap::new();
    let mut went: HashMap<Uuid, Vec<(i64, i64)>> = HashMap::new();
    for fact in facts {
        match fact {
            Fact::Taken {
                order,
                payer,
                amount,
                rules,
            } => {
                let order = orders.entry(format!("order:{order}")).or_default();
                (order.payer, order.taken, order.rules) = (*payer, *amount, rules.to_vec());
                order.left += amount;
            }
            Fact::PaidBack { order, amount } => {
                orders.entry(format!("order:{order}")).or_default().left -= amount;
            }
            Fact::Rewarded {
                payment,
                level,
                reward,
                amount,
            } if payment.starts_with("order:") => {
                let order = orders.entry(payment.clone()).or_default();
                if order.rewards.insert(*level, (*amount, *reward)).is_some() {
                    found.push(format!("{payment} was rewarded twice on level {level}"));
                }
            }
            Fact::Rewarded { .. } => {}
            Fact::WentBack { reward, due, taken } => {
                went.entry(*reward).or_default().push((*due, *taken));
            }
        }
    }
    for (name, order) in &orders {
        if order.left < 0 || order.left > order.taken {
            found.push(format!(
                "{name}: of {} there stay {}",
                order.taken, order.left
            ));
        }
        let (mut room, mut room_left) = (order.taken, order.left);
        for (level, rule) in (1..).zip(&order.rules) {
            let (amount, reward) = order.rewards.get(&level).copied().unwrap_or_default();
            let should = if level <= above(order.payer) {
                brings(rule, order.taken).min(room)
            } else {
                0
            };
            let back = went.get(&reward).map_or(&[][..], Vec::as_slice);
            let due: i64 = back.iter().map(|(due, _)| due).sum();
            let stays = match rule.share {
                Share::Fixed(_) if order.left > 0 => should,
                Share::Fixed(_) => 0,
                Share::BasisPoints(_) => brings(rule, order.left).min(should),
            };
            // Together they are never more than the price.
            let stays = stays.min(room_left);
            (room, room_left) = (room - should, room_left - stays);
            if amount != should || amount - due != stays {
                found.push(format!(
                    "{name}, of {} there stay {}; level {level} had {amount}, by the model {should}, and keeps {}, by the \
                     model {stays}",
                    order.taken,
                    order.left,
                    amount - due
                ));
            }
            if amount > 0 {
                let steps = back.iter().filter(|(due, _)| *due > 0).count();
                seen.rewards += 1;
                seen.in_part += usize::from(steps > 0 && stays > 0);
                seen.in_steps += usize::from(steps > 1);
                seen.whole += usize::from(steps > 0 && stays == 0);
                seen.spent += usize::from(back.iter().any(|(due, taken)| taken < due));
            }
        }
    }
    (found, seen)
}

/// How many levels there are above a user of a run: the third is above the second, and that one above the first.
fn above(user: i64) -> usize {
    match user % 10 {
        1 => 2,
        2 => 1,
        _ => 0,
    }
}

/// The largest whole number of coins that is no more than the rule's part, counted up to.
fn brings(rule: &Rule, paid: i64) -> i64 {
    if paid <= 0 || paid < rule.least.0 {
        return 0;
    }
    let whole = match rule.share {
        Share::Fixed(amount) => amount.0,
        Share::BasisPoints(points) => {
            let is_no_more = |coins: &i64| coins * 10_000 <= paid * i64::from(points);
            (0..=paid).take_while(is_no_more).last().unwrap_or(0)
        }
    };
    rule.cap.map_or(whole, |cap| whole.min(cap.0))
}
