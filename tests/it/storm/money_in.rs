//! Payments in Telegram Stars and what of them goes back.

use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, LedgerError};
use bulwark::engine::stars::{self, Ended, FoundBy, NewPayment, NewRefund};
use sqlx::PgConnection;
use uuid::Uuid;

use super::acts;
use super::books::Line;
use super::perform::{Asked, Done, Shared, cause};
use crate::ledger::{CURRENCY, id};

const ADMIN: i64 = 9;
const STARS: &str = "stars";

/// A payment is reported.
pub async fn top_up(
    conn: &mut PgConnection,
    charge: u64,
    shared: &Shared,
) -> Result<Done, LedgerError> {
    let (nth, amount) = acts::charge(charge);
    let (user, charge_id) = (shared.user(nth), shared.key("charge", charge));
    let cause = cause(&format!("stars:{charge_id}"));
    let payment = NewPayment {
        charge_id: &charge_id,
        short_id: &cause.id.to_string(),
        invoice_id: None,
        user_id: user,
        stars: amount / 2,
        amount: Amount(amount),
        currency: CURRENCY,
        transfer_id: cause.id,
        found_by: FoundBy::Update,
    };
    if !stars::add_payment(conn, &payment, None).await? {
        return Ok(Done::before(cause.idem_key));
    }
    let moved = ledger::top_up(conn, user, CURRENCY, Amount(amount), &cause, None).await?;
    assert!(moved, "a new payment, and its key is used");
    Ok(Done::one(
        true,
        Line::house(cause.idem_key, user, amount, STARS),
    ))
}

/// Writes a refund down; wanted by an admin, or done already.
async fn add_refund(
    conn: &mut PgConnection,
    charge_id: &str,
    (taken, lost): (i64, i64),
    admin_id: Option<i64>,
) -> Result<Uuid, sqlx::Error> {
    let refund = NewRefund {
        id: id(),
        charge_id,
        taken: Amount(taken),
        lost: Amount(lost),
        admin_id,
        correlation: id(),
    };
    let is_new = stars::add_refund(conn, &refund, None).await?;
    assert!(is_new, "a second refund of {charge_id}");
    Ok(refund.id)
}

/// An admin wants it: the money leaves the wallet with the wish.
pub async fn ask_refund(
    conn: &mut PgConnection,
    charge: u64,
    shared: &Shared,
) -> Result<Done, LedgerError> {
    let charge_id = shared.key("charge", charge);
    let Some(payment) = stars::payment(conn, &charge_id).await? else {
        return Ok(Done::default());
    };
    if stars::live_refund(conn, &charge_id).await?.is_some() {
        return Ok(Done::default());
    }
    let (user, amount) = (payment.user_id, payment.amount);
    let id = add_refund(conn, &charge_id, (amount.0, 0), Some(ADMIN)).await?;
    let cause = cause(&format!("stars-refund:{id}"));
    ledger::take_back(conn, user, CURRENCY, amount, &cause, None).await?;
    Ok(Done {
        lines: vec![Line::house(cause.idem_key, user, -amount.0, STARS)],
        asked: Some(Asked {
            id,
            user,
            amount: amount.0,
        }),
        ..Done::default()
    })
}

/// Telegram's answer: it is done, or the money returns to the wallet.
pub async fn end_refund(
    conn: &mut PgConnection,
    asked: &Asked,
    is_done: bool,
) -> Result<Done, LedgerError> {
    let ended = if is_done { Ended::Done } else { Ended::Refused };
    if !stars::finish_refund(conn, asked.id, ended, None, None).await? || is_done {
        return Ok(Done::default());
    }
    let cause = cause(&format!("stars-refund-undone:{}", asked.id));
    let amount = Amount(asked.amount);
    let moved = ledger::undo_take_back(conn, asked.user, CURRENCY, amount, &cause, None).await?;
    let line = Line::house(cause.idem_key, asked.user, asked.amount, STARS);
    Ok(Done::one(moved, line))
}

/// Telegram did it unasked: what the wallet does not cover any more is lost.
pub async fn given_back(
    conn: &mut PgConnection,
    charge: u64,
    shared: &Shared,
) -> Result<Done, LedgerError> {
    let charge_id = shared.key("charge", charge);
    let Some(payment) = stars::payment(conn, &charge_id).await? else {
        return Ok(Done::default());
    };
    if let Some(refund) = stars::live_refund(conn, &charge_id).await? {
        stars::finish_refund(conn, refund.id, Ended::Done, None, None).await?;
        return Ok(Done::default());
    }
    let (user, amount) = (payment.user_id, payment.amount.0);
    let has = ledger::wallet_locked(conn, user, CURRENCY).await?;
    let taken = amount.min(has.available.0);
    let lost = amount - taken;
    let id = add_refund(conn, &charge_id, (taken, lost), None).await?;
    let mut lines = Vec::new();
    if taken > 0 {
        let cause = cause(&format!("stars-refund:{id}"));
        ledger::take_back(conn, user, CURRENCY, Amount(taken), &cause, None).await?;
        lines.push(Line::house(cause.idem_key, user, -taken, STARS));
    }
    if lost > 0 {
        let cause = cause(&format!("stars-loss:{id}"));
        ledger::write_off(conn, CURRENCY, Amount(lost), &cause, None).await?;
        lines.push(Line::within(cause.idem_key, "losses", STARS, lost));
    }
    Ok(Done {
        lines,
        ..Done::default()
    })
}
