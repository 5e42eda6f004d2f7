//! Holds and their resolutions.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::house::at_the_same_time;
use super::{Move, account, change, insert, known, lock};
use crate::base::money::Amount;
use crate::engine::ledger::{Cause, Hold, LedgerError, Resolved};

/// Sets `amount` aside for `reference`. The same key gives the same hold.
pub async fn hold(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    amount: Amount,
    reference: Uuid,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<Hold, LedgerError> {
    if amount <= Amount::ZERO {
        return Err(LedgerError::BadAmount(amount));
    }
    if hold_at_once(conn, user_id, currency, amount, reference, cause, now).await? {
        return Ok(Hold {
            id: cause.id,
            amount,
        });
    }
    let wallet_id = account(conn, "wallet", user_id, currency).await?;
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
        "insert into hold (id, idem_key, wallet_id, reference, amount, wallet_version, note, correlation, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9::timestamptz, now()))",
        cause.id,
        cause.idem_key,
        wallet_id,
        reference,
        amount.0,
        wallet_version,
        cause.note,
        cause.correlation,
        now,
    )
    .execute(conn)
    .await?;
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

/// Takes `captured` of the hold as paid and gives the rest back.
pub async fn capture(
    conn: &mut PgConnection,
    hold_id: Uuid,
    captured: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<Resolved, LedgerError> {
    if captured <= Amount::ZERO {
        return Err(LedgerError::BadAmount(captured));
    }
    if resolve_at_once(conn, hold_id, captured, cause, now).await? {
        return Ok(Resolved::Now);
    }
    resolve(conn, hold_id, captured, cause, now).await
}

/// Gives all of the hold back.
pub async fn release(
    conn: &mut PgConnection,
    hold_id: Uuid,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<Resolved, LedgerError> {
    if resolve_at_once(conn, hold_id, Amount::ZERO, cause, now).await? {
        return Ok(Resolved::Now);
    }
    resolve(conn, hold_id, Amount::ZERO, cause, now).await
}

/// Changes the wallet and writes the hold, in one statement. False: there is no wallet, the key is used, or there is not
/// enough.
async fn hold_at_once(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    amount: Amount,
    reference: Uuid,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let held = sqlx::query!(
        "with changed as (
             update account set available = available - $5, held = held + $5, version = version + 1
             where kind = 'wallet' and owner_id = $3 and currency = $4 and available >= $5
               and not exists (select from hold where idem_key = $2)
             returning id, version)
         insert into hold (id, idem_key, wallet_id, reference, amount, wallet_version, note, correlation, at)
         select $1, $2, id, $6, $5, version, $7, $8, coalesce($9::timestamptz, now()) from changed",
        cause.id,
        cause.idem_key,
        user_id,
        currency,
        amount.0,
        reference,
        cause.note,
        cause.correlation,
        now,
    )
    .execute(conn)
    .await
    .map_err(at_the_same_time(cause))?;
    Ok(held.rows_affected() == 1)
}

/// Resolves an open hold in one statement. False: it does not do so, and [`resolve`] says why.
///
/// The wallet's lock makes resolvers come one after the other: it hands out the row as the last one left it, and the key of
/// `hold_resolution` sees what was committed meanwhile. Nothing but the row written there changes the wallet.
async fn resolve_at_once(
    conn: &mut PgConnection,
    hold_id: Uuid,
    captured: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let resolved = sqlx::query_scalar!(
        r#"with locked as (
               select h.id, h.amount, a.id as wallet_id, a.currency, a.version + 1 as version, r.id as revenue_id
               from hold h join account a on a.id = h.wallet_id
               left join account r on r.kind = 'revenue' and r.owner_id = 0 and r.currency = a.currency
               where h.id = $1 and $2 <= h.amount and a.held >= h.amount
                 and ($2 = 0 or r.id is not null and not exists (select from transfer where idem_key = $4))
               for update of a),
           resolved as (
               insert into hold_resolution (hold_id, amount, captured, released, transfer_id, wallet_version, correlation, at)
               select id, amount, $2, amount - $2, case when $2 > 0 then $3::uuid end, version, $6, coalesce($7::timestamptz, now())
               from locked
               on conflict (hold_id) do nothing
               returning amount, released, at),
           changed as (
               update account a set available = a.available + resolved.released, held = a.held - resolved.amount,
                   version = a.version + 1
               from resolved cross join locked where a.id = locked.wallet_id),
           moved as (
               insert into transfer (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, cause, correlation, at)
               select $3, $4, wallet_id, revenue_id, $2, currency, 'capture', version, $5, $6, resolved.at
               from resolved cross join locked where $2 > 0)
           select count(*) as "resolved!" from resolved"#,
        hold_id,
        captured.0,
        cause.id,
        cause.idem_key,
        cause.json(),
        cause.correlation,
        now,
    )
    .fetch_one(conn)
    .await
    .map_err(at_the_same_time(cause))?;
    Ok(resolved == 1)
}

async fn resolve(
    conn: &mut PgConnection,
    hold_id: Uuid,
    captured: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<Resolved, LedgerError> {
    let held = sqlx::query!(
        "select h.amount, h.wallet_id, a.currency from hold h join account a on a.id = h.wallet_id
         where h.id = $1 for update of a",
        hold_id
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(LedgerError::NoSuchHold(hold_id))?;
    let before = sqlx::query_scalar!(
        "select captured from hold_resolution where hold_id = $1",
        hold_id
    )
    .fetch_optional(&mut *conn)
    .await?;
    match before {
        Some(before) if before == captured.0 => return Ok(Resolved::Before),
        Some(_) => return Err(LedgerError::ResolvedOtherwise(hold_id)),
        None if captured.0 > held.amount => return Err(LedgerError::BadAmount(captured)),
        None => {}
    }
    let released = Amount(held.amount) - captured;
    let wallet_version = change(conn, held.wallet_id, released, -Amount(held.amount)).await?;
    let transfer_id = if captured.is_zero() {
        None
    } else {
        let revenue = account(conn, "revenue", 0, &held.currency).await?;
        let movement = Move {
            kind: "capture",
            debit_id: held.wallet_id,
            credit_id: revenue,
            amount: captured,
            currency: &held.currency,
        };
        if known(conn, cause, held.wallet_id, revenue, captured).await? {
            // The hold is open, so this key captured another one.
            return Err(LedgerError::KeyReused(cause.idem_key.clone()));
        }
        insert(conn, &movement, Some(wallet_version), cause, now).await?;
        Some(cause.id)
    };
    sqlx::query!(
        "insert into hold_resolution (hold_id, amount, captured, released, transfer_id, wallet_version, correlation, at)
         values ($1, $2, $3, $4, $5, $6, $7, coalesce($8::timestamptz, now()))",
        hold_id,
        held.amount,
        captured.0,
        released.0,
        transfer_id,
        wallet_version,
        cause.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(Resolved::Now)
}
