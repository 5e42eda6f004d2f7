//! In which order jobs start, and what never holds them up.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bulwark::engine::jobs;
use bulwark::providers::ProviderError;
use tokio::task::JoinSet;

use super::rig::Rig;

/// The users whose jobs started, in order.
async fn started(rig: &Rig) -> Vec<i64> {
    let sql = "select user_id from (
            select user_id, submitted_at from job union all select user_id, submitted_at from job_history) started
        where submitted_at is not null order by submitted_at";
    rig.column(sql).await
}

/// Starts one job a second until none is queued.
async fn start_one_by_one(rig: &mut Rig) {
    rig.limits.concurrency_max = 1;
    let runner = rig.runner();
    for _ in 0..500 {
        runner.step_once().await.unwrap();
        rig.pass_s(1);
        let counts = jobs::counts(&rig.pool, rig.clock.sql_now()).await.unwrap();
        if counts.queued == 0 {
            return;
        }
    }
    panic!("jobs stay in the queue");
}

#[tokio::test]
async fn a_user_with_fifty_jobs_does_not_starve_the_others() {
    let mut rig = Rig::new(&["kie"]).await;
    for _ in 0..50 {
        rig.order(1).await;
    }
    for user_id in 2..=6 {
        rig.pass_s(1);
        rig.order(user_id).await;
    }
    start_one_by_one(&mut rig).await;
    let started = started(&rig).await;
    assert_eq!(started[..6], [1, 2, 3, 4, 5, 6]);
    assert_eq!(started.len(), 55);
    rig.finish().await;
    rig.assert_books_balance().await;
}

#[tokio::test]
async fn a_low_priority_waits_but_not_for_ever() {
    let mut rig = Rig::new(&["kie"]).await;
    rig.order_with(1, |job| job.priority = 2).await;
    rig.pass_s(60);
    rig.order_with(2, |job| job.priority = 1).await;
    rig.pass_s(60);
    rig.order_with(3, |job| job.priority = 0).await;
    rig.pass_s(9 * 60);
    rig.order_with(4, |job| job.priority = 0).await;
    start_one_by_one(&mut rig).await;
    assert_eq!(
        started(&rig).await,
        [3, 2, 1, 4],
        "the low one aged past the newest"
    );
}

#[tokio::test]
async fn a_slow_provider_holds_up_no_other() {
    let rig = Rig::new(&["slow", "quick"]).await;
    rig.providers[0].close();
    for user_id in 1..=60 {
        rig.order(user_id).await;
    }
    let runner = rig.runner();
    let mut steps = JoinSet::new();
    let working = Arc::clone(&runner);
    let shutdown = bulwark::base::supervise::Shutdown::new();
    let stop = shutdown.clone();
    steps.spawn(async move { working.run(stop).await });
    for _ in 0..rig.limits.concurrency_max {
        rig.providers[0].entered().await;
    }
    rig.providers[1].close();
    rig.order_with(100, |job| "quick".clone_into(&mut job.snapshot.provider))
        .await;
    rig.pass_s(1);
    rig.providers[1].entered().await;
    assert_eq!(rig.submits(), rig.limits.concurrency_max);
    shutdown.cancel();
    rig.providers[0].open();
    rig.providers[1].open();
    steps.join_next().await.unwrap().unwrap();
    rig.finish().await;
    rig.assert_books_balance().await;
}

#[tokio::test]
async fn a_provider_never_has_more_tasks_than_it_may() {
    let rig = Rig::new(&["kie"]).await;
    rig.providers[0].tasks_max.store(3, Ordering::SeqCst);
    rig.providers[0]
        .polls_before_success
        .store(6, Ordering::SeqCst);
    for user_id in 1..=10 {
        rig.order(user_id).await;
    }
    let (a, b) = (rig.runner(), rig.runner());
    a.drain().await.unwrap();
    b.drain().await.unwrap();
    assert_eq!(rig.submits(), 3);
    rig.pass_s(2);
    b.drain().await.unwrap();
    assert_eq!(rig.submits(), 3, "all of them still run");
    let limit = rig
        .column("select count(*) from job where state = 'queued'")
        .await;
    assert_eq!(limit, [7]);
    rig.finish().await;
    assert_eq!(rig.submits(), 10);
}

#[tokio::test]
async fn what_the_provider_would_refuse_stays_in_order() {
    let rig = Rig::new(&["kie"]).await;
    rig.providers[0].submits_now.store(2, Ordering::SeqCst);
    for user_id in 1..=5 {
        rig.order(user_id).await;
    }
    let runner = rig.runner();
    assert_eq!(runner.step_once().await.unwrap(), 2);
    rig.providers[0].submits_now.store(0, Ordering::SeqCst);
    assert_eq!(runner.step_once().await.unwrap(), 0);
    let touched = rig
        .column("select count(*) from job where state = 'queued' and lease_token > 0")
        .await;
    assert_eq!(touched, [0], "not even claimed");
    rig.providers[0].submits_now.store(9, Ordering::SeqCst);
    rig.finish().await;
}

#[tokio::test]
async fn waiting_for_a_rate_limit_costs_no_place_and_no_money() {
    let rig = Rig::new(&["kie"]).await;
    let after = Duration::from_secs(20);
    rig.providers[0]
        .submit_errors
        .lock()
        .unwrap()
        .extend((0..12).map(|_| ProviderError::RateLimited { after }));
    rig.order(1).await;
    rig.finish().await;
    assert_eq!(
        rig.submits(),
        13,
        "more often than a job may be submitted in vain"
    );
    assert_eq!(rig.wallet(1).await, (0, 0), "it was done and charged");
}

/// The claim walks its index from the front; nothing is sorted or scanned, however long the queue.
#[tokio::test]
async fn a_claim_from_a_long_queue_reads_little() {
    let rig = Rig::new(&["kie"]).await;
    rig.order(1).await;
    let fill = "insert into job (id, kind, state, user_id, chat_id, run_at, callback_token, unique_key, provider, provider_snapshot,
            correlation, created_at, updated_at, deadline_at, rank_at)
        select gen_random_uuid(), kind, state, n, n, run_at + n * interval '1 ms', 'fill' || n, 'fill' || n, provider, provider_snapshot,
            correlation, created_at, updated_at, deadline_at + interval '1 day', rank_at + n * interval '1 ms'
        from job, generate_series(1, 60000) n";
    rig.execute(fill).await;
    rig.execute("analyze job").await;
    rig.pass_s(120);
    let runner = rig.runner();
    let read = "select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relname = 'job'";
    let scans = "select seq_scan from pg_stat_user_tables where relname = 'job'";
    rig.settle_statistics().await;
    let before = (rig.column(read).await[0], rig.column(scans).await[0]);
    for _ in 0..8 {
        runner.step_once().await.unwrap();
    }
    rig.settle_statistics().await;
    let after = (rig.column(read).await[0], rig.column(scans).await[0]);
    assert_eq!(after.1, before.1, "the whole table was read");
    assert!(
        after.0 - before.0 < 20_000,
        "{} index rows",
        after.0 - before.0
    );
    assert_eq!(rig.submits(), 100, "as many as the provider may have");
}
