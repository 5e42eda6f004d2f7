//! How much a user may withdraw: the balance, the method's limits, the day's.

use time::Time;

use super::refuse;
use crate::base::money::Amount;
use crate::catalog::{PayoutMethod, Withdrawals};
use crate::engine::ledger::{self, WalletKey, WalletKind};
use crate::engine::withdrawals;
use crate::features::cx::{Cx, Handled};
use crate::features::speech::{Args, Speech};

/// The wallet that a withdrawal comes from.
pub(super) fn wallet<'a>(user_id: i64, offer: &Withdrawals, currency: &'a str) -> WalletKey<'a> {
    WalletKey {
        user_id,
        kind: WalletKind::named(&offer.from).unwrap_or(WalletKind::Main),
        currency,
    }
}

/// What limits a withdrawal besides its method.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// What the wallet has to spend.
    pub(super) available: Amount,
    /// What is left of the day.
    pub(super) day: Amount,
    /// Withdrawals that have not ended.
    pub(super) open: i64,
}

impl Room {
    /// As it is now. With the wallet locked before, it stays so until the transaction ends.
    pub(super) async fn look(cx: &mut Cx<'_>, offer: &Withdrawals) -> Handled<Self> {
        let currency = cx.env.currency().code.clone();
        let wallet = ledger::wallet_of(cx.conn, wallet(cx.user_id, offer, &currency)).await?;
        let today = cx.env.clock.now().replace_time(Time::MIDNIGHT);
        let load = withdrawals::load(cx.conn, cx.user_id, &currency, today).await?;
        Ok(Self {
            available: wallet.available,
            day: offer.per_day - load.asked,
            open: load.open,
        })
    }

    /// The most that can be asked for; None if that is less than the least.
    pub(super) fn most(&self, method: &PayoutMethod) -> Option<Amount> {
        let most = method.max.min(self.available).min(self.day);
        (most >= method.min).then_some(most)
    }

    /// Refuses an amount that cannot be.
    pub(super) fn check(&self, cx: &Cx<'_>, method: &PayoutMethod, amount: Amount) -> Handled {
        let (key, limit) = if amount < method.min {
            ("refused-too-little", method.min)
        } else if amount > method.max {
            ("refused-too-much", method.max)
        } else if amount > self.available {
            ("refused-short", self.available)
        } else if amount > self.day {
            ("refused-day", self.day.max(Amount::ZERO))
        } else {
            return Ok(());
        };
        refuse(cx, key, Args::new().text("limit", cx.money(limit)))
    }
}

/// Refuses one more than a user may have under way.
pub(super) fn refuse_many(cx: &Cx<'_>, offer: &Withdrawals, room: &Room) -> Handled {
    if room.open >= i64::from(offer.open_max) {
        let args = Args::new().number("n", room.open);
        return refuse(cx, "refused-many", args);
    }
    Ok(())
}

/// What a method costs, in words.
pub(super) fn fee(cx: &Cx<'_>, speech: Speech<'_>, method: &PayoutMethod) -> String {
    let share = method.fee_bp;
    let percent = format!("{}.{:02}", share / 100, share % 100);
    let percent = percent.trim_end_matches('0').trim_end_matches('.');
    let args = Args::new()
        .text("fee", cx.money(method.fee))
        .text("percent", percent);
    match (method.fee.is_zero(), share) {
        (true, 0) => speech.plain("value-no-fee", &Args::new()),
        (true, _) => format!("{percent}%"),
        (false, 0) => cx.money(method.fee),
        (false, _) => speech.plain("value-fee", &args),
    }
}
