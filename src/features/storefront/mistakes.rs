//! Mistakes with money that the crash suite seeds, to prove that its checker finds them. Never in an ordinary build.

use sqlx::PgConnection;

use super::store::Order;
use crate::base::fault::{self, Mutant};
use crate::base::money::Amount;
use crate::engine::ledger::{self, Cause};
use crate::features::cx::{Env, Handled};

/// What should not happen after an order was paid.
pub(super) async fn after_capture(
    conn: &mut PgConnection,
    env: &Env,
    order: &Order,
    price: Amount,
) -> Handled {
    let cause = Cause {
        id: env.ids.uuid(),
        idem_key: format!("mistake:{}", order.id),
        note: String::new(),
        by_admin: None,
        correlation: order.id,
    };
    let (user_id, currency, now) = (order.user_id, &env.currency().code, env.clock.sql_now());
    if fault::mutant(Mutant::ChargedTwice) {
        ledger::correct(conn, user_id, currency, -price, &cause, now).await?;
    }
    if fault::mutant(Mutant::RefundAfterDelivery) {
        ledger::grant(conn, user_id, currency, price, &cause, now).await?;
    }
    Ok(())
}
