//! SQL of payments in Stars.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Ended, FoundBy, Invoice, Payment, Refund};
use crate::base::db::interval;
use crate::base::money::Amount;

const ERROR_CHARS_MAX: usize = 300;

/// An invoice to be sent.
#[derive(Clone, Copy, Debug)]
pub struct NewInvoice<'a> {
    /// Also its payload.
    pub id: Uuid,
    /// For whom.
    pub user_id: i64,
    /// Its price.
    pub stars: i64,
    /// What it buys.
    pub amount: Amount,
    /// In which currency.
    pub currency: &'a str,
    /// The draft of an order that waits for it.
    pub draft: Option<&'a str>,
    /// Not to be paid afterwards.
    pub expires_at: OffsetDateTime,
}

/// Writes an invoice down, in the transaction that sends it.
pub async fn add_invoice(
    conn: &mut PgConnection,
    new: &NewInvoice<'_>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into star_invoice (id, user_id, stars, amount, currency, draft, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, coalesce($7::timestamptz, now()), $8)",
        new.id,
        new.user_id,
        new.stars,
        new.amount.0,
        new.currency,
        new.draft,
        now,
        new.expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The invoice.
pub async fn invoice(conn: &mut PgConnection, id: Uuid) -> Result<Option<Invoice>, sqlx::Error> {
    let row = sqlx::query!(
        "select id, user_id, stars, amount, currency, draft, state, expires_at from star_invoice where id = $1",
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Invoice {
        id: row.id,
        user_id: row.user_id,
        stars: row.stars,
        amount: Amount(row.amount),
        currency: row.currency,
        draft: row.draft,
        is_paid: row.state == "paid",
        expires_at: row.expires_at,
    }))
}

/// Marks an invoice as paid. False if it was before.
pub async fn mark_paid(conn: &mut PgConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query!(
        "update star_invoice set state = 'paid' where id = $1 and state = 'open'",
        id
    )
    .execute(conn)
    .await?;
    Ok(marked.rows_affected() > 0)
}

/// A payment to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct NewPayment<'a> {
    /// Telegram's id of it.
    pub charge_id: &'a str,
    /// Ours, for buttons.
    pub short_id: &'a str,
    /// What was paid; None if its payload is none of ours.
    pub invoice_id: Option<Uuid>,
    /// Who paid.
    pub user_id: i64,
    /// How many.
    pub stars: i64,
    /// What is credited for them.
    pub amount: Amount,
    /// In which currency.
    pub currency: &'a str,
    /// The movement that credits it.
    pub transfer_id: Uuid,
    /// Who came upon it.
    pub found_by: FoundBy,
}

/// Records a payment. False if its charge was recorded before: then there is nothing to credit. Waits for another
/// transaction that is recording the same charge.
pub async fn add_payment(
    conn: &mut PgConnection,
    new: &NewPayment<'_>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query!(
        "insert into star_payment
             (charge_id, short_id, invoice_id, user_id, stars, amount, currency, transfer_id, found_by, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($10::timestamptz, now()))
         on conflict (charge_id) do nothing",
        new.charge_id,
        new.short_id,
        new.invoice_id,
        new.user_id,
        new.stars,
        new.amount.0,
        new.currency,
        new.transfer_id,
        new.found_by.name(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// The payment, locked: whoever books a refund of it comes one after the other.
pub async fn payment(
    conn: &mut PgConnection,
    charge_id: &str,
) -> Result<Option<Payment>, sqlx::Error> {
    sqlx::query_as!(
        Payment,
        "select charge_id, short_id, user_id, stars, amount, currency from star_payment
         where charge_id = $1 for update",
        charge_id
    )
    .fetch_optional(conn)
    .await
}

/// As [`payment`], by the id of a button.
pub async fn payment_by_short_id(
    conn: &mut PgConnection,
    short_id: &str,
) -> Result<Option<Payment>, sqlx::Error> {
    sqlx::query_as!(
        Payment,
        "select charge_id, short_id, user_id, stars, amount, currency from star_payment
         where short_id = $1 for update",
        short_id
    )
    .fetch_optional(conn)
    .await
}

/// Up to `limit` charges that are recorded, in order, after `after`; for comparing them with Telegram's list.
pub async fn charge_ids(
    pool: &PgPool,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select charge_id from star_payment where charge_id > $1 order by charge_id limit $2",
        after,
        limit
    )
    .fetch_all(pool)
    .await
}

/// Whether anything was ever paid in Stars.
pub async fn is_used(pool: &PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select exists (select 1 from star_payment) as "used!""#)
        .fetch_one(pool)
        .await
}

/// A refund to be written down.
#[derive(Clone, Copy, Debug)]
pub struct NewRefund<'a> {
    /// Its id.
    pub id: Uuid,
    /// Of which charge.
    pub charge_id: &'a str,
    /// From the wallet.
    pub taken: Amount,
    /// What the wallet did not cover.
    pub lost: Amount,
    /// The admin who asks for it; None: Telegram has done it already.
    pub admin_id: Option<i64>,
    /// Follows it.
    pub correlation: Uuid,
}

/// Writes a refund down: to be asked for if an admin wants it, else as done. False if there is one already.
pub async fn add_refund(
    conn: &mut PgConnection,
    new: &NewRefund<'_>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query!(
        "insert into star_refund
             (id, charge_id, taken, lost, state, admin_id, correlation, due_at, created_at, finished_at)
         select $1, $2, $3, $4, case when $5::bigint is null then 'done' else 'asked' end, $5, $6, at, at,
                case when $5::bigint is null then at end
         from coalesce($7::timestamptz, now()) at
         on conflict (charge_id) where state <> 'refused' do nothing",
        new.id,
        new.charge_id,
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

/// The refund of a charge that is under way or done.
pub async fn live_refund(
    conn: &mut PgConnection,
    charge_id: &str,
) -> Result<Option<Refund>, sqlx::Error> {
    sqlx::query_as!(
        Refund,
        r#"select id, charge_id, state = 'asked' as "is_asked!", taken, admin_id, correlation, attempts
           from star_refund where charge_id = $1 and state <> 'refused'"#,
        charge_id
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
        r#"update star_refund r
           set attempts = attempts + 1, due_at = coalesce($3::timestamptz, now()) + $2
           from (select id from star_refund where state = 'asked' and due_at <= coalesce($3::timestamptz, now())
                 order by due_at limit $1 for update skip locked) due
           where r.id = due.id
           returning r.id, r.charge_id, true as "is_asked!", r.taken, r.admin_id, r.correlation, r.attempts"#,
        limit,
        interval(lease),
        now,
    )
    .fetch_all(pool)
    .await
}

/// When the next refund is due.
pub async fn next_refund(pool: &PgPool) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar!("select min(due_at) from star_refund where state = 'asked'")
        .fetch_one(pool)
        .await
}

/// Ends a refund that was asked for. False if it had ended before.
pub async fn finish_refund(
    conn: &mut PgConnection,
    id: Uuid,
    ended: Ended,
    error: Option<&str>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let finished = sqlx::query!(
        "update star_refund set state = $2, error = $3, finished_at = coalesce($4::timestamptz, now())
         where id = $1 and state = 'asked'",
        id,
        ended.name(),
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
        "update star_refund set due_at = coalesce($4::timestamptz, now()) + $2, error = $3
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

/// Deletes invoices that nobody has paid and that ran out longer than `keep` ago.
pub async fn purge(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let purged = sqlx::query!(
        "delete from star_invoice where id in (
             select id from star_invoice
             where state = 'open' and expires_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(purged.rows_affected())
}

fn shortened(error: &str) -> String {
    error.chars().take(ERROR_CHARS_MAX).collect()
}
