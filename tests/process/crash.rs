//! The real binary, killed in the middle of orders, and started again.
//!
//! The simulator's own record is the outside truth: each order was submitted once, charged once, and its result came.
//! The moments of the kills are spread over an order's life, from the confirmation to the delivery. One that falls
//! between the intent to submit and the request leaves an order of which nobody can know that it never left: it waits
//! with its money set aside, and is never submitted again.

use std::time::Duration;

use bulwark::engine::ledger::{self, AuditReport};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Executor as _, Row as _};

use crate::database;
use crate::service::{Outside, Service, free_port, results};

const USER: i64 = 77;
const PRICE: i64 = 10;
const WELCOME: i64 = 500;
/// How long after the confirmation the process is killed.
const KILLS_MS: [u64; 8] = [0, 15, 40, 90, 250, 700, 1_500, 2_600];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_end_once_whenever_the_process_is_killed() {
    let outside = Outside::start().await;
    let port = free_port().await;
    let database = database::fresh().await;
    let start = || {
        let grant = ("WELCOME_GRANT", &*WELCOME.to_string());
        Service::start(&outside.sim, (port, port), &database, &[grant])
    };

    let mut service = start();
    let user = outside.chat(USER);
    user.says("/start").await;
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(database.clone())
        .await
        .unwrap();
    let (mut received, mut unknown) = (0, 0);
    for kill_after_ms in KILLS_MS {
        user.orders().await;
        let mut moment = tokio::time::interval(Duration::from_millis(kill_after_ms.max(1)));
        moment.tick().await;
        moment.tick().await;
        service.kill();
        service = start();
        if is_received(&outside, &pool, received + 1, unknown + 1).await {
            received += 1;
        } else {
            unknown += 1;
        }
    }
    assert!(received > 0);
    check(&outside, &pool, received, unknown).await;
}

/// Waits until there are so many results, or so many orders of which nobody can know whether they were submitted.
async fn is_received(outside: &Outside, pool: &PgPool, received: usize, unknown: i64) -> bool {
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    let ended = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            ticks.tick().await;
            if results(&outside.chat(USER).messages().await) >= received {
                return true;
            }
            let parked = pool
                .fetch_one("select count(*) from job where state = 'unknown'")
                .await;
            let arrived = outside.tasks().await.len() >= received;
            if parked.unwrap().get::<i64, _>(0) >= unknown && !arrived {
                return false;
            }
        }
    });
    ended
        .await
        .expect("the order ends, or is known to be unknown")
}

async fn check(outside: &Outside, pool: &PgPool, received: usize, unknown: i64) {
    let orders = i64::try_from(KILLS_MS.len()).unwrap();
    let tasks = outside.tasks().await;
    assert_eq!(
        tasks.len(),
        received,
        "an order was submitted twice, or never: {tasks:#?}"
    );
    let shown = results(&outside.chat(USER).messages().await);
    // A message is sent again only if the kill took Telegram's answer with it: at most once a kill.
    assert!(
        (received..=received + KILLS_MS.len()).contains(&shown),
        "{shown} results"
    );
    let mut conn = pool.acquire().await.unwrap();
    let wallet = ledger::wallet(&mut conn, USER, "USD").await.unwrap();
    assert_eq!(
        (wallet.available.0, wallet.held.0),
        (WELCOME - orders * PRICE, unknown * PRICE)
    );
    let report = AuditReport::make(&mut conn).await.unwrap();
    assert_eq!(report.findings, []);
}
