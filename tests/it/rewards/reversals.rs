//! Rewards whose payment is given back.

use serde_json::json;
use sqlx::Executor as _;

use super::gifts::BY_ORDERS;
use super::referrals::{comes_by, earned, link, world};
use crate::books::{of_ledger, reconciled};
use crate::stars::{admin, tops_up};
use crate::world::{User, World};

/// User 11, who brought in user 12, who has paid a dollar: the charge.
async fn rewarded(world: &World) -> (User<'_>, User<'_>, String) {
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    let code = link(anna).await;
    comes_by(world, 12, &code).await;
    let charge = tops_up(boris).await;
    assert_eq!(earned(world, 11).await, 10);
    (anna, boris, charge)
}

async fn telegram_gives_back(world: &World, charge: &str) {
    world
        .post("/sim/refunds", json!({ "charge_id": charge }))
        .await;
    world.settle().await;
}

#[tokio::test]
async fn what_a_refunded_payment_brought_is_taken_back_once() {
    let world = world().await;
    let (anna, boris, charge) = rewarded(&world).await;
    let admin = admin(&world).await;
    admin.says(&format!("/refund {charge}")).await;
    admin.presses("Refund").await;
    assert_eq!(boris.wallet().await, (0, 0));
    assert_eq!(earned(&world, 11).await, 0);
    anna.hears("with it the $0.10 it had earned you").await;
    anna.says("/referrals").await;
    let page = anna.last_text().await;
    assert!(
        page.contains("Taken back, because payments were given back: $0.10"),
        "{page}"
    );
    assert!(page.contains("$0.10  level 1, taken back"), "{page}");
    // Told again, and by the list: nothing more.
    crate::stars::reconciliation::reconciled(&world, false).await;
    world.settle().await;
    assert_eq!(
        world
            .count("select count(*) from transfer where kind = 'reward_taken'")
            .await,
        1
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refund_that_telegram_refuses_takes_nothing_back() {
    let world = world().await;
    let (_, boris, charge) = rewarded(&world).await;
    let admin = admin(&world).await;
    world
        .fault(json!({ "target": "telegram.refundStarPayment", "status": 400,
            "body": { "ok": false, "error_code": 400, "description": "Bad Request: CHARGE_ID_INVALID" } }))
        .await;
    admin.says(&format!("/refund {charge}")).await;
    admin.presses("Refund").await;
    admin.hears("refuses the refund").await;
    assert_eq!(
        (boris.wallet().await, earned(&world, 11).await),
        ((100, 0), 10)
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_spent_is_lost_until_later_earnings_make_up_for_it() {
    let world = World::with(&{
        let mut variables = super::referrals::BY_TOPUPS.to_vec();
        variables.push(("WALLET_TRANSFERS", "affiliate>wallet:1"));
        variables
    })
    .await;
    let (anna, boris, charge) = rewarded(&world).await;
    anna.says("/referrals").await;
    anna.presses("Move to my balance").await;
    assert_eq!(
        (anna.wallet().await, earned(&world, 11).await),
        ((10, 0), 0)
    );
    telegram_gives_back(&world, &charge).await;
    anna.hears("$0.10 of that is spent already").await;
    // What is on the main balance is left alone.
    assert_eq!(
        (anna.wallet().await, earned(&world, 11).await),
        ((10, 0), 0)
    );
    let told = anna.messages().await.len();
    tops_up(boris).await;
    assert_eq!(earned(&world, 11).await, 0, "kept");
    assert_eq!(anna.messages().await.len(), told, "nothing was earned");
    tops_up(boris).await;
    assert_eq!(earned(&world, 11).await, 10);
    let kept = "select coalesce(sum(amount), 0)::bigint from referral_kept where referrer_id = 11";
    assert_eq!(world.count(kept).await, 10);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refund_found_by_the_comparison_takes_rewards_of_both_levels_back() {
    let world = world().await;
    let (_, boris, _) = rewarded(&world).await;
    let code = link(boris).await;
    comes_by(&world, 13, &code).await;
    let charge = tops_up(world.user(13)).await;
    assert_eq!(
        (earned(&world, 11).await, earned(&world, 12).await),
        (15, 10)
    );
    let gone = json!({ "charge_id": charge, "untold": true });
    world.post("/sim/refunds", gone).await;
    crate::stars::reconciliation::reconciled(&world, false).await;
    world.settle().await;
    assert_eq!(
        (earned(&world, 11).await, earned(&world, 12).await),
        (10, 0)
    );
    world.assert_clean().await;
}

/// User 12 ordered with a reward for user 11, and the order turns out to have failed: paid, and nothing was delivered.
async fn paid_for_nothing(variables: &[(&str, &str)]) -> World {
    let mut all = BY_ORDERS.to_vec();
    all.extend(variables);
    let world = World::with(&all).await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    let code = link(anna).await;
    comes_by(&world, 12, &code).await;
    tops_up(boris).await;
    boris.orders("a lighthouse").await;
    world.finish().await;
    assert_eq!(earned(&world, 11).await, 3);
    world
}

async fn has_failed(world: &World) {
    let mut tx = world.pool.begin().await.unwrap();
    for sql in [
        "set local session_replication_role = replica",
        "update job_history set state = 'failed'",
    ] {
        tx.execute(sql).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_an_order_brought_is_taken_back_when_its_money_is_given_back() {
    let world = paid_for_nothing(&[("REFERRAL_REWARD", "3")]).await;
    let boris = world.user(12);
    let (paid, _) = boris.wallet().await;
    has_failed(&world).await;
    let books = of_ledger(&world.pool);
    let (_, planned) = reconciled(&books, false).await;
    assert_eq!(
        earned(&world, 11).await,
        3,
        "a look takes nothing: {planned}"
    );
    let (is_good, fixed) = reconciled(&books, true).await;
    assert!(is_good, "{fixed}");
    let movements = fixed["findings"][0]["movements"].as_array().unwrap();
    let taken = movements.last().unwrap();
    assert_eq!(
        (&taken["from"], &taken["to"], &taken["amount"]),
        (&json!("affiliate of user 11"), &json!("rewards"), &json!(3)),
        "{fixed}"
    );
    assert_eq!(earned(&world, 11).await, 0);
    assert!(boris.wallet().await.0 > paid);
    // Again, there is nothing to mend, and nothing more is taken.
    let (is_good, again) = reconciled(&books, true).await;
    assert!(is_good && again["findings"] == json!([]), "{again}");
    let anna = world.user(11);
    anna.says("/referrals").await;
    let page = anna.last_text().await;
    assert!(page.contains("$0.03  level 1, taken back"), "{page}");
}

#[tokio::test]
async fn what_an_order_brought_and_is_spent_is_kept_of_the_next_order() {
    let variables = [
        ("REFERRAL_REWARD", "3"),
        ("WALLET_TRANSFERS", "affiliate>wallet:1"),
    ];
    let world = paid_for_nothing(&variables).await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/referrals").await;
    anna.presses("Move to my balance").await;
    let (has, _) = anna.wallet().await;
    has_failed(&world).await;
    let (is_good, fixed) = reconciled(&of_ledger(&world.pool), true).await;
    assert!(is_good, "{fixed}");
    assert_eq!((anna.wallet().await.0, earned(&world, 11).await), (has, 0));
    boris.orders("a lighthouse").await;
    world.finish().await;
    assert_eq!(earned(&world, 11).await, 0, "kept");
    boris.orders("a lighthouse").await;
    world.finish().await;
    assert_eq!(earned(&world, 11).await, 3);
    world.assert_clean().await;
}
