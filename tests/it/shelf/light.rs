//! Light jobs under a person's eyes: what failed too often is read, tried again, given up.

use std::time::Duration;

use sqlx::Executor as _;

use super::{number, run, run_json};
use crate::world::World;

#[tokio::test]
async fn a_light_job_that_died_is_tried_again_after_the_mend_or_given_up() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.orders("a lighthouse").await;
    anna.orders("a ship").await;
    world.finish().await;
    // A newer version wrote what this one cannot read.
    let newer = "update light_job set payload = jsonb_set(payload, '{v}', '9')";
    world.pool.execute(newer).await.expect("two light jobs");
    let (good, list) = run(&world, "light list --state scheduled").await;
    assert!(good && list.matches("forget_inputs").count() == 2, "{list}");
    world.advance(Duration::from_secs(7 * 24 * 3600)).await;
    for _ in 0..60 {
        world.step().await;
        world.advance(Duration::from_secs(60)).await;
    }
    let (good, list) = run(&world, "light list").await;
    assert!(
        good && list.matches("version 9 is not known").count() == 2,
        "{list}"
    );
    let ids = run_json(&world, "light list").await;
    let (first, second) = (ids[0]["id"].clone(), ids[1]["id"].clone());

    let older = "update light_job set payload = jsonb_set(payload, '{v}', '1')";
    world.pool.execute(older).await.expect("mended");
    let line = format!("light retry {first}");
    let (a, b) = tokio::join!(run(&world, &line), run(&world, &line));
    let both = format!("{}{}", a.1, b.1);
    assert!(a.0 && b.0, "{both}");
    assert_eq!(both.matches("already waiting").count(), 1, "{both}");
    let story = run_json(&world, &format!("light show {first}")).await;
    assert_eq!(story["light_job"]["state"], "due");
    assert_eq!(story["operator_actions"][0]["action"], "retry");
    world.step().await;
    let (good, said) = run(&world, &line).await;
    assert!(
        !good && said.contains("no such light job"),
        "it is done: {said}"
    );
    let known = "select count(*) from storefront_order where answers is not null";
    assert_eq!(number(&world, known).await, 1);

    let line = format!("light discard {second} --reason by_hand");
    assert!(run(&world, &line).await.0);
    assert!(!run(&world, &line).await.0, "there is none any more");
    assert!(!run(&world, "light list --state all").await.0);
    let recorded = "select count(*) from operator_action where item like 'light %'";
    assert_eq!(number(&world, recorded).await, 2);
    world.assert_clean().await;
}
