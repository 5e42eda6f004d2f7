//! Movements between wallets: no overdraft, no deadlock, each version the next, whoever moves at the same moment.

use bulwark::base::money::Amount;
use bulwark::engine::ledger::{
    self, House, HouseMove, LedgerError, Payee, Purpose, Transfer, TransferKind, Wallet, WalletKey,
    WalletKind,
};
use sqlx::PgPool;

use crate::database;
use crate::ledger::{CURRENCY, Said, cause, findings, id, said};

/// A movement from one user to another; of a kind that needs no row elsewhere.
pub fn tip(from: i64, to: i64, amount: i64) -> Transfer<'static> {
    Transfer {
        kind: TransferKind::Own,
        from: WalletKey::main(from, CURRENCY),
        to: WalletKey::main(to, CURRENCY),
        amount: Amount(amount),
    }
}

async fn give(pool: &PgPool, user: i64, amount: i64) {
    let mut conn = pool.acquire().await.unwrap();
    let cause = cause(format!("start:{user}"));
    ledger::grant(&mut conn, user, CURRENCY, Amount(amount), &cause, None)
        .await
        .unwrap();
}

async fn has(pool: &PgPool, key: WalletKey<'_>) -> Wallet {
    let mut conn = pool.acquire().await.unwrap();
    ledger::wallet_of(&mut conn, key).await.unwrap()
}

/// Moves in a transaction of its own.
async fn moves(pool: &PgPool, movement: Transfer<'_>, key: String) -> Said {
    let mut tx = pool.begin().await.unwrap();
    let moved = ledger::transfer(&mut tx, &movement, &cause(key), None).await;
    let answer = said(moved, |moved| if moved { Said::Done } else { Said::Before });
    if answer == Said::Done {
        tx.commit().await.unwrap();
    } else {
        tx.rollback().await.unwrap();
    }
    answer
}

fn count(answers: &[Said], wanted: &Said) -> usize {
    answers.iter().filter(|answer| *answer == wanted).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_tips_of_one_wallet_at_once_move_what_is_there_and_no_more() {
    let pool = database::fresh_pool().await;
    give(&pool, 7, 1_000).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200_i64 {
        let pool = pool.clone();
        // To five others, two of whom have no wallet yet.
        tasks.spawn(async move { moves(&pool, tip(7, 10 + n % 5, 30), format!("tip:{n}")).await });
    }
    let answers = tasks.join_all().await;
    assert_eq!(count(&answers, &Said::Done), 33);
    assert_eq!(count(&answers, &Said::Insufficient), 167);
    let left = has(&pool, WalletKey::main(7, CURRENCY)).await;
    assert_eq!((left.available, left.version), (Amount(10), 34));
    let mut arrived = 0;
    for user in 10..15 {
        arrived += has(&pool, WalletKey::main(user, CURRENCY))
            .await
            .available
            .0;
    }
    assert_eq!(arrived, 990);
    assert_eq!(findings(&pool).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn users_who_tip_each_other_at_once_never_wait_for_each_other() {
    let pool = database::fresh_pool().await;
    // The wallet of the greater id is the older one: ids, not users, say who is locked first.
    for user in [3, 2, 1] {
        give(&pool, user, 10_000).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..240_i64 {
        let pool = pool.clone();
        let (from, to) =
            [(1, 2), (2, 1), (2, 3), (3, 2), (3, 1), (1, 3)][usize::try_from(n % 6).unwrap()];
        tasks.spawn(async move { moves(&pool, tip(from, to, 7), format!("tip:{n}")).await });
    }
    // A deadlock would be an error of the database, which `said` does not forgive.
    assert_eq!(count(&tasks.join_all().await, &Said::Done), 240);
    for user in [1, 2, 3] {
        let wallet = has(&pool, WalletKey::main(user, CURRENCY)).await;
        assert_eq!((wallet.available, wallet.version), (Amount(10_000), 161));
    }
    assert_eq!(findings(&pool).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_tips_make_the_wallets_of_both_once() {
    let pool = database::fresh_pool().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..60_i64 {
        let pool = pool.clone();
        let (from, to) = if n % 2 == 0 { (1, 2) } else { (2, 1) };
        tasks.spawn(async move { moves(&pool, tip(from, to, 1), format!("tip:{n}")).await });
    }
    assert_eq!(count(&tasks.join_all().await, &Said::Insufficient), 60);
    assert_eq!(findings(&pool).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_tips_of_one_key_at_once_move_once() {
    let pool = database::fresh_pool().await;
    give(&pool, 1, 100).await;
    give(&pool, 2, 100).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let pool = pool.clone();
        tasks.spawn(async move {
            loop {
                match moves(&pool, tip(1, 2, 30), "once".to_owned()).await {
                    Said::AtTheSameTime => {}
                    answer => return answer,
                }
            }
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(count(&answers, &Said::Done), 1);
    assert_eq!(count(&answers, &Said::Before), 59);
    let wallet = has(&pool, WalletKey::main(2, CURRENCY)).await;
    assert_eq!((wallet.available, wallet.version), (Amount(130), 2));
    assert_eq!(findings(&pool).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hold_taken_for_another_user_is_taken_once_beside_tips_both_ways() {
    let pool = database::fresh_pool().await;
    for user in [1, 2] {
        give(&pool, user, 1_000).await;
    }
    let mut conn = pool.acquire().await.unwrap();
    let wallet = WalletKey::main(1, CURRENCY);
    let paid = (Purpose::Tip, id());
    let hold = ledger::hold_for(&mut conn, wallet, Amount(100), paid, &cause("hold"), None)
        .await
        .unwrap();
    drop(conn);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..120_i64 {
        let pool = pool.clone();
        tasks.spawn(async move {
            if n % 3 > 0 {
                let (from, to) = if n % 3 == 1 { (1, 2) } else { (2, 1) };
                return moves(&pool, tip(from, to, 1), format!("tip:{n}")).await;
            }
            let mut tx = pool.begin().await.unwrap();
            let (cause, to) = (cause("capture"), Payee::User(2));
            let taken = ledger::capture_to(&mut tx, hold.id, Amount(80), to, &cause, None).await;
            let answer = said(taken, crate::ledger::resolved);
            tx.commit().await.unwrap();
            answer
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(count(&answers, &Said::Done), 81);
    assert_eq!(count(&answers, &Said::Before), 39);
    let (one, two) = (
        has(&pool, wallet).await,
        has(&pool, WalletKey::main(2, CURRENCY)).await,
    );
    assert_eq!((one.available.0, one.held.0), (920, 0));
    assert_eq!(two.available.0, 1_080);
    assert_eq!(findings(&pool).await, []);
}

#[tokio::test]
async fn every_house_and_every_wallet_is_known_to_the_database() {
    let pool = database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    for (n, house) in House::ALL.into_iter().enumerate() {
        for kind in WalletKind::ALL {
            assert_eq!(WalletKind::named(kind.name()), Some(kind));
            let wallet = WalletKey {
                user_id: 5,
                kind,
                currency: CURRENCY,
            };
            let movement = HouseMove {
                kind: TransferKind::Correction,
                house,
                wallet,
                amount: Amount(5),
            };
            let cause = cause(format!("{n}:{}", kind.name()));
            assert!(
                ledger::with_house(&mut conn, &movement, &cause, None)
                    .await
                    .unwrap()
            );
        }
    }
    let wallets = ledger::wallets(&mut conn, 5, CURRENCY).await.unwrap();
    let sums: Vec<_> = wallets
        .iter()
        .map(|(kind, wallet)| (*kind, wallet.available.0))
        .collect();
    assert_eq!(sums, WalletKind::ALL.map(|kind| (kind, 40)));
    // The main wallet is the oldest of its owner's, which keeps the order of locks.
    let ids: Vec<i64> = wallets
        .iter()
        .map(|(_, wallet)| wallet.account_id)
        .collect();
    assert!(ids[0] < ids[1] && ids[0] < ids[2], "{ids:?}");
    let own = Transfer {
        kind: TransferKind::Own,
        from: WalletKey::affiliate(5, CURRENCY),
        to: WalletKey::main(5, CURRENCY),
        amount: Amount(15),
    };
    assert!(
        ledger::transfer(&mut conn, &own, &cause("own"), None)
            .await
            .unwrap()
    );
    let nowhere = ledger::transfer(&mut conn, &tip(5, 5, 1), &cause("self"), None).await;
    assert!(matches!(nowhere, Err(LedgerError::NoWay)), "{nowhere:?}");
    let lines = ledger::movements(&mut conn, 5, CURRENCY, 0, 1)
        .await
        .unwrap();
    assert_eq!(
        (lines[0].kind, lines[0].amount),
        (ledger::MovementKind::Own, Amount(15))
    );
    // What was paid to nobody does not belong into `payouts`, and that is all.
    let found: Vec<String> = findings(&pool)
        .await
        .into_iter()
        .map(|it| it.check)
        .collect();
    assert_eq!(found, ["payouts has what the paid withdrawals say"]);
}
