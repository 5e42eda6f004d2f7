//! Orders: confirmed, delivered in full or in part with what that earns for others, or not; and what of their price is given
//! back later, with what goes back of those earnings.

use bulwark::base::ids::Ids;
use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, LedgerError, Mender, Resolved};
use bulwark::engine::referrals::{Rule, Share};
use sqlx::PgConnection;
use uuid::Uuid;

use super::books::Line;
use super::followed::Fact;
use super::perform::{Done, For, Held, Shared, cause};
use super::rewards;
use crate::ledger::{CURRENCY, id};

/// By which rules an order of this name is rewarded.
pub fn rules(name: u64) -> [Rule; 2] {
    let rule = |share, cap: Option<i64>, least| Rule {
        share,
        cap: cap.map(Amount),
        least: Amount(least),
    };
    match name % 4 {
        0 => [
            rule(Share::BasisPoints(3_333), None, 0),
            rule(Share::BasisPoints(1_250), None, 0),
        ],
        1 => [
            rule(Share::Fixed(Amount(5)), None, 0),
            rule(Share::Fixed(Amount(9)), Some(4), 6),
        ],
        2 => [
            rule(Share::BasisPoints(9_000), Some(11), 0),
            rule(Share::Fixed(Amount(2)), None, 0),
        ],
        _ => [
            rule(Share::BasisPoints(5_000), None, 8),
            rule(Share::BasisPoints(10_000), None, 0),
        ],
    }
}

pub async fn confirm(
    conn: &mut PgConnection,
    user: i64,
    amount: i64,
    name: u64,
    shared: &Shared,
) -> Result<Done, LedgerError> {
    let key = shared.key("hold", name);
    let cause = cause(&key);
    let order = Uuid::from_u128((u128::from(shared.seed) << 32) | u128::from(name));
    let of = Amount(amount);
    let hold = ledger::hold(conn, user, CURRENCY, of, order, &cause, None).await?;
    if hold.id != cause.id {
        return Ok(Done::before(key));
    }
    let held = Held {
        id: hold.id,
        key: key.clone(),
        user,
        amount,
        purpose: For::Order { order, name },
    };
    Ok(Done {
        lines: vec![Line::hold(key, user, amount)],
        held: Some(held),
        ..Done::default()
    })
}

pub async fn deliver(
    conn: &mut PgConnection,
    held: &Held,
    (order, name): (Uuid, u64),
    percent: i64,
) -> Result<Done, LedgerError> {
    let part = (held.amount * percent / 100).max(1);
    let cause = cause(&format!("capture:{}", held.key));
    let resolved = ledger::capture(conn, held.id, Amount(part), &cause, None).await?;
    let mut done = resolution(held, resolved, part);
    if resolved == Resolved::Now {
        let fact = Fact::Taken {
            order,
            payer: held.user,
            amount: part,
            rules: rules(name),
        };
        done.lines.push(Line::fact(&format!("order:{order}"), fact));
        let payment = format!("order:{order}");
        let earned = rewards::earned(conn, &payment, held.user, part, rules(name)).await?;
        done.lines.extend(earned);
        done.paid = Some(held.clone());
    }
    Ok(done)
}

pub async fn fail(conn: &mut PgConnection, held: &Held) -> Result<Done, LedgerError> {
    let cause = cause(&format!("release:{}", held.key));
    let resolved = ledger::release(conn, held.id, &cause, None).await?;
    Ok(resolution(held, resolved, 0))
}

fn resolution(held: &Held, resolved: Resolved, part: i64) -> Done {
    let line = Line::resolution(held.id, held.user, held.amount, part, "revenue");
    Done::one(resolved == Resolved::Now, line)
}

/// It turns out that only so much of an order was done; said by whom and how often it may be.
pub async fn pay_back(
    conn: &mut PgConnection,
    held: &Held,
    order: Uuid,
    percent: i64,
) -> Result<Done, LedgerError> {
    let ids = Ids::random();
    let mender = Mender {
        ids: &ids,
        operator: "the storm",
        by_admin: None,
        correlation: id(),
        now: None,
    };
    let stays = Amount(held.amount * percent / 100);
    let Some(back) = mender.pay_back(conn, order, stays).await? else {
        return Ok(Done::default());
    };
    let (key, amount) = (back.cause.idem_key, back.amount.0);
    let fact = Fact::PaidBack { order, amount };
    let mut lines = vec![
        Line::fact(&key, fact),
        Line::house(key, held.user, amount, "revenue"),
    ];
    for (reward, went, _) in &back.rewards {
        lines.extend(rewards::back(reward, stays, *went));
    }
    assert!(!back.is_unclear, "every rule is noted");
    Ok(Done {
        lines,
        ..Done::default()
    })
}
