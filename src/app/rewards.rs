//! Referrals and tips, from their configuration.

use std::sync::Arc;

use crate::base::money::Amount;
use crate::config::{Config, Reward, RewardedBy, SETTLEMENT};
use crate::engine::ledger::WalletKind;
use crate::features::cx::Switch;
use crate::features::rewards::{Occasion, ReferralRules, Share, Way};
use crate::features::tips::{AtGateway, InLedger, Settlement, TipRules};

pub(super) fn referrals(config: &Config) -> ReferralRules {
    let referrals = &config.referrals;
    let shares = referrals.rewards.iter().map(|reward| match reward {
        Reward::BasisPoints(points) => Share::BasisPoints(*points),
        Reward::Fixed(amount) => Share::Fixed(*amount),
    });
    let ways = referrals.ways.iter().filter_map(|way| {
        Some(Way {
            from: WalletKind::named(&way.from)?,
            to: WalletKind::named(&way.to)?,
            min: way.min,
        })
    });
    ReferralRules {
        switch: Switch::default(),
        occasion: match referrals.rewarded_by {
            RewardedBy::Nothing => None,
            RewardedBy::TopUps => Some(Occasion::TopUp),
            RewardedBy::Orders => Some(Occasion::Order),
        },
        shares: shares.collect(),
        min: referrals.min,
        cap: Some(referrals.cap).filter(|cap| *cap > Amount::ZERO),
        bot_username: referrals.bot_username.clone(),
        ways: ways.collect(),
    }
}

pub(super) fn tips(config: &Config) -> TipRules {
    let tips = &config.tips;
    let settlement: Arc<dyn Settlement> = match &tips.settlement {
        None => Arc::new(InLedger),
        Some(_) => Arc::new(AtGateway {
            provider: SETTLEMENT.to_owned(),
        }),
    };
    TipRules {
        switch: Switch::default(),
        max: tips.max,
        min: tips.min,
        per_day: tips.per_day,
        confirm_above: tips.confirm_above,
        terms_url: tips.terms_url.clone(),
        is_verified_only: tips.is_verified_only,
        settlement,
    }
}
