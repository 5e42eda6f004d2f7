//! The ledger under concurrency, and against those who would rewrite it.

use std::collections::HashMap;
use std::sync::Arc;

use bulwark::base::money::Amount;
use bulwark::engine::ledger;
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
    ] {
        assert!(conn.execute(statement).await.is_err(), "{statement}");
    }
}
