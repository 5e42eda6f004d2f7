//! News for those who wait: for the first of them first, a bounded number at a time, each once.

use std::sync::atomic::Ordering;

use bulwark::engine::jobs::Lines;
use bulwark::engine::task::Task as _;
use bulwark::engine::wake::Wake;

use super::rig::Rig;

fn lines(rig: &Rig) -> Lines {
    let providers = vec!["kie".to_owned()];
    let kinds = vec![rig.owner.clone() as _];
    Lines::new(
        rig.pool.clone(),
        rig.clock.clone(),
        providers,
        kinds,
        Wake::default(),
    )
}

async fn told(lines: &Lines) -> i64 {
    lines.run().await.unwrap()["told"].as_i64().unwrap()
}

#[tokio::test]
async fn two_replicas_tell_the_first_of_a_long_line_first_and_each_once() {
    let rig = Rig::new(&["kie"]).await;
    rig.providers[0].submits_now.store(0, Ordering::SeqCst);
    for user_id in 1..=50 {
        rig.order(user_id).await;
    }
    let (a, b) = (lines(&rig), lines(&rig));
    assert_eq!(told(&a).await, 0, "nobody has waited yet");
    rig.pass_s(6);
    let (by_a, by_b) = tokio::join!(told(&a), told(&b));
    // Who looks a moment later sees that some are told already, and goes on behind them.
    let at_first = by_a + by_b;
    assert!((20..=40).contains(&at_first), "{by_a} and {by_b}");
    let known =
        "select count(told_at) from (select told_at from job order by rank_at, id limit 20) front";
    assert_eq!(rig.column(known).await, [20], "the first ones");
    let then = told(&a).await + told(&b).await;
    assert_eq!(at_first + then, 50, "each once");
    assert_eq!(told(&a).await, 0, "all know");
    assert_eq!(rig.owner.waiting.load(Ordering::SeqCst), 50);
    // One step forward is news where single steps count.
    rig.pass_s(11);
    rig.execute("update job set state = 'submitting' where id = (select id from job order by rank_at, id limit 1)")
        .await;
    assert_eq!(told(&a).await, 9);
}

#[tokio::test]
async fn a_job_of_later_stands_in_no_line() {
    let rig = Rig::new(&["kie"]).await;
    rig.providers[0].submits_now.store(0, Ordering::SeqCst);
    let later = rig.clock.now() + time::Duration::hours(3);
    rig.order_with(1, |job| job.run_at = Some(later)).await;
    rig.pass_s(60);
    assert_eq!(told(&lines(&rig)).await, 0);
    rig.pass_s(3 * 3600);
    assert_eq!(told(&lines(&rig)).await, 1, "now it is due");
}
