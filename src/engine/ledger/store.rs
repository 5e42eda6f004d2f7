//! SQL of the ledger.

mod between;
mod holds;
mod house;
pub(super) mod mend;
mod movements;
mod past;
mod payments;
mod resolve;
mod story;
mod trace;

pub use between::transfer;
pub use holds::{hold, hold_for, hold_of};
pub use house::{correct, grant, grant_to_new, open_house, with_house};
pub use movements::{movements, movements_of};
pub use past::past;
pub use payments::{paid_in, take_back, top_up, undo_take_back, within_house, write_off};
pub use resolve::{capture, capture_to, release};
pub use story::{Event, Moving, events, events_of, transfer_by_id, wallets_of};
pub use trace::carrying;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Cause, LedgerError, TransferKind, Wallet, WalletKey, WalletKind};
use crate::base::money::Amount;

/// The user's main wallet, made if there is none. Not locked.
pub async fn wallet(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
) -> Result<Wallet, LedgerError> {
    wallet_of(conn, WalletKey::main(user_id, currency)).await
}

/// As [`wallet`], locked until the transaction ends: what it says then holds.
pub async fn wallet_locked(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
) -> Result<Wallet, LedgerError> {
    wallet_of_locked(conn, WalletKey::main(user_id, currency)).await
}

/// The wallet, made if there is none. Not locked.
pub async fn wallet_of(conn: &mut PgConnection, key: WalletKey<'_>) -> Result<Wallet, LedgerError> {
    if let Some(wallet) = look(conn, key).await? {
        return Ok(wallet);
    }
    wallet_id(conn, key).await?;
    let made = look(conn, key).await?;
    Ok(made.ok_or(sqlx::Error::RowNotFound)?)
}

/// As [`wallet_of`], locked until the transaction ends: what it says then holds.
pub async fn wallet_of_locked(
    conn: &mut PgConnection,
    key: WalletKey<'_>,
) -> Result<Wallet, LedgerError> {
    let id = wallet_id(conn, key).await?;
    lock(conn, id).await?;
    wallet_of(conn, key).await
}

/// The wallets that a user has, of whichever kinds, without locking or making any.
pub async fn wallets(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
) -> Result<Vec<(WalletKind, Wallet)>, LedgerError> {
    let mut found = Vec::new();
    for kind in WalletKind::ALL {
        let key = WalletKey {
            user_id,
            kind,
            currency,
        };
        found.extend(look(conn, key).await?.map(|wallet| (kind, wallet)));
    }
    Ok(found)
}

async fn look(conn: &mut PgConnection, key: WalletKey<'_>) -> Result<Option<Wallet>, sqlx::Error> {
    let row = sqlx::query!(
        "select id, available, held, version from account where kind = $1 and owner_id = $2 and currency = $3",
        key.kind.name(),
        key.user_id,
        key.currency,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Wallet {
        account_id: row.id,
        available: Amount(row.available),
        held: Amount(row.held),
        version: row.version,
    }))
}

async fn wallet_found(
    conn: &mut PgConnection,
    key: WalletKey<'_>,
) -> Result<Option<i64>, sqlx::Error> {
    find(conn, key.kind.name(), key.user_id, key.currency).await
}

/// The wallet's account, made if there is none. The main wallet is made before any other of its owner, so that whoever
/// locks in the order of ids comes upon it first.
async fn wallet_id(conn: &mut PgConnection, key: WalletKey<'_>) -> Result<i64, sqlx::Error> {
    let name = key.kind.name();
    if let Some(id) = wallet_found(conn, key).await? {
        return Ok(id);
    }
    if key.kind != WalletKind::Main {
        account(conn, WalletKind::Main.name(), key.user_id, key.currency).await?;
    }
    account(conn, name, key.user_id, key.currency).await
}

/// The account, made if there is none. Two makers at once get the same one.
async fn account(
    conn: &mut PgConnection,
    kind: &str,
    owner_id: i64,
    currency: &str,
) -> Result<i64, sqlx::Error> {
    if let Some(id) = find(conn, kind, owner_id, currency).await? {
        return Ok(id);
    }
    // Not `do update`: that would count as a change of what the account is, which a trigger refuses.
    let made = sqlx::query_scalar!(
        "insert into account (kind, owner_id, currency, guarded) values ($1, $2, $3, $4)
         on conflict (kind, owner_id, currency) do nothing returning id",
        kind,
        owner_id,
        currency,
        owner_id != 0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    match made {
        Some(id) => Ok(id),
        // Another one made it; the insert has waited for their commit.
        None => find(conn, kind, owner_id, currency)
            .await?
            .ok_or(sqlx::Error::RowNotFound),
    }
}

async fn find(
    conn: &mut PgConnection,
    kind: &str,
    owner_id: i64,
    currency: &str,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "select id from account where kind = $1 and owner_id = $2 and currency = $3",
        kind,
        owner_id,
        currency,
    )
    .fetch_optional(conn)
    .await
}

/// Changes what the wallet has, under its row lock, and returns its new version.
async fn change(
    conn: &mut PgConnection,
    wallet_id: i64,
    available: Amount,
    held: Amount,
) -> Result<i64, LedgerError> {
    let changed = sqlx::query_scalar!(
        "update account set available = available + $2, held = held + $3, version = version + 1
         where id = $1 and available + $2 >= 0 and held + $3 >= 0 returning version",
        wallet_id,
        available.0,
        held.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(version) = changed {
        return Ok(version);
    }
    Err(too_little(conn, wallet_id, -available).await?)
}

/// Why `wanted` was not taken from the wallet.
async fn too_little(
    conn: &mut PgConnection,
    wallet_id: i64,
    wanted: Amount,
) -> Result<LedgerError, sqlx::Error> {
    let have = sqlx::query_scalar!("select available from account where id = $1", wallet_id)
        .fetch_one(conn)
        .await?;
    let missing = wanted - Amount(have);
    if missing <= Amount::ZERO {
        // There is enough to spend, so it is `held` that would go below zero: the books are wrong, not the user.
        return Ok(LedgerError::Corrupt(wallet_id));
    }
    Ok(LedgerError::Insufficient {
        missing,
        available: Amount(have),
    })
}

struct Move<'a> {
    kind: TransferKind,
    debit_id: i64,
    credit_id: i64,
    amount: Amount,
    currency: &'a str,
}

/// Of the wallets that a movement touched.
#[derive(Clone, Copy, Default)]
struct Versions {
    /// Of the only wallet, or the debited one of two; None for a movement within the house.
    wallet: Option<i64>,
    /// Of the credited one of two.
    credited: Option<i64>,
}

async fn insert(
    conn: &mut PgConnection,
    movement: &Move<'_>,
    versions: Versions,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<(), LedgerError> {
    sqlx::query!(
        "insert into transfer
             (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, credit_version, cause, correlation, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, coalesce($12::timestamptz, now()))",
        cause.id,
        cause.idem_key,
        movement.debit_id,
        movement.credit_id,
        movement.amount.0,
        movement.currency,
        movement.kind.name(),
        versions.wallet,
        versions.credited,
        cause.json(),
        cause.correlation,
        now,
    )
    .execute(conn)
    .await
    .map_err(house::at_the_same_time(cause))?;
    Ok(())
}

/// Whether the key was used: true for this very movement, an error for another.
///
/// The wallet must be locked before, so that two users of one key come one after the other.
async fn known(
    conn: &mut PgConnection,
    cause: &Cause,
    debit_id: i64,
    credit_id: i64,
    amount: Amount,
) -> Result<bool, LedgerError> {
    let row = sqlx::query!(
        "select debit_id, credit_id, amount from transfer where idem_key = $1",
        cause.idem_key
    )
    .fetch_optional(conn)
    .await?;
    match row {
        None => Ok(false),
        Some(row)
            if (row.debit_id, row.credit_id, row.amount) == (debit_id, credit_id, amount.0) =>
        {
            Ok(true)
        }
        Some(_) => Err(LedgerError::KeyReused(cause.idem_key.clone())),
    }
}

async fn lock(conn: &mut PgConnection, wallet_id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!("select id from account where id = $1 for update", wallet_id)
        .fetch_one(conn)
        .await?;
    Ok(())
}
