//! Holds: money that is set aside.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::house::at_the_same_time;
use super::{change, lock, wallet_id};
use crate::base::money::Amount;
use crate::engine::ledger::{Cause, Hold, LedgerError, Purpose, WalletKey};

/// Sets `amount` of the main wallet aside for the order `reference`. The same key gives the same hold.
pub async fn hold(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    amount: Amount,
    reference: Uuid,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<Hold, LedgerError> {
    let wallet = WalletKey::main(user_id, currency);
    let paid = (Purpose::Order, reference);
    hold_for(conn, wallet, amount, paid, cause, now).await
}

/// Sets `amount` of a wallet aside for what is `paid`: what it is, and its id. The same key gives the same hold.
pub async fn hold_for(
    conn: &mut PgConnection,
    wallet: WalletKey<'_>,
    amount: Amount,
    paid: (Purpose, Uuid),
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<Hold, LedgerError> {
    if amount <= Amount::ZERO {
        return Err(LedgerError::BadAmount(amount));
    }
    if hold_at_once(conn, wallet, amount, paid, cause, now).await? {
        return Ok(Hold {
            id: cause.id,
            amount,
        });
    }
    let (purpose, reference) = paid;
    let wallet_id = wallet_id(conn, wallet).await?;
    lock(conn, wallet_id).await?;
    let before = sqlx::query!(
        "select id, wallet_id, amount, reference from hold where idem_key = $1",
        cause.idem_key
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(row) = before {
        if (row.wallet_id, row.amount, row.reference) == (wallet_id, amount.0, reference) {
            return Ok(Hold { id: row.id, amount });
        }
        return Err(LedgerError::KeyReused(cause.idem_key.clone()));
    }
    let wallet_version = change(conn, wallet_id, -amount, amount).await?;
    sqlx::query!(
        "insert into hold (id, idem_key, wallet_id, reference, amount, wallet_version, note, correlation, at, purpose)
         values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9::timestamptz, now()), $10)",
        cause.id,
        cause.idem_key,
        wallet_id,
        reference,
        amount.0,
        wallet_version,
        cause.note,
        cause.correlation,
        now,
        purpose.name(),
    )
    .execute(conn)
    .await
    .map_err(at_the_same_time(cause))?;
    Ok(Hold {
        id: cause.id,
        amount,
    })
}

/// The hold that pays `reference`, open or resolved.
pub async fn hold_of(
    conn: &mut PgConnection,
    reference: Uuid,
) -> Result<Option<Hold>, LedgerError> {
    let row = sqlx::query!(
        "select id, amount from hold where reference = $1",
        reference
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Hold {
        id: row.id,
        amount: Amount(row.amount),
    }))
}

/// Changes the wallet and writes the hold, in one statement. False: there is no wallet, the key is used, or there is not
/// enough.
async fn hold_at_once(
    conn: &mut PgConnection,
    wallet: WalletKey<'_>,
    amount: Amount,
    (purpose, reference): (Purpose, Uuid),
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let held = sqlx::query!(
        "with changed as (
             update account set available = available - $5, held = held + $5, version = version + 1
             where kind = $10 and owner_id = $3 and currency = $4 and available >= $5
               and not exists (select from hold where idem_key = $2)
             returning id, version)
         insert into hold (id, idem_key, wallet_id, reference, amount, wallet_version, note, correlation, at, purpose)
         select $1, $2, id, $6, $5, version, $7, $8, coalesce($9::timestamptz, now()), $11 from changed",
        cause.id,
        cause.idem_key,
        wallet.user_id,
        wallet.currency,
        amount.0,
        reference,
        cause.note,
        cause.correlation,
        now,
        wallet.kind.name(),
        purpose.name(),
    )
    .execute(conn)
    .await
    .map_err(at_the_same_time(cause))?;
    Ok(held.rows_affected() == 1)
}
