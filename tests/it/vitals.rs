//! What replicas know together of a provider: its breakers, and how often it was called.

use std::sync::Arc;
use std::time::Duration;

use bulwark::base::clock::{Clock, ManualClock};
use bulwark::base::ids::Ids;
use bulwark::engine::vitals::Vitals;
use bulwark::providers::kie::{Kie, KieConfig};
use bulwark::providers::{Provider, Step};
use futures_util::future::join_all;
use sqlx::PgPool;

use crate::database;
use crate::world::START;

struct Replica {
    kie: Arc<Kie>,
    vitals: Vitals,
}

impl Replica {
    fn new(pool: &PgPool, clock: &Clock, seed: u64) -> Self {
        let config = KieConfig {
            api_key: "a-key-of-nobody".to_owned().into(),
            api_url: "http://127.0.0.1:9".to_owned(),
            webhook_key: None,
        };
        let kie = Arc::new(Kie::new(config, clock.clone(), Ids::seeded(seed)).expect("an adapter"));
        let vitals = Vitals::new(pool.clone(), clock.clone(), vec![Arc::clone(&kie) as _]);
        Self { kie, vitals }
    }

    async fn may_submit(&self) -> Option<Duration> {
        self.vitals.hold_back(&*self.kie, Step::Submit).await
    }
}

async fn two() -> ([Replica; 2], ManualClock, PgPool) {
    let pool = database::fresh_pool().await;
    let (clock, manual) = Clock::manual(START);
    let replicas = [1, 2].map(|seed| Replica::new(&pool, &clock, seed));
    (replicas, manual, pool)
}

#[tokio::test]
async fn together_replicas_never_call_more_often_than_the_provider_allows() {
    let (replicas, clock, _) = two().await;
    let (max, window) = replicas[0].kie.calls_max(Step::Submit).expect("a limit");
    let mut passed = Vec::new();
    for _ in 0..60 {
        let tries = (0..8).map(|n| replicas[n % 2].may_submit());
        let admitted = join_all(tries).await.into_iter().filter(Option::is_none);
        let now = clock.now();
        passed.extend(admitted.map(|_| now));
        clock.advance(Duration::from_millis(500));
    }
    for first in &passed {
        let inside = passed
            .iter()
            .filter(|at| *at >= first && **at < *first + window);
        assert!(inside.count() <= max);
    }
    assert!(
        passed.len() >= 2 * max,
        "the limit is used: {}",
        passed.len()
    );
    let wait = replicas[0]
        .may_submit()
        .await
        .or(replicas[1].may_submit().await);
    assert!(wait.is_none_or(|wait| wait <= window * 5 / 4), "{wait:?}");
}

#[tokio::test]
async fn what_one_replica_finds_out_about_a_provider_the_others_know() {
    let ([here, there], clock, pool) = two().await;
    here.kie.isolate();
    here.vitals.sync().await.expect("the database");
    assert_eq!(there.may_submit().await, None, "not told yet");
    there.vitals.sync().await.expect("the database");
    assert!(there.kie.is_unavailable());
    assert!(there.may_submit().await.is_some());

    // It outlives them all.
    let later = Replica::new(&pool, &Clock::manual(START).0, 3);
    later.vitals.sync().await.expect("the database");
    assert!(later.kie.is_unavailable());

    clock.advance(Duration::from_secs(60));
    there.kie.restore();
    there.vitals.sync().await.expect("the database");
    here.vitals.sync().await.expect("the database");
    assert!(!here.kie.is_unavailable());
    assert_eq!(here.may_submit().await, None, "a probe");
}

#[tokio::test]
async fn without_the_database_a_replica_goes_by_its_own_count() {
    let ([here, there], _, pool) = two().await;
    pool.close().await;
    let (max, _) = here.kie.calls_max(Step::Submit).expect("a limit");
    assert!(here.vitals.sync().await.is_err());
    for _ in 0..max {
        assert_eq!(here.may_submit().await, None);
    }
    assert!(here.may_submit().await.is_some());
    assert_eq!(there.may_submit().await, None);
}
