//! SQL of refunds.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::shortened;
use crate::base::db::interval;
use crate::base::money::Amount;
use crate::engine::payments::Ended;

/// A refund to be written down.
#[derive(Clone, Copy, Debug)]
pub struct NewRefund<'a> {
    /// Its id.
    pub id: Uuid,
    /// Where.
    pub processor: &'a str,
    /// Of which transaction.
    pub transaction_id: &'a str,
    /// From the wallet.
    pub taken: Amount,
    /// What the wallet did not cover.
    pub lost: Amount,
    /// The admin who asks for it; None: the processor has done it already.
    pub admin_id: Option<i64>,
    /// Follows it.
    pub correlation: Uuid,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its id.
    pub id: Uuid,
    /// Where.
    pub processor: String,
    /// Of which transaction.
    pub transaction_id: String,
    /// Whether the processor has still to be asked, or to answer.
    pub is_asked: bool,
    /// Whether the request has left: it is never made again.
    pub has_left: bool,
    /// What it took from the wallet.
    pub taken: Amount,
    /// The admin who asked for it.
    pub admin_id: Option<i64>,
    /// Follows it.
    pub correlation: Uuid,
    /// How often it was seen to.
    pub attempts: i32,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
}

/// Writes a refund down: to be asked for if an admin wants it, else as done. False if there is one already.
pub async fn add_refund(
    conn: &mut PgConnection,
    new: &NewRefund<'_>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query!(
        "insert into payment_refund
             (id, processor, transaction_id, taken, lost, state, admin_id, correlation, due_at, created_at, finished_at)
         select $1, $2, $3, $4, $5, case when $6::bigint is null then 'done' else 'asked' end, $6, $7, at, at,
                case when $6::bigint is null then at end
         from coalesce($8::timestamptz, now()) at
         on conflict (processor, transaction_id) where state <> 'refused' do nothing",
        new.id,
        new.processor,
        new.transaction_id,
        new.taken.0,
        new.lost.0,
        new.admin_id,
        new.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// The refund of a transaction that is under way or done.
pub async fn live_refund(
    conn: &mut PgConnection,
    processor: &str,
    transaction_id: &str,
) -> Result<Option<Refund>, sqlx::Error> {
    sqlx::query_as!(
        Refund,
        r#"select id, processor, transaction_id, state = 'asked' as "is_asked!", sent_at is not null as "has_left!", taken,
                  admin_id, correlation, attempts, created_at
           from payment_refund where processor = $1 and transaction_id = $2 and state <> 'refused'"#,
        processor,
        transaction_id,
    )
    .fetch_optional(conn)
    .await
}

/// Takes refunds that are due in hand for `lease`, after which they are due again.
pub async fn claim_refunds(
    pool: &PgPool,
    limit: i64,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Vec<Refund>, sqlx::Error> {
    sqlx::query_as!(
        Refund,
        r#"update payment_refund r set attempts = attempts + 1, due_at = coalesce($3::timestamptz, now()) + $2::interval
           from (select id from payment_refund where state = 'asked' and due_at <= coalesce($3::timestamptz, now())
                 order by due_at limit $1 for update skip locked) due
           where r.id = due.id
           returning r.id, r.processor, r.transaction_id, true as "is_asked!", r.sent_at is not null as "has_left!", r.taken,
                     r.admin_id, r.correlation, r.attempts, r.created_at"#,
        limit,
        interval(lease),
        now,
    )
    .fetch_all(pool)
    .await
}

/// When the next refund is due.
pub async fn next_refund(pool: &PgPool) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar!("select min(due_at) from payment_refund where state = 'asked'")
        .fetch_one(pool)
        .await
}

/// Notes, before it does, that the request leaves. False if it had left before: then it must not.
pub async fn refund_leaves(
    pool: &PgPool,
    id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let left = sqlx::query!(
        "update payment_refund set sent_at = coalesce($2::timestamptz, now()) where id = $1 and state = 'asked' and sent_at is null",
        id,
        now,
    )
    .execute(pool)
    .await?;
    Ok(left.rows_affected() > 0)
}

/// The request did not leave after all: it was surely not acted upon.
pub async fn refund_stays(pool: &PgPool, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update payment_refund set sent_at = null where id = $1 and state = 'asked'",
        id
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Ends a refund that was asked for. False if it had ended before.
pub async fn finish_refund(
    conn: &mut PgConnection,
    id: Uuid,
    ended: Ended,
    external_id: Option<&str>,
    error: Option<&str>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let finished = sqlx::query!(
        "update payment_refund set state = $2, external_id = $3, error = $4, finished_at = coalesce($5::timestamptz, now())
         where id = $1 and state = 'asked'",
        id,
        ended.name(),
        external_id,
        error.map(shortened),
        now,
    )
    .execute(conn)
    .await?;
    Ok(finished.rows_affected() > 0)
}

/// Lets a refund wait after a try that brought no answer.
pub async fn put_refund_back(
    pool: &PgPool,
    id: Uuid,
    delay: Duration,
    error: &str,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update payment_refund set due_at = coalesce($4::timestamptz, now()) + $2::interval, error = $3
         where id = $1 and state = 'asked'",
        id,
        interval(delay),
        shortened(error),
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Leaves it to a person to say what became of a refund. False if one was asked before.
pub async fn leave_refund(conn: &mut PgConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let left = sqlx::query!(
        "update payment_refund set due_at = null where id = $1 and state = 'asked' and due_at is not null",
        id
    )
    .execute(conn)
    .await?;
    Ok(left.rows_affected() > 0)
}
