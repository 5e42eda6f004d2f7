//! Orders that end badly, in part, or in nobody knows what.

use std::time::Duration;

use bulwark::engine::jobs::shelf::{self, Filter, JobState};
use serde_json::json;

use super::world;
use crate::world::ADMIN;

#[tokio::test]
async fn a_partial_delivery_is_paid_in_part_in_the_users_favour() {
    let world = world(&[]).await;
    let anna = world.user(11);
    anna.orders_members("t.me/fox", "333").await;
    assert_eq!(anna.wallet().await, (470, 30));
    world
        .decide(json!({"status": "Partial", "remains": 157, "start_count": 3572}))
        .await;
    world.finish().await;
    anna.hears("done in part, 176 of 333").await;
    anna.hears("Counted from 3572").await;
    // 30 × 176 ÷ 333 is 15.86: the rest of the cent is Anna's.
    anna.hears("Charged: $0.15. $0.15 is back on your balance: $4.85.")
        .await;
    assert_eq!(anna.wallet().await, (485, 0));
    let filter = Filter {
        states: vec![JobState::Partial],
        chat_id: Some(11),
        since: None,
        limit: 5,
    };
    let kept = shelf::list(&world.pool, &filter, Some(world.now()))
        .await
        .unwrap();
    let told: Vec<_> = kept
        .iter()
        .map(|job| (job.start_count, job.remains, job.units))
        .collect();
    assert_eq!(told, [(Some(3572), Some(157), Some(333))]);
    assert_eq!(
        world
            .count("select count(*) from job_history where state = 'partial' and remains = 157")
            .await,
        1
    );
    assert_eq!(
        world
            .count("select count(*) from storefront_order where state = 'partial'")
            .await,
        1
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_part_too_small_to_be_paid_is_a_present() {
    let world = world(&[]).await;
    let anna = world.user(11);
    anna.orders_members("t.me/fox", "50").await;
    world
        .decide(json!({"status": "Partial", "remains": 49}))
        .await;
    world.finish().await;
    anna.hears("Charged: $0.00. $0.05 is back").await;
    assert_eq!(anna.wallet().await, (500, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_cancelled_order_costs_nothing() {
    for (status, remains) in [
        ("Canceled", 100),
        ("cancelled", 100),
        ("Partial", 100),
        ("Refunded", 40),
    ] {
        let world = world(&[]).await;
        let anna = world.user(11);
        anna.orders_members("t.me/fox", "100").await;
        world
            .decide(json!({"status": status, "remains": remains}))
            .await;
        world.finish().await;
        anna.hears("The service cancelled it.").await;
        anna.hears("$0.09 is back on your balance: $5.00").await;
        assert_eq!(anna.wallet().await, (500, 0), "{status}");
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn a_partial_delivery_of_an_unknown_part_is_asked_about_until_it_is_known() {
    let world = world(&[]).await;
    let anna = world.user(11);
    anna.orders_members("t.me/fox", "100").await;
    world.decide(json!({"status": "Partial"})).await;
    world.run_for(Duration::from_secs(120)).await;
    assert_eq!(anna.wallet().await, (491, 9));
    world
        .decide(json!({"status": "Partial", "remains": 50}))
        .await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (496, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refusal_in_any_words_gives_the_money_back_in_ours() {
    for (answer, told) in [
        (
            json!({"error": "Incorrect link"}),
            "cannot work with this input",
        ),
        (
            json!({"error": "neworder.error.min_quantity"}),
            "cannot work with this input",
        ),
        (
            json!({"error": "You have active order with this link. Please wait until order being completed."}),
            "Another order for this link",
        ),
        (
            json!({"error": "neworder.error.not_enough_funds"}),
            "not available at the moment",
        ),
        (
            json!({"error": "Incorrect service ID <b>ACME Panel</b>"}),
            "not available at the moment",
        ),
        (
            json!({"error": "Some words that nobody has ever heard"}),
            "not available at the moment",
        ),
    ] {
        let world = world(&[]).await;
        let anna = world.user(11);
        world
            .fault(json!({"target": "panel.add", "times": 1, "status": 200, "body": answer}))
            .await;
        anna.orders_members("t.me/fox", "100").await;
        world.finish().await;
        anna.hears(told).await;
        assert_eq!(anna.wallet().await, (500, 0), "{answer}");
        let transcript = anna.transcript().await;
        assert!(
            !transcript.contains("ACME") && !transcript.contains("neworder"),
            "{transcript}"
        );
        assert!(world.panel_orders().await.is_empty());
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn a_lost_answer_is_never_sent_again_and_an_admin_learns_what_speaks_for_it() {
    for (fault, orders, verdict) in [
        (
            json!({"target": "panel.add", "times": 1, "drop_after": true}),
            1,
            "likely",
        ),
        (
            json!({"target": "panel.add", "times": 1, "drop_before": true}),
            0,
            "unlikely",
        ),
        (
            json!({"target": "panel.add", "times": 1, "body": "<!DOCTYPE html><h1>Thank you!</h1>"}),
            1,
            "likely",
        ),
        (
            json!({"target": "panel.add", "times": 1, "body": {"error": "Something went wrong"}}),
            1,
            "likely",
        ),
    ] {
        let world = world(&[]).await;
        let (anna, admin) = (world.user(11), world.user(ADMIN));
        admin.says("/start").await;
        world.fault(fault.clone()).await;
        anna.orders_members("t.me/fox", "100").await;
        anna.hears("I am checking whether your order got through")
            .await;
        assert_eq!(anna.wallet().await, (491, 9));
        world.finish().await;
        anna.hears("did not confirm your order").await;
        assert_eq!(anna.wallet().await, (500, 0));
        assert_eq!(world.calls("add").await, 1, "{fault}");
        assert_eq!(world.panel_orders().await.len(), orders, "{fault}");
        admin.hears("never confirmed it").await;
        let weighed = world
            .count("select count(*) from job_attempt where step = 'evidence'")
            .await;
        assert!(weighed >= 2, "{weighed}");
        let sql = match verdict {
            "likely" => {
                "select count(*) from job_attempt where step = 'evidence' and outcome <> 'likely'"
            }
            _ => {
                "select count(*) from job_attempt where step = 'evidence' and outcome <> 'unlikely'"
            }
        };
        assert_eq!(world.count(sql).await, 0, "{fault}");
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn trouble_while_asking_loses_no_order() {
    let world = world(&[]).await;
    let (anna, ben) = (world.user(11), world.user(12));
    anna.orders_members("t.me/fox", "100").await;
    ben.orders_members("t.me/hen", "100").await;
    for rule in [
        json!({"target": "panel.status", "times": 1, "body": "<html>Just a moment…</html>"}),
        json!({"target": "panel.status", "times": 1, "body": {"error": "Incorrect API key"}}),
        json!({"target": "panel.status", "times": 1, "body": []}),
        json!({"target": "panel.status", "times": 1, "body": {"1": {"status": "Completed"}}}),
        json!({"target": "panel.status", "times": 1, "status": 502, "body": "Bad Gateway"}),
        json!({"target": "panel.status", "times": 1, "drop_after": true}),
        json!({"target": "panel.status", "times": 1, "retry_after": 30}),
    ] {
        world.fault(rule).await;
    }
    world.finish().await;
    anna.hears("Done: 100 of 100").await;
    ben.hears("Done: 100 of 100").await;
    assert_eq!(
        (anna.wallet().await, ben.wallet().await),
        ((491, 0), (491, 0))
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_panel_that_is_told_of_maintenance_gets_the_order_later() {
    let world = world(&[]).await;
    let anna = world.user(11);
    world
        .fault(json!({"target": "panel.add", "times": 2, "status": 200, "body": {"error": "We are under maintenance"}}))
        .await;
    anna.orders_members("t.me/fox", "100").await;
    world.finish().await;
    anna.hears("Done: 100 of 100").await;
    assert_eq!(world.panel_orders().await.len(), 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn an_order_goes_on_after_a_restart_and_keeps_what_was_counted() {
    let mut world = world(&[]).await;
    world.user(11).orders_members("t.me/fox", "1000").await;
    world.run_for(Duration::from_secs(20)).await;
    world.restart().await;
    world.finish().await;
    let anna = world.user(11);
    anna.hears("Done: 1000 of 1000").await;
    assert_eq!(anna.wallet().await, (410, 0));
    assert_eq!(world.calls("add").await, 1);
    world.assert_clean().await;
}
