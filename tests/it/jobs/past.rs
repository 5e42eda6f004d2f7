//! Ended jobs by weeks: found wherever they stand, dropped when they are too old; and a hot table that stays flat.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bulwark::engine::jobs::{History, shelf};
use bulwark::engine::task::Task as _;
use serde_json::Value;

use super::rig::Rig;

const DAY_S: u64 = 24 * 3600;

async fn keep(rig: &Rig, days: u64) -> Value {
    let keep = Duration::from_secs(days * DAY_S);
    let history = History::new(rig.pool.clone(), rig.clock.clone(), keep);
    history.run().await.unwrap()
}

#[tokio::test]
async fn ended_jobs_stand_in_weeks_that_are_made_ahead_and_dropped_in_time() {
    let rig = Rig::new(&["kie"]).await;
    // Nobody has made a week yet: jobs end all the same.
    let early = rig.order(1).await;
    rig.finish().await;
    let in_rest = "select count(*) from job_history_rest";
    assert_eq!(rig.column(in_rest).await, [1]);
    let done = keep(&rig, 30).await;
    assert!(done["weeks_made"].as_i64().unwrap() >= 10, "{done}");
    assert_eq!(rig.column(in_rest).await, [0], "it moved to its week");
    assert_eq!(keep(&rig, 30).await["weeks_made"], 0, "safe twice");

    rig.pass_s(20 * DAY_S);
    let late = rig.order(2).await;
    rig.finish().await;
    assert_eq!(rig.column(in_rest).await, [0]);
    assert_eq!(keep(&rig, 30).await["weeks_dropped"], 0);
    rig.pass_s(20 * DAY_S);
    let (a, b) = tokio::join!(keep(&rig, 30), keep(&rig, 30));
    let dropped = a["weeks_dropped"].as_i64().unwrap() + b["weeks_dropped"].as_i64().unwrap();
    assert!(dropped >= 2, "{a} {b}");
    let now = rig.clock.sql_now();
    let found = shelf::find(&rig.pool, early, now).await.unwrap();
    assert!(found.is_none(), "its week is over");
    let found = shelf::find(&rig.pool, late, now).await.unwrap();
    assert_eq!(found.unwrap().state, "succeeded");
    let steps = shelf::attempts(&rig.pool, late).await.unwrap();
    assert!(steps.iter().any(|step| step.outcome == "accepted"));
    let keys = "select count(*) from job_key";
    assert_eq!(rig.column(keys).await, [1], "a key goes with its job");
    rig.assert_books_balance().await;
}

/// What changes while a job is worked on stands in no index, so that nothing but the heap is written, and space of old
/// versions is used again.
#[tokio::test]
async fn polls_and_heartbeats_leave_the_hot_table_as_large_as_it_is() {
    let rig = Rig::new(&["kie"]).await;
    rig.providers[0]
        .polls_before_success
        .store(usize::MAX, Ordering::SeqCst);
    for user_id in 1..=40 {
        rig.order(user_id).await;
    }
    let runner = rig.runner();
    runner.drain().await.unwrap();
    let size = "select pg_relation_size('job') + pg_indexes_size('job')";
    let before = rig.column(size).await[0];
    rig.execute("select pg_stat_reset()").await;
    for _ in 0..50 {
        rig.pass_s(2);
        runner.drain().await.unwrap();
    }
    rig.settle_statistics().await;
    let updates = "select n_tup_upd from pg_stat_user_tables where relname = 'job'
        union all select n_tup_hot_upd from pg_stat_user_tables where relname = 'job'";
    let counts = rig.column(updates).await;
    assert!(counts[0] >= 40 * 50 * 2, "{counts:?}");
    assert!(counts[1] * 100 >= counts[0] * 85, "heap-only: {counts:?}");
    let after = rig.column(size).await[0];
    assert!(after <= before * 2, "{before} bytes became {after}");
}

/// A claim, and what is looked for beside it, read what is due, however many others are at their provider.
#[tokio::test]
async fn a_claim_among_very_many_jobs_at_work_reads_only_those_that_are_due() {
    let rig = Rig::new(&["kie"]).await;
    rig.providers[0].tasks_max.store(100, Ordering::SeqCst);
    let due_at = rig.clock.now() + Duration::from_secs(3600);
    let many = format!(
        "insert into job (id, kind, state, user_id, chat_id, run_at, submitted_at, callback_token, unique_key, provider,
             provider_snapshot, correlation, created_at, updated_at)
         select gen_random_uuid(), 'order', 'running', n, n, '{due_at}', now(), 'many-' || n, 'many-' || n, 'kie', '{{}}',
                gen_random_uuid(), now(), now()
         from generate_series(1, 20000) n"
    );
    assert_eq!(rig.execute(&many).await, 20_000);
    rig.execute("vacuum analyze job").await;
    rig.execute("select pg_stat_reset()").await;
    let runner = rig.runner();
    for _ in 0..10 {
        assert_eq!(runner.step_once().await.unwrap(), 0);
        assert_eq!(rig.rescue().await, 0);
    }
    rig.settle_statistics().await;
    let read = "select seq_tup_read from pg_stat_user_tables where relname = 'job'
        union all select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relname = 'job'";
    let read = rig.column(read).await;
    // Those at work are counted up to the provider's limit.
    assert!(read[0] == 0 && read[1] < 10 * 200, "{read:?}");
}
