//! Taking a job back, at every moment of its life: its money settles once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bulwark::engine::jobs::CancelOutcome;
use bulwark::providers::ProviderError;
use tokio::task::JoinSet;

use super::rig::{PRICE, Rig};

#[tokio::test]
async fn a_queued_job_ends_at_once() {
    let rig = Rig::new(&["kie"]).await;
    let job = rig.order(1).await;
    assert_eq!(rig.cancel(job).await, CancelOutcome::Ended);
    assert_eq!(rig.cancel(job).await, CancelOutcome::Gone);
    assert_eq!(rig.runner().drain().await.unwrap(), 0);
    assert_eq!((rig.submits(), rig.wallet(1).await), (0, (PRICE, 0)));
    rig.assert_books_balance().await;
}

#[tokio::test]
async fn what_was_surely_not_submitted_is_cancelled_after_all() {
    let rig = Rig::new(&["kie"]).await;
    let job = rig.order(1).await;
    let after = Duration::from_secs(5);
    let refusal = ProviderError::RateLimited { after };
    rig.providers[0]
        .submit_errors
        .lock()
        .unwrap()
        .push_back(refusal);
    rig.providers[0].close();
    let mut steps = JoinSet::new();
    let runner = rig.runner();
    steps.spawn(async move { runner.drain().await });
    rig.providers[0].entered().await;
    assert_eq!(rig.cancel(job).await, CancelOutcome::Requested);
    rig.providers[0].open();
    steps.join_next().await.unwrap().unwrap().unwrap();
    rig.finish().await;
    assert_eq!((rig.submits(), rig.wallet(1).await), (1, (PRICE, 0)));
    rig.assert_books_balance().await;
}

#[tokio::test]
async fn what_cannot_be_stopped_goes_on_and_is_paid_for() {
    let rig = Rig::new(&["kie"]).await;
    rig.providers[0]
        .polls_before_success
        .store(3, Ordering::SeqCst);
    let job = rig.order(1).await;
    rig.runner().drain().await.unwrap();
    assert_eq!(rig.cancel(job).await, CancelOutcome::Unstoppable);
    rig.finish().await;
    assert_eq!(rig.wallet(1).await, (0, 0));
    assert_eq!(rig.providers[0].cancels.load(Ordering::SeqCst), 0);
    rig.assert_books_balance().await;
}

#[tokio::test]
async fn a_provider_that_can_is_asked_to_stop() {
    for stops in [true, false] {
        let rig = Rig::new(&["kie"]).await;
        rig.providers[0].can_cancel.store(true, Ordering::SeqCst);
        rig.providers[0].stops.store(stops, Ordering::SeqCst);
        rig.providers[0]
            .polls_before_success
            .store(3, Ordering::SeqCst);
        let job = rig.order(1).await;
        rig.runner().drain().await.unwrap();
        assert_eq!(rig.cancel(job).await, CancelOutcome::Requested);
        rig.finish().await;
        assert_eq!(
            rig.providers[0].cancels.load(Ordering::SeqCst),
            1,
            "asked once"
        );
        let expected = if stops { (PRICE, 0) } else { (0, 0) };
        assert_eq!(rig.wallet(1).await, expected);
        rig.assert_books_balance().await;
    }
}

#[tokio::test]
async fn a_wish_that_comes_while_the_provider_answers_does_not_wait_for_the_next_question() {
    for is_begun in [false, true] {
        let rig = Rig::new(&["kie"]).await;
        let provider = &rig.providers[0];
        provider.can_cancel.store(true, Ordering::SeqCst);
        provider.polls_before_success.store(9, Ordering::SeqCst);
        let job = rig.order(1).await;
        if is_begun {
            rig.runner().drain().await.unwrap();
            rig.pass_s(2);
        }
        provider.close();
        let mut steps = JoinSet::new();
        let runner = rig.runner();
        steps.spawn(async move { runner.drain().await });
        provider.entered().await;
        assert_eq!(rig.cancel(job).await, CancelOutcome::Requested);
        provider.open();
        steps.join_next().await.unwrap().unwrap().unwrap();
        // No time has passed.
        assert_eq!(provider.cancels.load(Ordering::SeqCst), 1, "{is_begun}");
        assert_eq!((rig.live().await, rig.wallet(1).await), (0, (PRICE, 0)));
        rig.assert_books_balance().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cancelling_while_it_is_claimed_and_finished_settles_once() {
    let rig = Arc::new(Rig::new(&["kie"]).await);
    rig.providers[0].can_cancel.store(true, Ordering::SeqCst);
    let mut orders = Vec::new();
    for user_id in 1..=80 {
        orders.push(rig.order(user_id).await);
    }
    let mut workers = JoinSet::new();
    for _ in 0..3 {
        let (runner, time) = (rig.runner(), rig.time.clone());
        workers.spawn(async move {
            for _ in 0..20 {
                runner.drain().await.unwrap();
                time.advance(Duration::from_millis(200));
            }
        });
    }
    let mut cancels = JoinSet::new();
    for (job, user_id) in orders.into_iter().zip(1..) {
        let rig = Arc::clone(&rig);
        cancels.spawn(async move { (user_id, rig.cancel(job).await) });
    }
    let outcomes = cancels.join_all().await;
    workers.join_all().await;
    rig.finish().await;
    for (user_id, outcome) in outcomes {
        let (available, held) = rig.wallet(user_id).await;
        assert_eq!(held, 0, "{outcome:?}");
        match outcome {
            CancelOutcome::Ended => assert_eq!(available, PRICE),
            CancelOutcome::Gone | CancelOutcome::Unstoppable => assert_eq!(available, 0),
            CancelOutcome::Requested => assert!(available == 0 || available == PRICE),
        }
    }
    assert_eq!(rig.column("select count(*) from job_history").await, [80]);
    rig.assert_books_balance().await;
}
