//! Money from outside: top-ups, and what of them is given back.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::house::{HouseMove, house};
use super::{Move, account, insert, known};
use crate::base::money::Amount;
use crate::engine::ledger::{Cause, LedgerError};

/// Where what users pay in Telegram Stars comes from.
const STARS: &str = "stars";
/// Pays for what was given back outside after the user had spent it.
const LOSSES: &str = "losses";

/// Credits what was paid in Stars. False if this key did so before.
pub async fn top_up(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    amount: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let amount = positive(amount)?;
    let movement = of_stars("topup", user_id, currency, amount);
    house(conn, &movement, cause, now).await
}

/// Takes a top-up out of the wallet, because its Stars are given back. False if this key did so before.
///
/// # Errors
/// [`LedgerError::Insufficient`] if it was spent.
pub async fn take_back(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    amount: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let amount = positive(amount)?;
    let movement = of_stars("refund", user_id, currency, -amount);
    house(conn, &movement, cause, now).await
}

/// Puts back what [`take_back`] took, because the Stars stay with us. False if this key did so before.
pub async fn undo_take_back(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    amount: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let amount = positive(amount)?;
    let movement = of_stars("refund_undone", user_id, currency, amount);
    house(conn, &movement, cause, now).await
}

/// Bears the part of a refund that the wallet did not cover. False if this key did so before.
pub async fn write_off(
    conn: &mut PgConnection,
    currency: &str,
    amount: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let amount = positive(amount)?;
    let debit_id = account(conn, LOSSES, 0, currency).await?;
    let credit_id = account(conn, STARS, 0, currency).await?;
    if known(conn, cause, debit_id, credit_id, amount).await? {
        return Ok(false);
    }
    let movement = Move {
        kind: "write_off",
        debit_id,
        credit_id,
        amount,
        currency,
    };
    insert(conn, &movement, None, cause, now).await?;
    Ok(true)
}

fn of_stars<'a>(kind: &'a str, user_id: i64, currency: &'a str, amount: Amount) -> HouseMove<'a> {
    HouseMove {
        kind,
        house: STARS,
        user_id,
        currency,
        amount,
    }
}

fn positive(amount: Amount) -> Result<Amount, LedgerError> {
    if amount <= Amount::ZERO {
        return Err(LedgerError::BadAmount(amount));
    }
    Ok(amount)
}
