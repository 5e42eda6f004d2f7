//! SQL of what admins give.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Grant, State};
use crate::base::money::Amount;

/// A grant to be written down.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Its id.
    pub id: Uuid,
    /// For buttons.
    pub short_id: &'a str,
    /// Who asks for it.
    pub admin_id: i64,
    /// Whom it is for.
    pub user_id: i64,
    /// Negative: taken from the user.
    pub amount: Amount,
    /// In which currency.
    pub currency: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Until when another admin may decide; None: it has moved already.
    pub expires_at: Option<OffsetDateTime>,
    /// What moved, if it has.
    pub transfer_id: Option<Uuid>,
    /// Follows it.
    pub correlation: Uuid,
}

/// Has all grants of an admin come one after the other until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn lock_admin(conn: &mut PgConnection, admin_id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('admin grants', $1))",
        admin_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What an admin has given and taken since `since`, each counted as positive, with what waits still.
///
/// # Errors
/// The database's.
pub async fn given_since(
    conn: &mut PgConnection,
    admin_id: i64,
    currency: &str,
    since: OffsetDateTime,
) -> Result<Amount, sqlx::Error> {
    let sum = sqlx::query_scalar!(
        r#"select coalesce(sum(abs(amount)), 0)::bigint as "sum!" from admin_grant
           where admin_id = $1 and created_at >= $3 and currency = $2 and state in ('asked', 'done')"#,
        admin_id,
        currency,
        since,
    )
    .fetch_one(conn)
    .await?;
    Ok(Amount(sum))
}

/// Writes a grant down: as done if it has moved, else as waiting for another admin.
///
/// # Errors
/// The database's.
pub async fn add(
    conn: &mut PgConnection,
    new: &New<'_>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into admin_grant (id, short_id, admin_id, user_id, amount, currency, reason, state, transfer_id,
                                  correlation, created_at, expires_at, decided_at)
         select $1, $2, $3, $4, $5, $6, $7, case when $8::uuid is null then 'asked' else 'done' end, $8,
                $9, at, $11, case when $8 is not null then at end
         from coalesce($10::timestamptz, now()) at",
        new.id,
        new.short_id,
        new.admin_id,
        new.user_id,
        new.amount.0,
        new.currency,
        new.reason,
        new.transfer_id,
        new.correlation,
        now,
        new.expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The grant, locked: whoever decides comes one after the other.
///
/// # Errors
/// The database's.
pub async fn find(conn: &mut PgConnection, short_id: &str) -> Result<Option<Grant>, sqlx::Error> {
    let row = sqlx::query!(
        "select id, short_id, admin_id, user_id, amount, currency, reason, state, decided_by, expires_at, correlation
         from admin_grant where short_id = $1 for update",
        short_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Grant {
        id: row.id,
        short_id: row.short_id,
        admin_id: row.admin_id,
        user_id: row.user_id,
        amount: Amount(row.amount),
        currency: row.currency,
        reason: row.reason,
        state: State::of_name(&row.state),
        decided_by: row.decided_by,
        expires_at: row.expires_at,
        correlation: row.correlation,
    }))
}

/// What is decided of a grant that waits.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    /// How it ends.
    pub state: State,
    /// By whom.
    pub by: i64,
    /// What moved, if it is done.
    pub transfer_id: Option<Uuid>,
}

/// Decides. False: it does not wait any more, its time is over, or it is not this admin's to decide: approving and
/// rejecting is for the others, cancelling for who asked.
///
/// # Errors
/// The database's.
pub async fn decide(
    conn: &mut PgConnection,
    id: Uuid,
    decision: Decision,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let decided = sqlx::query!(
        "update admin_grant
         set state = $2, decided_by = $3, transfer_id = $4, decided_at = coalesce($5::timestamptz, now())
         where id = $1 and state = 'asked' and expires_at > coalesce($5::timestamptz, now())
           and (admin_id = $3) = ($2 = 'cancelled')",
        id,
        decision.state.name(),
        decision.by,
        decision.transfer_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(decided.rows_affected() == 1)
}

/// Up to `limit` that wait though their time is over, for buttons.
///
/// # Errors
/// The database's.
pub async fn expired(
    pool: &PgPool,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select short_id from admin_grant
         where state = 'asked' and expires_at <= coalesce($2::timestamptz, now()) order by expires_at limit $1",
        limit,
        now,
    )
    .fetch_all(pool)
    .await
}

/// Ends a grant whose time is over. False: it does not wait, or there is time left.
///
/// # Errors
/// The database's.
pub async fn expire(
    conn: &mut PgConnection,
    id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!(
        "update admin_grant set state = 'expired', decided_at = coalesce($2::timestamptz, now())
         where id = $1 and state = 'asked' and expires_at <= coalesce($2::timestamptz, now())",
        id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() == 1)
}
