//! What an order brought to whoever brought its user in, when its money is given back.

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::{LedgerError, take_reward};
use super::{MendStep, Mended, Mender};
use crate::base::money::Amount;
use crate::engine::referrals;

impl Mender<'_> {
    /// Takes back what the order brought, in the transaction that gives its money back. Where a part of it stays paid, which
    /// part of a reward that would have brought is for a person to say: the rules may be others by now.
    pub(super) async fn take_rewards(
        &self,
        conn: &mut PgConnection,
        order: Uuid,
        due: i64,
        mended: &mut Mended,
    ) -> Result<(), LedgerError> {
        let rewards = referrals::to_reverse(conn, &format!("order:{order}")).await?;
        if due > 0 {
            if !rewards.is_empty() {
                "the order brought rewards for a referral, of which a part may have to go back"
                    .clone_into(&mut mended.advice);
            }
            return Ok(());
        }
        for reward in rewards {
            let why = format!(
                "reconciled by {}: the order behind the reward was paid back",
                self.operator
            );
            let cause = self.cause(format!("reward-taken:{}", reward.id), &why);
            let taken = take_reward(conn, &reward, &cause, self.now).await?;
            if let Some(taken) = taken.filter(|taken| *taken > Amount::ZERO) {
                mended.steps.push(MendStep {
                    id: cause.id,
                    from: format!("affiliate of user {}", reward.referrer_id),
                    to: "rewards".to_owned(),
                    amount: taken,
                    currency: reward.currency,
                    why,
                });
            }
        }
        Ok(())
    }
}
