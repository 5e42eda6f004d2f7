//! Payments at processors, as the service recorded them.

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, FromRow};

use super::Sql;

/// A payment.
#[derive(Clone, Debug, FromRow)]
pub struct CardPayment {
    pub transaction_id: String,
    pub user_id: i64,
    pub amount: i64,
}

/// A refund.
#[derive(Clone, Debug, FromRow)]
pub struct CardRefund {
    pub transaction_id: String,
    pub taken: i64,
    pub lost: i64,
    pub state: String,
    pub admin_id: Option<i64>,
}

/// All payments.
pub async fn card_payments(pool: &PgPool) -> Sql<Vec<CardPayment>> {
    sqlx::query_as("select transaction_id, user_id, amount from payment")
        .fetch_all(pool)
        .await
}

/// All refunds.
pub async fn card_refunds(pool: &PgPool) -> Sql<Vec<CardRefund>> {
    sqlx::query_as(
        "select transaction_id, taken, lost, state, admin_id from payment_refund order by created_at",
    )
    .fetch_all(pool)
    .await
}

/// What is looked at every now and then is looked at now; what somebody had in hand who died is due again.
pub async fn nudge_payments(pool: &PgPool) -> Sql<()> {
    for table in ["payment_event", "payment_intent", "payment_refund"] {
        let sql =
            format!("update {table} set due_at = now() where due_at > now() + interval '1 second'");
        sqlx::query(AssertSqlSafe(sql)).execute(pool).await?;
    }
    Ok(())
}

/// Lets the hours pass after which a refund of which the processor knows nothing is for a person to look at: all, or that of
/// one transaction.
pub async fn age_card_refunds(pool: &PgPool, only: Option<&str>) -> Sql<u64> {
    let aged = sqlx::query(
        "update payment_refund set created_at = created_at - interval '1 day'
         where state = 'asked' and sent_at is not null and created_at > now() - interval '1 day'
           and ($1::text is null or transaction_id = $1)",
    )
    .bind(only)
    .execute(pool)
    .await?;
    Ok(aged.rows_affected())
}
