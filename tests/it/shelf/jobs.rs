//! Jobs under a person's eyes: hurried, given up, or resolved by what was found out at the provider.

use std::time::Duration;

use serde_json::json;
use sqlx::Executor as _;

use super::{number, refusal, run, run_json, text};
use crate::world::{ADMIN, User, World};

/// A paid order, confirmed, whose submit's answer is lost and of which no callback comes.
async fn unknown_order(world: &World, user: User<'_>) -> String {
    world
        .post("/sim/kie/settings", json!({ "callbacks": false }))
        .await;
    let lost = json!({ "target": "kie.createTask", "drop_after": true, "times": 1 });
    world.post("/sim/faults", lost).await;
    order(world, user).await
}

/// A paid order, confirmed; its job's id.
async fn order(world: &World, user: User<'_>) -> String {
    user.says("/menu").await;
    user.presses("Create images").await;
    user.presses("Image from text").await;
    user.says("a lighthouse").await;
    user.presses("Skip").await;
    let (message, row, column) = user.find("Confirm").await;
    user.press_at(message, row, column).await;
    world.step().await;
    text(
        world,
        "select id::text from job order by created_at desc limit 1",
    )
    .await
}

#[tokio::test]
async fn an_unknown_job_is_resolved_by_what_a_person_found_out() {
    let world = World::new().await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    boris.says("/start").await;
    let there = unknown_order(&world, anna).await;
    let (good, list) = run(&world, "jobs list").await;
    assert!(
        good && list.contains(&there) && list.contains("unknown"),
        "{list}"
    );
    let (good, said) = run(&world, &format!("jobs retry {there}")).await;
    assert!(!good && said.contains("never sent again"), "{said}");

    let tasks = world.get("/sim/kie/tasks").await;
    let task = tasks["tasks"][0]["id"]
        .as_str()
        .or(tasks["tasks"][0]["task_id"].as_str());
    let task = task
        .or(tasks["tasks"][0]["taskId"].as_str())
        .expect("a task")
        .to_owned();
    let line = format!("jobs resolve {there} --task {task} --as 900");
    assert!(run(&world, &line).await.0);
    assert!(run(&world, &line).await.1.contains("already"));
    world.finish().await;
    assert_eq!(
        anna.wallet().await,
        (490, 0),
        "delivered and paid: {}",
        anna.transcript().await
    );

    let lost = unknown_order(&world, boris).await;
    let line = format!("jobs resolve {lost} --task {task}");
    for nobody in ["", " --as tester", " --as 11"] {
        let refused = refusal(&world, &format!("{line}{nobody}")).await;
        assert!(refused.contains("ADMIN_IDS"), "{refused}");
    }
    let (good, said) = run(&world, &format!("{line} --as 900")).await;
    assert!(!good && said.contains(&there), "another's task: {said}");
    let line = format!("jobs resolve {lost} --release --reason not_in_their_list --as 900");
    assert!(run(&world, &line).await.0);
    assert_eq!(boris.wallet().await, (500, 0), "released");
    let (good, said) = run(&world, &line).await;
    assert!(!good && said.contains("ended as failed"), "{said}");
    world.finish().await;
    assert_eq!(boris.wallet().await, (500, 0));

    let story = run_json(&world, &format!("jobs show {lost}")).await;
    assert_eq!(story["job"]["state"], "failed");
    assert_eq!(story["operator_actions"][0]["reason"], "not in their list");
    assert_eq!(
        story["operator_actions"][0]["operator"],
        "admin 900 (command, tester)"
    );
    let held = story["same_correlation"].to_string();
    assert!(
        held.contains("released") && held.contains("update"),
        "{held}"
    );
    assert!(!story.to_string().contains("a lighthouse"), "{story}");
    let (_, story) = run(&world, &format!("jobs show {there} --payload")).await;
    assert!(
        story.contains("a lighthouse") && story.contains("accepted"),
        "{story}"
    );
    assert_eq!(
        number(&world, "select count(*) from operator_action").await,
        2
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_discarded_job_gives_the_money_back_whoever_is_at_it() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let job = order(&world, anna).await;
    assert_eq!(anna.wallet().await, (490, 10));
    // As if a worker were in the middle of asking the provider.
    let in_hand = "update job set lease_token = 77, lease_until = run_at + interval '1 minute'";
    world.pool.execute(in_hand).await.expect("leased");
    assert!(
        run(&world, &format!("jobs retry {job}"))
            .await
            .1
            .contains("in the hands")
    );
    let line = format!("jobs discard {job} --reason abuse --as 900");
    let (a, b) = tokio::join!(run(&world, &line), run(&world, &line));
    assert!(a.0 && b.0, "{} {}", a.1, b.1);
    let both = format!("{}{}", a.1, b.1);
    assert_eq!(both.matches("already cancelled").count(), 1, "{both}");
    let stale = "select count(*) from job where lease_token = 77";
    assert_eq!(
        number(&world, stale).await,
        0,
        "the worker's token is worth nothing"
    );
    assert_eq!(anna.wallet().await, (500, 0));
    world.finish().await;
    assert_eq!(anna.wallet().await, (500, 0));
    let (good, said) = run(&world, &format!("jobs retry {job}")).await;
    assert!(!good && said.contains("never runs again"), "{said}");
    assert_eq!(
        number(&world, "select count(*) from operator_action").await,
        1
    );

    let done = order(&world, anna).await;
    world.finish().await;
    assert!(
        run(&world, &format!("jobs retry {done}"))
            .await
            .1
            .contains("already done")
    );
    assert!(
        !run(
            &world,
            &format!("jobs discard {done} --reason late --as 900")
        )
        .await
        .0
    );
    assert_eq!(anna.wallet().await, (490, 0), "paid once, kept");
    world.assert_clean().await;
}

#[tokio::test]
async fn a_job_that_waits_is_hurried() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let job = order(&world, anna).await;
    let later = "update job set run_at = run_at + interval '10 minutes'";
    world.pool.execute(later).await.expect("put off");
    assert!(
        run(&world, &format!("jobs retry {job}"))
            .await
            .1
            .contains("due now")
    );
    assert!(
        run(&world, &format!("jobs retry {job}"))
            .await
            .1
            .contains("already waiting")
    );
    world.advance(Duration::from_secs(60)).await;
    world.step().await;
    assert_eq!(anna.wallet().await, (490, 0), "{}", anna.transcript().await);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_stuck_job_goes_on_from_where_it_was_parked() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let job = order(&world, anna).await;
    let park =
        "update job set state = 'stuck', stuck_from = state, faults = 5, error = 'a bug of ours'";
    world.pool.execute(park).await.expect("parked");
    let (good, list) = run(&world, "jobs list").await;
    assert!(good && list.contains("stuck"), "{list}");
    assert!(
        run(&world, &format!("jobs show {job}"))
            .await
            .1
            .contains("a bug of ours")
    );
    assert!(run(&world, "jobs retry --all").await.1.contains("due now"));
    world.finish().await;
    assert_eq!(anna.wallet().await, (490, 0), "{}", anna.transcript().await);
    assert_eq!(
        world.get("/sim/kie/tasks").await["tasks"]
            .as_array()
            .map(Vec::len),
        Some(1),
        "submitted once"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn an_order_on_which_our_own_code_fails_is_set_aside_told_of_and_delivered_after_the_mend() {
    let world = World::new().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    anna.says("/start").await;
    let bug = "create function bug() returns trigger language plpgsql as $$ begin raise exception 'a bug'; end $$;
        create trigger bug before insert on hold_resolution for each row execute function bug()";
    world.pool.execute(bug).await.expect("a bug");
    let job = order(&world, anna).await;
    world.finish().await;
    anna.hears("Something is wrong on my side").await;
    admin
        .hears(&format!("Job {job} (text-to-image) is stuck"))
        .await;
    assert_eq!(anna.wallet().await, (490, 10), "still held");
    let (good, list) = run(&world, "jobs list").await;
    assert!(
        good && list.contains(&job) && list.contains("stuck"),
        "{list}"
    );
    let story = run_json(&world, &format!("jobs show {job}")).await;
    let error = story["job"]["error"].as_str().unwrap_or_default();
    assert!(error.contains("a bug"), "{error}");

    // Mended the next day, when its deadline is long over.
    world
        .pool
        .execute("drop trigger bug on hold_resolution")
        .await
        .expect("the mend");
    world.advance(Duration::from_secs(24 * 3600)).await;
    assert!(run(&world, &format!("jobs retry {job}")).await.0);
    world.finish().await;
    assert_eq!(anna.wallet().await, (490, 0), "delivered and charged");
    assert_eq!(world.tasks().await.len(), 1, "ordered once");
    world.assert_clean().await;
}
