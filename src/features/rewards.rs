//! What payments bring to those who brought their payers in: booked and taken back in the transaction of the payment.
//!
//! Beside the features, because whoever takes a payment calls it. A reward goes from the house's account `rewards` to the
//! referrer's affiliate wallet. When its payment is given back, what that wallet still has of it is taken back; the rest is
//! lost to the house until later rewards make up for it (`engine::referrals`).

use sqlx::PgConnection;
use uuid::Uuid;

use super::cx::{Env, Handled, Switch};
use super::referrals::speech;
use super::speech::{Args, Language};
use crate::base::money::Amount;
use crate::engine::ledger::{self, Cause, RewardBack, RewardCauses, WalletKind};
use crate::engine::outbox::{self, Action, NewMessage, Priority};
use crate::engine::people;
use crate::engine::referrals::{self, NewReward, Rest, Reward, RewardPart, Rule};

pub use crate::engine::referrals::Share;

/// What brings rewards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Money paid in from outside.
    TopUp,
    /// What an order cost.
    Order,
}

/// A way between two wallets of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// From here.
    pub from: WalletKind,
    /// To there.
    pub to: WalletKind,
    /// Less is not moved.
    pub min: Amount,
}

/// What referrals bring, and where to.
#[derive(Clone, Debug, Default)]
pub struct ReferralRules {
    /// Whether the tables for it are there.
    pub switch: Switch,
    /// None: nothing is rewarded, and nothing of it is shown.
    pub occasion: Option<Occasion>,
    /// The nearest level first; at most two.
    pub shares: Vec<Share>,
    /// Smaller payments bring nothing.
    pub min: Amount,
    /// No reward is larger.
    pub cap: Option<Amount>,
    /// The bot's name, for links.
    pub bot_username: String,
    /// Ways between a user's own wallets.
    pub ways: Vec<Way>,
}

impl ReferralRules {
    /// Whether anything of it is shown.
    pub fn is_on(&self) -> bool {
        self.occasion.is_some() && self.switch.is_on()
    }

    /// The least that may be moved between two kinds of wallet; None: nothing may.
    pub fn way(&self, from: WalletKind, to: WalletKind) -> Option<Amount> {
        let way = self
            .ways
            .iter()
            .find(|way| (way.from, way.to) == (from, to));
        way.map(|way| way.min)
    }

    /// What a payment brings on each level and by which rule; nothing beyond the last. All of them together never bring more
    /// than was paid: who brings in themselves, by other accounts, would earn with each payment.
    fn rewards(&self, paid: Amount) -> impl Iterator<Item = (Rule, Amount)> {
        let mut room = paid.max(Amount::ZERO);
        self.shares.iter().map(move |share| {
            let rule = Rule {
                share: *share,
                cap: self.cap,
                least: self.min,
            };
            let reward = rule.reward(paid).min(room);
            room = room - reward;
            (rule, reward)
        })
    }
}

/// A payment that may bring rewards.
#[derive(Clone, Copy, Debug)]
pub struct Paid<'a> {
    /// By whom.
    pub user_id: i64,
    /// How much.
    pub amount: Amount,
    /// In which currency.
    pub currency: &'a str,
    /// What names it for ever, such as `stars:` and the charge.
    pub cause: &'a str,
    /// Follows it.
    pub correlation: Uuid,
}

/// Books what a payment brings, in its transaction: once for the payment and level.
pub async fn book(
    conn: &mut PgConnection,
    env: &Env,
    occasion: Occasion,
    paid: &Paid<'_>,
) -> Handled {
    if env.referrals.occasion != Some(occasion) || !env.referrals.is_on() {
        return Ok(());
    }
    let referrers = referrals::referrers_of(conn, paid.user_id).await?;
    if referrers.is_empty() {
        return Ok(());
    }
    let base = match occasion {
        Occasion::TopUp => paid.amount,
        Occasion::Order => paid.amount.min(unrewarded(conn, paid).await?),
    };
    let rewards: Vec<(Rule, Amount)> = env.referrals.rewards(base).collect();
    // From the payer upwards: whoever else locks two of these wallets comes upon them in the same order.
    for ((level, referrer_id), (rule, amount)) in (1_u8..).zip(referrers).zip(rewards) {
        if amount > Amount::ZERO && referrer_id != paid.user_id {
            let reward = NewReward {
                id: env.ids.uuid(),
                cause: paid.cause,
                level,
                referrer_id,
                payer_id: paid.user_id,
                base,
                amount,
                currency: paid.currency,
                rule,
            };
            give(conn, env, &reward, paid.correlation).await?;
        }
    }
    Ok(())
}

/// What a payer paid in and no reward was given for. An order brings rewards for that alone: whoever makes accounts could
/// turn their gifts into earnings, which are paid out.
///
/// The order's own movement has locked the payer's wallet: of two orders that end together the second counts the first.
async fn unrewarded(conn: &mut PgConnection, paid: &Paid<'_>) -> Handled<Amount> {
    let (user_id, currency) = (paid.user_id, paid.currency);
    let paid_in = ledger::paid_in(conn, user_id, currency).await?;
    Ok(paid_in - referrals::rewarded(conn, user_id, currency).await?)
}

async fn give(
    conn: &mut PgConnection,
    env: &Env,
    reward: &NewReward<'_>,
    correlation: Uuid,
) -> Handled {
    let now = env.clock.sql_now();
    let key = format!("reward:{}:{}", reward.cause, reward.level);
    let mut given = cause(env, key, correlation);
    given.id = reward.id;
    let kept = cause(env, format!("reward-kept:{}", reward.id), correlation);
    let causes = RewardCauses { given, kept };
    let Some(kept) = ledger::give_reward(conn, reward, &causes, now).await? else {
        return Ok(());
    };
    tracing::info!(
        referrer = reward.referrer_id,
        amount = reward.amount.0,
        kept = kept.0,
        cause = reward.cause,
        "a referral is rewarded"
    );
    let earned = Args::new().text("amount", env.currency().format(reward.amount - kept));
    if reward.amount > kept {
        tell(conn, env, reward.referrer_id, "earned", earned, correlation).await?;
    }
    Ok(())
}

/// Takes back what a payment brought, because it is given back: once. What is spent is lost, and noted.
pub async fn take_back(
    conn: &mut PgConnection,
    env: &Env,
    payment: &str,
    correlation: Uuid,
) -> Handled {
    // Switched off by its configuration, what was earned is taken back all the same.
    if !env.referrals.switch.is_on() {
        return Ok(());
    }
    for reward in referrals::to_reverse(conn, payment).await? {
        take(conn, env, &reward, correlation).await?;
    }
    Ok(())
}

/// A payment of which parts were given back.
#[derive(Clone, Copy, Debug)]
pub struct Parted<'a> {
    /// What names it for ever.
    pub payment: &'a str,
    /// The part that went back now.
    pub return_id: Uuid,
    /// All that went back so far, of which the part is one, in the payer's currency.
    pub returned: Amount,
    /// All that was paid.
    pub paid: Amount,
    /// Follows it.
    pub correlation: Uuid,
}

/// Takes back the share of what a payment brought that a part of it is worth, once for the part.
pub async fn take_part_back(conn: &mut PgConnection, env: &Env, parted: &Parted<'_>) -> Handled {
    if !env.referrals.switch.is_on() {
        return Ok(());
    }
    for (reward, gone) in referrals::to_reverse_in_part(conn, parted.payment).await? {
        let due = parted.returned.share_of(reward.amount, parted.paid) - gone;
        if due <= Amount::ZERO {
            continue;
        }
        let part = RewardPart {
            return_id: parted.return_id,
            amount: due,
        };
        let key = format!("reward-part-taken:{}:{}", parted.return_id, reward.id);
        let (cause, now) = (cause(env, key, parted.correlation), env.clock.sql_now());
        let taken = ledger::take_reward_part(conn, &reward, &part, &cause, now).await?;
        if let Some(taken) = taken {
            let back = RewardBack { due, taken };
            tell_taken(conn, env, &reward, back, parted.correlation).await?;
        }
    }
    Ok(())
}

async fn take(conn: &mut PgConnection, env: &Env, reward: &Reward, correlation: Uuid) -> Handled {
    let now = env.clock.sql_now();
    let cause = |key| cause(env, key, correlation);
    let Some(back) = ledger::take_reward(conn, reward, Rest::NOTHING, cause, now).await? else {
        return Ok(());
    };
    if back.due.is_zero() {
        // All of it went back in parts before.
        return Ok(());
    }
    tell_taken(conn, env, reward, back, correlation).await
}

/// So much of `reward` was taken back.
async fn tell_taken(
    conn: &mut PgConnection,
    env: &Env,
    reward: &Reward,
    back: RewardBack,
    correlation: Uuid,
) -> Handled {
    let (taken, lost) = (back.taken, back.due - back.taken);
    tracing::info!(
        referrer = reward.referrer_id,
        taken = taken.0,
        lost = lost.0,
        reward = %reward.id,
        "a reward is taken back"
    );
    let args = Args::new()
        .text("amount", env.currency().format(back.due))
        .text("lost", env.currency().format(lost));
    let key = if lost > Amount::ZERO {
        "taken-back-in-part"
    } else {
        "taken-back"
    };
    tell(conn, env, reward.referrer_id, key, args, correlation).await
}

fn cause(env: &Env, idem_key: String, correlation: Uuid) -> Cause {
    Cause {
        id: env.ids.uuid(),
        idem_key,
        note: String::new(),
        by_admin: None,
        correlation,
    }
}

async fn tell(
    conn: &mut PgConnection,
    env: &Env,
    user_id: i64,
    key: &'static str,
    args: Args,
    correlation: Uuid,
) -> Handled {
    let person = people::by_id(conn, user_id).await?;
    let language = person.map_or(Language::En, |person| {
        Language::of_tag(person.language_tag())
    });
    let action = Action::Say {
        text: speech(language).rich(key, &args),
        keyboard: None,
    };
    let message = NewMessage {
        priority: Priority::Low,
        ..NewMessage::new(user_id, correlation, action)
    };
    outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brings(shares: [Share; 2], paid: i64) -> Vec<i64> {
        let rules = ReferralRules {
            shares: shares.to_vec(),
            min: Amount(50),
            ..ReferralRules::default()
        };
        let rewards = rules.rewards(Amount(paid));
        rewards.map(|(_, reward)| reward.0).collect()
    }

    #[test]
    fn nobody_earns_more_than_was_paid() {
        let fixed = [Share::Fixed(Amount(60)), Share::Fixed(Amount(60))];
        assert_eq!(brings(fixed, -100), [0, 0]);
        assert_eq!(brings(fixed, 49), [0, 0]);
        assert_eq!(brings(fixed, 50), [50, 0]);
        assert_eq!(brings(fixed, 100), [60, 40]);
        assert_eq!(brings(fixed, 200), [60, 60]);
        let all = [Share::BasisPoints(8_000), Share::BasisPoints(8_000)];
        assert_eq!(brings(all, 100), [80, 20]);
    }

    #[test]
    fn there_is_a_way_only_where_one_is_set() {
        let mut rules = ReferralRules::default();
        assert_eq!(rules.way(WalletKind::Affiliate, WalletKind::Main), None);
        rules.ways.push(Way {
            from: WalletKind::Affiliate,
            to: WalletKind::Main,
            min: Amount(100),
        });
        assert_eq!(
            rules.way(WalletKind::Affiliate, WalletKind::Main),
            Some(Amount(100))
        );
        assert_eq!(rules.way(WalletKind::Main, WalletKind::Affiliate), None);
        assert_eq!(rules.way(WalletKind::ReplyCredits, WalletKind::Main), None);
    }
}
