//! What can be asked of a job when it is queued, and while it waits: later, put off, only one of its kind.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bulwark::engine::jobs::{self, Enqueued, SnoozeOutcome, Unique};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::rig::Rig;

#[tokio::test]
async fn a_scheduled_job_begins_at_its_time() {
    let rig = Rig::new(&["kie"]).await;
    let at = rig.clock.now() + Duration::from_secs(3600);
    rig.order_with(1, |job| job.run_at = Some(at)).await;
    rig.pass_s(3599);
    assert_eq!(rig.runner().drain().await.unwrap(), 0);
    rig.pass_s(1);
    assert_eq!(rig.runner().drain().await.unwrap(), 1);
    rig.finish().await;
    assert_eq!(rig.wallet(1).await, (0, 0));
}

#[tokio::test]
async fn a_unique_key_is_taken_for_live_and_ended_jobs() {
    let rig = Rig::new(&["kie"]).await;
    let first = rig
        .order_with(1, |job| job.unique_key = "draft:x".to_owned())
        .await;
    for _ in 0..2 {
        let mut tx = rig.pool.begin().await.unwrap();
        let mut job = rig.job(1);
        job.unique_key = "draft:x".to_owned();
        let again = jobs::enqueue(&mut tx, &job, rig.clock.sql_now())
            .await
            .unwrap();
        assert_eq!(again, Enqueued::Existing { job: first });
        tx.commit().await.unwrap();
        rig.finish().await;
    }
    assert_eq!(rig.submits(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_queue_the_same_key_one_does() {
    let rig = Arc::new(Rig::new(&["kie"]).await);
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let rig = Arc::clone(&rig);
        tasks.spawn(async move {
            let mut job = rig.job(1);
            job.unique_key = "draft:y".to_owned();
            let mut tx = rig.pool.begin().await.unwrap();
            let made = jobs::enqueue(&mut tx, &job, rig.clock.sql_now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
            (job.id, made)
        });
    }
    let answers = tasks.join_all().await;
    let created: Vec<Uuid> = answers
        .iter()
        .filter(|(_, made)| *made == Enqueued::Created)
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(created.len(), 1);
    let others = answers.iter().filter(|(id, _)| *id != created[0]);
    assert!(
        others
            .into_iter()
            .all(|(_, made)| *made == Enqueued::Existing { job: created[0] })
    );
}

/// Queues a job that is unique while it lives; its money is not at stake here.
async fn alive(rig: &Rig, key: &str) -> (Uuid, Enqueued) {
    let mut job = rig.job(1);
    job.unique_key = key.to_owned();
    job.unique = Unique::WhileAlive;
    let mut tx = rig.pool.begin().await.unwrap();
    let made = jobs::enqueue(&mut tx, &job, rig.clock.sql_now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (job.id, made)
}

#[tokio::test]
async fn a_key_that_is_taken_while_its_job_lives_is_free_when_it_has_ended() {
    let rig = Rig::new(&["kie"]).await;
    let once = |job: &mut jobs::NewJob| {
        job.unique_key = "daily".to_owned();
        job.unique = Unique::WhileAlive;
    };
    for round in 1..=3 {
        let live = rig.order_with(1, once).await;
        assert_eq!(
            alive(&rig, "daily").await.1,
            Enqueued::Existing { job: live }
        );
        rig.finish().await;
        assert_eq!(rig.submits(), round);
    }
    let ever = rig
        .order_with(1, |job| job.unique_key = "ever".to_owned())
        .await;
    rig.finish().await;
    let again = alive(&rig, "ever").await.1;
    assert_eq!(again, Enqueued::Existing { job: ever }, "taken for ever");
    rig.assert_books_balance().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_queue_the_same_live_key_while_it_comes_and_goes_one_lives() {
    let rig = Arc::new(Rig::new(&["kie"]).await);
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let rig = Arc::clone(&rig);
        tasks.spawn(async move {
            let mut created = 0;
            for _ in 0..8 {
                let (id, made) = alive(&rig, "one").await;
                if made == Enqueued::Created {
                    created += 1;
                    let mut tx = rig.pool.begin().await.unwrap();
                    let now = rig.clock.sql_now();
                    let gone = jobs::cancel(&mut tx, id, now).await.unwrap();
                    assert_eq!(gone, jobs::CancelOutcome::Ended);
                    tx.commit().await.unwrap();
                }
            }
            created
        });
    }
    let created: i64 = tasks.join_all().await.iter().sum();
    let ended = rig.column("select count(*) from job_history").await[0];
    assert_eq!((rig.live().await, ended), (0, created));
    assert!(created > 0, "somebody was first");
}

#[tokio::test]
async fn a_snoozed_job_rests_and_keeps_its_place_and_its_time() {
    let rig = Rig::new(&["kie"]).await;
    let snooze = async |id: Uuid, s: i64| {
        let mut tx = rig.pool.begin().await.unwrap();
        let until = rig.clock.now() + time::Duration::seconds(s);
        let now = rig.clock.sql_now();
        let outcome = jobs::snooze(&mut tx, id, until, now).await.unwrap();
        tx.commit().await.unwrap();
        outcome
    };
    let (first, second) = (rig.order(1).await, rig.order(2).await);
    rig.providers[0].submits_now.store(1, Ordering::SeqCst);
    assert_eq!(snooze(first, 7200).await, SnoozeOutcome::Resting);
    let runner = rig.runner();
    assert_eq!(runner.step_once().await.unwrap(), 1);
    assert_eq!(snooze(second, 60).await, SnoozeOutcome::Begun);
    rig.pass_s(7100);
    rig.order(3).await;
    runner.drain().await.unwrap();
    rig.order(4).await;
    rig.pass_s(100);
    let state = format!("select count(*) from job where id = '{first}' and state = 'running'");
    runner.step_once().await.unwrap();
    runner.drain().await.unwrap();
    assert_eq!(
        rig.column(&state).await,
        [1],
        "it was in time, and before the fourth"
    );
    rig.finish().await;
    assert_eq!(snooze(first, 60).await, SnoozeOutcome::Gone);
    assert_eq!(rig.wallet(1).await, (0, 0), "done and charged");
    rig.assert_books_balance().await;
}
