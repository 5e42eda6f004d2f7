//! Orders that are done in units elsewhere: how far they are, and what is paid when they end, whole or in part.

use sqlx::PgConnection;

use super::money::hold_of;
use super::pages::{home_button, labelled};
use super::progress::{View, bar};
use super::refills;
use super::store;
use super::summary::join;
use crate::base::fault::{self, Mutant, Point};
use crate::base::money::Amount;
use crate::engine::ledger;
use crate::features::cx::Handled;
use crate::features::press::Press;
use crate::features::speech::Args;
use crate::providers::{Counts, FailureReason};
use crate::telegram::{InlineKeyboard, Rich};

impl View<'_> {
    /// It goes on; said when there is news. An order that takes days would else be edited thousands of times.
    pub(super) async fn counted(
        &self,
        conn: &mut PgConnection,
        counts: Counts,
        stoppable: bool,
    ) -> Handled {
        let is_known = counts == Counts::default() || counts == self.job.counts;
        if is_known && self.job.polls > 0 {
            return Ok(());
        }
        let done = self.job.snapshot.units.map(|units| {
            let remains = counts.remains.unwrap_or(units).min(units);
            (units - remains, units)
        });
        let percent = done.map_or(0, |(done, units)| {
            (done * 100).checked_div(units).unwrap_or(0)
        });
        let args = self
            .title()
            .text("bar", bar(percent))
            .number("percent", percent.cast_signed());
        let mut lines = vec![self.speech.rich("order-working", &args)];
        lines.extend(done.map(|(done, units)| self.done_of("order-counted", done, units)));
        lines.extend(self.began_at(counts.start));
        self.edit(conn, join(lines), self.while_working(stoppable))
            .await
    }

    fn done_of(&self, key: &'static str, done: u64, units: u64) -> Rich {
        let args = self
            .title()
            .text("done", done.to_string())
            .text("units", units.to_string());
        self.speech.rich(key, &args)
    }

    fn began_at(&self, start: Option<i64>) -> Option<Rich> {
        let args = Args::new().text("start", start?.to_string());
        Some(self.speech.rich("order-start-count", &args))
    }

    /// All of it is done.
    pub(super) async fn delivered(&self, conn: &mut PgConnection, counts: Counts) -> Handled {
        let mut lines = vec![self.speech.rich("order-done", &self.title())];
        if let Some(units) = self.job.snapshot.units {
            lines.push(self.done_of("order-counted", units, units));
        }
        lines.extend(self.began_at(counts.start));
        lines.push(self.paid(conn).await?);
        let keyboard = self.after_delivery(conn).await?;
        self.edit(conn, join(lines), Some(keyboard)).await
    }

    /// A part of it is done: that is paid, the rest is given back.
    pub(super) async fn partial(
        &self,
        conn: &mut PgConnection,
        units: u64,
        remains: u64,
        start: Option<i64>,
    ) -> Handled {
        let (env, now) = (self.env, self.env.clock.sql_now());
        let Some(hold) = hold_of(conn, self.order).await? else {
            return self.failed(conn, FailureReason::Cancelled, "failed").await;
        };
        store::finish(conn, self.order.id, "partial", now).await?;
        let price = if fault::mutant(Mutant::PartialPaidWhole) {
            hold.amount
        } else {
            share(hold.amount, units - remains, units)
        };
        fault::reach(Point::PartSettling);
        if price.is_zero() {
            let cause = self.cause(env, format!("release:job:{}", self.order.id));
            ledger::release(conn, hold.id, &cause, now).await?;
        } else {
            let cause = self.cause(env, format!("capture:job:{}", self.order.id));
            ledger::capture(conn, hold.id, price, &cause, now).await?;
            self.reward(conn, price).await?;
        }
        fault::reach(Point::PartSettled);
        let wallet = ledger::wallet(conn, self.order.user_id, &env.currency().code).await?;
        let money = Args::new()
            .text("price", env.currency().format(price))
            .text("back", env.currency().format(hold.amount - price))
            .text("balance", env.currency().format(wallet.available));
        let mut lines = vec![self.done_of("order-partial", units - remains, units)];
        lines.extend(self.began_at(start));
        lines.push(self.speech.rich("order-partial-money", &money));
        self.edit(conn, join(lines), Some(self.after(false))).await
    }

    /// With the way to a refill, where the service has it.
    async fn after_delivery(&self, conn: &mut PgConnection) -> Handled<InlineKeyboard> {
        let snapshot = &self.job.snapshot;
        let made_by = (
            snapshot.provider.as_str(),
            snapshot.provider_service.as_str(),
        );
        let refills = refills::are_offered(conn, self.env, &self.order.service, made_by).await?;
        let order = || self.order.short_id.clone();
        let mut rows = vec![vec![labelled(
            self.speech,
            "button-again",
            &Press::Again { order: order() },
        )]];
        if refills {
            let press = Press::Refill { order: order() };
            rows.push(vec![labelled(self.speech, "button-refill", &press)]);
        }
        rows.push(vec![home_button(self.speech)]);
        Ok(InlineKeyboard::new(rows))
    }
}

/// What the delivered part of an order costs; a part of the smallest coin is the user's.
fn share(price: Amount, done: u64, units: u64) -> Amount {
    let part = i128::from(price.0) * i128::from(done) / i128::from(units.max(1));
    Amount(i64::try_from(part).unwrap_or(price.0).min(price.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_part_of_a_coin_is_the_users() {
        assert_eq!(share(Amount(90), 400, 1000), Amount(36));
        assert_eq!(share(Amount(10), 999, 1000), Amount(9));
        assert_eq!(share(Amount(1), 999, 1000), Amount(0));
        assert_eq!(share(Amount(90), 1000, 1000), Amount(90));
    }

    proptest! {
        #[test]
        fn nobody_pays_more_than_their_share(price in 1_i64..1_000_000_000_000, units in 1_u64..10_000_000, part in 0.0_f64..1.0) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a part of it")]
            let done = (units as f64 * part) as u64;
            let paid = share(Amount(price), done, units);
            let (paid, owed) = (i128::from(paid.0) * i128::from(units), i128::from(price) * i128::from(done));
            prop_assert!(paid <= owed && owed - paid < i128::from(units));
        }
    }
}
