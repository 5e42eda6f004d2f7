//! Jobs for services that are not their provider's are never queued.

use bulwark::engine::jobs::{self, EnqueueError, Enqueued};
use bulwark::engine::routing;
use bulwark::providers::{Listed, Listing, REFILL};

use super::rig::Rig;

/// What becomes of a job of the first provider for this service.
async fn queued(rig: &Rig, id: &str) -> Result<Enqueued, EnqueueError> {
    let mut job = rig.job(1);
    job.snapshot.provider_service = id.to_owned();
    let mut tx = rig.pool.begin().await.expect("a transaction");
    let made = jobs::enqueue(&mut tx, &job, rig.clock.sql_now()).await;
    tx.commit().await.expect("a commit");
    made
}

fn is_foreign(made: &Result<Enqueued, EnqueueError>) -> bool {
    matches!(made, Err(EnqueueError::ForeignService { provider, .. }) if provider == "kie")
}

#[tokio::test]
async fn only_what_is_known_to_be_the_providers_becomes_a_job() {
    let rig = Rig::new(&["kie"]).await;
    let now = rig.clock.sql_now();
    assert!(
        matches!(queued(&rig, "anything").await, Ok(Enqueued::Created)),
        "nothing is known"
    );
    routing::note_bound(&rig.pool, &[("kie", "model"), ("other", "101")], now)
        .await
        .expect("noted");
    assert!(matches!(queued(&rig, "model").await, Ok(Enqueued::Created)));
    let foreign = queued(&rig, "101").await;
    assert!(is_foreign(&foreign), "{foreign:?}");
    assert!(
        matches!(queued(&rig, REFILL).await, Ok(Enqueued::Created)),
        "no service"
    );

    // Once there is a list, it decides, and not what the catalogue named before.
    let listed = Listed {
        id: "102".to_owned(),
        name: "Likes".to_owned(),
        kind: "Default".to_owned(),
        rate_micros: 1,
        min: 1,
        max: 10,
        refill: false,
        cancel: false,
    };
    let mut listing = Listing {
        currency: None,
        services: vec![listed],
        unread: Vec::new(),
    };
    let mut conn = rig.pool.acquire().await.expect("a connection");
    routing::store_listing(&mut conn, "kie", &listing, now)
        .await
        .expect("stored");
    assert!(matches!(queued(&rig, "102").await, Ok(Enqueued::Created)));
    let foreign = queued(&rig, "model").await;
    assert!(is_foreign(&foreign), "{foreign:?}");
    // What is gone was the provider's once: the shop does not offer it, but it is not mixed up.
    listing.services[0].id = "103".to_owned();
    routing::store_listing(&mut conn, "kie", &listing, now)
        .await
        .expect("stored");
    let known = routing::sold_by(&mut conn, "kie").await.expect("known");
    let gone: Vec<(&str, bool, bool)> = known
        .iter()
        .map(|known| (known.id.as_str(), known.is_gone(), known.is_foreign()))
        .collect();
    assert_eq!(
        gone,
        [
            ("102", true, false),
            ("103", false, false),
            ("model", false, true)
        ]
    );
    assert!(matches!(queued(&rig, "102").await, Ok(Enqueued::Created)));
}
