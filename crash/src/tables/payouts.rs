//! Withdrawals, as the service recorded them.

use sqlx::FromRow;
use sqlx::postgres::PgPool;

use super::Sql;

/// A withdrawal with its money.
#[derive(Clone, Debug, FromRow)]
pub struct Payout {
    pub short_id: String,
    pub user_id: i64,
    pub wallet_kind: String,
    pub amount: i64,
    pub method: String,
    pub fee: i64,
    /// What of it the house has.
    pub fee_taken: i64,
    pub state: String,
    pub approved_by: Option<String>,
    pub ended_by: Option<String>,
    pub reason: Option<String>,
    pub external_ref: Option<String>,
    pub held: Option<i64>,
    pub captured: Option<i64>,
    pub released: Option<i64>,
    /// How often it was written down that an admin ended it.
    pub ends: i64,
}

/// All of them.
pub async fn payouts(pool: &PgPool) -> Sql<Vec<Payout>> {
    sqlx::query_as(
        "select w.short_id, w.user_id, w.wallet_kind, w.amount, w.method, w.fee, w.state, w.approved_by, w.ended_by, w.reason,
                w.external_ref, h.amount as held, r.captured, r.released,
                (select coalesce(sum(t.amount), 0)::bigint from transfer t where t.idem_key = 'payout-fee:' || w.id) as fee_taken,
                (select count(*) from admin_audit a where a.target = w.short_id
                   and a.action in ('withdrawal paid', 'withdrawal rejected')) as ends
         from withdrawal w
         left join hold h on h.reference = w.id
         left join hold_resolution r on r.hold_id = h.id
         order by w.created_at",
    )
    .fetch_all(pool)
    .await
}
