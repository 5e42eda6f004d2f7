//! Grants above the limit: a second admin agrees, or not, or nobody does in time. Races of them.

use std::sync::Arc;
use std::time::Duration;

use bulwark::base::clock::Clock;
use bulwark::base::ids::Ids;
use bulwark::base::money::Amount;
use bulwark::catalog::Catalog;
use bulwark::config::Providers;
use bulwark::engine::ledger;
use bulwark::engine::limits::Rate;
use bulwark::engine::people::{self, Seen};
use bulwark::features::cx::{Cx, Env, GrantRules, StarsOffer, Stop, Switch};
use bulwark::features::press::GrantAct;
use bulwark::features::speech::Language;
use bulwark::features::wallet;
use sqlx::{AssertSqlSafe, Executor as _, PgPool, Row as _};

use crate::database;
use crate::ledger::{CURRENCY, findings, id};
use crate::world::{ADMIN, User, World};

const BORIS: i64 = 901;

/// A world in which a grant above $10.00 needs a second admin; everybody starts with $5.00.
async fn world() -> World {
    let variables = [
        ("ADMIN_IDS", "900,901,902"),
        ("GRANT_APPROVAL_ABOVE", "1000"),
    ];
    World::with(&variables).await
}

async fn people(world: &World) -> (User<'_>, User<'_>, User<'_>) {
    let all = (world.user(11), world.user(ADMIN), world.user(BORIS));
    for user in [all.0, all.1, all.2, world.user(902)] {
        user.says("/start").await;
    }
    all
}

async fn audited(world: &World, action: &str) -> i64 {
    let sql = format!("select count(*) from admin_audit where action = '{action}'");
    number(&world.pool, sql).await
}

/// The only number that a query has.
async fn number(pool: &PgPool, sql: impl Into<String>) -> i64 {
    let row = pool.fetch_one(AssertSqlSafe(sql.into())).await;
    row.expect("a row").get(0)
}

/// The short id of the grant that waits.
async fn waiting(pool: &PgPool) -> String {
    let sql = "select short_id from admin_grant where state = 'asked'";
    pool.fetch_one(sql).await.expect("a grant").get(0)
}

#[tokio::test]
async fn a_large_grant_waits_for_a_second_admin() {
    let world = world().await;
    let (anna, admin, boris) = people(&world).await;
    admin.says("/grant 11 10.00 up to the limit").await;
    assert_eq!(anna.wallet().await, (1_500, 0));
    admin.says("/grant 11 10.01 a prize").await;
    assert_eq!(anna.wallet().await, (1_500, 0));
    admin.hears("$10.01 for @user11 (11): a prize").await;
    admin
        .hears("Waits for another admin until 2026-03-02 12:0")
        .await;
    boris.hears("Asked for by @user900").await;
    // The requester has no button to agree, and none that he makes up helps.
    assert!(!admin.transcript().await.contains("<✅ Approve>"));
    let short = waiting(&world.pool).await;
    for act in ["a", "r"] {
        admin.presses_data(&format!("gr:{short}:{act}")).await;
        assert!(admin.notice().await.contains("Another admin has to decide"));
    }
    boris.presses_data(&format!("gr:{short}:c")).await;
    assert!(boris.notice().await.contains("Only who asked"));
    anna.presses_data(&format!("gr:{short}:a")).await;
    anna.hears("This is for admins").await;
    assert_eq!(anna.wallet().await, (1_500, 0));

    boris.presses("✅ Approve").await;
    assert_eq!(anna.wallet().await, (2_501, 0));
    assert!(
        anna.transcript()
            .await
            .contains("You received $10.01: a prize. Your balance: $25.01")
    );
    boris.hears("Approved by @user901: it is done").await;
    admin.hears("Approved by @user901: it is done").await;
    assert!(!admin.transcript().await.contains("<✖️ Take it back>"));
    assert_eq!(
        (
            audited(&world, "grant asked").await,
            audited(&world, "grant approved").await
        ),
        (1, 1)
    );
    for who in [boris, world.user(902)] {
        who.presses_data(&format!("gr:{short}:a")).await;
        assert!(who.notice().await.contains("decided already"));
    }
    assert_eq!(anna.wallet().await, (2_501, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn it_is_rejected_taken_back_or_expires_and_nothing_moves() {
    let world = world().await;
    let (anna, admin, boris) = people(&world).await;
    admin.says("/grant 11 20 a prize").await;
    boris.presses("❌ Reject").await;
    boris.hears("Rejected by @user901: nothing moved").await;
    admin.hears("Rejected by @user901: nothing moved").await;
    admin.says("/grant 11 20 once more").await;
    admin.presses("Take it back").await;
    admin.hears("Taken back: nothing moved").await;
    boris.hears("Taken back: nothing moved").await;
    admin.says("/grant 11 20 a last time").await;
    let (message, row, column) = boris.find("✅ Approve").await;
    world.advance(Duration::from_secs(24 * 3600)).await;
    boris.press_at(message, row, column).await;
    world.settle().await;
    boris.hears("Nobody decided in time").await;
    admin.says("/grant 11 20 nobody looks").await;
    world.advance(Duration::from_secs(25 * 3600)).await;
    world.app.upkeep().await;
    world.settle().await;
    admin.hears("Nobody decided in time").await;
    let states = "select count(distinct state) from admin_grant where transfer_id is null";
    assert_eq!(
        (anna.wallet().await, world.count(states).await),
        ((500, 0), 3)
    );
    assert!(!anna.transcript().await.contains("received"));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_large_correction_takes_what_is_there_and_tells_the_user() {
    let world = world().await;
    let (anna, admin, boris) = people(&world).await;
    admin.says("/grant 11 -10.01 too much").await;
    admin.hears("They have only $5.00").await;
    admin.says("/grant 11 8 more").await;
    admin.says("/grant 11 -12 a mistake").await;
    boris.hears("-$12.00 for @user11").await;
    admin.says("/grant 11 -10 another one").await;
    boris.presses("✅ Approve").await;
    boris.hears("They have only $3.00").await;
    admin.says("/grant 11 9 back").await;
    boris.presses("✅ Approve").await;
    assert_eq!(anna.wallet().await, (0, 0));
    assert!(
        anna.transcript()
            .await
            .contains("Your balance was corrected by -$12.00: a mistake. Your balance: $0.00")
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_lone_admin_is_told_that_a_second_one_is_needed() {
    let world = World::with(&[("GRANT_APPROVAL_ABOVE", "1000")]).await;
    let (anna, admin, _) = people(&world).await;
    admin.says("/grant 11 10.01 a prize").await;
    admin
        .hears("More than $10.00 needs a second admin, and there is no other one")
        .await;
    assert_eq!(anna.wallet().await, (500, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn what_an_admin_gives_in_a_day_has_a_limit() {
    let variables = [
        ("GRANT_DAILY_LIMIT", "1500"),
        ("GRANT_APPROVAL_ABOVE", "1000"),
        ("ADMIN_IDS", "900,901"),
    ];
    let world = World::with(&variables).await;
    let (anna, admin, boris) = people(&world).await;
    admin.says("/grant 11 9 one").await;
    admin.says("/grant 11 -2 two").await;
    admin.says("/grant 11 4.01 three").await;
    admin
        .hears("You may give and take $15.00 in a day in all; today it was $11.00")
        .await;
    admin.says("/grant 11 4 three").await;
    assert_eq!(anna.wallet().await, (1_600, 0));
    // What waits counts as well; what was rejected does not; another admin has a day of his own.
    boris.says("/grant 11 11 four").await;
    boris.says("/grant 11 5 five").await;
    boris.hears("today it was $11.00").await;
    admin.presses("❌ Reject").await;
    boris.says("/grant 11 5 five").await;
    assert_eq!(anna.wallet().await, (2_100, 0));
    world.advance(Duration::from_secs(12 * 3600)).await;
    admin.says("/grant 11 9 tomorrow").await;
    assert_eq!(anna.wallet().await, (3_000, 0));
    world.assert_clean().await;
}

/// What handlers know of a world in which nothing else runs: four admins, and this catalogue.
pub fn env(catalog: Catalog, grants: GrantRules) -> Arc<Env> {
    Arc::new(Env {
        bot_name: std::sync::OnceLock::new(),
        clock: Clock::system(),
        ids: Ids::random(),
        catalog: Arc::new(catalog),
        admin_ids: (900..904).collect(),
        welcome_grant: Amount::ZERO,
        money: Switch::default(),
        payments: bulwark::features::paying::PaymentsOffer::default(),
        stars: StarsOffer::default(),
        grants,
        export_as_file: true,
        referrals: bulwark::features::rewards::ReferralRules::default(),
        tips: bulwark::features::tips::TipRules::default(),
        free_uses_per_day: 0,
        orders_per_user: 0,
        work_rate: Rate {
            every: Duration::from_secs(1),
            burst: 1,
        },
        credit_micros: std::collections::BTreeMap::new(),
        standing: Box::new(|_| None),
    })
}

/// Such a world, and Anna.
async fn bare(rules: GrantRules) -> (PgPool, Arc<Env>) {
    let pool = database::fresh_pool().await;
    let env = env(
        Catalog::shipped(Providers::NAMES).expect("the catalogue"),
        rules,
    );
    let mut conn = pool.acquire().await.unwrap();
    let anna = Seen {
        user_id: 11,
        username: None,
        first_name: "Anna",
        telegram_language: None,
        chat_id: 11,
        chat_kind: "private",
    };
    people::seen(&mut conn, &anna, None).await.unwrap();
    drop(conn);
    (pool, env)
}

/// What an admin does.
enum Asked<'a> {
    /// By a command, in this update.
    Give(&'a str, i64),
    /// By a button.
    Decide(&'a str, GrantAct),
}

/// As an update of this admin does it, in a transaction of its own. False: refused, and rolled back.
async fn acts(pool: &PgPool, env: &Env, admin: i64, asked: Asked<'_>) -> bool {
    let mut tx = pool.begin().await.unwrap();
    let mut cx = Cx {
        conn: &mut tx,
        env,
        chat_id: admin,
        user_id: admin,
        first_name: String::new(),
        language: Language::En,
        correlation: id(),
        pressed: None,
        answered: false,
        has_jobs: false,
        is_new: false,
    };
    let done = match asked {
        Asked::Give(rest, update_id) => wallet::grant(&mut cx, rest, update_id).await,
        Asked::Decide(short_id, act) => wallet::decide(&mut cx, short_id, act).await,
    };
    match done {
        Ok(()) => {
            tx.commit().await.unwrap();
            true
        }
        Err(Stop::Refused(_)) => {
            tx.rollback().await.unwrap();
            false
        }
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_admins_who_approve_a_grant_move_it_once() {
    let rules = GrantRules {
        approval_above: Some(Amount(10)),
        per_day: None,
        approval_life: Duration::from_secs(3_600),
    };
    let (pool, env) = bare(rules).await;
    let prize = Asked::Give("11 5.00 a prize", 1);
    assert!(acts(&pool, &env, 900, prize).await);
    let short = waiting(&pool).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let (pool, env, short) = (pool.clone(), Arc::clone(&env), short.clone());
        tasks.spawn(async move {
            let act = if n % 10 == 9 {
                GrantAct::Reject
            } else {
                GrantAct::Approve
            };
            acts(&pool, &env, 901 + n % 3, Asked::Decide(&short, act)).await
        });
    }
    tasks.join_all().await;
    let mut conn = pool.acquire().await.unwrap();
    let wallet = ledger::wallet(&mut conn, 11, CURRENCY).await.unwrap();
    let done = number(
        &pool,
        "select count(*) from admin_grant where state = 'done'",
    )
    .await;
    let moved = number(&pool, "select count(*) from transfer").await;
    assert_eq!((wallet.available.0, moved), (500 * done, done));
    let words = number(
        &pool,
        "select count(*) from admin_audit where action in ('grant approved', 'grant rejected')",
    )
    .await;
    assert_eq!(words, 1, "one word counts");
    assert_eq!(findings(&pool).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_grants_of_an_admin_stay_within_the_day() {
    let rules = GrantRules {
        per_day: Some(Amount(1_000)),
        ..GrantRules::default()
    };
    let (pool, env) = bare(rules).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let (pool, env) = (pool.clone(), Arc::clone(&env));
        tasks
            .spawn(async move { acts(&pool, &env, 900, Asked::Give("11 0.30 a little", n)).await });
    }
    let given = tasks.join_all().await.into_iter().filter(|given| *given);
    assert_eq!(given.count(), 33);
    let mut conn = pool.acquire().await.unwrap();
    let wallet = ledger::wallet(&mut conn, 11, CURRENCY).await.unwrap();
    assert_eq!(wallet.available.0, 990);
    assert_eq!(findings(&pool).await, []);
}
