//! The money of orders that brought nothing.

use sqlx::PgConnection;
use uuid::Uuid;

use super::store::Order;
use crate::base::fault::{self, Mutant};
use crate::base::money::Amount;
use crate::engine::ledger::{self, Cause, Hold};
use crate::engine::limits;
use crate::features::cx::{Env, Handled};
use crate::features::speech::{Args, Speech};
use crate::telegram::Rich;

/// What was set aside for an order; nothing for a free one, which never looks for the ledger.
pub(super) async fn hold_of(conn: &mut PgConnection, order: &Order) -> Handled<Option<Hold>> {
    if order.price == 0 {
        return Ok(None);
    }
    Ok(ledger::hold_of(conn, order.id).await?)
}

/// Gives back what an order that brought nothing had taken: the money, how much that was, or the day's free use.
pub(super) async fn release(
    conn: &mut PgConnection,
    env: &Env,
    order: &Order,
    correlation: Uuid,
) -> Handled<Option<Amount>> {
    let Some(hold) = hold_of(conn, order).await? else {
        limits::give_back_daily(conn, order.user_id, &order.service, order.created_at).await?;
        return Ok(None);
    };
    if fault::mutant(Mutant::HoldNeverReleased) {
        return Ok(Some(hold.amount));
    }
    let cause = Cause {
        id: env.ids.uuid(),
        idem_key: format!("release:job:{}", order.id),
        note: String::new(),
        by_admin: None,
        correlation,
    };
    ledger::release(conn, hold.id, &cause, env.clock.sql_now()).await?;
    Ok(Some(hold.amount))
}

/// What became of the money of an order that brought nothing.
pub(super) async fn settled(
    conn: &mut PgConnection,
    env: &Env,
    speech: Speech<'_>,
    user_id: i64,
    released: Option<Amount>,
) -> Handled<Rich> {
    let Some(amount) = released else {
        return Ok(speech.rich("order-nothing-charged", &Args::new()));
    };
    let wallet = ledger::wallet(conn, user_id, &env.currency().code).await?;
    let args = Args::new()
        .text("price", env.currency().format(amount))
        .text("balance", env.currency().format(wallet.available));
    Ok(speech.rich("order-refunded", &args))
}
