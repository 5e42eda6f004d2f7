//! The audit of the books: each invariant is broken once, and found; and all of the books are looked at in the end.

mod rewards;

use bulwark::admin::audit::{self, Options};
use bulwark::base::clock::Clock;
use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, Audit, AuditReport, Finding};
use bulwark::engine::task::Task as _;
use serde_json::{Value, json};
use sqlx::{Executor as _, PgPool, Row as _};
use tokio::task::JoinSet;

use crate::database;
use crate::ledger::{CURRENCY, cause};
use crate::migrations;

/// What breaks the sample data's books, past all triggers and keys; which invariant; and where.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "update account set available = available + 1 where owner_id = 1 and currency = 'USD'",
        "available and held are what the transfers say",
        "user 1",
    ),
    (
        "update account set available = available - 5, held = held + 5 where owner_id = 1 and currency = 'USD'",
        "held is the sum of open holds",
        "user 1",
    ),
    (
        "update account set version = version + 1 where owner_id = 1 and currency = 'USD'",
        "the versions of the rows that touched a wallet have no gap",
        "user 1",
    ),
    (
        "update account set version = version + 1 where owner_id = 1 and currency = 'EUR'",
        "the versions of the rows that touched a wallet have no gap",
        "user 1",
    ),
    (
        "update hold set wallet_version = 1 where amount = 10 and wallet_version = 2",
        "the versions of the rows that touched a wallet have no gap",
        "user 1",
    ),
    (
        "update transfer set wallet_version = null where idem_key = 'welcome:1'",
        "the versions of the rows that touched a wallet have no gap",
        "user 1",
    ),
    (
        "update transfer set credit_version = null where kind = 'own'",
        "a movement between two wallets counts on both sides",
        "transfer 00000000-0000-0000-0000-0000000000c9",
    ),
    (
        "update transfer set credit_version = 7 where kind = 'own'",
        "the versions of the rows that touched a wallet have no gap",
        "user 1",
    ),
    (
        "update transfer set credit_version = 2 where idem_key = 'welcome:1'",
        "a movement between two wallets counts on both sides",
        "transfer 00000000-0000-0000-0000-0000000000c1",
    ),
    (
        "update account set available = available + 1 where kind = 'affiliate' and owner_id = 1",
        "available and held are what the transfers say",
        "user 1",
    ),
    (
        "delete from job where id = '00000000-0000-0000-0000-0000000000a1'",
        "an open hold belongs to a live job",
        "hold 00000000-0000-0000-0000-0000000000d1 of job 00000000-0000-0000-0000-0000000000a1",
    ),
    (
        "update job set provider_snapshot = '{\"price\": 10}' where id = '00000000-0000-0000-0000-0000000000a1';
         delete from hold where reference = '00000000-0000-0000-0000-0000000000a1'",
        "a live job with a price has an open hold",
        "job 00000000-0000-0000-0000-0000000000a1",
    ),
    (
        "update job_history set state = 'failed' where id = '00000000-0000-0000-0000-0000000000a2'",
        "a job is paid if and only if it succeeded, in part if in part",
        "job 00000000-0000-0000-0000-0000000000a2",
    ),
    (
        "update job_history set remains = 500 where state = 'partial'",
        "a job is paid if and only if it succeeded, in part if in part",
        "job 00000000-0000-0000-0000-0000000020a1",
    ),
    (
        "update job_history set remains = null where state = 'partial'",
        "a job is paid if and only if it succeeded, in part if in part",
        "job 00000000-0000-0000-0000-0000000020a1",
    ),
    (
        "update transfer set amount = 9 where kind = 'capture'",
        "a capture moves what its resolution says",
        "hold 00000000-0000-0000-0000-0000000000d2",
    ),
    (
        "update transfer set debit_id = (select id from account where owner_id = 2) where kind = 'capture'",
        "a capture moves what its resolution says",
        "hold 00000000-0000-0000-0000-0000000000d2",
    ),
    (
        "delete from hold_resolution",
        "a capture belongs to a resolution",
        "transfer 00000000-0000-0000-0000-0000000000c2",
    ),
    (
        "update transfer set debit_id = (select id from account where kind = 'grants') where kind = 'capture'",
        "a capture belongs to a resolution",
        "transfer 00000000-0000-0000-0000-0000000000c2",
    ),
    (
        "update transfer set debit_id = -1 where idem_key = 'welcome:1'",
        "a movement is between two accounts",
        "transfer 00000000-0000-0000-0000-0000000000c1",
    ),
    (
        "update transfer set credit_id = 1000000 where idem_key = 'welcome:1'",
        "a movement is between two accounts",
        "transfer 00000000-0000-0000-0000-0000000000c1",
    ),
    (
        "update transfer set currency = 'EUR' where idem_key = 'welcome:1'",
        "debits equal credits in each currency",
        "EUR",
    ),
    (
        "update star_payment set amount = 49",
        "a payment is credited once, to its payer",
        "charge stx1",
    ),
    (
        "update star_payment set user_id = 1",
        "a payment is credited once, to its payer",
        "charge stx1",
    ),
    (
        "update star_payment set transfer_id = gen_random_uuid()",
        "a top-up belongs to a payment",
        "transfer 00000000-0000-0000-0000-0000000000c5",
    ),
    (
        "update star_refund set taken = 40, lost = 10",
        "a refund moves what its row says",
        "refund 00000000-0000-0000-0000-0000000000f1",
    ),
    (
        "update star_refund set state = 'done'",
        "a refund moves what its row says",
        "refund 00000000-0000-0000-0000-0000000000f1",
    ),
    (
        "update transfer set idem_key = idem_key || 'x' where kind = 'refund'",
        "what left or came back by a refund has its row",
        "transfer 00000000-0000-0000-0000-0000000000c6",
    ),
    (
        "update withdrawal set user_id = 1 where state = 'requested'",
        "a withdrawal has its hold, of its user and amount",
        "withdrawal 00000000-0000-0000-0000-0000000032a3",
    ),
    (
        "update withdrawal set id = gen_random_uuid() where state = 'requested'",
        "an open hold for a payout belongs to a withdrawal",
        "hold 00000000-0000-0000-0000-0000000032d3",
    ),
    (
        "update withdrawal set state = 'cancelled', ended_at = now() where state = 'requested'",
        "a withdrawal's hold is as its state says",
        "withdrawal 00000000-0000-0000-0000-0000000032a3",
    ),
    (
        "update withdrawal set state = 'paid', external_ref = 'x', reason = null where state = 'rejected'",
        "a withdrawal's hold is as its state says",
        "withdrawal 00000000-0000-0000-0000-0000000032a2",
    ),
    (
        "update withdrawal set state = 'requested', external_ref = null, ended_at = null where state = 'paid'",
        "a withdrawal's hold is as its state says",
        "withdrawal 00000000-0000-0000-0000-0000000032a1",
    ),
    (
        "update withdrawal set fee = 11 where state = 'paid'",
        "what a withdrawal paid left by payouts, its fee not",
        "withdrawal 00000000-0000-0000-0000-0000000032a1",
    ),
    (
        "update transfer set credit_id = (select id from account where kind = 'revenue') where kind = 'capture' and amount = 400",
        "payouts has what the paid withdrawals say",
        "USD",
    ),
    (
        "update transfer set idem_key = 'x' where kind = 'payout_fee'",
        "a payout's fee belongs to a withdrawal",
        "transfer 00000000-0000-0000-0000-0000000032c3",
    ),
    (
        "update admin_grant set state = 'done', decided_by = 901, transfer_id = '00000000-0000-0000-0000-0000000032c1'
         where state = 'asked'",
        "a grant moved what its row says",
        "grant 00000000-0000-0000-0000-0000000033a1",
    ),
    (
        "update payment set amount = amount - 1",
        "a payment is credited once, to its payer",
        "payment flutterwave:4027",
    ),
    (
        "delete from payment",
        "a top-up belongs to a payment",
        "transfer 00000000-0000-0000-0000-00000000a275",
    ),
    (
        "update payment_refund set state = 'done'",
        "a refund moves what its row says",
        "payment refund 00000000-0000-0000-0000-00000000a283",
    ),
    (
        "update referral_reward set amount = 11, base = 110 where cause = 'stars:r1'",
        "a reward moves what its rows say",
        "reward 00000000-0000-0000-0000-0000003000c1",
    ),
    (
        "update referral_reward set referrer_id = 4030003 where cause = 'stars:r2'",
        "a reward moves what its rows say",
        "reward 00000000-0000-0000-0000-0000003000c4",
    ),
    (
        "update referral_reversal set taken = 5, lost = 5",
        "a reward moves what its rows say",
        "reward 00000000-0000-0000-0000-0000003000c1",
    ),
    (
        "delete from referral_kept",
        "a reward moves what its rows say",
        "reward 00000000-0000-0000-0000-0000003000c4",
    ),
    (
        "delete from referral_kept",
        "a reward or tip that moved has its row",
        "transfer 00000000-0000-0000-0000-0000003000c5",
    ),
    (
        "update tip set recipient_id = 1 where state = 'done'",
        "a tip moves what its row says",
        "tip 00000000-0000-0000-0000-0000003100a1",
    ),
    (
        "update tip set state = 'done' where state = 'asked'",
        "a tip moves what its row says",
        "tip 00000000-0000-0000-0000-0000003100a2",
    ),
    (
        "update tip set state = 'settling' where state = 'asked'",
        "a tip moves what its row says",
        "tip 00000000-0000-0000-0000-0000003100a2",
    ),
    (
        "delete from tip where state = 'done'",
        "a reward or tip that moved has its row",
        "transfer 00000000-0000-0000-0000-0000003100c2",
    ),
];

#[tokio::test]
async fn every_fault_in_the_books_is_found_and_named() {
    let pool = migrations::filled().await;
    for (fault, check, subject) in FAULTS.iter().chain(rewards::FAULTS) {
        let mut tx = pool.begin().await.unwrap();
        tx.execute("set local session_replication_role = replica")
            .await
            .unwrap();
        let clean = AuditReport::make(&mut tx).await.unwrap();
        assert_eq!(clean.findings, [], "before {fault}");
        tx.execute(*fault).await.unwrap();
        let report = AuditReport::make(&mut tx).await.unwrap();
        let expected = Finding {
            check: (*check).to_owned(),
            subject: (*subject).to_owned(),
        };
        assert!(
            report.findings.contains(&expected),
            "{fault}: {:?}",
            report.findings
        );
        tx.rollback().await.unwrap();
    }
}

/// A pool with so many wallets, each with a gift, and a fault in the one of user `faulty`.
async fn books(wallets: i64, faulty: i64) -> PgPool {
    let pool = database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    for user in 1..=wallets {
        let cause = cause(format!("welcome:{user}"));
        let given = ledger::grant_to_new(&mut conn, user, CURRENCY, Amount(5), &cause, None).await;
        assert!(given.unwrap());
    }
    let spoil = format!("update account set available = 6 where owner_id = {faulty}");
    conn.execute(sqlx::AssertSqlSafe(spoil)).await.unwrap();
    drop(conn);
    pool
}

#[tokio::test]
async fn a_run_goes_on_where_the_last_one_came_to_and_comes_round() {
    let pool = books(70, 50).await;
    pool.execute("insert into ledger_audit (part, position, size) values ('wallets', 3, 1), ('movements', 900, 1)")
        .await
        .unwrap();
    let audit = Audit::new(pool.clone(), Clock::system());
    for round in 1..=2_i64 {
        let said = audit.run().await.unwrap();
        assert_eq!(said, json!({ "findings": 1, "to_be_continued": [] }));
        let row = pool
            .fetch_one("select position, rounds, size, covered_at is not null from ledger_audit where part = 'wallets'")
            .await
            .unwrap();
        assert_eq!((row.get(0), row.get(1)), (0_i64, round));
        assert!(row.get::<i64, _>(2) > 1 && row.get(3));
    }
    let parts = pool
        .fetch_one("select count(*) from ledger_audit where rounds = 2 and position = 0")
        .await
        .unwrap();
    assert_eq!(parts.get::<i64, _>(0), 12);
}

#[tokio::test]
async fn a_round_that_another_replica_has_ended_forgets_nothing() {
    let pool = books(3, 2).await;
    let audit = Audit::new(pool.clone(), Clock::system());
    audit.run().await.unwrap();
    pool.execute("update ledger_finding set told_at = now()")
        .await
        .unwrap();
    // This one has seen the finding again and is about to write that down.
    let mut other = pool.begin().await.unwrap();
    other
        .execute("select from ledger_finding for update")
        .await
        .unwrap();
    let mut slow = JoinSet::new();
    slow.spawn(async move { audit.run().await });
    database::until_blocked(&pool, 1).await;
    // The other one has, and has come round.
    for done in [
        "update ledger_finding set seen_at = clock_timestamp()",
        "update ledger_audit set rounds = rounds + 1, covered_at = clock_timestamp() where part = 'wallets'",
    ] {
        other.execute(done).await.unwrap();
    }
    other.commit().await.unwrap();
    slow.join_next().await.unwrap().unwrap().unwrap();
    let kept = "select count(*) from ledger_finding where told_at is not null";
    let kept = pool.fetch_one(kept).await.unwrap();
    assert_eq!(kept.get::<i64, _>(0), 1, "known, and told of");
}

#[tokio::test]
async fn an_operator_is_told_what_does_not_balance() {
    let pool = books(3, 2).await;
    let mut out = Vec::new();
    assert!(
        !audit::on(&pool, Options::default(), &mut out)
            .await
            .unwrap()
    );
    let text = String::from_utf8(out).unwrap();
    assert_eq!(
        text,
        "available and held are what the transfers say: not so for user 2\n1 findings.\n"
    );
    pool.execute("update account set available = 5 where owner_id = 2")
        .await
        .unwrap();
    let mut out = Vec::new();
    assert!(
        audit::on(&pool, Options { json: true }, &mut out)
            .await
            .unwrap()
    );
    let said: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(said, json!({ "findings": [] }));
}
