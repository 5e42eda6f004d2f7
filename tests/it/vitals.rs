//! What replicas know together of a provider: its breakers, and how often it was called.

use std::sync::Arc;
use std::time::Duration;

use bulwark::base::clock::{Clock, ManualClock};
use bulwark::base::ids::Ids;
use bulwark::engine::operator::{Operator, Outcome};
use bulwark::engine::vitals::{Vitals, isolate as isolate_by_hand, release};
use bulwark::providers::breaker::{Breaker, Health, Phase};
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

fn isolate(replica: &Replica, act: impl Fn(&Breaker)) {
    for (_, breaker) in replica.kie.breakers() {
        act(breaker);
    }
}

#[tokio::test]
async fn what_one_replica_finds_out_about_a_provider_the_others_know() {
    let ([here, there], clock, pool) = two().await;
    isolate(&here, Breaker::isolate);
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
    isolate(&there, Breaker::restore);
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

#[tokio::test]
async fn an_operators_word_stands_over_what_replicas_find_out_in_the_same_moment() {
    let ([here, there], clock, pool) = two().await;
    let by = Operator {
        name: "ops".to_owned(),
        reason: Some("a look".to_owned()),
    };
    let (names, now) = (["kie".to_owned()], Some(clock.now()));
    let mut conn = pool.acquire().await.expect("a connection");
    here.vitals.sync().await.expect("the database");
    // It trips and recovers here, untold, while an operator isolates it.
    let (_, submits) = here.kie.breakers()[0];
    for _ in 0..8 {
        submits.end(submits.begin(), Health::Ill);
    }
    clock.advance(Duration::from_secs(10));
    assert_eq!(submits.phase(), Phase::HalfOpen);
    let done = isolate_by_hand(&mut conn, &names, "kie", &by, uuid::Uuid::nil(), now).await;
    assert!(matches!(done, Ok(Outcome::Changed(_))), "{done:?}");
    for replica in [&here, &there] {
        replica.vitals.sync().await.expect("the database");
        assert!(replica.may_submit().await.is_some());
        assert_eq!(
            replica.vitals.hold_back(&*replica.kie, Step::Poll).await,
            None,
            "what is under way is asked about"
        );
    }
    clock.advance(Duration::from_secs(24 * 3600));
    here.vitals.sync().await.expect("the database");
    assert!(here.kie.is_unavailable(), "until it is released");
    let done = release(&mut conn, &names, "kie", &by, uuid::Uuid::nil(), now).await;
    assert!(matches!(done, Ok(Outcome::Changed(_))), "{done:?}");
    for replica in [&here, &there] {
        replica.vitals.sync().await.expect("the database");
        assert_eq!(replica.may_submit().await, None, "a probe");
    }
}

#[tokio::test]
async fn repeated_submits_are_a_share_of_all() {
    let ([here, _], _, _) = two().await;
    let vitals = here.vitals.clone().repeating(20, &Ids::seeded(3));
    for _ in 0..100 {
        vitals.first_try(&*here.kie);
    }
    let repeated = (0..100).filter(|_| vitals.repeat_later(&*here.kie).is_none());
    assert_eq!(repeated.count(), 25, "a fifth of a hundred and twenty-five");
    assert!(vitals.repeat_later(&*here.kie).is_some());
}
