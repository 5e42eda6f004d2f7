//! Money between wallets and to the outside: tips, at once and settled later, one's own wallets, payouts.

use bulwark::base::money::Amount;
use bulwark::engine::ledger::{
    self, House, InHouse, LedgerError, Payee, Purpose, Resolved, Transfer, TransferKind, WalletKey,
    WalletKind,
};
use bulwark::engine::withdrawals::{self, Change, Details, State};
use sqlx::PgConnection;
use uuid::Uuid;

use super::books::{Line, wallet};
use super::perform::{Done, For, Held, cause};
use crate::ledger::{CURRENCY, id};

/// Of each payout, what the house keeps.
const FEE: i64 = 1;

/// A tip: done at once, or held until somebody has settled it.
pub async fn tip(
    conn: &mut PgConnection,
    (from, to): (i64, i64),
    amount: i64,
    is_later: bool,
    key: String,
) -> Result<Done, LedgerError> {
    if is_later {
        let tip = id();
        let key = format!("hold:tip:{tip}");
        let purpose = ((Purpose::Tip, tip), For::Tip(to));
        return set_aside(conn, from, amount, purpose, &key).await;
    }
    // Of a kind that needs no row elsewhere.
    let movement = Transfer {
        kind: TransferKind::Own,
        from: WalletKey::main(from, CURRENCY),
        to: WalletKey::main(to, CURRENCY),
        amount: Amount(amount),
    };
    let moved = ledger::transfer(conn, &movement, &cause(&key), None).await?;
    let (from, to) = (wallet("wallet", from), wallet("wallet", to));
    Ok(Done::one(moved, Line::between(key, from, to, amount)))
}

async fn set_aside(
    conn: &mut PgConnection,
    user: i64,
    amount: i64,
    (purpose, what): ((Purpose, Uuid), For),
    key: &str,
) -> Result<Done, LedgerError> {
    let wallet = WalletKey::main(user, CURRENCY);
    let hold = ledger::hold_for(conn, wallet, Amount(amount), purpose, &cause(key), None).await?;
    Ok(Done {
        lines: vec![Line::hold(key.to_owned(), user, amount)],
        held: Some(Held {
            id: hold.id,
            key: key.to_owned(),
            user,
            amount,
            purpose: what,
        }),
        ..Done::default()
    })
}

/// A tip was settled outside, or was not.
pub async fn end_tip(
    conn: &mut PgConnection,
    held: &Held,
    to: i64,
    is_done: bool,
) -> Result<Done, LedgerError> {
    let (resolved, lines) = if is_done {
        let cause = cause(&format!("settled:{}", held.key));
        let (amount, payee) = (Amount(held.amount), Payee::User(to));
        let resolved = ledger::capture_to(conn, held.id, amount, payee, &cause, None).await?;
        let received = Line::received(cause.idem_key, to, held.amount);
        let passed_on = Line::passed_on(held.id, held.user, held.amount);
        (resolved, vec![passed_on, received])
    } else {
        let cause = cause(&format!("release:{}", held.key));
        let resolved = ledger::release(conn, held.id, &cause, None).await?;
        (resolved, vec![released(held)])
    };
    if resolved == Resolved::Before {
        return Ok(Done::before(lines[0].key.clone()));
    }
    Ok(Done {
        lines,
        ..Done::default()
    })
}

fn released(held: &Held) -> Line {
    Line::resolution(held.id, held.user, held.amount, 0, "revenue")
}

/// Between a user's own wallets; nothing is all that is there, as the button does it.
pub async fn own(
    conn: &mut PgConnection,
    (user, to_main): (i64, bool),
    amount: i64,
    key: String,
) -> Result<Done, LedgerError> {
    let main = (WalletKey::main(user, CURRENCY), wallet("wallet", user));
    let other = (
        WalletKey::affiliate(user, CURRENCY),
        wallet("affiliate", user),
    );
    let (from, to) = if to_main {
        (other, main)
    } else {
        (main, other)
    };
    let amount = match amount {
        0 => all_of(conn, user, from.0.kind).await?,
        _ => amount,
    };
    let movement = Transfer {
        kind: TransferKind::Own,
        from: from.0,
        to: to.0,
        amount: Amount(amount),
    };
    let moved = ledger::transfer(conn, &movement, &cause(&key), None).await?;
    Ok(Done::one(moved, Line::between(key, from.1, to.1, amount)))
}

async fn all_of(conn: &mut PgConnection, user: i64, of: WalletKind) -> Result<i64, LedgerError> {
    let wallets = ledger::wallets(conn, user, CURRENCY).await?;
    let its = wallets.iter().find(|(kind, _)| *kind == of);
    Ok(its.map_or(0, |(_, wallet)| wallet.available.0))
}

/// Somebody wants to be paid.
pub async fn withdraw(
    conn: &mut PgConnection,
    user: i64,
    amount: i64,
) -> Result<Done, LedgerError> {
    let withdrawal = id();
    let new = withdrawals::New {
        id: withdrawal,
        short_id: &withdrawal.to_string(),
        user_id: user,
        wallet_kind: WalletKind::Main.name(),
        method: "bank",
        amount: Amount(amount),
        fee: Amount(FEE.min(amount - 1)),
        currency: CURRENCY,
        details: &Details::default(),
        message_ref: id(),
        correlation: id(),
    };
    withdrawals::add(conn, &new, None).await?;
    let key = format!("hold:withdrawal:{withdrawal}");
    let purpose = ((Purpose::Payout, withdrawal), For::Payout(withdrawal));
    set_aside(conn, user, amount, purpose, &key).await
}

/// A step of a payout; nothing if it is not where the step begins.
pub async fn step(
    conn: &mut PgConnection,
    held: &Held,
    withdrawal: Uuid,
    to: State,
) -> Result<Done, LedgerError> {
    let before = withdrawals::find(conn, &withdrawal.to_string()).await?;
    let before = before.filter(|before| before.state.leads_to(to));
    let Some(before) = before else {
        return Ok(Done::default());
    };
    let change = Change {
        from: before.state,
        to,
        by: "an admin",
        reason: (to == State::Rejected).then_some("no"),
        external_ref: (to == State::Paid).then_some("bank 1"),
    };
    assert!(withdrawals::change(conn, withdrawal, &change, None).await?);
    let mut lines = Vec::new();
    match to {
        State::Requested | State::Approved => {}
        State::Rejected | State::Cancelled => {
            let cause = cause(&format!("release:withdrawal:{withdrawal}"));
            let resolved = ledger::release(conn, held.id, &cause, None).await?;
            assert_eq!(resolved, Resolved::Now);
            lines.push(released(held));
        }
        State::Paid => {
            let cause = cause(&format!("payout:{withdrawal}"));
            let (amount, payee) = (Amount(held.amount), Payee::House(House::Payouts));
            let resolved = ledger::capture_to(conn, held.id, amount, payee, &cause, None).await?;
            assert_eq!(resolved, Resolved::Now);
            let (user, amount) = (held.user, held.amount);
            lines.push(Line::resolution(held.id, user, amount, amount, "payouts"));
            lines.extend(fee(conn, withdrawal, before.fee).await?);
        }
    }
    Ok(Done {
        lines,
        ..Done::default()
    })
}

async fn fee(
    conn: &mut PgConnection,
    withdrawal: Uuid,
    fee: Amount,
) -> Result<Option<Line>, LedgerError> {
    if fee.is_zero() {
        return Ok(None);
    }
    let cause = cause(&format!("payout-fee:{withdrawal}"));
    let movement = InHouse {
        kind: TransferKind::PayoutFee,
        from: House::Payouts,
        to: House::Revenue,
        currency: CURRENCY,
        amount: fee,
    };
    ledger::within_house(conn, &movement, &cause, None).await?;
    Ok(Some(Line::within(
        cause.idem_key,
        "payouts",
        "revenue",
        fee.0,
    )))
}
