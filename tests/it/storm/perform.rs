//! Acts over the real functions of the ledger, each in a transaction of its own, as the features put them together.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, Cause, LedgerError};
use bulwark::engine::withdrawals::State;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::acts::{self, Act};
use super::books::{Heard, Line, Wallet, wallet};
use super::money_in::{self, Source};
use super::money_out;
use super::orders;
use crate::ledger::CURRENCY;

/// A key that is used in the same moment is tried again so often.
const TRIES: usize = 50;

/// What the tasks of a run know of each other's acts.
pub struct Shared {
    pub seed: u64,
    holds: Mutex<Vec<Held>>,
    paid: Mutex<Vec<Held>>,
    refunds: Mutex<Vec<Asked>>,
}

/// Money that is set aside.
#[derive(Clone, Debug)]
pub struct Held {
    pub id: Uuid,
    pub key: String,
    pub user: i64,
    pub amount: i64,
    pub purpose: For,
}

/// What it is set aside for.
#[derive(Clone, Copy, Debug)]
pub enum For {
    Order {
        order: Uuid,
        name: u64,
    },
    /// For whom.
    Tip(i64),
    Payout(Uuid),
}

/// A refund that a processor was asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub id: Uuid,
    pub source: Source,
    pub charge_id: String,
    pub user: i64,
    pub amount: i64,
}

impl Shared {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            holds: Mutex::default(),
            paid: Mutex::default(),
            refunds: Mutex::default(),
        }
    }

    /// The `nth` user of this run.
    pub fn user(&self, nth: i64) -> i64 {
        i64::try_from(self.seed).unwrap_or(0) * 10 + nth + 1
    }

    /// Ends everything that may still be open: what has ended does not end again.
    pub fn what_is_left(&self) -> Vec<Act> {
        let count = lock(&self.holds).len();
        (0..count).map(|nth| Act::Fail { nth }).collect()
    }

    /// A key of this run.
    pub fn key(&self, what: &str, name: impl std::fmt::Display) -> String {
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
pub struct Done {
    pub lines: Vec<Line>,
    /// A row that was there already.
    pub before: Option<String>,
    pub held: Option<Held>,
    /// An order that was paid.
    pub paid: Option<Held>,
    pub asked: Option<Asked>,
}

impl Done {
    pub fn before(key: impl Into<String>) -> Self {
        Self {
            before: Some(key.into()),
            ..Self::default()
        }
    }

    pub fn one(is_moved: bool, line: Line) -> Self {
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
                lock(&shared.paid).extend(done.paid);
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
                            wallet: payer(act, shared),
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
fn payer(act: &Act, shared: &Shared) -> Wallet {
    let user = match act {
        Act::Own {
            user,
            to_main: true,
            ..
        } => return wallet("affiliate", *user),
        Act::Own { user, .. } => *user,
        Act::Grant { user, .. }
        | Act::Correct { user, .. }
        | Act::Order { user, .. }
        | Act::Withdraw { user, .. } => *user,
        Act::Tip { from, .. } => *from,
        Act::TopUp { charge, .. }
        | Act::AskRefund { charge, .. }
        | Act::GivenBack { charge, .. } => shared.user(acts::charge(*charge).0),
        Act::Deliver { .. }
        | Act::Fail { .. }
        | Act::PayBack { .. }
        | Act::EndRefund { .. }
        | Act::Approve { .. } => {
            panic!("{act:?} takes nothing that can be missing")
        }
    };
    wallet("wallet", user)
}

/// The cause of a movement with this key.
pub fn cause(key: &str) -> Cause {
    crate::ledger::cause(key)
}

async fn attempt(conn: &mut PgConnection, act: &Act, shared: &Shared) -> Result<Done, LedgerError> {
    match act {
        Act::TopUp { source, charge } => money_in::top_up(conn, *source, *charge, shared).await,
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
        Act::Order { user, amount, name } => {
            orders::confirm(conn, *user, *amount, *name, shared).await
        }
        Act::Deliver { nth, percent } => match Shared::nth(&shared.holds, *nth) {
            Some(held) => deliver(conn, &held, *percent).await,
            None => Ok(Done::default()),
        },
        Act::Fail { nth } => match Shared::nth(&shared.holds, *nth) {
            Some(held) => fail(conn, &held).await,
            None => Ok(Done::default()),
        },
        Act::PayBack { nth, percent } => match Shared::nth(&shared.paid, *nth) {
            Some(held) => match held.purpose {
                For::Order { order, .. } => orders::pay_back(conn, &held, order, *percent).await,
                For::Tip(..) | For::Payout(_) => Ok(Done::default()),
            },
            None => Ok(Done::default()),
        },
        Act::AskRefund { source, charge } => {
            money_in::ask_refund(conn, *source, *charge, shared).await
        }
        Act::EndRefund { nth, is_done } => match Shared::nth(&shared.refunds, *nth) {
            Some(asked) => money_in::end_refund(conn, &asked, *is_done).await,
            None => Ok(Done::default()),
        },
        Act::GivenBack { source, charge } => {
            money_in::given_back(conn, *source, *charge, shared).await
        }
        Act::Tip {
            from,
            to,
            amount,
            is_later,
            name,
        } => {
            let key = shared.key("tip", name);
            money_out::tip(conn, (*from, *to), *amount, *is_later, key).await
        }
        Act::Own {
            user,
            amount,
            to_main,
            name,
        } => money_out::own(conn, (*user, *to_main), *amount, shared.key("own", name)).await,
        Act::Withdraw { user, amount } => money_out::withdraw(conn, *user, *amount + 1).await,
        Act::Approve { nth } => match Shared::nth(&shared.holds, *nth) {
            Some(held) => match held.purpose {
                For::Payout(id) => money_out::step(conn, &held, id, State::Approved).await,
                For::Order { .. } | For::Tip(..) => Ok(Done::default()),
            },
            None => Ok(Done::default()),
        },
    }
}

async fn deliver(conn: &mut PgConnection, held: &Held, percent: i64) -> Result<Done, LedgerError> {
    match held.purpose {
        For::Order { order, name } => orders::deliver(conn, held, (order, name), percent).await,
        For::Tip(to) => money_out::end_tip(conn, held, to, true).await,
        For::Payout(id) => money_out::step(conn, held, id, State::Paid).await,
    }
}

async fn fail(conn: &mut PgConnection, held: &Held) -> Result<Done, LedgerError> {
    match held.purpose {
        For::Order { .. } => orders::fail(conn, held).await,
        For::Tip(to) => money_out::end_tip(conn, held, to, false).await,
        For::Payout(id) => money_out::step(conn, held, id, State::Rejected).await,
    }
}
