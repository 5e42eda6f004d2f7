//! What referrals bring, and ways between a user's own wallets.

use super::Reader;
use crate::base::money::Amount;

/// Levels that may be rewarded.
const LEVELS_MAX: usize = 2;
/// Wallets between which a way may be set; others are spent where they are.
const MOVABLE: [&str; 2] = ["wallet", "affiliate"];
const AMOUNT_MAX: i64 = 1_000_000_000;

/// What is rewarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewardedBy {
    /// Nothing.
    Nothing,
    /// Money paid in.
    TopUps,
    /// What orders cost.
    Orders,
}

/// What a payment brings on one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reward {
    /// Of the payment, in hundredths of a percent.
    BasisPoints(u32),
    /// Whatever was paid.
    Fixed(Amount),
}

/// A way between two wallets of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletWay {
    /// The stored name of the kind of wallet.
    pub from: String,
    /// The same.
    pub to: String,
    /// Less is not moved.
    pub min: Amount,
}

/// Referrals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrals {
    /// What is rewarded.
    pub rewarded_by: RewardedBy,
    /// For each level.
    pub rewards: Vec<Reward>,
    /// Smaller payments bring nothing.
    pub min: Amount,
    /// No reward is larger; zero for no cap.
    pub cap: Amount,
    /// The bot's name, without @.
    pub bot_username: String,
    /// Ways between wallets.
    pub ways: Vec<WalletWay>,
}

impl Referrals {
    /// Whether anything is rewarded.
    pub fn is_on(&self) -> bool {
        self.rewarded_by != RewardedBy::Nothing
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let rewarded_by = match reader.text("REFERRAL_ON") {
            Some("topup") => RewardedBy::TopUps,
            Some("order") => RewardedBy::Orders,
            Some("off") | None => RewardedBy::Nothing,
            Some(_) => {
                reader.problem(
                    "REFERRAL_ON",
                    "is not one of its words",
                    "set off, topup or order",
                );
                RewardedBy::Nothing
            }
        };
        let is_on = rewarded_by != RewardedBy::Nothing;
        Self {
            rewarded_by,
            rewards: rewards(reader),
            min: Amount(reader.number("REFERRAL_MIN", 0..=AMOUNT_MAX)),
            cap: Amount(reader.number("REFERRAL_CAP", 0..=AMOUNT_MAX)),
            bot_username: bot_username(reader, is_on),
            ways: ways(reader),
        }
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|item| !item.is_empty())
}

fn rewards(reader: &mut Reader<'_>) -> Vec<Reward> {
    let text = reader.text("REFERRAL_REWARD").unwrap_or_default();
    let rewards: Option<Vec<Reward>> = items(text).map(reward).collect();
    let rewards = rewards.filter(|rewards| (1..=LEVELS_MAX).contains(&rewards.len()));
    if rewards.is_none() {
        reader.problem(
            "REFERRAL_REWARD",
            "is not one or two rewards",
            "set a percentage up to 100 such as 10% or 2.5%, or an amount in minor units such as 50; one for each level, \
             separated by a comma",
        );
    }
    rewards.unwrap_or_default()
}

/// `2.5%` or `50`.
fn reward(text: &str) -> Option<Reward> {
    let Some(percent) = text.strip_suffix('%') else {
        let amount = text.parse().ok();
        let amount = amount.filter(|amount| (1..=AMOUNT_MAX).contains(amount));
        return amount.map(|amount| Reward::Fixed(Amount(amount)));
    };
    let (whole, part) = percent.split_once('.').unwrap_or((percent, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || whole.len() > 3 || part.len() > 2 {
        return None;
    }
    let points: u32 = format!("{whole}{part:0<2}").parse().ok()?;
    (1..=10_000)
        .contains(&points)
        .then_some(Reward::BasisPoints(points))
}

/// Telegram: "Usernames can use a-z, 0-9 and underscores", bots' have 5 to 32 characters.
fn bot_username(reader: &mut Reader<'_>, is_needed: bool) -> String {
    let remedy = "set the name that @BotFather gave the bot, such as my_shop_bot";
    let Some(name) = reader.text("BOT_USERNAME") else {
        if is_needed {
            let message = "is not set, and personal links need it";
            reader.problem("BOT_USERNAME", message, remedy);
        }
        return String::new();
    };
    let name = name.trim_start_matches('@');
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !(5..=32).contains(&name.len()) || !name.bytes().all(is_allowed) {
        reader.problem("BOT_USERNAME", "is not a name of a bot", remedy);
    }
    name.to_owned()
}

fn ways(reader: &mut Reader<'_>) -> Vec<WalletWay> {
    let text = reader.text("WALLET_TRANSFERS").unwrap_or_default();
    if text == "off" {
        return Vec::new();
    }
    let ways: Option<Vec<WalletWay>> = items(text).map(way).collect();
    if ways.is_none() {
        reader.problem(
            "WALLET_TRANSFERS",
            "is not a list of ways between wallets that money may leave",
            "set off, or ways with a minimum in minor units, such as affiliate>wallet:100; the kinds are wallet and affiliate",
        );
    }
    ways.unwrap_or_default()
}

/// `affiliate>wallet:100`.
fn way(text: &str) -> Option<WalletWay> {
    let (ends, min) = text.split_once(':')?;
    let (from, to) = ends.split_once('>')?;
    let min = min
        .parse()
        .ok()
        .filter(|min| (1..=AMOUNT_MAX).contains(min))?;
    let is_way = from != to && MOVABLE.contains(&from) && MOVABLE.contains(&to);
    is_way.then(|| WalletWay {
        from: from.to_owned(),
        to: to.to_owned(),
        min: Amount(min),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reward_is_a_percentage_or_an_amount() {
        assert_eq!(reward("10%"), Some(Reward::BasisPoints(1_000)));
        assert_eq!(reward("2.5%"), Some(Reward::BasisPoints(250)));
        assert_eq!(reward("0.05%"), Some(Reward::BasisPoints(5)));
        assert_eq!(reward("50"), Some(Reward::Fixed(Amount(50))));
        for wrong in [
            "", "%", "0%", "101%", "-5%", "1.234%", "ten", "0", "-3", "1.5",
        ] {
            assert_eq!(reward(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn credits_for_replies_are_no_end_of_a_way() {
        assert!(way("affiliate>wallet:100").is_some());
        for wrong in [
            "reply_credits>wallet:100",
            "wallet>reply_credits:100",
            "wallet>wallet:1",
            "affiliate>wallet",
            "affiliate>wallet:0",
        ] {
            assert_eq!(way(wrong), None, "{wrong}");
        }
    }
}
