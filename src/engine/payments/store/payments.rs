//! SQL of payments.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::money::Amount;
use crate::engine::payments::FoundBy;

/// A payment to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct NewPayment<'a> {
    /// Where it was made.
    pub processor: &'a str,
    /// The processor's id of it.
    pub transaction_id: &'a str,
    /// Ours, for buttons.
    pub short_id: &'a str,
    /// Our reference.
    pub reference: &'a str,
    /// What was paid; None if that is gone.
    pub intent_id: Option<Uuid>,
    /// For whom.
    pub user_id: i64,
    /// How much.
    pub paid: Amount,
    /// In which currency.
    pub paid_currency: &'a str,
    /// What is credited for it; nothing: it is set aside for a person.
    pub amount: Amount,
    /// In which currency.
    pub currency: &'a str,
    /// The movement that credits it.
    pub transfer_id: Option<Uuid>,
    /// Who came upon it.
    pub found_by: FoundBy,
}

/// A payment that went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Where it was made.
    pub processor: String,
    /// The processor's id of it.
    pub transaction_id: String,
    /// Ours, for buttons.
    pub short_id: String,
    /// For whom.
    pub user_id: i64,
    /// How much.
    pub paid: Amount,
    /// In which currency.
    pub paid_currency: String,
    /// What was credited; nothing: it is set aside for a person.
    pub amount: Amount,
    /// In which currency.
    pub currency: String,
}

/// Records a payment. False if its transaction was recorded before: then there is nothing to credit. Waits for another
/// transaction that is recording the same one.
pub async fn add_payment(
    conn: &mut PgConnection,
    new: &NewPayment<'_>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query!(
        "insert into payment
             (processor, transaction_id, short_id, reference, intent_id, user_id, paid, paid_currency, amount, currency,
              transfer_id, found_by, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce($13::timestamptz, now()))
         on conflict (processor, transaction_id) do nothing",
        new.processor,
        new.transaction_id,
        new.short_id,
        new.reference,
        new.intent_id,
        new.user_id,
        new.paid.0,
        new.paid_currency,
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
    processor: &str,
    transaction_id: &str,
) -> Result<Option<Payment>, sqlx::Error> {
    sqlx::query_as!(
        Payment,
        "select processor, transaction_id, short_id, user_id, paid, paid_currency, amount, currency from payment
         where processor = $1 and transaction_id = $2 for update",
        processor,
        transaction_id,
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
        "select processor, transaction_id, short_id, user_id, paid, paid_currency, amount, currency from payment
         where short_id = $1 for update",
        short_id
    )
    .fetch_optional(conn)
    .await
}

/// Payments that were recorded since `since`, with ids after `after`, at most `limit`; for comparing them with their
/// processor's books.
pub async fn payments_since(
    pool: &PgPool,
    processor: &str,
    since: OffsetDateTime,
    after: &str,
    limit: i64,
) -> Result<Vec<Payment>, sqlx::Error> {
    sqlx::query_as!(
        Payment,
        "select processor, transaction_id, short_id, user_id, paid, paid_currency, amount, currency from payment
         where processor = $1 and recorded_at >= $2 and transaction_id > $3 order by transaction_id limit $4",
        processor,
        since,
        after,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Whether anybody ever paid, or was about to, at this processor.
pub async fn is_used(pool: &PgPool, processor: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from payment_intent where processor = $1)
               or exists (select 1 from payment where processor = $1) as "used!""#,
        processor
    )
    .fetch_one(pool)
    .await
}
