//! What referrals brought, as the service recorded it.

use sqlx::FromRow;
use sqlx::postgres::PgPool;

use super::Sql;

/// A reward with its end.
#[derive(Clone, Debug, FromRow)]
pub struct Reward {
    /// The payment.
    pub cause: String,
    pub level: i16,
    pub referrer_id: i64,
    pub payer_id: i64,
    pub amount: i64,
    /// What of it was taken back, once the payment was given back.
    pub taken: Option<i64>,
    pub lost: Option<i64>,
    /// What of it was kept for what had been lost before.
    pub kept: i64,
}

/// All of them.
pub async fn rewards(pool: &PgPool) -> Sql<Vec<Reward>> {
    sqlx::query_as(
        "select w.cause, w.level, w.referrer_id, w.payer_id, w.amount, r.taken, r.lost, coalesce(k.amount, 0) as kept
         from referral_reward w
         left join referral_reversal r on r.reward_id = w.id
         left join referral_kept k on k.reward_id = w.id
         order by w.at",
    )
    .fetch_all(pool)
    .await
}

/// Who came by whose link: user and referrer.
pub async fn referrals(pool: &PgPool) -> Sql<Vec<(i64, i64)>> {
    sqlx::query_as("select user_id, referrer_id from referral")
        .fetch_all(pool)
        .await
}

/// The words in people's links.
pub async fn links(pool: &PgPool) -> Sql<Vec<(i64, String)>> {
    sqlx::query_as("select user_id, code from referral_code")
        .fetch_all(pool)
        .await
}

/// What was earned and is there: user, available, held.
pub async fn earnings(pool: &PgPool) -> Sql<Vec<(i64, i64, i64)>> {
    sqlx::query_as("select owner_id, available, held from account where kind = 'affiliate'")
        .fetch_all(pool)
        .await
}

/// What people moved to their main wallets: user and sum.
pub async fn moved(pool: &PgPool) -> Sql<Vec<(i64, i64)>> {
    sqlx::query_as(
        "select a.owner_id, t.amount from transfer t join account a on a.id = t.debit_id
         where t.kind = 'own' and a.kind = 'affiliate'",
    )
    .fetch_all(pool)
    .await
}
