//! Each invariant is broken, past all triggers; `--fix` mends by movements what they can mend, and says the rest.

use bulwark::admin::reconcile::Options;
use bulwark::base::money::Amount;
use bulwark::engine::ledger::{self, AuditReport};
use sqlx::{AssertSqlSafe, Executor as _, PgPool, Row as _};

use super::{of_ledger, printed, reconciled};
use crate::ledger::{CURRENCY, cause};
use crate::migrations;

/// What moves: from, to, how much.
type Movements = &'static [(&'static str, &'static str, i64)];

/// What breaks the sample data's books; what is found; and what moves then.
const MENDABLE: &[(&str, &str, Movements)] = &[
    (
        "update account set available = available + 7 where owner_id = 1 and kind = 'wallet' and currency = 'USD'",
        "available and held are what the transfers say",
        &[("corrections", "wallet of user 1", 7)],
    ),
    (
        "update account set available = available - 5 where owner_id = 1 and kind = 'wallet' and currency = 'USD'",
        "available and held are what the transfers say",
        &[
            ("wallet of user 1", "corrections", 5),
            ("corrections", "wallet of user 1", 5),
        ],
    ),
    (
        "update account set available = available - 5, held = held + 5 where owner_id = 1 and kind = 'wallet' and currency = 'USD'",
        "held is the sum of open holds",
        &[("wallet of user 1, set aside", "wallet of user 1", 5)],
    ),
    (
        "update account set available = available + 4, held = held - 4 where owner_id = 1 and kind = 'wallet' and currency = 'USD'",
        "held is the sum of open holds",
        &[("wallet of user 1", "wallet of user 1, set aside", 4)],
    ),
    (
        "delete from job where id = '00000000-0000-0000-0000-0000000000a1'",
        "an open hold belongs to a live job",
        &[("wallet of user 1, set aside", "wallet of user 1", 10)],
    ),
    (
        "update job_history set state = 'failed' where id = '00000000-0000-0000-0000-0000000000a2'",
        "a job is paid if and only if it succeeded, in part if in part",
        &[("revenue", "wallet of user 1", 10)],
    ),
    (
        "update job_history set remains = 500 where state = 'partial' and user_id = 20",
        "a job is paid if and only if it succeeded, in part if in part",
        &[("losses", "revenue", 9)],
    ),
    (
        // For the second time; what it takes of a reward is owed, since nothing is there.
        "update job_history set remains = 700 where state = 'partial' and user_id = 4044001",
        "a job is paid if and only if it succeeded, in part if in part",
        &[("revenue", "wallet of user 4044001", 9)],
    ),
    (
        "insert into star_payment values ('stx9', 'zyxwvutsrq', null, 1, 30, 60, 'USD',
             '00000000-0000-0000-0000-0000000000cf', 'update', now())",
        "a payment is credited once, to its payer",
        &[("stars", "wallet of user 1", 60)],
    ),
];

/// What no movement mends, and a word of what is said then.
const OPEN: &[(&str, &str, &str)] = &[
    (
        "update account set version = version + 1 where owner_id = 1 and kind = 'wallet' and currency = 'USD'",
        "the versions of the rows that touched a wallet have no gap",
        "backup",
    ),
    (
        "update transfer set credit_id = 1000000 where idem_key = 'welcome:20'",
        "a movement is between two accounts",
        "by whom",
    ),
    (
        "update transfer set currency = 'EUR' where idem_key = 'welcome:20'",
        "debits equal credits in each currency",
        "by whom",
    ),
    (
        "update star_payment set amount = 49",
        "a payment is credited once, to its payer",
        "by whom",
    ),
    (
        "update star_refund set state = 'done'",
        "a refund moves what its row says",
        "processor",
    ),
];

async fn spoil(pool: &PgPool, sql: &'static str) {
    let mut tx = pool.begin().await.unwrap();
    tx.execute("set local session_replication_role = replica")
        .await
        .unwrap();
    tx.execute(sql).await.unwrap();
    tx.commit().await.unwrap();
}

async fn number(pool: &PgPool, sql: &str) -> i64 {
    pool.fetch_one(AssertSqlSafe(sql.to_owned()))
        .await
        .unwrap()
        .get(0)
}

async fn moved(pool: &PgPool) -> i64 {
    let rows = "select (select count(*) from transfer) + (select count(*) from hold) + (select count(*) from hold_resolution)
                + (select count(*) from admin_audit)";
    number(pool, rows).await
}

#[tokio::test]
async fn what_movements_can_mend_is_said_and_mended_and_stays_so() {
    let pool = migrations::filled().await;
    let all = of_ledger(&pool);
    for (fault, check, movements) in MENDABLE {
        let (good, clean) = reconciled(&all, false).await;
        assert!(good, "before {fault}: {clean}");
        spoil(&pool, fault).await;
        let before = moved(&pool).await;

        let (good, dry) = reconciled(&all, false).await;
        let findings = dry["findings"].as_array().unwrap();
        assert!(!good && findings.len() == 1, "{fault}: {dry}");
        assert_eq!(findings[0]["what"], *check);
        assert_eq!(findings[0]["state"], "mendable");
        assert_eq!(moved(&pool).await, before, "a look moves nothing: {fault}");

        let (good, fixed) = reconciled(&all, true).await;
        assert!(good, "{fault}: {fixed}");
        let finding = &fixed["findings"][0];
        assert_eq!(finding["state"], "mended", "{fixed}");
        let said: Vec<_> = finding["movements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                let text = |name: &str| it[name].as_str().unwrap().to_owned();
                assert!(it["id"].is_string());
                (text("from"), text("to"), it["amount"].as_i64().unwrap())
            })
            .collect();
        let expected: Vec<_> = movements
            .iter()
            .map(|(from, to, amount)| ((*from).to_owned(), (*to).to_owned(), *amount))
            .collect();
        assert_eq!(said, expected, "{fault}");
        let after = moved(&pool).await;
        let (good, again) = reconciled(&all, true).await;
        assert!(
            good && again["findings"].as_array().unwrap().is_empty(),
            "{again}"
        );
        assert_eq!(moved(&pool).await, after, "twice is once: {fault}");
    }
    let acts = number(&pool, "select count(*) from admin_audit where action = 'reconcile' and admin_id = 900 and detail ->> 'operator' = 'admin 900 (command, tester)'").await;
    assert_eq!(usize::try_from(acts).unwrap(), MENDABLE.len());
    // One is sample data.
    let reasons = number(&pool, "select count(*) from transfer where kind = 'correction' and (cause ->> 'note' not like 'reconciled by admin 900 (command, tester)%' or (cause ->> 'admin')::bigint <> 900)
        and idem_key <> 'mend:paid-back:00000000-0000-0000-0000-0000004400a1'").await;
    assert_eq!(reasons, 0);
}

#[tokio::test]
async fn what_no_movement_mends_is_said_with_what_to_do() {
    for (fault, check, advice) in OPEN {
        let pool = migrations::filled().await;
        let all = of_ledger(&pool);
        spoil(&pool, fault).await;
        let before = moved(&pool).await;
        let (good, report) = reconciled(&all, true).await;
        assert!(!good, "{fault}");
        let findings = report["findings"].as_array().unwrap();
        let found = findings.iter().find(|it| it["what"] == *check);
        let found = found.unwrap_or_else(|| panic!("{fault}: {report}"));
        assert_eq!(found["state"], "open", "{report}");
        assert!(
            found["advice"].as_str().unwrap().contains(advice),
            "{found}"
        );
        assert!(findings.iter().all(|it| it["state"] == "open"), "{report}");
        assert_eq!(moved(&pool).await, before, "{fault}");
    }
}

#[tokio::test]
async fn a_wallet_with_a_missing_row_is_left_alone() {
    let pool = migrations::filled().await;
    // A restored backup lacks the newest row: what the others come to proves nothing.
    spoil(&pool, "delete from transfer where idem_key = 'welcome:20'").await;
    let before = moved(&pool).await;
    let (good, report) = reconciled(&of_ledger(&pool), true).await;
    assert!(!good);
    let states: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["state"].clone())
        .collect();
    assert!(
        states.len() >= 2 && states.iter().all(|state| state == "open"),
        "{report}"
    );
    assert_eq!(moved(&pool).await, before);
}

#[tokio::test]
async fn two_operators_at_once_mend_once() {
    let pool = crate::database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    for user in 1..=20 {
        ledger::grant(
            &mut conn,
            user,
            CURRENCY,
            Amount(100),
            &cause(format!("g:{user}")),
            None,
        )
        .await
        .unwrap();
    }
    conn.execute("update account set available = available - 40 where guarded")
        .await
        .unwrap();
    drop(conn);
    let all = of_ledger(&pool);
    let (a, b, c) = tokio::join!(
        reconciled(&all, true),
        reconciled(&all, true),
        reconciled(&all, true)
    );
    assert!(a.0 && b.0 && c.0, "{} {} {}", a.1, b.1, c.1);
    assert_eq!(
        number(
            &pool,
            "select count(*) from transfer where kind = 'correction'"
        )
        .await,
        40
    );
    assert_eq!(
        number(
            &pool,
            "select sum(available)::bigint from account where guarded"
        )
        .await,
        2_000
    );
    let mut conn = pool.acquire().await.unwrap();
    assert_eq!(AuditReport::make(&mut conn).await.unwrap().findings, []);
}

#[tokio::test]
async fn people_read_a_table_and_programs_a_file() {
    let pool = migrations::filled().await;
    let all = of_ledger(&pool);
    spoil(&pool, MENDABLE[0].0).await;
    let file = std::env::temp_dir().join(format!("bulwark-reconcile-{}.csv", std::process::id()));
    let options = Options {
        csv: Some(file.clone()),
        ..Options::default()
    };
    let (good, text) = printed(&all, options).await;
    assert!(!good);
    assert!(
        text.contains("SOURCE  FINDINGS") && text.contains("1 would mend"),
        "{text}"
    );
    assert!(
        text.contains("$0.07 from corrections to wallet of user 1"),
        "{text}"
    );
    assert!(text.contains("1 findings, 0 mended, 1 left."), "{text}");
    let csv = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(
        csv.starts_with("source,what,subject,user,amount,state,movements,advice\r\n"),
        "{csv}"
    );
    assert!(
        csv.contains("ledger,available and held are what the transfers say,user 1,,,would mend,"),
        "{csv}"
    );

    let fix = Options {
        fix: true,
        name: Some("900".to_owned()),
        ..Options::default()
    };
    let (good, text) = printed(&all, fix).await;
    assert!(good, "{text}");
    let (plan, done) = text.split_once("SOURCE").unwrap();
    assert!(
        plan.contains("About to be done:") && plan.contains("$0.07 from corrections"),
        "{text}"
    );
    assert!(done.contains("1 findings, 1 mended, 0 left."), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 110),
        "{text}"
    );
}
