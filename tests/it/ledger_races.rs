//! The ledger under concurrency, and against those who would rewrite it.

use std::collections::HashMap;
use std::sync::Arc;

use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, LedgerError};
use bulwark::engine::stars::{self, FoundBy, NewPayment, NewRefund};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::database;
use crate::ledger::{CURRENCY, Said, cause, findings, id, resolved, said};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_overspenders_get_what_is_there_and_no_more() {
    let pool = database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    ledger::grant(&mut conn, 7, CURRENCY, Amount(1_000), &cause("start"), None)
        .await
        .unwrap();
    drop(conn);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200_u128 {
        let pool = pool.clone();
        tasks.spawn(async move {
            let mut tx = pool.begin().await.unwrap();
            let cause = cause(format!("hold:{n}"));
            let reference = Uuid::from_u128(n + 1);
            let held =
                ledger::hold(&mut tx, 7, CURRENCY, Amount(30), reference, &cause, None).await;
            let answer = said(held, |_| Said::Done);
            if answer == Said::Done {
                tx.commit().await.unwrap()
            } else {
                tx.rollback().await.unwrap()
            }
            answer
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(
        answers
            .iter()
            .filter(|answer| **answer == Said::Done)
            .count(),
        33
    );
    assert_eq!(
        answers
            .iter()
            .filter(|answer| **answer == Said::Insufficient)
            .count(),
        167
    );
    assert_eq!(findings(&pool).await, []);
}

/// However the money goes, it goes once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_who_spend_in_every_way_spend_what_is_there_and_no_more() {
    let pool = database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    ledger::grant(&mut conn, 7, CURRENCY, Amount(1_000), &cause("start"), None)
        .await
        .unwrap();
    drop(conn);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200_i64 {
        let pool = pool.clone();
        tasks.spawn(async move {
            let mut tx = pool.begin().await.unwrap();
            let (cause, amount) = (cause(format!("spend:{n}")), Amount(30));
            let spent = if n % 2 == 0 {
                let held = ledger::hold(&mut tx, 7, CURRENCY, amount, id(), &cause, None).await;
                said(held, |_| Said::Done)
            } else {
                let taken = ledger::correct(&mut tx, 7, CURRENCY, -amount, &cause, None).await;
                said(taken, |_| Said::Done)
            };
            if spent == Said::Done {
                tx.commit().await.unwrap();
            }
            spent == Said::Done
        });
    }
    let spent = tasks.join_all().await.into_iter().filter(|spent| *spent);
    assert_eq!(spent.count(), 33);
    let mut conn = pool.acquire().await.unwrap();
    let wallet = ledger::wallet(&mut conn, 7, CURRENCY).await.unwrap();
    assert_eq!((wallet.available, wallet.version), (Amount(10), 34));
    assert_eq!(findings(&pool).await, []);
}

/// Credits or gives back the charge, again while others use its key in the same moment. Whether it did anything.
async fn until_known(pool: PgPool, is_refund: bool) -> bool {
    loop {
        let mut tx = pool.begin().await.unwrap();
        let done = if is_refund {
            refund_charge(&mut tx).await
        } else {
            credit_charge(&mut tx).await
        };
        match done {
            Ok(is_done) => {
                tx.commit().await.unwrap();
                return is_done;
            }
            Err(LedgerError::AtTheSameTime(_)) => tx.rollback().await.unwrap(),
            Err(error) => panic!("{error}"),
        }
    }
}

async fn credit_charge(conn: &mut PgConnection) -> Result<bool, LedgerError> {
    let cause = cause("stars:charge");
    let payment = NewPayment {
        charge_id: "charge",
        short_id: &cause.id.to_string(),
        invoice_id: None,
        user_id: 7,
        stars: 50,
        amount: Amount(100),
        currency: CURRENCY,
        transfer_id: cause.id,
        found_by: FoundBy::Update,
    };
    if !stars::add_payment(conn, &payment, None).await? {
        return Ok(false);
    }
    ledger::top_up(conn, 7, CURRENCY, Amount(100), &cause, None).await
}

async fn refund_charge(conn: &mut PgConnection) -> Result<bool, LedgerError> {
    let refund = NewRefund {
        id: id(),
        charge_id: "charge",
        taken: Amount(100),
        lost: Amount::ZERO,
        admin_id: Some(9),
        correlation: id(),
    };
    if !stars::add_refund(conn, &refund, None).await? {
        return Ok(false);
    }
    let cause = cause(format!("stars-refund:{}", refund.id));
    ledger::take_back(conn, 7, CURRENCY, Amount(100), &cause, None).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_reports_of_one_charge_credit_it_once_and_two_hundred_refunds_take_it_once() {
    let pool = database::fresh_pool().await;
    for (is_refund, left) in [(false, 100), (true, 0)] {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..200 {
            tasks.spawn(until_known(pool.clone(), is_refund));
        }
        let done = tasks.join_all().await.into_iter().filter(|done| *done);
        assert_eq!(done.count(), 1);
        let mut conn = pool.acquire().await.unwrap();
        let wallet = ledger::wallet(&mut conn, 7, CURRENCY).await.unwrap();
        assert_eq!(wallet.available, Amount(left));
        assert_eq!(findings(&pool).await, []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_grants_of_all_make_one_house_account() {
    let pool = database::fresh_pool().await;
    let mut tasks = tokio::task::JoinSet::new();
    for user_id in 1..=50_i64 {
        let pool = pool.clone();
        tasks.spawn(async move {
            let mut tx = pool.begin().await.unwrap();
            let cause = cause(format!("welcome:{user_id}"));
            let granted = ledger::grant(&mut tx, user_id, CURRENCY, Amount(5), &cause, None).await;
            tx.commit().await.unwrap();
            granted.unwrap()
        });
    }
    assert_eq!(tasks.join_all().await, [true; 50]);
    assert_eq!(findings(&pool).await, []);
}

/// Many at the same moment with the same key, each until it knows whether it was the one that moved.
async fn move_once(opens: bool) -> Vec<bool> {
    let pool = database::fresh_pool().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let pool = pool.clone();
        tasks.spawn(async move {
            loop {
                let mut tx = pool.begin().await.unwrap();
                let cause = cause("once");
                let granted = if opens {
                    ledger::grant_to_new(&mut tx, 7, CURRENCY, Amount(5), &cause, None).await
                } else {
                    ledger::grant(&mut tx, 7, CURRENCY, Amount(5), &cause, None).await
                };
                match granted {
                    Ok(moved) => {
                        tx.commit().await.unwrap();
                        return moved;
                    }
                    Err(LedgerError::AtTheSameTime(key)) => assert_eq!(key, "once"),
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    let moved = tasks.join_all().await;
    let mut conn = pool.acquire().await.unwrap();
    let wallet = ledger::wallet(&mut conn, 7, CURRENCY).await.unwrap();
    assert_eq!((wallet.available, wallet.version), (Amount(5), 1));
    assert_eq!(findings(&pool).await, []);
    moved
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_movements_of_one_key_at_once_move_once() {
    for opens in [false, true] {
        let moved = move_once(opens).await;
        assert_eq!(moved.iter().filter(|moved| **moved).count(), 1);
    }
}

#[tokio::test]
async fn a_wallet_that_is_there_gets_its_first_grant_all_the_same() {
    let pool = database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    ledger::wallet(&mut conn, 7, CURRENCY).await.unwrap();
    for (key, moves) in [("a", true), ("a", false), ("b", true)] {
        let cause = cause(key);
        let moved = ledger::grant_to_new(&mut conn, 7, CURRENCY, Amount(5), &cause, None).await;
        assert_eq!(moved.unwrap(), moves, "{key}");
    }
    // Another user with a key that is used: nothing moves, no wallet is opened with money in it.
    let used = ledger::grant_to_new(&mut conn, 8, CURRENCY, Amount(5), &cause("a"), None).await;
    assert!(matches!(used, Err(LedgerError::KeyReused(_))), "{used:?}");
    let other = ledger::wallet(&mut conn, 8, CURRENCY).await.unwrap();
    assert_eq!((other.available, other.version), (Amount(0), 0));
    assert_eq!(findings(&pool).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_resolvers_resolve_a_hold_once() {
    let pool = database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    ledger::grant(&mut conn, 7, CURRENCY, Amount(100), &cause("start"), None)
        .await
        .unwrap();
    let hold = ledger::hold(
        &mut conn,
        7,
        CURRENCY,
        Amount(100),
        id(),
        &cause("hold"),
        None,
    )
    .await
    .unwrap();
    drop(conn);
    let counts = Arc::new(std::sync::Mutex::new(HashMap::<String, u32>::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let (pool, counts) = (pool.clone(), Arc::clone(&counts));
        tasks.spawn(async move {
            let mut tx = pool.begin().await.unwrap();
            let answer = if n % 2 == 0 {
                said(
                    ledger::capture(&mut tx, hold.id, Amount(100), &cause("capture"), None).await,
                    resolved,
                )
            } else {
                said(
                    ledger::release(&mut tx, hold.id, &cause("release"), None).await,
                    resolved,
                )
            };
            if matches!(answer, Said::Done | Said::Before) {
                tx.commit().await.unwrap()
            } else {
                tx.rollback().await.unwrap()
            }
            *counts
                .lock()
                .unwrap()
                .entry(format!("{answer:?}"))
                .or_default() += 1;
        });
    }
    tasks.join_all().await;
    let counts = counts.lock().unwrap().clone();
    assert_eq!(counts.get("Done"), Some(&1), "{counts:?}");
    assert_eq!(counts.get("Before"), Some(&99), "{counts:?}");
    assert_eq!(counts.get("Otherwise"), Some(&100), "{counts:?}");
    assert_eq!(findings(&pool).await, []);
}

/// Holds of one wallet, made and resolved at the same time by many: each once, and the sum is right to the cent.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_holds_of_one_wallet_are_resolved_side_by_side() {
    let pool = database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    ledger::grant(&mut conn, 7, CURRENCY, Amount(6_000), &cause("start"), None)
        .await
        .unwrap();
    drop(conn);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..120_i64 {
        let pool = pool.clone();
        tasks.spawn(async move {
            let mut tx = pool.begin().await.unwrap();
            let key = cause(format!("hold:{n}"));
            let hold = ledger::hold(&mut tx, 7, CURRENCY, Amount(50), id(), &key, None);
            let hold = hold.await.unwrap();
            tx.commit().await.unwrap();
            for _ in 0..2 {
                let mut tx = pool.begin().await.unwrap();
                let key = cause(format!("end:{n}"));
                match n % 3 {
                    0 => ledger::release(&mut tx, hold.id, &key, None).await,
                    part => ledger::capture(&mut tx, hold.id, Amount(part * 25), &key, None).await,
                }
                .unwrap();
                tx.commit().await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let mut conn = pool.acquire().await.unwrap();
    let wallet = ledger::wallet(&mut conn, 7, CURRENCY).await.unwrap();
    // A third gives all back, a third half of it.
    assert_eq!((wallet.available.0, wallet.held.0), (3_000, 0));
    assert_eq!(wallet.version, 241);
    assert_eq!(findings(&pool).await, []);
}

#[tokio::test]
async fn nobody_rewrites_the_books() {
    use sqlx::Executor as _;
    let pool = database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    ledger::grant(&mut conn, 7, CURRENCY, Amount(100), &cause("start"), None)
        .await
        .unwrap();
    for statement in [
        "update transfer set amount = 1",
        "delete from transfer",
        "truncate transfer, hold_resolution",
        "update account set guarded = false",
        "update account set available = -1 where guarded",
        "update account set available = 1 where not guarded",
        "update account set version = 1 where not guarded",
        "delete from account",
        "insert into account (kind, owner_id, currency, guarded) values ('treasure', 0, 'USD', false)",
        "insert into account (kind, owner_id, currency, guarded) values ('wallet', 8, 'USD', false)",
        "insert into account (kind, owner_id, currency, guarded) values ('wallet', 0, 'USD', true)",
        "insert into account (kind, owner_id, currency, guarded) values ('grants', 8, 'USD', false)",
    ] {
        assert!(conn.execute(statement).await.is_err(), "{statement}");
    }
}
