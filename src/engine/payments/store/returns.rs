//! SQL of parts of payments that were given back at their processor.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::money::Amount;

/// A part of a payment that went back, to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct NewReturn<'a> {
    /// Its id.
    pub id: Uuid,
    /// Where.
    pub processor: &'a str,
    /// Of which transaction.
    pub transaction_id: &'a str,
    /// The processor's id of it.
    pub external_id: &'a str,
    /// How much, in the payer's currency.
    pub returned: Amount,
    /// From the wallet.
    pub taken: Amount,
    /// What the wallet did not cover.
    pub lost: Amount,
    /// Follows it.
    pub correlation: Uuid,
}

/// A part that was booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// The processor's id of it.
    pub external_id: String,
    /// How much, in the payer's currency.
    pub returned: Amount,
    /// What it was worth here.
    pub worth: Amount,
}

/// Records a part that went back. False if it was recorded before.
pub async fn add_return(
    conn: &mut PgConnection,
    new: &NewReturn<'_>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query!(
        "insert into payment_return
             (id, processor, transaction_id, external_id, returned, taken, lost, correlation, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9::timestamptz, now()))
         on conflict (processor, external_id) do nothing",
        new.id,
        new.processor,
        new.transaction_id,
        new.external_id,
        new.returned.0,
        new.taken.0,
        new.lost.0,
        new.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// The parts of a transaction that were booked. True as long as its payment is locked.
pub async fn returns(
    conn: &mut PgConnection,
    processor: &str,
    transaction_id: &str,
) -> Result<Vec<Return>, sqlx::Error> {
    sqlx::query_as!(
        Return,
        r#"select external_id, returned, taken + lost as "worth!" from payment_return
           where processor = $1 and transaction_id = $2"#,
        processor,
        transaction_id,
    )
    .fetch_all(conn)
    .await
}
