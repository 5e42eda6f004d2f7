//! Two hundred at once: nothing is paid, released or spent twice.

use bulwark::base::money::Amount;
use bulwark::catalog::Catalog;
use bulwark::config::Providers;
use bulwark::engine::ledger::{self, LedgerError, Purpose, WalletKey};
use bulwark::engine::withdrawals::{self, Details, New, State};
use bulwark::features::cx::{Env, GrantRules};
use bulwark::features::withdrawals::{Actor, Step, Stepped, step};
use sqlx::PgPool;
use std::sync::Arc;

use super::OFFER;
use crate::ledger::{CURRENCY, cause, findings, id};
use crate::{database, grants};

const USER: i64 = 7;

fn env() -> Arc<Env> {
    let catalog = Catalog::shipped_with(OFFER, Providers::NAMES).expect("the catalogue");
    grants::env(catalog, GrantRules::default())
}

/// A user with so much, and nothing else.
async fn rich(amount: i64) -> PgPool {
    let pool = database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    ledger::grant(
        &mut conn,
        USER,
        CURRENCY,
        Amount(amount),
        &cause("start"),
        None,
    )
    .await
    .unwrap();
    drop(conn);
    pool
}

/// A request for `amount` with its hold, in one transaction. False: there is not enough.
async fn request(pool: &PgPool, env: &Env, amount: i64, short_id: &str) -> bool {
    let mut tx = pool.begin().await.unwrap();
    let id = id();
    let new = New {
        id,
        short_id,
        user_id: USER,
        wallet_kind: "wallet",
        method: "bank",
        amount: Amount(amount),
        fee: Amount(5),
        currency: CURRENCY,
        details: &Details::default(),
        message_ref: env.ids.uuid(),
        correlation: id,
    };
    withdrawals::add(&mut tx, &new, None).await.unwrap();
    let key = cause(format!("hold:withdrawal:{id}"));
    let wallet = WalletKey::main(USER, CURRENCY);
    let paid = (Purpose::Payout, id);
    match ledger::hold_for(&mut tx, wallet, Amount(amount), paid, &key, None).await {
        Ok(_) => {
            tx.commit().await.unwrap();
            true
        }
        Err(LedgerError::Insufficient { .. }) => {
            tx.rollback().await.unwrap();
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// A step in a transaction of its own, as an update or a command makes it.
async fn step_once(pool: &PgPool, env: &Env, asked: Step<'_>, admin: i64) -> Stepped {
    let mut tx = pool.begin().await.unwrap();
    let by = Actor::Admin(admin);
    let stepped = step(&mut tx, env, "w", asked, &by, env.ids.uuid()).await;
    tx.commit().await.unwrap();
    stepped.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_withdrawals_of_one_wallet_take_what_is_there_and_no_more() {
    let (pool, env) = (rich(1_000).await, env());
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let (pool, env) = (pool.clone(), Arc::clone(&env));
        tasks.spawn(async move { request(&pool, &env, 30, &format!("w{n}")).await });
    }
    let held = tasks.join_all().await.into_iter().filter(|held| *held);
    assert_eq!(held.count(), 33);
    let mut conn = pool.acquire().await.unwrap();
    let wallet = ledger::wallet(&mut conn, USER, CURRENCY).await.unwrap();
    assert_eq!((wallet.available.0, wallet.held.0), (10, 990));
    assert_eq!(findings(&pool).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_admins_who_say_it_was_paid_pay_it_once() {
    let (pool, env) = (rich(100).await, env());
    assert!(request(&pool, &env, 80, "w").await);
    let approved = step_once(&pool, &env, Step::Approve, 900).await;
    assert!(matches!(approved, Stepped::Now(_)));
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let (pool, env) = (pool.clone(), Arc::clone(&env));
        tasks.spawn(async move {
            let reference = format!("SEPA-{n}");
            let asked = Step::Paid {
                reference: &reference,
            };
            matches!(
                step_once(&pool, &env, asked, 900 + n).await,
                Stepped::Now(_)
            )
        });
    }
    let paid = tasks.join_all().await.into_iter().filter(|paid| *paid);
    assert_eq!(paid.count(), 1);
    let mut conn = pool.acquire().await.unwrap();
    let wallet = ledger::wallet(&mut conn, USER, CURRENCY).await.unwrap();
    assert_eq!((wallet.available.0, wallet.held.0), (20, 0));
    assert_eq!(findings(&pool).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn paying_rejecting_and_cancelling_at_once_resolve_the_hold_once() {
    for round in 0..5 {
        let (pool, env) = (rich(100).await, env());
        assert!(request(&pool, &env, 80, "w").await);
        if round % 2 == 0 {
            step_once(&pool, &env, Step::Approve, 900).await;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..200_i64 {
            let (pool, env) = (pool.clone(), Arc::clone(&env));
            tasks.spawn(async move {
                let asked = match n % 4 {
                    0 => Step::Approve,
                    1 => Step::Reject { reason: "no" },
                    2 => Step::Paid { reference: "S" },
                    _ => Step::Cancel,
                };
                let stepped = step_once(&pool, &env, asked, 900 + n).await;
                matches!(stepped, Stepped::Now(one) if one.state.is_end())
            });
        }
        let ended = tasks.join_all().await.into_iter().filter(|ended| *ended);
        assert_eq!(ended.count(), 1);
        let mut conn = pool.acquire().await.unwrap();
        let one = withdrawals::find(&mut conn, "w").await.unwrap().unwrap();
        let wallet = ledger::wallet(&mut conn, USER, CURRENCY).await.unwrap();
        let expected = if one.state == State::Paid { 20 } else { 100 };
        assert_eq!((wallet.available.0, wallet.held.0), (expected, 0));
        assert_eq!(findings(&pool).await, []);
    }
}

#[tokio::test]
async fn nobody_rewrites_a_withdrawal() {
    use sqlx::Executor as _;
    let (pool, env) = (rich(100).await, env());
    assert!(request(&pool, &env, 80, "w").await);
    let wrong = [
        "update withdrawal set amount = 1",
        "update withdrawal set user_id = 8",
        "update withdrawal set details = '{\"iban\":\"mine\"}'",
        "update withdrawal set state = 'paid', external_ref = 'x', ended_at = now()",
        "update withdrawal set state = 'rejected', ended_at = now()",
        "delete from withdrawal",
        "truncate withdrawal",
    ];
    for statement in wrong {
        assert!(pool.execute(statement).await.is_err(), "{statement}");
    }
    step_once(&pool, &env, Step::Reject { reason: "no" }, 900).await;
    for statement in [
        "update withdrawal set state = 'requested', ended_at = null, reason = null",
        "update withdrawal set state = 'approved', ended_at = null, reason = null",
        "update withdrawal set reason = 'another'",
    ] {
        assert!(pool.execute(statement).await.is_err(), "{statement}");
    }
}
