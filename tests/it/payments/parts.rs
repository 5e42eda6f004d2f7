//! Parts of payments that somebody gave back by hand, in the processor's dashboard.

use std::time::Duration;

use serde_json::json;

use super::reconciliation::{compared, findings};
use super::{admin, books, tops_up, world, world_with};
use crate::rewards::referrals::{comes_by, earned, link};
use crate::world::World;

/// So many naira go back.
async fn part(world: &World, id: u64, naira: f64) {
    let part = json!({ "transaction_id": id, "amount": naira });
    world.post("/sim/flutterwave/refunds", part).await;
}

#[tokio::test]
async fn a_part_is_booked_once_and_with_the_rest_all_of_it() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let id = tops_up(anna).await;
    // A third, which is no whole number of cents: 166.6.
    part(&world, id, 2_666.0).await;
    let report = compared(&world, true).await;
    assert_eq!(findings(&report), [("missing partial refund", false)]);
    assert_eq!(report.findings[0].paid, 266_600);
    assert_eq!(anna.wallet().await, (500, 0));
    let report = compared(&world, false).await;
    assert_eq!(findings(&report), [("missing partial refund", true)]);
    assert_eq!(anna.wallet().await, (334, 0));
    anna.hears("2666.00 NGN of the 8000.00 NGN that you paid are going back")
        .await;
    anna.hears("$1.66 for them left your balance").await;
    admin
        .hears("2666.00 NGN of the 8000.00 NGN that 11 paid went back without being asked for here")
        .await;
    assert_eq!(findings(&compared(&world, false).await), []);
    // The whole cannot go back any more.
    admin.says(&format!("/refund flutterwave:{id}")).await;
    admin
        .hears("2666.00 NGN of the 8000.00 NGN went back already")
        .await;
    part(&world, id, 2_667.0).await;
    part(&world, id, 2_667.0).await;
    let report = compared(&world, false).await;
    assert_eq!(report.findings[0].paid, 533_400);
    assert_eq!(anna.wallet().await, (0, 0));
    assert_eq!(findings(&compared(&world, false).await), []);
    let statement = anna.statement().await;
    assert!(
        statement.contains("-$1.66  payment given back: 2666.00 NGN"),
        "{statement}"
    );
    assert_eq!(world.count("select count(*) from payment_return").await, 3);
    assert_eq!(world.count("select count(*) from payment_refund").await, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn what_of_a_part_is_spent_is_our_loss_and_its_share_of_the_reward_goes_back() {
    let world = world_with(&[
        ("REFERRAL_ON", "topup"),
        ("REFERRAL_REWARD", "10%"),
        ("BOT_USERNAME", "bulwark_sim_bot"),
    ])
    .await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    comes_by(&world, 12, &link(anna).await).await;
    let ben = world.user(12);
    let id = tops_up(ben).await;
    assert_eq!(earned(&world, 11).await, 50);
    ben.orders("a lighthouse").await;
    world.finish().await;
    assert_eq!(ben.wallet().await, (490, 0));
    // Worth $4.93, of which three cents are spent.
    part(&world, id, 7_900.0).await;
    compared(&world, false).await;
    assert_eq!(ben.wallet().await, (0, 0));
    admin
        .hears("$0.03 were spent already and are our loss")
        .await;
    assert_eq!(earned(&world, 11).await, 1);
    anna.hears("$0.49").await;
    part(&world, id, 100.0).await;
    compared(&world, false).await;
    assert_eq!(earned(&world, 11).await, 0);
    let lost = "select sum(lost)::bigint from payment_return";
    assert_eq!(world.count(lost).await, 10);
    assert_eq!(findings(&compared(&world, false).await), []);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refund_that_somebody_has_begun_by_hand_is_refused_and_the_part_booked() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let id = tops_up(anna).await;
    part(&world, id, 1_600.0).await;
    admin.says(&format!("/refund flutterwave:{id}")).await;
    admin.presses("Refund").await;
    world.run_for(Duration::from_secs(60)).await;
    admin.hears("was not made").await;
    assert_eq!(anna.wallet().await, (500, 0));
    let report = compared(&world, false).await;
    assert_eq!(findings(&report), [("missing partial refund", true)]);
    assert_eq!(anna.wallet().await, (400, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn the_night_books_many_parts_of_one_payment_and_two_lookers_book_each_once() {
    let world = world().await;
    let (anna, admin) = (world.user(11), admin(&world).await);
    anna.says("/start").await;
    let id = tops_up(anna).await;
    for _ in 0..16 {
        part(&world, id, 500.0).await;
    }
    let refused = json!({ "transaction_id": id, "amount": 1.0 });
    let refused = world
        .http
        .post(format!(
            "{}/sim/flutterwave/refunds",
            world.sim.telegram_url()
        ))
        .json(&refused)
        .send()
        .await
        .expect("an answer");
    assert_eq!(refused.status(), 400, "no more than was paid");
    let comparison = world.app.payment_comparison("flutterwave").expect("there");
    let (one, other) = tokio::join!(comparison.run(false), comparison.run(false));
    let found = one.expect("a list").findings.len() + other.expect("a list").findings.len();
    assert!((1..=2).contains(&found), "{found}");
    world.settle().await;
    assert_eq!(anna.wallet().await, (0, 0));
    let refunds = books(&world).await["refunds"].as_array().map(Vec::len);
    assert_eq!(refunds, Some(16));
    // All of it, at first sight: a refund of the whole.
    let whole = "select count(*) from payment_refund where state = 'done' and taken = 500";
    assert_eq!(world.count(whole).await, 1);
    assert_eq!(world.count("select count(*) from payment_return").await, 0);
    admin.hears("without being asked for here").await;
    world.assert_clean().await;
}
