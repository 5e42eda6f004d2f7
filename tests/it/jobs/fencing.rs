//! A step that outlives its lease changes nothing; one that is alive keeps it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bulwark::engine::jobs::JobLimits;
use bulwark::engine::task::Task as _;
use tokio::task::JoinSet;

use super::rig::Rig;

#[tokio::test]
async fn a_slow_submit_keeps_its_lease_by_heartbeats() {
    let rig = Rig::new(&["kie"]).await;
    rig.order(1).await;
    let runner = rig.runner();
    rig.providers[0].close();
    let mut steps = JoinSet::new();
    let working = Arc::clone(&runner);
    steps.spawn(async move { working.drain().await });
    rig.providers[0].entered().await;
    for _ in 0..10 {
        rig.pass_s(8);
        runner.heartbeat().await;
        assert_eq!(rig.rescue().await, 0, "its worker is alive");
    }
    rig.providers[0].open();
    steps.join_next().await.unwrap().unwrap().unwrap();
    rig.finish().await;
    assert_eq!(rig.submits(), 1);
    assert_eq!(rig.wallet(1).await, (0, 0), "charged");
    rig.assert_books_balance().await;
}

#[tokio::test]
async fn the_answer_to_a_frozen_worker_is_evidence_for_the_next() {
    let rig = Rig::new(&["kie"]).await;
    rig.order(1).await;
    let (frozen, other) = (rig.runner(), rig.runner());
    rig.providers[0].close();
    let mut steps = JoinSet::new();
    let working = Arc::clone(&frozen);
    steps.spawn(async move { working.drain().await });
    rig.providers[0].entered().await;

    rig.pass_s(13);
    assert_eq!(rig.rescue().await, 1);
    frozen.heartbeat().await;
    other.drain().await.unwrap();
    assert_eq!(rig.live().await, 1, "still unknown");
    rig.pass_s(13);
    frozen.heartbeat().await;

    rig.providers[0].open();
    steps.join_next().await.unwrap().unwrap().unwrap();
    rig.finish().await;
    assert_eq!(rig.submits(), 1, "never sent again");
    assert_eq!(rig.wallet(1).await, (0, 0), "found, delivered and charged");
    rig.assert_books_balance().await;
}

#[tokio::test]
async fn a_heartbeat_extends_no_lease_of_another_claim() {
    let rig = Rig::new(&["kie"]).await;
    rig.order(1).await;
    rig.providers[0]
        .polls_before_success
        .store(1, Ordering::SeqCst);
    let (first, second) = (rig.runner(), rig.runner());
    first.drain().await.unwrap();
    rig.pass_s(2);
    // Two polls of the same job at once: the first one's lease ran out while it waited.
    rig.providers[0].close();
    let mut steps = JoinSet::new();
    let working = Arc::clone(&first);
    steps.spawn(async move { working.drain().await });
    rig.providers[0].entered().await;
    rig.pass_s(13);
    let working = Arc::clone(&second);
    steps.spawn(async move { working.drain().await });
    rig.providers[0].entered().await;
    rig.pass_s(11);
    first.heartbeat().await;
    rig.pass_s(2);
    let third = rig.runner();
    let working = Arc::clone(&third);
    steps.spawn(async move { working.drain().await });
    rig.providers[0].entered().await;
    assert_eq!(
        rig.providers[0].polls.load(Ordering::SeqCst),
        3,
        "the second one's lease ran out too, whatever the first did"
    );
    rig.providers[0].open();
    while let Some(step) = steps.join_next().await {
        step.unwrap().unwrap();
    }
    rig.finish().await;
    assert_eq!(rig.submits(), 1);
    assert_eq!(rig.wallet(1).await, (0, 0), "charged once");
    rig.assert_books_balance().await;
}

#[tokio::test]
async fn a_worker_may_lose_a_job_and_claim_it_again() {
    let rig = Rig::new(&["kie"]).await;
    rig.order(1).await;
    let runner = rig.runner();
    runner.drain().await.unwrap();
    rig.pass_s(2);
    rig.providers[0].close();
    let mut steps = JoinSet::new();
    for _ in 0..2 {
        let working = Arc::clone(&runner);
        steps.spawn(async move { working.drain().await });
        rig.providers[0].entered().await;
        rig.pass_s(13);
    }
    runner.heartbeat().await;
    let other = rig.runner();
    assert_eq!(
        other.drain().await.unwrap(),
        0,
        "its newer lease was extended"
    );
    rig.providers[0].open();
    while let Some(step) = steps.join_next().await {
        step.unwrap().unwrap();
    }
    rig.finish().await;
    assert_eq!(rig.wallet(1).await, (0, 0), "charged once");
    rig.assert_books_balance().await;
}

#[tokio::test]
async fn what_a_dead_replica_had_in_hand_goes_on_within_nine_seconds() {
    let mut rig = Rig::new(&["kie"]).await;
    rig.limits = JobLimits::default();
    let (submitting, polling) = (rig.order(1).await, rig.order(2).await);
    let (dead, other) = (rig.runner(), rig.runner());
    dead.drain().await.unwrap();
    // One of them in the middle of its submit, the other in the middle of a poll, when the replica dies.
    rig.pass_s(2);
    rig.providers[0].close();
    let working = Arc::clone(&dead);
    let mut dies = JoinSet::new();
    dies.spawn(async move { working.drain().await });
    rig.providers[0].entered().await;
    dies.shutdown().await;
    let cut_off = "update job set state = 'submitting' where id = ";
    rig.execute(&format!("{cut_off}'{submitting}'")).await;
    rig.providers[0].open();

    let every = rig.rescue_task().every();
    let period = rig.limits.poll + rig.limits.poll / 4;
    let worst = rig.limits.lease + every + period;
    assert!(worst < Duration::from_secs(9), "{worst:?}");
    rig.time.advance(worst);
    assert_eq!(rig.rescue().await, 1);
    other.drain().await.unwrap();
    let states = rig
        .column(&format!(
            "select count(*) from job where id = '{submitting}' and state = 'unknown'
             union all select count(*) from job_history where id = '{polling}'"
        ))
        .await;
    assert_eq!(states, [1, 1]);
}
