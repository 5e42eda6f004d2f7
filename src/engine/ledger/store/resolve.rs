//! Resolutions of holds: once each.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::between::lock_payer_and;
use super::house::at_the_same_time;
use super::{Move, Versions, account, change, insert, known, lock, wallet_found};
use crate::base::money::Amount;
use crate::engine::ledger::{Cause, House, LedgerError, Payee, Resolved, TransferKind, WalletKey};

/// Takes `captured` of the hold as revenue and gives the rest back.
pub async fn capture(
    conn: &mut PgConnection,
    hold_id: Uuid,
    captured: Amount,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<Resolved, LedgerError> {
    let revenue = Payee::House(House::Revenue);
    capture_to(conn, hold_id, captured, revenue, cause, now).await
}

/// Takes `captured` of the hold for `payee` and gives the rest back.
pub async fn capture_to(
    conn: &mut PgConnection,
    hold_id: Uuid,
    captured: Amount,
    payee: Payee,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<Resolved, LedgerError> {
    if captured <= Amount::ZERO {
        return Err(LedgerError::BadAmount(captured));
    }
    if let Payee::House(house) = payee
        && resolve_at_once(conn, hold_id, captured, house, cause, now).await?
    {
        return Ok(Resolved::Now);
    }
    resolve(conn, hold_id, captured, payee, cause, now).await
}

/// Gives all of the hold back.
pub async fn release(
    conn: &mut PgConnection,
    hold_id: Uuid,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<Resolved, LedgerError> {
    // Nothing is captured, so it does not matter by whom.
    let nobody = House::Revenue;
    if resolve_at_once(conn, hold_id, Amount::ZERO, nobody, cause, now).await? {
        return Ok(Resolved::Now);
    }
    let nobody = Payee::House(nobody);
    resolve(conn, hold_id, Amount::ZERO, nobody, cause, now).await
}

/// Resolves an open hold in one statement. False: it does not do so, and [`resolve`] says why.
///
/// The wallet's lock makes resolvers come one after the other: it hands out the row as the last one left it, and the key of
/// `hold_resolution` sees what was committed meanwhile. Nothing but the row written there changes the wallet.
async fn resolve_at_once(
    conn: &mut PgConnection,
    hold_id: Uuid,
    captured: Amount,
    house: House,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<bool, LedgerError> {
    let resolved = sqlx::query_scalar!(
        r#"with locked as (
               select h.id, h.amount, a.id as wallet_id, a.currency, a.version + 1 as version, r.id as house_id
               from hold h join account a on a.id = h.wallet_id
               left join account r on r.kind = $8 and r.owner_id = 0 and r.currency = a.currency
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
               select $3, $4, wallet_id, house_id, $2, currency, 'capture', version, $5, $6, resolved.at
               from resolved cross join locked where $2 > 0)
           select count(*) as "resolved!" from resolved"#,
        hold_id,
        captured.0,
        cause.id,
        cause.idem_key,
        cause.json(),
        cause.correlation,
        now,
        house.name(),
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
    payee: Payee,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<Resolved, LedgerError> {
    let held = sqlx::query_as!(
        Held,
        "select h.amount, h.wallet_id, a.currency from hold h join account a on a.id = h.wallet_id where h.id = $1",
        hold_id
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(LedgerError::NoSuchHold(hold_id))?;
    let payee_id = lock_with(conn, &held, payee, cause).await?;
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
    let mut transfer_id = None;
    if captured > Amount::ZERO {
        let versions = Versions {
            wallet: Some(wallet_version),
            credited: match payee {
                Payee::House(_) => None,
                Payee::User(_) => Some(change(conn, payee_id, captured, Amount::ZERO).await?),
            },
        };
        take(conn, &held, payee_id, captured, versions, cause, now).await?;
        transfer_id = Some(cause.id);
    }
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

struct Held {
    amount: i64,
    wallet_id: i64,
    currency: String,
}

/// Locks the wallet that the hold is on, and the payee's if that is one. The payee's account.
async fn lock_with(
    conn: &mut PgConnection,
    held: &Held,
    payee: Payee,
    cause: &Cause,
) -> Result<i64, LedgerError> {
    match payee {
        Payee::House(house) => {
            // In this order: who comes here has locked the wallet before, and an account that another one is making
            // would be waited for with the wallet in hand.
            lock(conn, held.wallet_id).await?;
            Ok(account(conn, house.name(), 0, &held.currency).await?)
        }
        Payee::User(user_id) => {
            let key = WalletKey::main(user_id, &held.currency);
            if wallet_found(conn, key).await? == Some(held.wallet_id) {
                return Err(LedgerError::NoWay);
            }
            lock_payer_and(conn, held.wallet_id, key, cause).await
        }
    }
}

async fn take(
    conn: &mut PgConnection,
    held: &Held,
    payee_id: i64,
    captured: Amount,
    versions: Versions,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<(), LedgerError> {
    let movement = Move {
        kind: TransferKind::Capture,
        debit_id: held.wallet_id,
        credit_id: payee_id,
        amount: captured,
        currency: &held.currency,
    };
    if known(conn, cause, held.wallet_id, payee_id, captured).await? {
        // The hold is open, so this key captured another one.
        return Err(LedgerError::KeyReused(cause.idem_key.clone()));
    }
    insert(conn, &movement, versions, cause, now).await?;
    Ok(())
}
