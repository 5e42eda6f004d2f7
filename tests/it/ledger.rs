//! The ledger against a model, and under concurrency.

use std::collections::HashMap;

use bulwark::base::ids::Ids;
use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, AuditReport, Cause, Finding, LedgerError, Payee, Resolved};
use proptest::prelude::*;
use sqlx::PgPool;
use uuid::Uuid;

use crate::database;
use crate::ledger_wallets::tip;

pub const CURRENCY: &str = "USD";

pub fn id() -> Uuid {
    static IDS: std::sync::LazyLock<Ids> = std::sync::LazyLock::new(Ids::random);
    IDS.uuid()
}

pub fn cause(key: impl Into<String>) -> Cause {
    Cause {
        id: id(),
        idem_key: key.into(),
        note: "test".into(),
        by_admin: None,
        correlation: id(),
    }
}

/// What a random user of the ledger does. Small numbers, so that keys, users and holds meet again.
#[derive(Clone, Debug)]
enum Act {
    Grant {
        user: i64,
        amount: i64,
        key: u8,
    },
    Correct {
        user: i64,
        amount: i64,
        key: u8,
    },
    Hold {
        user: i64,
        amount: i64,
        key: u8,
    },
    Capture {
        hold: u8,
        amount: i64,
    },
    Release {
        hold: u8,
    },
    Tip {
        from: i64,
        to: i64,
        amount: i64,
        key: u8,
    },
    CaptureTo {
        hold: u8,
        to: i64,
        amount: i64,
    },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let user = 1_i64..4;
    let act = prop_oneof![
        (user.clone(), -5_i64..60, 0_u8..12).prop_map(|(user, amount, key)| Act::Grant {
            user,
            amount,
            key
        }),
        (user.clone(), -40_i64..40, 0_u8..8).prop_map(|(user, amount, key)| Act::Correct {
            user,
            amount,
            key
        }),
        (user.clone(), 0_i64..50, 0_u8..12).prop_map(|(user, amount, key)| Act::Hold {
            user,
            amount,
            key
        }),
        (user.clone(), user.clone(), -1_i64..40, 0_u8..8).prop_map(|(from, to, amount, key)| {
            Act::Tip {
                from,
                to,
                amount,
                key,
            }
        }),
        (0_u8..12, user, 1_i64..60).prop_map(|(hold, to, amount)| Act::CaptureTo {
            hold,
            to,
            amount
        }),
        (0_u8..12, 0_i64..60).prop_map(|(hold, amount)| Act::Capture { hold, amount }),
        (0_u8..12).prop_map(|hold| Act::Release { hold }),
    ];
    prop::collection::vec(act, 1..40)
}

/// The books in memory.
#[derive(Default)]
struct Model {
    wallets: HashMap<i64, (i64, i64)>,
    /// By idempotency key: what it did.
    moved: HashMap<String, (i64, i64)>,
    /// By key: from whom to whom, and how much.
    tipped: HashMap<u8, (i64, i64, i64)>,
    /// By key: user, amount, and how much was captured once it is resolved.
    holds: HashMap<u8, (i64, i64, Option<i64>)>,
    revenue: i64,
}

/// What a call should say, in a word.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    Done,
    Before,
    Insufficient,
    Reused,
    Otherwise,
    NoHold,
    BadAmount,
    NoWay,
    AtTheSameTime,
}

impl Model {
    fn house(&mut self, key: String, user: i64, amount: i64) -> Said {
        if amount == 0 {
            return Said::BadAmount;
        }
        if let Some(before) = self.moved.get(&key) {
            return if *before == (user, amount) {
                Said::Before
            } else {
                Said::Reused
            };
        }
        let wallet = self.wallets.entry(user).or_default();
        if wallet.0 + amount < 0 {
            return Said::Insufficient;
        }
        wallet.0 += amount;
        self.moved.insert(key, (user, amount));
        Said::Done
    }

    fn hold(&mut self, key: u8, user: i64, amount: i64) -> Said {
        if amount <= 0 {
            return Said::BadAmount;
        }
        if let Some((owner, held, _)) = self.holds.get(&key) {
            return if (*owner, *held) == (user, amount) {
                Said::Done
            } else {
                Said::Reused
            };
        }
        let wallet = self.wallets.entry(user).or_default();
        if wallet.0 < amount {
            return Said::Insufficient;
        }
        *wallet = (wallet.0 - amount, wallet.1 + amount);
        self.holds.insert(key, (user, amount, None));
        Said::Done
    }

    fn tip(&mut self, key: u8, (from, to, amount): (i64, i64, i64)) -> Said {
        if amount <= 0 {
            return Said::BadAmount;
        }
        if from == to {
            return Said::NoWay;
        }
        if let Some(before) = self.tipped.get(&key) {
            return if *before == (from, to, amount) {
                Said::Before
            } else {
                Said::Reused
            };
        }
        if self.wallets.entry(from).or_default().0 < amount {
            return Said::Insufficient;
        }
        self.wallets.entry(from).or_default().0 -= amount;
        self.wallets.entry(to).or_default().0 += amount;
        self.tipped.insert(key, (from, to, amount));
        Said::Done
    }

    fn resolve(&mut self, key: u8, captured: i64, to: Option<i64>) -> Said {
        if let (Some((user, ..)), Some(to)) = (self.holds.get(&key), to)
            && *user == to
        {
            return Said::NoWay;
        }
        let Some((user, amount, resolved)) = self.holds.get_mut(&key) else {
            return Said::NoHold;
        };
        match *resolved {
            Some(before) if before == captured => return Said::Before,
            Some(_) => return Said::Otherwise,
            None if captured > *amount => return Said::BadAmount,
            None => {}
        }
        *resolved = Some(captured);
        let wallet = self.wallets.entry(*user).or_default();
        *wallet = (wallet.0 + *amount - captured, wallet.1 - *amount);
        match to {
            Some(to) => self.wallets.entry(to).or_default().0 += captured,
            None => self.revenue += captured,
        }
        Said::Done
    }
}

pub fn said<T>(result: Result<T, LedgerError>, done: impl FnOnce(T) -> Said) -> Said {
    match result {
        Ok(value) => done(value),
        Err(LedgerError::Insufficient { missing, .. }) => {
            assert!(missing > Amount::ZERO);
            Said::Insufficient
        }
        Err(LedgerError::KeyReused(_)) => Said::Reused,
        Err(LedgerError::ResolvedOtherwise(_)) => Said::Otherwise,
        Err(LedgerError::NoSuchHold(_)) => Said::NoHold,
        Err(LedgerError::BadAmount(_)) => Said::BadAmount,
        Err(LedgerError::NoWay) => Said::NoWay,
        Err(LedgerError::AtTheSameTime(_)) => Said::AtTheSameTime,
        Err(error @ (LedgerError::Corrupt(_) | LedgerError::Database(_))) => panic!("{error}"),
    }
}

pub fn resolved(resolved: Resolved) -> Said {
    match resolved {
        Resolved::Now => Said::Done,
        Resolved::Before => Said::Before,
    }
}

fn moved(now: bool) -> Said {
    if now { Said::Done } else { Said::Before }
}

async fn perform(pool: &PgPool, act: &Act, holds: &HashMap<u8, Uuid>) -> (Said, Option<Uuid>) {
    let mut tx = pool.begin().await.unwrap();
    let mut made = None;
    let answer = match act {
        Act::Grant { user, amount, key } => {
            let cause = cause(format!("grant:{key}"));
            said(
                ledger::grant(&mut tx, *user, CURRENCY, Amount(*amount), &cause, None).await,
                moved,
            )
        }
        Act::Correct { user, amount, key } => {
            let cause = cause(format!("correct:{key}"));
            said(
                ledger::correct(&mut tx, *user, CURRENCY, Amount(*amount), &cause, None).await,
                moved,
            )
        }
        Act::Hold { user, amount, key } => {
            let reference = Uuid::from_u128(u128::from(*key) + 1);
            let cause = cause(format!("hold:{key}"));
            let held = ledger::hold(
                &mut tx,
                *user,
                CURRENCY,
                Amount(*amount),
                reference,
                &cause,
                None,
            )
            .await;
            said(held, |hold| {
                made = Some(hold.id);
                Said::Done
            })
        }
        Act::Capture { hold, amount } => {
            let id = holds.get(hold).copied().unwrap_or_default();
            let cause = cause(format!("capture:{hold}"));
            said(
                ledger::capture(&mut tx, id, Amount(*amount), &cause, None).await,
                resolved,
            )
        }
        Act::Tip {
            from,
            to,
            amount,
            key,
        } => {
            let cause = cause(format!("tip:{key}"));
            let movement = tip(*from, *to, *amount);
            said(
                ledger::transfer(&mut tx, &movement, &cause, None).await,
                moved,
            )
        }
        Act::CaptureTo { hold, to, amount } => {
            let id = holds.get(hold).copied().unwrap_or_default();
            let cause = cause(format!("capture:{hold}"));
            let (amount, to) = (Amount(*amount), Payee::User(*to));
            said(
                ledger::capture_to(&mut tx, id, amount, to, &cause, None).await,
                resolved,
            )
        }
        Act::Release { hold } => {
            let id = holds.get(hold).copied().unwrap_or_default();
            said(
                ledger::release(&mut tx, id, &cause(format!("release:{hold}")), None).await,
                resolved,
            )
        }
    };
    match answer {
        Said::Done | Said::Before => tx.commit().await.unwrap(),
        _ => tx.rollback().await.unwrap(),
    }
    (answer, made)
}

fn expected(model: &mut Model, act: &Act) -> Said {
    match act {
        Act::Grant { amount, .. } if *amount <= 0 => Said::BadAmount,
        Act::Grant { user, amount, key } => model.house(format!("grant:{key}"), *user, *amount),
        Act::Correct { user, amount, key } => model.house(format!("correct:{key}"), *user, *amount),
        Act::Hold { user, amount, key } => model.hold(*key, *user, *amount),
        Act::Capture { amount: 0, .. } => Said::BadAmount,
        Act::Capture { hold, amount } => model.resolve(*hold, *amount, None),
        Act::Release { hold } => model.resolve(*hold, 0, None),
        Act::CaptureTo { hold, to, amount } => model.resolve(*hold, *amount, Some(*to)),
        Act::Tip {
            from,
            to,
            amount,
            key,
        } => model.tip(*key, (*from, *to, *amount)),
    }
}

/// Findings of the audit that are about the ledger alone: these tests have no jobs.
pub async fn findings(pool: &PgPool) -> Vec<Finding> {
    let mut conn = pool.acquire().await.unwrap();
    let report = AuditReport::make(&mut conn).await.unwrap();
    report
        .findings
        .into_iter()
        .filter(|finding| !finding.check.contains("live job"))
        .collect()
}

async fn check_run(pool: &PgPool, acts: &[Act]) {
    let (mut model, mut holds) = (Model::default(), HashMap::new());
    for act in acts {
        let (answer, made) = perform(pool, act, &holds).await;
        assert_eq!(answer, expected(&mut model, act), "{act:?}");
        if let (Some(id), Act::Hold { key, .. }) = (made, act) {
            holds.insert(*key, id);
        }
    }
    let mut conn = pool.acquire().await.unwrap();
    for (user, (available, held)) in &model.wallets {
        let wallet = ledger::wallet(&mut conn, *user, CURRENCY).await.unwrap();
        assert_eq!(
            (wallet.available.0, wallet.held.0),
            (*available, *held),
            "user {user}"
        );
    }
    assert_eq!(findings(pool).await, []);
}

#[test]
fn random_histories_agree_with_the_model() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(acts in acts())| {
        runtime.block_on(async {
            let pool = database::fresh_pool().await;
            check_run(&pool, &acts).await;
            pool.close().await;
        });
    });
}
