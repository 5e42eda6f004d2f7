//! Parts of payments that somebody gave back at their processor, in its dashboard: each is booked once, by the processor's own id.
//!
//! A part is worth the share of what was credited that it is of what was paid; what the wallet does not cover any more is our loss,
//! as with whole refunds. The share of the rewards that the payment brought goes back with it.

use sqlx::PgConnection;
use uuid::Uuid;

use super::refunds::{about, charge};
use super::settle::house;
use super::wording;
use crate::base::money::Amount;
use crate::engine::ledger::{self, House, HouseMove, InHouse, TransferKind, WalletKey};
use crate::engine::payments::{self, NewReturn, Payment, Return};
use crate::features::cx::{Env, Handled};
use crate::features::rewards::{self, Parted};
use crate::features::speech::Language;
use crate::features::topup::credit::{balance, cause, language_of, say, tell_admins};
use crate::features::topup::speech;
use crate::providers::payments::Returned;

/// What went back of a payment and is not booked yet, beside what is.
pub(super) struct Parts<'a> {
    missing: Vec<&'a Returned>,
    returned: Amount,
    worth: Amount,
}

impl<'a> Parts<'a> {
    /// Of what the processor says, beside what was `booked`. What failed there did not go back, and what is beyond all that
    /// was `paid` is not this payment's.
    pub(super) fn of(said: &'a [Returned], booked: &[Return], paid: Amount) -> Self {
        let returned = Amount(booked.iter().map(|one| one.returned.0).sum());
        let is_booked = |one: &Returned| {
            returned >= paid || booked.iter().any(|known| known.external_id == one.id)
        };
        let missing = said
            .iter()
            .filter(|one| !one.has_failed && one.amount > Amount::ZERO && !is_booked(one));
        Self {
            missing: missing.collect(),
            returned,
            worth: Amount(booked.iter().map(|one| one.worth.0).sum()),
        }
    }

    /// How much of it is not booked, in the payer's currency.
    pub(super) fn unbooked(&self) -> Amount {
        Amount(self.missing.iter().map(|one| one.amount.0).sum())
    }

    /// Books what is missing. `payment` is locked.
    pub(super) async fn book(
        mut self,
        conn: &mut PgConnection,
        env: &Env,
        payment: &Payment,
        correlation: Uuid,
    ) -> Handled {
        for part in std::mem::take(&mut self.missing) {
            let returned = part.amount.min(payment.paid - self.returned);
            if returned <= Amount::ZERO {
                continue;
            }
            self.returned = self.returned + returned;
            let worth = self.returned.share_of(payment.amount, payment.paid) - self.worth;
            self.worth = self.worth + worth;
            let booked = Booked {
                payment,
                external_id: &part.id,
                returned,
                worth,
                in_all: self.returned,
                correlation,
            };
            booked.book(conn, env).await?;
        }
        Ok(())
    }
}

/// A part that is booked now.
struct Booked<'a> {
    payment: &'a Payment,
    external_id: &'a str,
    returned: Amount,
    worth: Amount,
    in_all: Amount,
    correlation: Uuid,
}

impl Booked<'_> {
    async fn book(&self, conn: &mut PgConnection, env: &Env) -> Handled {
        let (payment, correlation) = (self.payment, self.correlation);
        let has = ledger::wallet_locked(conn, payment.user_id, &payment.currency).await?;
        let taken = Amount(self.worth.0.min(has.available.0));
        let lost = self.worth - taken;
        let new = NewReturn {
            id: env.ids.uuid(),
            processor: &payment.processor,
            transaction_id: &payment.transaction_id,
            external_id: self.external_id,
            returned: self.returned,
            taken,
            lost,
            correlation,
        };
        if !payments::add_return(conn, &new, env.clock.sql_now()).await? {
            return Ok(());
        }
        self.moves(conn, env, &new).await?;
        let parted = Parted {
            payment: &charge(payment),
            return_id: new.id,
            returned: self.in_all,
            paid: payment.paid,
            correlation,
        };
        rewards::take_part_back(conn, env, &parted).await?;
        self.tell(conn, env, taken, lost).await
    }

    /// Out of the wallet as far as it goes, the rest out of our own pocket.
    async fn moves(&self, conn: &mut PgConnection, env: &Env, new: &NewReturn<'_>) -> Handled {
        let payment = self.payment;
        let now = env.clock.sql_now();
        let note = wording::paid(self.returned, &payment.paid_currency);
        let house = house(&payment.processor)?;
        if new.taken > Amount::ZERO {
            let key = format!("payment-return:{}", new.id);
            let movement = HouseMove {
                kind: TransferKind::Refund,
                house,
                wallet: WalletKey::main(payment.user_id, &payment.currency),
                amount: -new.taken,
            };
            let cause = cause(env, key, &note, self.correlation);
            ledger::with_house(conn, &movement, &cause, now).await?;
        }
        if new.lost > Amount::ZERO {
            let key = format!("payment-return-loss:{}", new.id);
            let movement = InHouse {
                kind: TransferKind::WriteOff,
                from: House::Losses,
                to: house,
                currency: &payment.currency,
                amount: new.lost,
            };
            let cause = cause(env, key, &note, self.correlation);
            ledger::within_house(conn, &movement, &cause, now).await?;
        }
        Ok(())
    }

    async fn tell(
        &self,
        conn: &mut PgConnection,
        env: &Env,
        taken: Amount,
        lost: Amount,
    ) -> Handled {
        let payment = self.payment;
        tracing::warn!(
            charge = charge(payment),
            returned = self.returned.0,
            taken = taken.0,
            lost = lost.0,
            "a part of a payment was given back elsewhere"
        );
        let language = language_of(conn, payment.user_id).await?;
        let args = about(env, payment)
            .text("part", wording::paid(self.returned, &payment.paid_currency))
            .text("amount", env.currency().format(taken))
            .text("lost", env.currency().format(lost))
            .text("balance", balance(conn, env, payment.user_id).await?);
        let theirs = speech(language).rich("card-returned-in-part", &args);
        let admins = speech(Language::En).rich("admin-card-returned-in-part", &args);
        say(conn, env, payment.user_id, theirs, self.correlation).await?;
        tell_admins(conn, env, admins, self.correlation).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returned(id: &str, amount: i64, has_failed: bool) -> Returned {
        Returned {
            id: id.to_owned(),
            amount: Amount(amount),
            has_failed,
        }
    }

    #[test]
    fn what_failed_or_is_booked_is_not_missing() {
        let said = [
            returned("1", 300, false),
            returned("2", 200, true),
            returned("3", 100, false),
            returned("4", 0, false),
        ];
        let booked = [Return {
            external_id: "1".to_owned(),
            returned: Amount(300),
            worth: Amount(3),
        }];
        let parts = Parts::of(&said, &booked, Amount(900));
        assert_eq!(parts.unbooked(), Amount(100));
        assert_eq!((parts.returned, parts.worth), (Amount(300), Amount(3)));
        assert_eq!(Parts::of(&said, &[], Amount(900)).unbooked(), Amount(400));
        assert_eq!(Parts::of(&said, &booked, Amount(300)).unbooked(), Amount(0));
    }
}
