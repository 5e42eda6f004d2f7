//! Two hundred at once: a transaction is credited once, and given back once, whoever finds it.

use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, House, HouseMove, LedgerError, TransferKind, WalletKey};
use bulwark::engine::payments::{self, FoundBy, NewPayment, NewRefund};
use sqlx::{PgConnection, PgPool};

use crate::database;
use crate::ledger::{CURRENCY, cause, findings, id};

const USER: i64 = 7;
const PROCESSOR: &str = "flutterwave";
const TRANSACTION: &str = "4711";

fn movement(kind: TransferKind, amount: i64) -> HouseMove<'static> {
    HouseMove {
        kind,
        house: House::Flutterwave,
        wallet: WalletKey::main(USER, CURRENCY),
        amount: Amount(amount),
    }
}

/// An event, a look-up or the comparison of the books comes upon it.
async fn credit(conn: &mut PgConnection, nth: usize) -> Result<bool, LedgerError> {
    let cause = cause(format!("{PROCESSOR}:{TRANSACTION}"));
    let payment = NewPayment {
        processor: PROCESSOR,
        transaction_id: TRANSACTION,
        short_id: &cause.id.to_string(),
        reference: "bw-7-1",
        intent_id: None,
        user_id: USER,
        paid: Amount(150_000),
        paid_currency: "NGN",
        amount: Amount(100),
        currency: CURRENCY,
        transfer_id: Some(cause.id),
        found_by: [FoundBy::Event, FoundBy::LookUp, FoundBy::Reconciliation][nth % 3],
    };
    if !payments::add_payment(conn, &payment, None).await? {
        return Ok(false);
    }
    ledger::with_house(conn, &movement(TransferKind::TopUp, 100), &cause, None).await
}

/// An admin gives it back, or the processor has done so.
async fn give_back(conn: &mut PgConnection, nth: usize) -> Result<bool, LedgerError> {
    let found = payments::payment(conn, PROCESSOR, TRANSACTION).await?;
    assert!(found.is_some_and(|payment| payment.amount == Amount(100)));
    let refund = NewRefund {
        id: id(),
        processor: PROCESSOR,
        transaction_id: TRANSACTION,
        taken: Amount(100),
        lost: Amount::ZERO,
        admin_id: nth.is_multiple_of(2).then_some(9),
        correlation: id(),
    };
    if !payments::add_refund(conn, &refund, None).await? {
        return Ok(false);
    }
    let cause = cause(format!("payment-refund:{}", refund.id));
    ledger::with_house(conn, &movement(TransferKind::Refund, -100), &cause, None).await
}

/// In a transaction of its own. Whether it did anything.
async fn once(pool: PgPool, is_refund: bool, nth: usize) -> bool {
    let mut tx = pool.begin().await.unwrap();
    let done = if is_refund {
        give_back(&mut tx, nth).await
    } else {
        credit(&mut tx, nth).await
    };
    tx.commit().await.unwrap();
    done.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_finders_of_a_card_payment_credit_it_once_and_two_hundred_refunds_take_it_once()
{
    let pool = database::fresh_pool().await;
    for (is_refund, left) in [(false, 100), (true, 0)] {
        let mut tasks = tokio::task::JoinSet::new();
        for nth in 0..200 {
            tasks.spawn(once(pool.clone(), is_refund, nth));
        }
        let done = tasks.join_all().await.into_iter().filter(|done| *done);
        assert_eq!(done.count(), 1);
        let mut conn = pool.acquire().await.unwrap();
        let wallet = ledger::wallet(&mut conn, USER, CURRENCY).await.unwrap();
        assert_eq!(
            (wallet.available, wallet.held),
            (Amount(left), Amount::ZERO)
        );
        assert_eq!(findings(&pool).await, []);
    }
}
