//! Rewards for referrals: each row of `engine::referrals` with the movements that it stands for.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{
    Cause, House, HouseMove, LedgerError, TransferKind, WalletKey, wallet_of_locked, with_house,
};
use crate::base::fault::{self, Mutant, Point};
use crate::base::money::Amount;
use crate::engine::referrals::{self, Back, NewReward, Rest, Reward, RewardPart};

/// The causes of what a reward moves.
#[derive(Clone, Debug)]
pub struct RewardCauses {
    /// Of the reward; its id is the reward's.
    pub given: Cause,
    /// Of what is kept of it.
    pub kept: Cause,
}

/// Gives a reward, once for its payment and level, and keeps of it what its referrer owes of others. How much is kept;
/// None: it was given before.
///
/// # Errors
/// The database's.
pub async fn give_reward(
    conn: &mut PgConnection,
    reward: &NewReward<'_>,
    causes: &RewardCauses,
    now: Option<OffsetDateTime>,
) -> Result<Option<Amount>, LedgerError> {
    if !referrals::add_reward(conn, reward, now).await? {
        return Ok(None);
    }
    let movement = HouseMove {
        kind: TransferKind::Reward,
        house: House::Rewards,
        wallet: WalletKey::affiliate(reward.referrer_id, reward.currency),
        amount: reward.amount,
    };
    fault::reach(Point::RewardBooking);
    with_house(conn, &movement, &causes.given, now).await?;
    fault::reach(Point::RewardBooked);
    if fault::mutant(Mutant::RewardTwice) {
        let again = Cause {
            idem_key: format!("mistake:{}", reward.id),
            ..causes.kept.clone()
        };
        with_house(conn, &movement, &again, now).await?;
    }
    // The movement has locked the wallet: nobody else settles the same debt.
    let debt = referrals::debt(conn, reward.referrer_id, reward.currency).await?;
    let kept = debt.min(reward.amount);
    if kept > Amount::ZERO {
        referrals::keep(conn, reward, kept, now).await?;
        let movement = HouseMove {
            kind: TransferKind::RewardKept,
            amount: -kept,
            ..movement
        };
        // Less may be there than was earned just now only if the books are wrong: then nothing of it is booked.
        with_house(conn, &movement, &causes.kept, now).await?;
    }
    Ok(Some(kept))
}

/// Of a reward, what its payment's giving back came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RewardBack {
    /// What was to go back now.
    pub due: Amount,
    /// What of that was there, and is taken; the rest is owed from now on.
    pub taken: Amount,
}

/// Takes a reward back but for what stays of it, because of its payment no more stays: as much as its wallet still has, what is
/// missing is owed from now on. None: nothing is to go back, since it did before, or since its rule leaves it.
///
/// The cause is made of its key ([`Reward::key_of_taking`]).
///
/// # Errors
/// The database's.
pub async fn take_reward(
    conn: &mut PgConnection,
    reward: &Reward,
    rest: Rest,
    cause: impl FnOnce(String) -> Cause + Send,
    now: Option<OffsetDateTime>,
) -> Result<Option<RewardBack>, LedgerError> {
    let paid = rest.paid.max(Amount::ZERO);
    fault::reach(Point::RewardTaking);
    let key = WalletKey::affiliate(reward.referrer_id, &reward.currency);
    let wallet = wallet_of_locked(conn, key).await?;
    // Only now, so that what another one took before the lock is seen.
    let Some(back) = referrals::gone_back(conn, reward.id).await? else {
        return Ok(None);
    };
    let due = (reward.amount - back - rest.reward).max(Amount::ZERO);
    if due.is_zero() && paid > Amount::ZERO {
        return Ok(None);
    }
    let taken = due.min(wallet.available);
    let back = Back {
        stays: paid,
        taken,
        lost: due - taken,
    };
    if !referrals::reverse(conn, reward, &back, now).await? {
        return Ok(None);
    }
    if taken > Amount::ZERO && !fault::mutant(Mutant::RewardNotTaken) {
        let movement = HouseMove {
            kind: TransferKind::RewardTaken,
            house: House::Rewards,
            wallet: key,
            amount: -taken,
        };
        let cause = cause(reward.key_of_taking(paid));
        with_house(conn, &movement, &cause, now).await?;
        fault::reach(Point::RewardTaken);
    }
    Ok(Some(RewardBack { due, taken }))
}

/// As [`take_reward`], of a part of a reward, because a part of its payment is given back: once for that part.
///
/// # Errors
/// The database's.
pub async fn take_reward_part(
    conn: &mut PgConnection,
    reward: &Reward,
    part: &RewardPart,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<Option<Amount>, LedgerError> {
    let key = WalletKey::affiliate(reward.referrer_id, &reward.currency);
    let wallet = wallet_of_locked(conn, key).await?;
    let taken = part.amount.min(wallet.available);
    if !referrals::reverse_in_part(conn, reward, part, taken, now).await? {
        return Ok(None);
    }
    if taken > Amount::ZERO {
        let movement = HouseMove {
            kind: TransferKind::RewardTaken,
            house: House::Rewards,
            wallet: key,
            amount: -taken,
        };
        with_house(conn, &movement, cause, now).await?;
    }
    Ok(Some(taken))
}
