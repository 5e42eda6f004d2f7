//! Two transactions of which each could have what the other one waits for: the order in which the ledger locks and makes
//! accounts keeps them from it.

use bulwark::base::money::Amount;
use bulwark::engine::ledger::{
    self, House, HouseMove, LedgerError, Payee, Resolved, Transfer, TransferKind, WalletKey,
};
use sqlx::{Executor as _, PgConnection, PgPool, Row as _};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::database;
use crate::ledger::{CURRENCY, cause, findings, id};

const PAYER: i64 = 7;
const NEW: i64 = 8;

/// A database without any account, but for a wallet with money in it and the house account that it came from.
async fn with_payer() -> PgPool {
    let pool = database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    let start = cause("start");
    let given = ledger::grant(&mut conn, PAYER, CURRENCY, Amount(100), &start, None).await;
    assert!(given.unwrap());
    drop(conn);
    pool
}

async fn hold(pool: &PgPool, key: &str) -> Uuid {
    let mut conn = pool.acquire().await.unwrap();
    let (amount, cause) = (Amount(30), cause(key));
    let hold = ledger::hold(&mut conn, PAYER, CURRENCY, amount, id(), &cause, None).await;
    hold.unwrap().id
}

/// What somebody else does meanwhile, in a transaction of their own.
#[derive(Clone, Copy, Debug)]
enum Other {
    /// A capture, before there is an account of revenue.
    Captures(Uuid),
    /// A tip to somebody who has no wallet.
    Tips,
    /// The same, settled by somebody outside.
    Settles(Uuid),
}

impl Other {
    async fn act(self, conn: &mut PgConnection) -> Result<bool, LedgerError> {
        let cause = cause("other");
        let resolved = match self {
            Self::Captures(hold) => ledger::capture(conn, hold, Amount(30), &cause, None).await?,
            Self::Settles(hold) => {
                let payee = Payee::User(NEW);
                ledger::capture_to(conn, hold, Amount(30), payee, &cause, None).await?
            }
            Self::Tips => {
                let movement = Transfer {
                    kind: TransferKind::Own,
                    from: WalletKey::main(PAYER, CURRENCY),
                    to: WalletKey::main(NEW, CURRENCY),
                    amount: Amount(30),
                };
                return ledger::transfer(conn, &movement, &cause, None).await;
            }
        };
        Ok(resolved == Resolved::Now)
    }

    /// Begins, and comes to where it waits for the payer's wallet.
    async fn waits(self, pool: &PgPool) -> JoinSet<bool> {
        let own = pool.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut tx = own.begin().await.unwrap();
            let done = self.act(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            done
        });
        database::until_blocked(pool, 1).await;
        tasks
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_capture_of_all_and_a_second_release_end_both() {
    let pool = with_payer().await;
    let (captured, released) = (hold(&pool, "a").await, hold(&pool, "b").await);
    let mut tx = pool.begin().await.unwrap();
    let release = cause("release");
    let now = ledger::release(&mut tx, released, &release, None).await;
    assert_eq!(now.unwrap(), Resolved::Now);
    tx.commit().await.unwrap();

    let mut tx = pool.begin().await.unwrap();
    let has = ledger::wallet_locked(&mut tx, PAYER, CURRENCY).await;
    assert_eq!(has.unwrap().available, Amount(70));
    let other = Other::Captures(captured).waits(&pool).await;
    // It looks for the account that the capture needs, too.
    let again = ledger::release(&mut tx, released, &release, None).await;
    assert_eq!(again.unwrap(), Resolved::Before);
    tx.commit().await.unwrap();
    assert_eq!(other.join_all().await, [true]);
    assert_eq!(findings(&pool).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_payment_brings_to_somebody_new_does_not_wait_for_a_tip_to_them() {
    for settles in [false, true] {
        let pool = with_payer().await;
        let tip = if settles {
            Other::Settles(hold(&pool, "tip").await)
        } else {
            Other::Tips
        };
        let mut tx = pool.begin().await.unwrap();
        let paid = cause("paid");
        let paid = ledger::correct(&mut tx, PAYER, CURRENCY, Amount(50), &paid, None).await;
        assert!(paid.unwrap());
        let other = tip.waits(&pool).await;
        let movement = HouseMove {
            kind: TransferKind::Correction,
            house: House::Corrections,
            wallet: WalletKey::affiliate(NEW, CURRENCY),
            amount: Amount(5),
        };
        let brought = ledger::with_house(&mut tx, &movement, &cause("brought"), None).await;
        assert!(brought.unwrap(), "{tip:?}");
        tx.commit().await.unwrap();
        assert_eq!(other.join_all().await, [true], "{tip:?}");
        let mut conn = pool.acquire().await.unwrap();
        let has = ledger::wallet(&mut conn, NEW, CURRENCY).await.unwrap();
        assert_eq!(has.available, Amount(30));
        assert_eq!(findings(&pool).await, []);
    }
}

#[tokio::test]
async fn who_has_no_wallet_tips_nobody_and_makes_none() {
    let pool = with_payer().await;
    let mut conn = pool.acquire().await.unwrap();
    let tip = |amount| Transfer {
        kind: TransferKind::Own,
        from: WalletKey::main(NEW, CURRENCY),
        to: WalletKey::main(PAYER, CURRENCY),
        amount: Amount(amount),
    };
    let short = ledger::transfer(&mut conn, &tip(5), &cause("tip"), None).await;
    assert!(
        matches!(
            short,
            Err(LedgerError::Insufficient {
                missing: Amount(5),
                available: Amount(0)
            })
        ),
        "{short:?}"
    );
    let used = ledger::transfer(&mut conn, &tip(5), &cause("start"), None).await;
    assert!(matches!(used, Err(LedgerError::KeyReused(_))), "{used:?}");
    let wallets = ledger::wallets(&mut conn, NEW, CURRENCY).await.unwrap();
    assert!(wallets.is_empty(), "{wallets:?}");
}

#[tokio::test]
async fn the_accounts_of_the_house_are_made_once() {
    let pool = with_payer().await;
    for _ in 0..2 {
        ledger::open_house(&pool, CURRENCY).await.unwrap();
        let house = "select count(*) from account where not guarded";
        let count: i64 = pool.fetch_one(house).await.unwrap().get(0);
        assert_eq!(usize::try_from(count).unwrap(), House::ALL.len());
    }
    assert_eq!(findings(&pool).await, []);
}
