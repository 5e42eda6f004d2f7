//! What payments earn for those who brought their payers in: with the payment, and back with it.

use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, LedgerError, RewardCauses};
use bulwark::engine::referrals::{self, NewReward};
use sqlx::{PgConnection, PgPool};

use super::books::Line;
use super::debts::About;
use super::perform::{Shared, cause};
use crate::ledger::{CURRENCY, id};

/// Of a payment, on each level: the half and the fourth part of it.
const PARTS: [i64; 2] = [2, 4];

/// The third user brings in the second, and that one the first.
pub async fn bring_in(pool: &PgPool, shared: &Shared) {
    let mut conn = pool.acquire().await.unwrap();
    for (who, by) in [(1, 2), (0, 1)] {
        let (who, by) = (shared.user(who), shared.user(by));
        let code = format!("code{by}");
        let code = referrals::code_of(&mut conn, by, &code, None);
        let code = code.await.unwrap();
        let brought = referrals::attribute(&mut conn, who, &code, None).await;
        // The second has brought in nobody yet.
        assert_eq!(brought.unwrap(), Some(by));
    }
}

/// What a payment earns, in its transaction; less what its earners owe.
pub async fn earned(
    conn: &mut PgConnection,
    payment: &str,
    payer: i64,
    paid: i64,
) -> Result<Vec<Line>, LedgerError> {
    let mut lines = Vec::new();
    let referrers = referrals::referrers_of(conn, payer).await?;
    for ((level, referrer), part) in (1_u8..).zip(referrers).zip(PARTS) {
        let amount = paid / part + 1;
        let reward = NewReward {
            id: id(),
            cause: payment,
            level,
            referrer_id: referrer,
            payer_id: payer,
            base: Amount(paid),
            amount: Amount(amount),
            currency: CURRENCY,
        };
        let mut given = cause(&format!("reward:{payment}:{level}"));
        given.id = reward.id;
        let key = given.idem_key.clone();
        let kept = cause(&format!("reward-kept:{}", reward.id));
        let back = kept.idem_key.clone();
        let causes = RewardCauses { given, kept };
        let kept = ledger::give_reward(conn, &reward, &causes, None).await?;
        let kept = kept.expect("a new payment, and it brought a reward before");
        lines.push(Line::reward(key, referrer, amount, About::Earned(amount)));
        if kept > Amount::ZERO {
            let about = About::Kept(kept.0);
            lines.push(Line::reward(back, referrer, -kept.0, about));
        }
    }
    Ok(lines)
}

/// What a payment had earned, because it is given back: as far as it is still there.
pub async fn taken(conn: &mut PgConnection, payment: &str) -> Result<Vec<Line>, LedgerError> {
    let mut lines = Vec::new();
    for reward in referrals::to_reverse(conn, payment).await? {
        let (user, of) = (reward.referrer_id, reward.amount.0);
        let cause = cause(&format!("reward-taken:{}", reward.id));
        let Some(taken) = ledger::take_reward(conn, &reward, &cause, None).await? else {
            continue;
        };
        let reversed = format!("reversed:{}", reward.id);
        if taken > Amount::ZERO {
            let about = About::Taken { of };
            lines.push(Line::reward(cause.idem_key, user, -taken.0, about));
            lines.push(Line::note(reversed, About::Nothing));
        } else {
            let lost = About::Lost { user, amount: of };
            lines.push(Line::note(reversed, lost));
        }
    }
    Ok(lines)
}
