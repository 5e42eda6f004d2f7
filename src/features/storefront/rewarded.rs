//! What an order that was paid brings to whoever brought its user in.

use sqlx::PgConnection;

use super::progress::View;
use crate::base::money::Amount;
use crate::features::cx::Handled;
use crate::features::rewards::{self, Occasion, Paid};

impl View<'_> {
    /// Books what an order that was paid brings to whoever brought its user in.
    pub(super) async fn reward(&self, conn: &mut PgConnection, paid: Amount) -> Handled {
        let paid = Paid {
            user_id: self.order.user_id,
            amount: paid,
            currency: &self.env.currency().code,
            cause: &format!("order:{}", self.order.id),
            correlation: self.job.correlation,
        };
        rewards::book(conn, self.env, Occasion::Order, &paid).await
    }
}
