//! Payments in Telegram Stars, as the service recorded them.

use sqlx::FromRow;
use sqlx::postgres::PgPool;

use super::Sql;

/// A payment.
#[derive(Clone, Debug, FromRow)]
pub struct StarPayment {
    pub charge_id: String,
    pub user_id: i64,
    pub stars: i64,
    pub amount: i64,
}

/// A refund.
#[derive(Clone, Debug, FromRow)]
pub struct StarRefund {
    pub charge_id: String,
    pub taken: i64,
    pub lost: i64,
    pub state: String,
    pub admin_id: Option<i64>,
}

/// All payments.
pub async fn star_payments(pool: &PgPool) -> Sql<Vec<StarPayment>> {
    sqlx::query_as("select charge_id, user_id, stars, amount from star_payment order by charge_id")
        .fetch_all(pool)
        .await
}

/// All refunds.
pub async fn star_refunds(pool: &PgPool) -> Sql<Vec<StarRefund>> {
    sqlx::query_as(
        "select charge_id, taken, lost, state, admin_id from star_refund order by created_at",
    )
    .fetch_all(pool)
    .await
}

/// Lets the minutes pass after which a refund whose asker died is asked for again.
pub async fn age_refunds(pool: &PgPool) -> Sql<u64> {
    let aged = sqlx::query("update star_refund set due_at = now() where state = 'asked'")
        .execute(pool)
        .await?;
    Ok(aged.rows_affected())
}
