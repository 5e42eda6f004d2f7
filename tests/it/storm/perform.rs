//! Acts over the real functions of the ledger, each in a transaction of its own, as the features put them together.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, Cause, LedgerError, Resolved};
use bulwark::engine::stars::{self, Ended, FoundBy, NewPayment, NewRefund};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::acts::{self, Act};
use super::books::{Heard, Line};
use crate::ledger::{CURRENCY, id};

/// What a Star is worth.
const RATE: i64 = 2;
/// A key that is used in the same moment is tried again so often.
const TRIES: usize = 50;

/// What the tasks of a run know of each other's acts.
pub struct Shared {
    seed: u64,
    holds: Mutex<Vec<Held>>,
    refunds: Mutex<Vec<Asked>>,
}

/// An order with money set aside.
#[derive(Clone, Debug)]
struct Held {
    id: Uuid,
    key: String,
    user: i64,
    amount: i64,
}

/// A refund that a processor was asked for.
#[derive(Clone, Debug)]
struct Asked {
    id: Uuid,
    user: i64,
    amount: i64,
}

impl Shared {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            holds: Mutex::default(),
            refunds: Mutex::default(),
        }
    }

    /// The `nth` user of this run.
    pub fn user(&self, nth: i64) -> i64 {
        i64::try_from(self.seed).unwrap_or(0) * 10 + nth + 1
    }

    /// Ends everything that may still be open: an order that has ended is none.
    pub fn what_is_left(&self) -> Vec<Act> {
        let count = lock(&self.holds).len();
        (0..count).map(|nth| Act::Fail { nth }).collect()
    }

    fn key(&self, what: &str, name: impl std::fmt::Display) -> String {
        format!("{what}:{}-{name}", self.seed)
    }

    fn nth<T: Clone>(of: &Mutex<Vec<T>>, nth: usize) -> Option<T> {
        let all = lock(of);
        all.get(nth % all.len().max(1)).cloned()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an act did, and what others may go on with.
#[derive(Default)]
struct Done {
    lines: Vec<Line>,
    /// A row that was there already.
    before: Option<String>,
    held: Option<Held>,
    asked: Option<Asked>,
}

impl Done {
    fn before(key: impl Into<String>) -> Self {
        Self {
            before: Some(key.into()),
            ..Self::default()
        }
    }

    fn one(is_moved: bool, line: Line) -> Self {
        if is_moved {
            let lines = vec![line];
            Self {
                lines,
                ..Self::default()
            }
        } else {
            Self::before(line.key)
        }
    }
}

/// One act to its end; given up after it was done if `gives_up`.
pub async fn perform(pool: &PgPool, act: &Act, shared: &Shared, gives_up: bool) -> Heard {
    for _ in 0..TRIES {
        let mut tx = pool.begin().await.unwrap();
        match attempt(&mut tx, act, shared).await {
            Ok(_) if gives_up => {
                tx.rollback().await.unwrap();
                return Heard::Nothing;
            }
            Ok(done) => {
                tx.commit().await.unwrap();
                lock(&shared.holds).extend(done.held);
                lock(&shared.refunds).extend(done.asked);
                return match done.before {
                    Some(key) => Heard::Before(key),
                    None if done.lines.is_empty() => Heard::Nothing,
                    None => Heard::Moved(done.lines),
                };
            }
            Err(error) => {
                tx.rollback().await.unwrap();
                match error {
                    LedgerError::AtTheSameTime(_) => {}
                    LedgerError::Insufficient { missing, available } => {
                        return Heard::Short {
                            user: who(act, shared),
                            missing: missing.0,
                            available: available.0,
                        };
                    }
                    LedgerError::KeyReused(key) => return Heard::Before(key),
                    LedgerError::ResolvedOtherwise(hold) => return Heard::Resolved(hold),
                    LedgerError::BadAmount(Amount(0)) => return Heard::Nothing,
                    error => panic!("{act:?}: {error}"),
                }
            }
        }
    }
    panic!("{act:?}: its key is used in the same moment {TRIES} times in a row");
}

/// Whose money an act takes.
fn who(act: &Act, shared: &Shared) -> i64 {
    match act {
        Act::Grant { user, .. } | Act::Correct { user, .. } | Act::Order { user, .. } => *user,
        Act::TopUp { charge } | Act::AskRefund { charge } | Act::GivenBack { charge } => {
            shared.user(acts::charge(*charge).0)
        }
        Act::Deliver { .. } | Act::Fail { .. } | Act::EndRefund { .. } => {
            panic!("{act:?} takes nothing that can be missing")
        }
    }
}

fn cause(key: &str) -> Cause {
    crate::ledger::cause(key)
}

async fn attempt(conn: &mut PgConnection, act: &Act, shared: &Shared) -> Result<Done, LedgerError> {
    match act {
        Act::TopUp { charge } => top_up(conn, *charge, shared).await,
        Act::Grant { user, amount, name } => {
            let cause = cause(&shared.key("grant", name));
            let moved = ledger::grant(conn, *user, CURRENCY, Amount(*amount), &cause, None).await?;
            Ok(Done::one(
                moved,
                Line::house(cause.idem_key, *user, *amount, "grants"),
            ))
        }
        Act::Correct { user, amount, name } => {
            let cause = cause(&shared.key("correct", name));
            let moved = ledger::correct(conn, *user, CURRENCY, Amount(*amount), &cause, None);
            let moved = moved.await?;
            Ok(Done::one(
                moved,
                Line::house(cause.idem_key, *user, *amount, "corrections"),
            ))
        }
        Act::Order { user, amount, name } => order(conn, *user, *amount, *name, shared).await,
        Act::Deliver { nth, percent } => match Shared::nth(&shared.holds, *nth) {
            Some(held) => {
                let part = (held.amount * percent / 100).max(1);
                resolve(conn, &held, part).await
            }
            None => Ok(Done::default()),
        },
        Act::Fail { nth } => match Shared::nth(&shared.holds, *nth) {
            Some(held) => resolve(conn, &held, 0).await,
            None => Ok(Done::default()),
        },
        Act::AskRefund { charge } => ask_refund(conn, *charge, shared).await,
        Act::EndRefund { nth, is_done } => match Shared::nth(&shared.refunds, *nth) {
            Some(asked) => end_refund(conn, &asked, *is_done).await,
            None => Ok(Done::default()),
        },
        Act::GivenBack { charge } => given_back(conn, *charge, shared).await,
    }
}

async fn top_up(
    conn: &mut PgConnection,
    charge: u64,
    shared: &Shared,
) -> Result<Done, LedgerError> {
    let (nth, stars) = acts::charge(charge);
    let (user, amount) = (shared.user(nth), stars * RATE);
    let charge_id = shared.key("charge", charge);
    let cause = cause(&format!("stars:{charge_id}"));
    let payment = NewPayment {
        charge_id: &charge_id,
        short_id: &cause.id.to_string(),
        invoice_id: None,
        user_id: user,
        stars,
        amount: Amount(amount),
        currency: CURRENCY,
        transfer_id: cause.id,
        found_by: FoundBy::Update,
    };
    if !stars::add_payment(conn, &payment, None).await? {
        return Ok(Done::before(cause.idem_key));
    }
    let moved = ledger::top_up(conn, user, CURRENCY, Amount(amount), &cause, None).await?;
    assert!(moved, "a new payment, and its key is used");
    Ok(Done::one(
        moved,
        Line::house(cause.idem_key, user, amount, "stars"),
    ))
}

async fn order(
    conn: &mut PgConnection,
    user: i64,
    amount: i64,
    name: u64,
    shared: &Shared,
) -> Result<Done, LedgerError> {
    let key = shared.key("hold", name);
    let cause = cause(&key);
    let reference = Uuid::from_u128((u128::from(shared.seed) << 32) | u128::from(name));
    let hold = ledger::hold(
        conn,
        user,
        CURRENCY,
        Amount(amount),
        reference,
        &cause,
        None,
    )
    .await?;
    if hold.id != cause.id {
        return Ok(Done::before(key));
    }
    let held = Held {
        id: hold.id,
        key: key.clone(),
        user,
        amount,
    };
    Ok(Done {
        lines: vec![Line::hold(key, user, amount)],
        held: Some(held),
        ..Done::default()
    })
}

async fn resolve(conn: &mut PgConnection, held: &Held, part: i64) -> Result<Done, LedgerError> {
    let resolved = if part == 0 {
        ledger::release(
            conn,
            held.id,
            &cause(&format!("release:{}", held.key)),
            None,
        )
        .await?
    } else {
        let cause = cause(&format!("capture:{}", held.key));
        ledger::capture(conn, held.id, Amount(part), &cause, None).await?
    };
    let line = Line::resolution(held.id, held.user, held.amount, part);
    Ok(Done::one(resolved == Resolved::Now, line))
}

async fn ask_refund(
    conn: &mut PgConnection,
    charge: u64,
    shared: &Shared,
) -> Result<Done, LedgerError> {
    let charge_id = shared.key("charge", charge);
    let Some(payment) = stars::payment(conn, &charge_id).await? else {
        return Ok(Done::default());
    };
    if stars::live_refund(conn, &charge_id).await?.is_some() {
        return Ok(Done::default());
    }
    let refund = new_refund(&charge_id, payment.amount, Amount(0), Some(9));
    let cause = cause(&format!("stars-refund:{}", refund.id));
    let (user, amount) = (payment.user_id, payment.amount);
    ledger::take_back(conn, user, CURRENCY, amount, &cause, None).await?;
    assert!(
        stars::add_refund(conn, &refund, None).await?,
        "a second refund"
    );
    Ok(Done {
        lines: vec![Line::house(cause.idem_key, user, -amount.0, "stars")],
        asked: Some(Asked {
            id: refund.id,
            user,
            amount: amount.0,
        }),
        ..Done::default()
    })
}

async fn end_refund(
    conn: &mut PgConnection,
    asked: &Asked,
    is_done: bool,
) -> Result<Done, LedgerError> {
    let ended = if is_done { Ended::Done } else { Ended::Refused };
    if !stars::finish_refund(conn, asked.id, ended, None, None).await? || is_done {
        return Ok(Done::default());
    }
    let cause = cause(&format!("stars-refund-undone:{}", asked.id));
    let amount = Amount(asked.amount);
    let moved = ledger::undo_take_back(conn, asked.user, CURRENCY, amount, &cause, None).await?;
    Ok(Done::one(
        moved,
        Line::house(cause.idem_key, asked.user, asked.amount, "stars"),
    ))
}

/// What the wallet does not cover any more is lost.
async fn given_back(
    conn: &mut PgConnection,
    charge: u64,
    shared: &Shared,
) -> Result<Done, LedgerError> {
    let charge_id = shared.key("charge", charge);
    let Some(payment) = stars::payment(conn, &charge_id).await? else {
        return Ok(Done::default());
    };
    if let Some(refund) = stars::live_refund(conn, &charge_id).await? {
        stars::finish_refund(conn, refund.id, Ended::Done, None, None).await?;
        return Ok(Done::default());
    }
    let user = payment.user_id;
    let has = ledger::wallet_locked(conn, user, CURRENCY).await?;
    let taken = payment.amount.0.min(has.available.0);
    let lost = payment.amount.0 - taken;
    let refund = new_refund(&charge_id, Amount(taken), Amount(lost), None);
    assert!(
        stars::add_refund(conn, &refund, None).await?,
        "a second refund"
    );
    let mut lines = Vec::new();
    if taken > 0 {
        let cause = cause(&format!("stars-refund:{}", refund.id));
        ledger::take_back(conn, user, CURRENCY, Amount(taken), &cause, None).await?;
        lines.push(Line::house(cause.idem_key, user, -taken, "stars"));
    }
    if lost > 0 {
        let cause = cause(&format!("stars-loss:{}", refund.id));
        ledger::write_off(conn, CURRENCY, Amount(lost), &cause, None).await?;
        lines.push(Line::write_off(cause.idem_key, lost));
    }
    Ok(Done {
        lines,
        ..Done::default()
    })
}

fn new_refund(
    charge_id: &str,
    taken: Amount,
    lost: Amount,
    admin_id: Option<i64>,
) -> NewRefund<'_> {
    NewRefund {
        id: id(),
        charge_id,
        taken,
        lost,
        admin_id,
        correlation: id(),
    }
}
