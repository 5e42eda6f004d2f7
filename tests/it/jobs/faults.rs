//! Steps on which our own code fails: tried a bounded number of times, then set aside until a person looks.

use std::sync::atomic::Ordering;

use bulwark::engine::jobs::shelf;
use bulwark::engine::operator::{Operator, Outcome};

use super::rig::Rig;

async fn stuck(rig: &Rig) -> i64 {
    rig.column("select count(*) from job where state = 'stuck'")
        .await[0]
}

/// Lets ten minutes pass, second by second.
async fn work(rig: &Rig) {
    let runner = rig.runner();
    for _ in 0..600 {
        rig.rescue().await;
        runner.drain().await.unwrap();
        rig.pass_s(1);
    }
}

#[tokio::test]
async fn a_job_that_cannot_be_settled_is_set_aside_and_goes_on_after_the_mend() {
    for panics in [false, true] {
        let rig = Rig::new(&["kie"]).await;
        let id = rig.order(1).await;
        rig.owner.failing.store(!panics, Ordering::SeqCst);
        rig.owner.panicking.store(panics, Ordering::SeqCst);
        work(&rig).await;
        assert_eq!(stuck(&rig).await, 1);
        let kept = shelf::find(&rig.pool, id, rig.clock.sql_now())
            .await
            .unwrap()
            .unwrap();
        assert!(kept.error.unwrap().contains("a bug of the owner"));
        assert_eq!(rig.submits(), 1, "sent once, whatever follows");
        assert_eq!(rig.wallet(1).await, (0, 10), "the money is still held");
        let calls = rig.providers[0].polls.load(Ordering::SeqCst);
        assert!(calls < 10, "{calls} polls");

        // Long after its deadline it still has time to end.
        rig.pass_s(24 * 3600);
        rig.owner.failing.store(false, Ordering::SeqCst);
        rig.owner.panicking.store(false, Ordering::SeqCst);
        let operator = Operator {
            name: "op".to_owned(),
            reason: None,
        };
        let again = shelf::retry(&rig.pool, id, &operator, rig.clock.sql_now())
            .await
            .unwrap();
        assert!(matches!(again, Outcome::Changed(_)), "{again:?}");
        rig.finish().await;
        assert_eq!(rig.submits(), 1);
        assert_eq!(rig.wallet(1).await, (0, 0), "done and charged");
        rig.assert_books_balance().await;
    }
}

#[tokio::test]
async fn one_that_is_set_aside_holds_up_no_other() {
    let rig = Rig::new(&["kie"]).await;
    rig.order(1).await;
    rig.owner.failing.store(true, Ordering::SeqCst);
    work(&rig).await;
    assert_eq!(stuck(&rig).await, 1);
    rig.owner.failing.store(false, Ordering::SeqCst);
    rig.order(2).await;
    work(&rig).await;
    assert_eq!(rig.wallet(2).await, (0, 0), "done and charged");
    assert_eq!(stuck(&rig).await, 1, "the other waits for a person");
}
