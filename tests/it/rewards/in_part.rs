//! Rewards on orders whose price is given back in part, after it was paid and they were booked.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _};

use super::referrals::{comes_by, earned, link};
use crate::books::{of_ledger, reconciled};
use crate::panels;
use crate::stars::tops_up;
use crate::world::World;

/// User 11 brought in 12, who brought in 13; that one paid in three times and has an order at a panel, for 90, delivered whole
/// and paid.
async fn ordered(reward: &str) -> World {
    ordered_with(reward, "2", 3).await
}

/// The same, with 50 Stars paid in so often.
async fn ordered_with(reward: &str, rate: &str, times: usize) -> World {
    let world = panels::world(&[
        ("TOPUP_STARS", "50"),
        ("TOPUP_STAR_RATE", rate),
        ("BOT_USERNAME", "bulwark_sim_bot"),
        ("REFERRAL_ON", "order"),
        ("REFERRAL_REWARD", reward),
        ("WALLET_TRANSFERS", "affiliate>wallet:1"),
    ])
    .await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    let code = link(anna).await;
    comes_by(&world, 12, &code).await;
    let code = link(boris).await;
    comes_by(&world, 13, &code).await;
    for _ in 0..times {
        tops_up(world.user(13)).await;
    }
    orders(&world, "t.me/fox_channel").await;
    world
}

async fn orders(world: &World, channel: &str) {
    let clara = world.user(13);
    clara.orders_members(channel, "1000").await;
    world.finish().await;
    clara.hears("Done: 1000 of 1000").await;
}

/// What 11 and 12 have of their earnings.
async fn earnings(world: &World) -> (i64, i64) {
    (earned(world, 11).await, earned(world, 12).await)
}

/// The panel's list says something else of the oldest order now, and its row here follows, past triggers.
async fn turns_out(world: &World, change: &str) {
    let mut tx = world.pool.begin().await.unwrap();
    tx.execute("set local session_replication_role = replica")
        .await
        .unwrap();
    let sql = format!(
        "update job_history set {change} where id = (select id from job_history order by created_at limit 1)"
    );
    tx.execute(AssertSqlSafe(sql)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn mended(world: &World) -> Value {
    let (is_good, fixed) = reconciled(&of_ledger(&world.pool), true).await;
    assert!(is_good, "{fixed}");
    fixed
}

fn movements(fixed: &Value) -> Vec<(Value, Value, Value)> {
    let all = fixed["findings"][0]["movements"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let of = |it: &Value| (it["from"].clone(), it["to"].clone(), it["amount"].clone());
    all.iter().map(of).collect()
}

#[tokio::test]
async fn of_a_percentage_goes_back_what_the_rest_of_the_price_would_not_have_brought() {
    let world = ordered("5%,15%").await;
    let (clara, boris) = (world.user(13), world.user(12));
    assert_eq!(earnings(&world).await, (13, 4));
    let (had, _) = clara.wallet().await;
    turns_out(&world, "state = 'partial', remains = 300").await;
    let look = reconciled(&of_ledger(&world.pool), false).await.1;
    assert_eq!(movements(&look).len(), 3, "{look}");
    assert_eq!(earnings(&world).await, (13, 4), "a look moves nothing");
    let fixed = mended(&world).await;
    // Of 90 there stay 63: of that 5 % are 3, and 15 % are 9.
    let user = |n: i64| json!(format!("affiliate of user {n}"));
    assert_eq!(
        movements(&fixed),
        [
            (json!("revenue"), json!("wallet of user 13"), json!(27)),
            (user(12), json!("rewards"), json!(1)),
            (user(11), json!("rewards"), json!(4)),
        ]
    );
    assert_eq!(earnings(&world).await, (9, 3));
    assert_eq!(clara.wallet().await, (had + 27, 0));
    boris.says("/referrals").await;
    let page = boris.last_text().await;
    assert!(
        page.contains("+$0.04  level 1, $0.01 of it taken back"),
        "{page}"
    );
    // Less and less of it, and nothing in the end: never more than there was, and all of it.
    turns_out(&world, "remains = 600").await;
    mended(&world).await;
    assert_eq!(earnings(&world).await, (5, 1));
    turns_out(&world, "state = 'failed', remains = null").await;
    mended(&world).await;
    assert_eq!(earnings(&world).await, (0, 0));
    assert_eq!(clara.wallet().await, (had + 90, 0));
    boris.says("/referrals").await;
    let page = boris.last_text().await;
    assert!(page.contains("$0.04  level 1, taken back"), "{page}");
    let (_, again) = reconciled(&of_ledger(&world.pool), true).await;
    assert_eq!(again["findings"], json!([]));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_fixed_reward_goes_back_only_when_nothing_stays_paid() {
    let world = ordered("7,2").await;
    assert_eq!(earnings(&world).await, (2, 7));
    turns_out(&world, "state = 'partial', remains = 900").await;
    let fixed = mended(&world).await;
    assert_eq!(movements(&fixed).len(), 1, "{fixed}");
    assert_eq!(fixed["findings"][0]["advice"], json!(""), "{fixed}");
    assert_eq!(earnings(&world).await, (2, 7));
    turns_out(&world, "state = 'failed', remains = null").await;
    mended(&world).await;
    assert_eq!(earnings(&world).await, (0, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn fixed_rewards_are_never_more_than_what_stays_paid() {
    let world = ordered("50,30").await;
    assert_eq!(earnings(&world).await, (30, 50));
    // Of 90 there stay 54: the one below has its share first.
    turns_out(&world, "state = 'partial', remains = 400").await;
    mended(&world).await;
    assert_eq!(earnings(&world).await, (4, 50));
    turns_out(&world, "remains = 900").await;
    mended(&world).await;
    assert_eq!(earnings(&world).await, (0, 9));
    world.assert_clean().await;
}

#[tokio::test]
async fn what_was_paid_with_gifts_goes_back_first() {
    // Of the 90, 50 were paid in.
    let world = ordered_with("10%", "1", 1).await;
    assert_eq!(earned(&world, 12).await, 5);
    turns_out(&world, "state = 'partial', remains = 300").await;
    mended(&world).await;
    assert_eq!(earned(&world, 12).await, 5);
    turns_out(&world, "remains = 600").await;
    mended(&world).await;
    assert_eq!(earned(&world, 12).await, 3);
    // What stays paid of it is 36, so 14 of what was paid in bring rewards again.
    orders(&world, "t.me/owl_channel").await;
    assert_eq!(earned(&world, 12).await, 3 + 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_spent_of_the_part_that_goes_back_is_kept_of_the_next_reward() {
    let world = ordered("10%").await;
    let boris = world.user(12);
    boris.says("/referrals").await;
    boris.presses("Move to my balance").await;
    let (has, _) = boris.wallet().await;
    turns_out(&world, "state = 'partial', remains = 600").await;
    mended(&world).await;
    // Of 9 there stay 3: 6 are owed, and the main balance is left alone.
    assert_eq!((boris.wallet().await.0, earned(&world, 12).await), (has, 0));
    orders(&world, "t.me/owl_channel").await;
    assert_eq!(earned(&world, 12).await, 3);
    orders(&world, "t.me/elk_channel").await;
    assert_eq!(earned(&world, 12).await, 12);
    world.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_mend_the_same_part_at_once_do_it_once() {
    let world = ordered("5%,15%").await;
    let (had, _) = world.user(13).wallet().await;
    for (remains, left) in [(300, (9, 3)), (600, (5, 1)), (1000, (0, 0))] {
        turns_out(&world, &format!("state = 'partial', remains = {remains}")).await;
        let mut replicas = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let books = of_ledger(&world.pool);
            replicas.spawn(async move { reconciled(&books, true).await });
        }
        for (_, said) in replicas.join_all().await {
            assert!(said["findings"].is_array(), "{said}");
        }
        assert_eq!(earnings(&world).await, left, "{remains}");
        let back = 90 * remains / 1000;
        assert_eq!(world.user(13).wallet().await, (had + back, 0));
    }
    let moved = "select count(*) from transfer where kind = 'reward_taken'";
    assert_eq!(world.count(moved).await, 6);
    world.assert_clean().await;
}

#[tokio::test]
async fn of_a_reward_without_a_rule_a_person_is_told() {
    let world = ordered("10%").await;
    let mut tx = world.pool.begin().await.unwrap();
    for sql in [
        "set local session_replication_role = replica",
        "update referral_reward set basis_points = null, least = null, cap = null",
    ] {
        tx.execute(sql).await.unwrap();
    }
    tx.commit().await.unwrap();
    turns_out(&world, "state = 'partial', remains = 600").await;
    let (_, fixed) = reconciled(&of_ledger(&world.pool), true).await;
    let advice = fixed["findings"][0]["advice"].as_str().unwrap_or_default();
    assert!(advice.contains("may have to go back"), "{fixed}");
    assert_eq!(earned(&world, 12).await, 9);
    // Of nothing, nothing stays, by whatever rule.
    turns_out(&world, "state = 'failed', remains = null").await;
    mended(&world).await;
    assert_eq!(earned(&world, 12).await, 0);
    world.assert_clean().await;
}
