//! By what rule a payment brings a reward, and what of the reward stays when less of the payment does.

use crate::base::money::Amount;

/// What a payment brings on one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Of the payment, in hundredths of a percent; a part of the smallest coin is the house's.
    BasisPoints(u32),
    /// Whatever was paid.
    Fixed(Amount),
}

/// A rule as it stood when the payment came. It is stored with the reward: the configuration may be another one by the time
/// that the payment is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What a payment brings.
    pub share: Share,
    /// No reward is larger.
    pub cap: Option<Amount>,
    /// Smaller payments bring nothing.
    pub least: Amount,
}

impl Rule {
    /// What a payment of this size brings.
    pub fn reward(&self, paid: Amount) -> Amount {
        if paid <= Amount::ZERO || paid < self.least {
            return Amount::ZERO;
        }
        let whole = match self.share {
            Share::BasisPoints(points) => part(paid, points),
            Share::Fixed(amount) => amount,
        };
        self.cap.map_or(whole, |cap| whole.min(cap))
    }

    /// What of a reward of this rule stays when so much of its payment stays. Of a percentage, what that had brought from the
    /// beginning; a fixed reward stays whole as long as anything does: it was for the order, not for its price.
    pub fn stays(&self, reward: Amount, paid: Amount) -> Amount {
        match self.share {
            Share::BasisPoints(_) => self.reward(paid).min(reward),
            Share::Fixed(_) if paid > Amount::ZERO => reward,
            Share::Fixed(_) => Amount::ZERO,
        }
    }
}

fn part(paid: Amount, basis_points: u32) -> Amount {
    let part = i128::from(paid.0) * i128::from(basis_points) / 10_000;
    Amount(i64::try_from(part).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(share: Share) -> Rule {
        Rule {
            share,
            cap: Some(Amount(300)),
            least: Amount(50),
        }
    }

    #[test]
    fn a_part_of_a_coin_is_the_houses_and_a_cap_is_a_cap() {
        let share = rule(Share::BasisPoints(1_050));
        let fixed = rule(Share::Fixed(Amount(7)));
        for (paid, of_it, whatever) in [
            (-100, 0, 0),
            (0, 0, 0),
            (49, 0, 0),
            (50, 5, 7),
            (199, 20, 7),
            (1_000_000, 300, 7),
        ] {
            assert_eq!(share.reward(Amount(paid)), Amount(of_it));
            assert_eq!(fixed.reward(Amount(paid)), Amount(whatever));
        }
        assert_eq!(part(Amount(i64::MAX), 10_000), Amount(i64::MAX));
    }

    #[test]
    fn a_fixed_reward_stays_until_nothing_of_the_payment_does() {
        let fixed = rule(Share::Fixed(Amount(7)));
        assert_eq!(fixed.stays(Amount(7), Amount(1)), Amount(7));
        assert_eq!(fixed.stays(Amount(7), Amount(0)), Amount(0));
        let share = rule(Share::BasisPoints(1_000));
        assert_eq!(share.stays(Amount(10), Amount(100)), Amount(10));
        assert_eq!(share.stays(Amount(10), Amount(99)), Amount(9));
        assert_eq!(
            share.stays(Amount(10), Amount(49)),
            Amount(0),
            "too small by now"
        );
    }

    proptest! {
        #[test]
        fn what_goes_back_step_by_step_is_never_more_than_the_reward_and_all_of_it_in_the_end(
            paid in 1_i64..1_000_000_000_000,
            points in 1_u32..=10_000,
            cap in prop::option::of(1_i64..1_000_000_000),
            least in 0_i64..1_000,
            mut steps in prop::collection::vec(0.0_f64..1.0, 0..9),
        ) {
            let rule = Rule { share: Share::BasisPoints(points), cap: cap.map(Amount), least: Amount(least) };
            let reward = rule.reward(Amount(paid));
            steps.sort_by(|a, b| b.total_cmp(a));
            steps.push(0.0);
            let (mut stays, mut back) = (reward, Amount::ZERO);
            for step in steps {
                #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a part of it")]
                let next = rule.stays(reward, Amount((paid as f64 * step) as i64));
                prop_assert!(next <= stays);
                back = back + (stays - next);
                stays = next;
                prop_assert!(back <= reward);
            }
            prop_assert_eq!(back, reward);
        }
    }
}
