//! Movements between the house and a wallet.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::{account, known, lock, too_little, wallet_id};
use crate::base::money::Amount;
use crate::engine::ledger::{Cause, House, HouseMove, LedgerError, TransferKind, WalletKey};

/// Makes the accounts of the house that are missing. A movement makes its own if it has to, but others then wait for it with
/// wallets in hand: so this is done before any money moves, in a transaction of its own.
pub async fn open_house(pool: &PgPool, currency: &str) -> Result<(), sqlx::Error> {
    let names = House::ALL.map(|house| house.name().to_owned());
    sqlx::query!(
        "insert into account (kind, owner_id, currency, guarded)
         select name, 0, $2, false from unnest($1::text[]) name
         where not exists (select from account where kind = name and owner_id = 0 and currency = $2)
         order by name on conflict (kind, owner_id, currency) do nothing",
        &names,
        currency,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Gives `amount` to the user. False if this key did so before.
pub async fn grant(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    amount: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    if amount <= Amount::ZERO {
        return Err(LedgerError::BadAmount(amount));
    }
    with_house(conn, &grant_of(user_id, currency, amount), cause, now).await
}

/// Gives `amount` to a user who has no wallet yet, as far as the caller knows: one statement, if that is so. False if this
/// key did so before.
pub async fn grant_to_new(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    amount: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    if amount <= Amount::ZERO {
        return Err(LedgerError::BadAmount(amount));
    }
    let movement = grant_of(user_id, currency, amount);
    if open_at_once(conn, &movement, cause, now).await? {
        return Ok(true);
    }
    with_house(conn, &movement, cause, now).await
}

/// Adds to or takes from the user's wallet, never below zero. False if this key did so before.
pub async fn correct(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    amount: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let movement = HouseMove {
        kind: TransferKind::Correction,
        house: House::Corrections,
        wallet: WalletKey::main(user_id, currency),
        amount,
    };
    with_house(conn, &movement, cause, now).await
}

/// Moves between the house and a wallet. False if this key did so before.
///
/// # Errors
/// [`LedgerError::Insufficient`] if the wallet has not got what is to be taken.
pub async fn with_house(
    conn: &mut PgConnection,
    movement: &HouseMove<'_>,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    if movement.amount.is_zero() {
        return Err(LedgerError::BadAmount(movement.amount));
    }
    if move_at_once(conn, movement, cause, now).await? {
        return Ok(true);
    }
    // An account is missing, the key is used, or there is not enough.
    let (house_id, wallet_id) = lock_both(conn, movement).await?;
    let (debit_id, credit_id) = if movement.amount > Amount::ZERO {
        (house_id, wallet_id)
    } else {
        (wallet_id, house_id)
    };
    let size = Amount(movement.amount.0.abs());
    if known(conn, cause, debit_id, credit_id, size).await? {
        return Ok(false);
    }
    if move_at_once(conn, movement, cause, now).await? {
        return Ok(true);
    }
    // Another wallet's movement may have used the key meanwhile: nothing is missing then.
    if known(conn, cause, debit_id, credit_id, size).await? {
        return Ok(false);
    }
    Err(too_little(conn, wallet_id, -movement.amount).await?)
}

/// The house account and the user's wallet, made if they are missing, the wallet locked.
async fn lock_both(
    conn: &mut PgConnection,
    movement: &HouseMove<'_>,
) -> Result<(i64, i64), sqlx::Error> {
    let HouseMove { house, wallet, .. } = movement;
    let house_id = account(conn, house.name(), 0, wallet.currency).await?;
    let wallet_id = wallet_id(conn, *wallet).await?;
    lock(conn, wallet_id).await?;
    Ok((house_id, wallet_id))
}

/// Changes the wallet and writes the row, in one statement. False: an account is missing, the key is used, or there is not
/// enough.
///
/// Who waits here for another movement of the same key does not see its row, and is refused by the unique index.
async fn move_at_once(
    conn: &mut PgConnection,
    movement: &HouseMove<'_>,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let moved = sqlx::query!(
        "with changed as (
             update account w set available = w.available + $7, version = w.version + 1
             from account h
             where w.kind = $11 and w.owner_id = $5 and w.currency = $6 and w.available + $7 >= 0
               and h.kind = $4 and h.owner_id = 0 and h.currency = $6
               and not exists (select from transfer where idem_key = $2)
             returning w.id as wallet_id, h.id as house_id, w.version)
         insert into transfer (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, cause, correlation, at)
         select $1, $2, case when $7 > 0 then house_id else wallet_id end, case when $7 > 0 then wallet_id else house_id end,
                abs($7), $6, $3, version, $8, $9, coalesce($10::timestamptz, now())
         from changed",
        cause.id,
        cause.idem_key,
        movement.kind.name(),
        movement.house.name(),
        movement.wallet.user_id,
        movement.wallet.currency,
        movement.amount.0,
        cause.json(),
        cause.correlation,
        now,
        movement.wallet.kind.name(),
    )
    .execute(conn)
    .await
    .map_err(at_the_same_time(cause))?;
    Ok(moved.rows_affected() == 1)
}

/// Opens a wallet with what it starts with, in one statement. False: there is one, or the house account is missing.
async fn open_at_once(
    conn: &mut PgConnection,
    movement: &HouseMove<'_>,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let moved = sqlx::query!(
        "with opened as (
             insert into account (kind, owner_id, currency, guarded, available, version)
             select $11, $5, $6, true, $7, 1 from account h
             where h.kind = $4 and h.owner_id = 0 and h.currency = $6
               and not exists (select from transfer where idem_key = $2)
             on conflict (kind, owner_id, currency) do nothing
             returning id, version)
         insert into transfer (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, cause, correlation, at)
         select $1, $2, h.id, opened.id, $7, $6, $3, opened.version, $8, $9, coalesce($10::timestamptz, now())
         from opened cross join account h where h.kind = $4 and h.owner_id = 0 and h.currency = $6",
        cause.id,
        cause.idem_key,
        movement.kind.name(),
        movement.house.name(),
        movement.wallet.user_id,
        movement.wallet.currency,
        movement.amount.0,
        cause.json(),
        cause.correlation,
        now,
        movement.wallet.kind.name(),
    )
    .execute(conn)
    .await
    .map_err(at_the_same_time(cause))?;
    Ok(moved.rows_affected() == 1)
}

/// What a statement's refusal means that found a key unused when it began, and used when it ended.
pub(super) fn at_the_same_time(cause: &Cause) -> impl FnOnce(sqlx::Error) -> LedgerError {
    let key = cause.idem_key.clone();
    move |error| {
        let constraint = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::constraint);
        if matches!(
            constraint,
            Some("transfer_idem_key_key" | "hold_idem_key_key")
        ) {
            LedgerError::AtTheSameTime(key)
        } else {
            error.into()
        }
    }
}

fn grant_of(user_id: i64, currency: &str, amount: Amount) -> HouseMove<'_> {
    HouseMove {
        kind: TransferKind::Grant,
        house: House::Grants,
        wallet: WalletKey::main(user_id, currency),
        amount,
    }
}
