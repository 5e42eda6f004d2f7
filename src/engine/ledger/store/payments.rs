//! Money from outside: top-ups, and what of them is given back.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::house::with_house;
use super::{Move, Versions, account, insert, known};
use crate::base::money::Amount;
use crate::engine::ledger::{
    Cause, House, HouseMove, InHouse, LedgerError, TransferKind, WalletKey, WalletKind,
};

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
    let movement = of_stars(TransferKind::TopUp, user_id, currency, amount);
    with_house(conn, &movement, cause, now).await
}

/// What a user paid into the main wallet from outside, without what was given back.
pub async fn paid_in(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
) -> Result<Amount, LedgerError> {
    let paid_in = sqlx::query_scalar!(
        r#"with mine as (select id from account where kind = $1 and owner_id = $2 and currency = $3)
           select (coalesce((select sum(t.amount) from mine m join transfer t on t.credit_id = m.id where t.kind = any($4)), 0)
                   - coalesce((select sum(t.amount) from mine m join transfer t on t.debit_id = m.id where t.kind = $5), 0))::bigint
                  as "paid_in!""#,
        WalletKind::Main.name(),
        user_id,
        currency,
        &[TransferKind::TopUp, TransferKind::RefundUndone].map(|kind| kind.name().to_owned())[..],
        TransferKind::Refund.name(),
    )
    .fetch_one(conn)
    .await?;
    Ok(Amount(paid_in))
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
    let movement = of_stars(TransferKind::Refund, user_id, currency, -amount);
    with_house(conn, &movement, cause, now).await
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
    let movement = of_stars(TransferKind::RefundUndone, user_id, currency, amount);
    with_house(conn, &movement, cause, now).await
}

/// Bears the part of a refund that the wallet did not cover. False if this key did so before.
pub async fn write_off(
    conn: &mut PgConnection,
    currency: &str,
    amount: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let movement = InHouse {
        kind: TransferKind::WriteOff,
        from: House::Losses,
        to: House::Stars,
        currency,
        amount,
    };
    within_house(conn, &movement, cause, now).await
}

/// Moves between two accounts of the house. False if this key did so before.
pub async fn within_house(
    conn: &mut PgConnection,
    movement: &InHouse<'_>,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let amount = positive(movement.amount)?;
    let currency = movement.currency;
    let debit_id = account(conn, movement.from.name(), 0, currency).await?;
    let credit_id = account(conn, movement.to.name(), 0, currency).await?;
    if known(conn, cause, debit_id, credit_id, amount).await? {
        return Ok(false);
    }
    let movement = Move {
        kind: movement.kind,
        debit_id,
        credit_id,
        amount,
        currency,
    };
    insert(conn, &movement, Versions::default(), cause, now).await?;
    Ok(true)
}

fn of_stars(kind: TransferKind, user_id: i64, currency: &str, amount: Amount) -> HouseMove<'_> {
    HouseMove {
        kind,
        house: House::Stars,
        wallet: WalletKey::main(user_id, currency),
        amount,
    }
}

pub(super) fn positive(amount: Amount) -> Result<Amount, LedgerError> {
    if amount <= Amount::ZERO {
        return Err(LedgerError::BadAmount(amount));
    }
    Ok(amount)
}
