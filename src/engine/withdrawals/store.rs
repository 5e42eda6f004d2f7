//! SQL of withdrawals.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Details, State, Withdrawal};
use crate::base::db::interval;
use crate::base::money::Amount;

/// A withdrawal to be written down.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// Also what its hold is for.
    pub id: Uuid,
    /// For buttons and people.
    pub short_id: &'a str,
    /// Whose.
    pub user_id: i64,
    /// Out of which kind of wallet.
    pub wallet_kind: &'a str,
    /// How it is paid.
    pub method: &'a str,
    /// Out of the wallet.
    pub amount: Amount,
    /// Of that, what stays with the house.
    pub fee: Amount,
    /// In which currency.
    pub currency: &'a str,
    /// Whom to pay.
    pub details: &'a Details,
    /// The user's message that will show how it stands.
    pub message_ref: Uuid,
    /// Follows it.
    pub correlation: Uuid,
}

/// Writes a request down, in the transaction that takes its hold.
///
/// # Errors
/// The database's.
pub async fn add(
    conn: &mut PgConnection,
    new: &New<'_>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into withdrawal (id, short_id, user_id, wallet_kind, method, amount, fee, currency, details, state,
                                 message_ref, correlation, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'requested', $10, $11, coalesce($12::timestamptz, now()))",
        new.id,
        new.short_id,
        new.user_id,
        new.wallet_kind,
        new.method,
        new.amount.0,
        new.fee.0,
        new.currency,
        Json(new.details) as _,
        new.message_ref,
        new.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    short_id: String,
    user_id: i64,
    wallet_kind: String,
    method: String,
    amount: i64,
    fee: i64,
    currency: String,
    details: Option<Json<Details>>,
    state: String,
    approved_by: Option<String>,
    approved_at: Option<OffsetDateTime>,
    ended_by: Option<String>,
    ended_at: Option<OffsetDateTime>,
    reason: Option<String>,
    external_ref: Option<String>,
    message_ref: Uuid,
    correlation: Uuid,
    created_at: OffsetDateTime,
}

impl From<Row> for Withdrawal {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            short_id: row.short_id,
            user_id: row.user_id,
            wallet_kind: row.wallet_kind,
            method: row.method,
            amount: Amount(row.amount),
            fee: Amount(row.fee),
            currency: row.currency,
            details: row.details.map(|Json(details)| details),
            state: State::of_name(&row.state),
            approved_by: row.approved_by,
            approved_at: row.approved_at,
            ended_by: row.ended_by,
            ended_at: row.ended_at,
            reason: row.reason,
            external_ref: row.external_ref,
            message_ref: row.message_ref,
            correlation: row.correlation,
            created_at: row.created_at,
        }
    }
}

/// The withdrawal, locked: whoever changes it comes one after the other.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut PgConnection,
    short_id: &str,
) -> Result<Option<Withdrawal>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, short_id, user_id, wallet_kind, method, amount, fee, currency, details as "details: Json<Details>",
                  state, approved_by, approved_at, ended_by, ended_at, reason, external_ref, message_ref, correlation,
                  created_at
           from withdrawal where short_id = $1 for update"#,
        short_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Withdrawal::from))
}

/// These withdrawals, by their users, as they are now; not locked.
///
/// # Errors
/// The database's.
pub async fn find_all(
    conn: &mut PgConnection,
    ids: &[Uuid],
) -> Result<Vec<Withdrawal>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, short_id, user_id, wallet_kind, method, amount, fee, currency, details as "details: Json<Details>",
                  state, approved_by, approved_at, ended_by, ended_at, reason, external_ref, message_ref, correlation,
                  created_at
           from withdrawal where id = any($1) order by user_id, id"#,
        ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Withdrawal::from).collect())
}

/// Locks these withdrawals, in the order of [`find_all`]: who makes a step of each locks them all before the first wallet.
///
/// # Errors
/// The database's.
pub async fn lock_all(conn: &mut PgConnection, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select from withdrawal where id = any($1) order by user_id, id for update",
        ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Withdrawals in these states, oldest first.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut PgConnection,
    states: &[State],
    offset: i64,
    limit: i64,
) -> Result<Vec<Withdrawal>, sqlx::Error> {
    let states: Vec<String> = states.iter().map(|state| state.name().to_owned()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select id, short_id, user_id, wallet_kind, method, amount, fee, currency, details as "details: Json<Details>",
                  state, approved_by, approved_at, ended_by, ended_at, reason, external_ref, message_ref, correlation,
                  created_at
           from withdrawal where state = any($1) order by created_at, id offset $2 limit $3"#,
        &states,
        offset,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Withdrawal::from).collect())
}

/// What a user has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// How many have not ended.
    pub open: i64,
    /// The sum of those since some time that were not rejected or cancelled.
    pub asked: Amount,
}

/// What a user has asked for since `since`. It holds as long as the caller has locked the user's wallet, which every
/// request does.
///
/// # Errors
/// The database's.
pub async fn load(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    since: OffsetDateTime,
) -> Result<Load, sqlx::Error> {
    let row = sqlx::query!(
        r#"select count(*) filter (where state in ('requested', 'approved')) as "open!",
                  coalesce(sum(amount) filter (where created_at >= $3 and currency = $2
                      and state in ('requested', 'approved', 'paid')), 0)::bigint as "asked!"
           from withdrawal where user_id = $1"#,
        user_id,
        currency,
        since,
    )
    .fetch_one(conn)
    .await?;
    Ok(Load {
        open: row.open,
        asked: Amount(row.asked),
    })
}

/// A step of a withdrawal.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// From here.
    pub from: State,
    /// To there.
    pub to: State,
    /// Who.
    pub by: &'a str,
    /// Why, if it is rejected.
    pub reason: Option<&'a str>,
    /// Of the payment, if it was paid.
    pub external_ref: Option<&'a str>,
}

/// Makes a step. False: it is not where the step begins.
///
/// # Errors
/// The database's; a step that no withdrawal makes is one.
pub async fn change(
    conn: &mut PgConnection,
    id: Uuid,
    change: &Change<'_>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query!(
        "update withdrawal
         set state = $3, reason = $5, external_ref = $6,
             approved_by = case when $3 = 'approved' then $4 else approved_by end,
             approved_at = case when $3 = 'approved' then coalesce($7::timestamptz, now()) else approved_at end,
             ended_by = case when $3 <> 'approved' then $4 end,
             ended_at = case when $3 <> 'approved' then coalesce($7::timestamptz, now()) end
         where id = $1 and state = $2",
        id,
        change.from.name(),
        change.to.name(),
        change.by,
        change.reason,
        change.external_ref,
        now,
    )
    .execute(conn)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Forgets whom to pay of withdrawals that ended longer than `keep` ago.
///
/// # Errors
/// The database's.
pub async fn forget_details(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let forgotten = sqlx::query!(
        "update withdrawal set details = null where id in (
             select id from withdrawal
             where details is not null and ended_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(forgotten.rows_affected())
}

/// Writes down what was exported together.
///
/// # Errors
/// The database's.
pub async fn add_batch(
    conn: &mut PgConnection,
    short_id: &str,
    made_by: &str,
    ids: &[Uuid],
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into withdrawal_batch (short_id, made_by, withdrawal_ids, created_at)
         values ($1, $2, $3, coalesce($4::timestamptz, now()))",
        short_id,
        made_by,
        ids,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was exported together; none if there is no such batch.
///
/// # Errors
/// The database's.
pub async fn batch(
    conn: &mut PgConnection,
    short_id: &str,
) -> Result<Option<Vec<Uuid>>, sqlx::Error> {
    sqlx::query_scalar!(
        "select withdrawal_ids from withdrawal_batch where short_id = $1",
        short_id
    )
    .fetch_optional(conn)
    .await
}

/// Forgets batches that are older than `keep`.
///
/// # Errors
/// The database's.
pub async fn purge_batches(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let purged = sqlx::query!(
        "delete from withdrawal_batch where short_id in (
             select short_id from withdrawal_batch
             where created_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(purged.rows_affected())
}
