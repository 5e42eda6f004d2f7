//! What payments earn for those who brought their payers in: with the payment, and back with it.

use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, LedgerError, RewardBack, RewardCauses};
use bulwark::engine::referrals::{self, NewReward, Rest, Reward, Rule, Share};
use sqlx::{PgConnection, PgPool};

use super::books::Line;
use super::debts::About;
use super::followed::Fact;
use super::perform::{Shared, cause};
use crate::ledger::{CURRENCY, id};

/// By which rules a payment from outside is rewarded: the half and the fourth part of it, and a coin.
pub fn of_payment(paid: i64) -> [Rule; 2] {
    [2, 4].map(|part| Rule {
        share: Share::Fixed(Amount(paid / part + 1)),
        cap: None,
        least: Amount(1),
    })
}

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
    rules: [Rule; 2],
) -> Result<Vec<Line>, LedgerError> {
    let mut lines = Vec::new();
    let referrers = referrals::referrers_of(conn, payer).await?;
    let mut room = paid;
    for ((level, referrer), rule) in (1_u8..).zip(referrers).zip(rules) {
        let amount = rule.reward(Amount(paid)).0.min(room);
        room -= amount;
        if amount == 0 {
            continue;
        }
        let reward = NewReward {
            id: id(),
            cause: payment,
            level,
            referrer_id: referrer,
            payer_id: payer,
            base: Amount(paid),
            amount: Amount(amount),
            currency: CURRENCY,
            rule,
        };
        let mut given = cause(&format!("reward:{payment}:{level}"));
        given.id = reward.id;
        let key = given.idem_key.clone();
        let kept = cause(&format!("reward-kept:{}", reward.id));
        let back = kept.idem_key.clone();
        let causes = RewardCauses { given, kept };
        let kept = ledger::give_reward(conn, &reward, &causes, None).await?;
        let kept = kept.expect("a new payment, and it brought a reward before");
        let fact = Fact::Rewarded {
            payment: payment.to_owned(),
            level: usize::from(level),
            reward: reward.id,
            amount,
        };
        lines.push(Line::fact(&key, fact));
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
        let cause = |key: String| cause(&key);
        let went = ledger::take_reward(conn, &reward, Rest::NOTHING, cause, None).await?;
        if let Some(went) = went {
            lines.extend(back(&reward, Amount::ZERO, went));
        }
    }
    Ok(lines)
}

/// What goes back of a reward, of whose payment so much stays.
pub fn back(reward: &Reward, stays: Amount, went: RewardBack) -> Vec<Line> {
    let (user, due, taken) = (reward.referrer_id, went.due.0, went.taken.0);
    let key = reward.key_of_taking(stays);
    let reversed = format!("reversed:{key}");
    let fact = Fact::WentBack {
        reward: reward.id,
        due,
        taken,
    };
    let mut lines = vec![Line::fact(&reversed, fact)];
    if taken > 0 {
        let about = About::Taken { of: due };
        lines.push(Line::reward(key, user, -taken, about));
        lines.push(Line::note(reversed, About::Nothing));
    } else if due > 0 {
        let lost = About::Lost { user, amount: due };
        lines.push(Line::note(reversed, lost));
    } else {
        // All of it went in parts before.
        lines.push(Line::note(reversed, About::Nothing));
    }
    lines
}
