//! Referrals: who came by whose link, and what their payments brought to whom.
//!
//! Guarantees
//! * Somebody is brought in by one person at most, for ever, and only if they were not known before and have brought in
//!   nobody themselves: there are no circles, and nobody brings in themselves.
//! * A payment brings one reward a level: a key. What of it goes back follows what stays of the payment, by the rule that is
//!   stored with it ([`Rule`]): in part where a part stays, all of it where nothing does, and never more (the wallet's lock,
//!   two keys and a trigger).
//! * Nothing here moves money: the rows commit together with the ledger's movements, and its audit compares them.
//!
//! What could not be taken back because it was spent is a debt that the referrer's later rewards make up for
//! ([`debt`], [`keep`]); no other money of theirs is touched.
//!
//! If the process dies before the commit, none of it happened; the payment is found and handled again with all that
//! follows from it.

mod rule;
mod store;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::money::Amount;

pub use rule::{Rule, Share};
pub use store::{
    add_reward, attribute, code_of, debt, earnings, gone_back, keep, referrers_of, reverse,
    reverse_in_part, rewarded, summary, to_reverse, to_reverse_in_part,
};

/// Levels above a payer that may be rewarded.
pub const LEVELS_MAX: usize = 2;

/// A reward to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct NewReward<'a> {
    /// Also the id of its movement.
    pub id: Uuid,
    /// The payment.
    pub cause: &'a str,
    /// 1: who brought the payer in; 2: who brought that one in.
    pub level: u8,
    /// Who earns it.
    pub referrer_id: i64,
    /// Who paid.
    pub payer_id: i64,
    /// What was paid.
    pub base: Amount,
    /// What it brings.
    pub amount: Amount,
    /// In which currency.
    pub currency: &'a str,
    /// Why so much.
    pub rule: Rule,
}

/// A reward of which something may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reward {
    /// Its id.
    pub id: Uuid,
    /// Who earned it.
    pub referrer_id: i64,
    /// What of its payment brought it: the same on each level.
    pub base: Amount,
    /// How much.
    pub amount: Amount,
    /// In which currency.
    pub currency: String,
    /// By which rule; None: it was given before rules were noted.
    pub rule: Option<Rule>,
}

impl Reward {
    /// What of it stays when so much of its payment does, and the levels below leave so much `room`: together they never
    /// keep more than stays paid. None: nobody knows by which rule.
    pub fn stays(&self, paid: Amount, room: Amount) -> Option<Amount> {
        if paid <= Amount::ZERO {
            return Some(Amount::ZERO);
        }
        let rule = self.rule?;
        Some(rule.stays(self.amount, self.base.min(paid)).min(room))
    }

    /// The key of the movement that takes of it what goes back when so much of its payment stays. The audit looks for it.
    pub fn key_of_taking(&self, paid: Amount) -> String {
        if paid <= Amount::ZERO {
            format!("reward-taken:{}", self.id)
        } else {
            format!("reward-taken:{}:{}", self.id, paid.0)
        }
    }
}

/// What stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Of a payment.
    pub paid: Amount,
    /// Of a reward that it brought.
    pub reward: Amount,
}

impl Rest {
    /// All of it is given back.
    pub const NOTHING: Self = Self {
        paid: Amount::ZERO,
        reward: Amount::ZERO,
    };
}

/// What goes back of a reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Back {
    /// Of its payment so much stays.
    pub stays: Amount,
    /// Taken from its wallet.
    pub taken: Amount,
    /// Not there any more, and owed.
    pub lost: Amount,
}

/// What of a reward goes back with a part of its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RewardPart {
    /// The part of the payment.
    pub return_id: Uuid,
    /// How much of the reward.
    pub amount: Amount,
}

/// What somebody's link has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// People who came by it.
    pub direct: i64,
    /// People who came by the links of those.
    pub indirect: i64,
    /// All that was earned, in minor units.
    pub earned: Amount,
    /// What of it was taken back, or kept for what could not be.
    pub taken: Amount,
}

/// A line in the list of earnings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earning {
    /// When.
    pub at: OffsetDateTime,
    /// Of which level.
    pub level: i16,
    /// How much.
    pub amount: Amount,
    /// What of it went back, because of its payment something was given back.
    pub back: Amount,
    /// Whether it was taken back, because the payment was given back.
    pub is_reversed: bool,
}
