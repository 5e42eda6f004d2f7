//! What was taken for an order and is given back, as a whole or in part; what the order brought to whoever brought its user
//! in follows what stays paid.

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::store::mend as store;
use super::super::{
    Cause, House, HouseMove, LedgerError, RewardBack, TransferKind, take_reward, with_house,
};
use super::{MendStep, Mended, Mender};
use crate::base::money::Amount;
use crate::engine::referrals::{self, Rest, Reward};

/// Steps in which an order's price may be given back: so many keys the audit looks for.
const STEPS_MAX: i64 = 9;

/// An order's price that is given back, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidBack {
    /// The movement to the wallet.
    pub cause: Cause,
    /// How much.
    pub amount: Amount,
    /// What goes back of rewards, each with the cause of its movement, if one was made.
    pub rewards: Vec<(Reward, RewardBack, Cause)>,
    /// Some rewards noted no rule: what of them should go back is for a person to say.
    pub is_unclear: bool,
}

impl Mender<'_> {
    /// Gives back what was taken for an order beyond `stays`, and of each reward that it brought what `stays` does not bring.
    /// None: no more than that is taken; so it is done once, however often it is asked for, and by how many at once.
    ///
    /// # Errors
    /// [`LedgerError::BadAmount`] if it was given back in too many steps before.
    pub async fn pay_back(
        &self,
        conn: &mut PgConnection,
        order: Uuid,
        stays: Amount,
    ) -> Result<Option<PaidBack>, LedgerError> {
        let Some(taken) = store::taken_for_order_locked(conn, order).await? else {
            return Ok(None);
        };
        let amount = Amount(taken.left) - stays;
        if amount <= Amount::ZERO {
            return Ok(None);
        }
        let key = match taken.steps {
            0 => format!("mend:paid-back:{order}"),
            steps if steps < STEPS_MAX => format!("mend:paid-back:{order}:{}", steps + 1),
            _ => return Err(LedgerError::BadAmount(amount)),
        };
        let cause = self.cause(key, &self.why("paid for what was not delivered"));
        let movement = HouseMove {
            kind: TransferKind::Correction,
            house: House::Revenue,
            wallet: taken.wallet(),
            amount,
        };
        with_house(conn, &movement, &cause, self.now).await?;
        let mut back = PaidBack {
            cause,
            amount,
            rewards: Vec::new(),
            is_unclear: false,
        };
        self.follow(conn, order, stays, &mut back).await?;
        Ok(Some(back))
    }

    /// In the order of their levels, as they were given: nobody waits in a circle.
    async fn follow(
        &self,
        conn: &mut PgConnection,
        order: Uuid,
        stays: Amount,
        back: &mut PaidBack,
    ) -> Result<(), LedgerError> {
        let mut room = None;
        for reward in referrals::to_reverse(conn, &format!("order:{order}")).await? {
            let left = *room.get_or_insert(reward.base.min(stays));
            let Some(keeps) = reward.stays(stays, left) else {
                back.is_unclear = true;
                continue;
            };
            room = Some(left - keeps);
            let rest = Rest {
                paid: stays,
                reward: keeps,
            };
            let why = self.why("of the order behind the reward less is paid");
            let cause = self.cause(reward.key_of_taking(stays), &why);
            let taken = take_reward(conn, &reward, rest, |_| cause.clone(), self.now).await?;
            back.rewards
                .extend(taken.map(|taken| (reward, taken, cause)));
        }
        Ok(())
    }

    fn why(&self, what: &str) -> String {
        format!("reconciled by {}: {what}", self.operator)
    }

    /// As a mend.
    pub(super) async fn pay_too_much_back(
        &self,
        conn: &mut PgConnection,
        order: Uuid,
        wallet: &store::Books,
        stays: Amount,
    ) -> Result<Mended, LedgerError> {
        let Some(back) = self.pay_back(conn, order, stays).await? else {
            return Ok(Mended::default());
        };
        let (cause, to) = (&back.cause, wallet.name());
        let (amount, currency) = (back.amount.0, &wallet.currency);
        let mut mended = Mended::one(cause, "revenue", &to, amount, currency, &cause.note);
        for (reward, went, cause) in back.rewards {
            if went.taken > Amount::ZERO {
                mended.steps.push(MendStep {
                    id: cause.id,
                    from: format!("affiliate of user {}", reward.referrer_id),
                    to: "rewards".to_owned(),
                    amount: went.taken,
                    currency: reward.currency,
                    why: cause.note,
                });
            }
        }
        if back.is_unclear {
            "the order brought rewards for a referral before their rules were noted: a part of them may have to go back"
                .clone_into(&mut mended.advice);
        }
        Ok(mended)
    }
}
