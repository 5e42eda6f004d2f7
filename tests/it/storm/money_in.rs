//! Payments from outside and what of them goes back: in Telegram Stars, and by card at a processor.

use bulwark::base::money::Amount;
use bulwark::engine::ledger::{
    self, House, HouseMove, InHouse, LedgerError, TransferKind, WalletKey,
};
use bulwark::engine::{payments, stars};
use sqlx::PgConnection;
use uuid::Uuid;

use super::acts;
use super::books::Line;
use super::perform::{Asked, Done, Shared, cause};
use super::rewards;
use crate::ledger::{CURRENCY, id};

const PROCESSOR: &str = "flutterwave";
const ADMIN: i64 = 9;

/// By which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Stars,
    Card,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Stars => "stars",
            Self::Card => PROCESSOR,
        }
    }

    fn house(self) -> House {
        match self {
            Self::Stars => House::Stars,
            Self::Card => House::Flutterwave,
        }
    }

    /// Begins the keys of what goes back.
    fn prefix(self) -> &'static str {
        match self {
            Self::Stars => "stars",
            Self::Card => "payment",
        }
    }

    fn charge(self, charge: u64, shared: &Shared) -> String {
        shared.key("charge", format!("{}-{charge}", self.name()))
    }

    /// What a payment is called by what follows from it.
    fn payment(self, charge_id: &str) -> String {
        format!("{}:{charge_id}", self.name())
    }

    fn movement(self, kind: TransferKind, user: i64, amount: i64) -> HouseMove<'static> {
        HouseMove {
            kind,
            house: self.house(),
            wallet: WalletKey::main(user, CURRENCY),
            amount: Amount(amount),
        }
    }
}

/// A payment is reported.
pub async fn top_up(
    conn: &mut PgConnection,
    source: Source,
    charge: u64,
    shared: &Shared,
) -> Result<Done, LedgerError> {
    let (nth, amount) = acts::charge(charge);
    let (user, charge_id) = (shared.user(nth), source.charge(charge, shared));
    let cause = cause(&source.payment(&charge_id));
    let short_id = cause.id.to_string();
    let is_new = match source {
        Source::Stars => {
            let payment = stars::NewPayment {
                charge_id: &charge_id,
                short_id: &short_id,
                invoice_id: None,
                user_id: user,
                stars: amount / 2,
                amount: Amount(amount),
                currency: CURRENCY,
                transfer_id: cause.id,
                found_by: stars::FoundBy::Update,
            };
            stars::add_payment(conn, &payment, None).await?
        }
        Source::Card => {
            let payment = payments::NewPayment {
                processor: PROCESSOR,
                transaction_id: &charge_id,
                short_id: &short_id,
                reference: &charge_id,
                intent_id: None,
                user_id: user,
                paid: Amount(amount * 15),
                paid_currency: "NGN",
                amount: Amount(amount),
                currency: CURRENCY,
                transfer_id: Some(cause.id),
                found_by: payments::FoundBy::Event,
            };
            payments::add_payment(conn, &payment, None).await?
        }
    };
    if !is_new {
        return Ok(Done::before(cause.idem_key));
    }
    let moved = match source {
        Source::Stars => ledger::top_up(conn, user, CURRENCY, Amount(amount), &cause, None).await?,
        Source::Card => {
            let movement = source.movement(TransferKind::TopUp, user, amount);
            ledger::with_house(conn, &movement, &cause, None).await?
        }
    };
    assert!(moved, "a new payment, and its key is used");
    let rules = rewards::of_payment(amount);
    let earned = rewards::earned(conn, &cause.idem_key, user, amount, rules).await?;
    let mut done = Done::one(
        true,
        Line::house(cause.idem_key, user, amount, source.name()),
    );
    done.lines.extend(earned);
    Ok(done)
}

/// Whose payment it is and how much, locked; none if there is none.
async fn payment(
    conn: &mut PgConnection,
    source: Source,
    charge_id: &str,
) -> Result<Option<(i64, i64)>, sqlx::Error> {
    Ok(match source {
        Source::Stars => {
            let payment = stars::payment(conn, charge_id).await?;
            payment.map(|payment| (payment.user_id, payment.amount.0))
        }
        Source::Card => {
            let payment = payments::payment(conn, PROCESSOR, charge_id).await?;
            payment.map(|payment| (payment.user_id, payment.amount.0))
        }
    })
}

async fn live_refund(
    conn: &mut PgConnection,
    source: Source,
    charge_id: &str,
) -> Result<Option<Uuid>, sqlx::Error> {
    Ok(match source {
        Source::Stars => {
            let refund = stars::live_refund(conn, charge_id).await?;
            refund.map(|refund| refund.id)
        }
        Source::Card => {
            let refund = payments::live_refund(conn, PROCESSOR, charge_id).await?;
            refund.map(|refund| refund.id)
        }
    })
}

/// Writes a refund down; wanted by an admin, or done already.
async fn add_refund(
    conn: &mut PgConnection,
    source: Source,
    charge_id: &str,
    (taken, lost): (i64, i64),
    admin_id: Option<i64>,
) -> Result<Uuid, sqlx::Error> {
    let (refund_id, correlation) = (id(), id());
    let is_new = match source {
        Source::Stars => {
            let refund = stars::NewRefund {
                id: refund_id,
                charge_id,
                taken: Amount(taken),
                lost: Amount(lost),
                admin_id,
                correlation,
            };
            stars::add_refund(conn, &refund, None).await?
        }
        Source::Card => {
            let refund = payments::NewRefund {
                id: refund_id,
                processor: PROCESSOR,
                transaction_id: charge_id,
                taken: Amount(taken),
                lost: Amount(lost),
                admin_id,
                correlation,
            };
            payments::add_refund(conn, &refund, None).await?
        }
    };
    assert!(is_new, "a second refund of {charge_id}");
    Ok(refund_id)
}

/// Ends a refund that was asked for; false if it had ended.
async fn finish(
    conn: &mut PgConnection,
    source: Source,
    refund: Uuid,
    is_done: bool,
) -> Result<bool, sqlx::Error> {
    match source {
        Source::Stars => {
            let ended = if is_done {
                stars::Ended::Done
            } else {
                stars::Ended::Refused
            };
            stars::finish_refund(conn, refund, ended, None, None).await
        }
        Source::Card => {
            let ended = if is_done {
                payments::Ended::Done
            } else {
                payments::Ended::Refused
            };
            payments::finish_refund(conn, refund, ended, None, None, None).await
        }
    }
}

/// An admin wants it: the money leaves the wallet with the wish.
pub async fn ask_refund(
    conn: &mut PgConnection,
    source: Source,
    charge: u64,
    shared: &Shared,
) -> Result<Done, LedgerError> {
    let charge_id = source.charge(charge, shared);
    let Some((user, amount)) = payment(conn, source, &charge_id).await? else {
        return Ok(Done::default());
    };
    if live_refund(conn, source, &charge_id).await?.is_some() {
        return Ok(Done::default());
    }
    let id = add_refund(conn, source, &charge_id, (amount, 0), Some(ADMIN)).await?;
    let cause = cause(&format!("{}-refund:{id}", source.prefix()));
    let movement = source.movement(TransferKind::Refund, user, -amount);
    ledger::with_house(conn, &movement, &cause, None).await?;
    Ok(Done {
        lines: vec![Line::house(cause.idem_key, user, -amount, source.name())],
        asked: Some(Asked {
            id,
            source,
            charge_id,
            user,
            amount,
        }),
        ..Done::default()
    })
}

/// The processor's answer: what was earned with the payment goes back with it, or the money returns to the wallet.
pub async fn end_refund(
    conn: &mut PgConnection,
    asked: &Asked,
    is_done: bool,
) -> Result<Done, LedgerError> {
    let source = asked.source;
    if !finish(conn, source, asked.id, is_done).await? {
        return Ok(Done::default());
    }
    if is_done {
        let lines = rewards::taken(conn, &source.payment(&asked.charge_id)).await?;
        return Ok(Done {
            lines,
            ..Done::default()
        });
    }
    let cause = cause(&format!("{}-refund-undone:{}", source.prefix(), asked.id));
    let movement = source.movement(TransferKind::RefundUndone, asked.user, asked.amount);
    let moved = ledger::with_house(conn, &movement, &cause, None).await?;
    let line = Line::house(cause.idem_key, asked.user, asked.amount, source.name());
    Ok(Done::one(moved, line))
}

/// The processor did it unasked: what the wallet does not cover any more is lost.
pub async fn given_back(
    conn: &mut PgConnection,
    source: Source,
    charge: u64,
    shared: &Shared,
) -> Result<Done, LedgerError> {
    let charge_id = source.charge(charge, shared);
    let Some((user, amount)) = payment(conn, source, &charge_id).await? else {
        return Ok(Done::default());
    };
    let name = source.payment(&charge_id);
    if let Some(refund) = live_refund(conn, source, &charge_id).await? {
        let is_now = finish(conn, source, refund, true).await?;
        let mut done = Done::default();
        if is_now {
            done.lines = rewards::taken(conn, &name).await?;
        }
        return Ok(done);
    }
    let has = ledger::wallet_locked(conn, user, CURRENCY).await?;
    let taken = amount.min(has.available.0);
    let lost = amount - taken;
    let id = add_refund(conn, source, &charge_id, (taken, lost), None).await?;
    let mut lines = Vec::new();
    if taken > 0 {
        let cause = cause(&format!("{}-refund:{id}", source.prefix()));
        let movement = source.movement(TransferKind::Refund, user, -taken);
        ledger::with_house(conn, &movement, &cause, None).await?;
        lines.push(Line::house(cause.idem_key, user, -taken, source.name()));
    }
    if lost > 0 {
        let cause = cause(&format!("{}-loss:{id}", source.prefix()));
        let movement = InHouse {
            kind: TransferKind::WriteOff,
            from: House::Losses,
            to: source.house(),
            currency: CURRENCY,
            amount: Amount(lost),
        };
        ledger::within_house(conn, &movement, &cause, None).await?;
        lines.push(Line::within(cause.idem_key, "losses", source.name(), lost));
    }
    lines.extend(rewards::taken(conn, &name).await?);
    Ok(Done {
        lines,
        ..Done::default()
    })
}
