//! Movements between two wallets.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::house::at_the_same_time;
use super::payments::positive;
use super::{known, lock, too_little, wallet_found, wallet_id};
use crate::base::money::Amount;
use crate::engine::ledger::{Cause, LedgerError, Transfer, WalletKey};

/// Moves from one wallet to another. False if this key did so before.
///
/// # Errors
/// [`LedgerError::Insufficient`] if the paying wallet has not got it, [`LedgerError::NoWay`] from a wallet to itself.
pub async fn transfer(
    conn: &mut PgConnection,
    movement: &Transfer<'_>,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let amount = positive(movement.amount)?;
    let (from, to) = (movement.from, movement.to);
    if from == to || from.currency != to.currency {
        return Err(LedgerError::NoWay);
    }
    if transfer_at_once(conn, movement, cause, now).await? {
        return Ok(true);
    }
    // A wallet is missing, the key is used, or there is not enough.
    let Some(debit_id) = wallet_found(conn, from).await? else {
        // Nothing is made that only says so: whoever else wants that wallet would wait for it.
        return Err(nothing_there(conn, cause, amount).await?);
    };
    let credit_id = lock_payer_and(conn, debit_id, to, cause).await?;
    if known(conn, cause, debit_id, credit_id, amount).await? {
        return Ok(false);
    }
    if transfer_at_once(conn, movement, cause, now).await? {
        return Ok(true);
    }
    // Movements of other wallets may have used the key meanwhile: nothing is missing then.
    if known(conn, cause, debit_id, credit_id, amount).await? {
        return Ok(false);
    }
    Err(too_little(conn, debit_id, amount).await?)
}

/// The id of no account.
const NOBODY: i64 = 0;

/// Why nothing was taken from a wallet that is not there.
async fn nothing_there(
    conn: &mut PgConnection,
    cause: &Cause,
    amount: Amount,
) -> Result<LedgerError, LedgerError> {
    // No movement had anything from that wallet: whatever used the key is another one.
    known(conn, cause, NOBODY, NOBODY, amount).await?;
    Ok(LedgerError::Insufficient {
        missing: amount,
        available: Amount::ZERO,
    })
}

/// Locks a wallet that pays and another one that receives, which is made if it is missing. The id of that.
///
/// It is made when the payer is locked: made before, it would be waited for by others who have the payer.
pub(super) async fn lock_payer_and(
    conn: &mut PgConnection,
    payer_id: i64,
    payee: WalletKey<'_>,
    cause: &Cause,
) -> Result<i64, LedgerError> {
    if let Some(payee_id) = wallet_found(conn, payee).await? {
        lock_in_order(conn, [payer_id, payee_id]).await?;
        return Ok(payee_id);
    }
    lock(conn, payer_id).await?;
    let payee_id = wallet_id(conn, payee).await?;
    if payee_id < payer_id {
        // Somebody else has just made it, and had its id before: it should have been locked first.
        return Err(LedgerError::AtTheSameTime(cause.idem_key.clone()));
    }
    lock(conn, payee_id).await?;
    Ok(payee_id)
}

/// Locks two wallets in the order of their ids, as every movement between two does: nobody who has the second waits for
/// the first.
async fn lock_in_order(conn: &mut PgConnection, wallets: [i64; 2]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select id from account where id = any($1) order by id for update",
        &wallets[..]
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// Locks both wallets in the order of their ids, changes them and writes the row, in one statement. False: a wallet is
/// missing, the key is used, or there is not enough.
///
/// With a wallet missing nothing is locked: whoever makes it may be waited for, and must not wait for us. What is locked is
/// handed out as the last one left it, so that enough is enough and each version is the next. The change
/// asks for each row by what the lock has handed out: none is written before it is locked.
async fn transfer_at_once(
    conn: &mut PgConnection,
    movement: &Transfer<'_>,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let (from, to) = (movement.from, movement.to);
    let moved = sqlx::query!(
        "with found as (
             select d.id as debit_id, c.id as credit_id from account d cross join account c
             where d.kind = $4 and d.owner_id = $5 and d.currency = $6 and c.kind = $7 and c.owner_id = $8 and c.currency = $6
               and not exists (select from transfer where idem_key = $2)),
         locked as (
             select a.id, a.available, a.version + 1 as version from found join account a on a.id = any (array[debit_id, credit_id])
             order by a.id for update of a),
         pair as (
             select d.id as debit_id, d.version as debit_version, c.id as credit_id, c.version as credit_version
             from found join locked d on d.id = debit_id join locked c on c.id = credit_id where d.available >= $9),
         changed as (
             update account a set available = a.available + case when a.id = pair.debit_id then -$9 else $9 end,
                 version = a.version + 1
             from pair where a.id = any (array[pair.debit_id, pair.credit_id]))
         insert into transfer
             (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, credit_version, cause, correlation, at)
         select $1, $2, debit_id, credit_id, $9, $6, $3, debit_version, credit_version, $10, $11,
                coalesce($12::timestamptz, now())
         from pair",
        cause.id,
        cause.idem_key,
        movement.kind.name(),
        from.kind.name(),
        from.user_id,
        from.currency,
        to.kind.name(),
        to.user_id,
        movement.amount.0,
        cause.json(),
        cause.correlation,
        now,
    )
    .execute(conn)
    .await
    .map_err(at_the_same_time(cause))?;
    Ok(moved.rows_affected() == 1)
}
