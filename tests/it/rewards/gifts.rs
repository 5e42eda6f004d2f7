//! Rewards on orders that nobody paid for with money of their own.

use super::referrals::{comes_by, earned, link};
use crate::stars::{admin, tops_up};
use crate::world::World;

/// Three cents for an order; everybody starts with $5.00, and fifty Stars are half a dollar.
pub const BY_ORDERS: [(&str, &str); 6] = [
    ("TOPUP_STARS", "50"),
    ("TOPUP_STAR_RATE", "1"),
    ("TIP_MAX", "300"),
    ("BOT_USERNAME", "@bulwark_sim_bot"),
    ("REFERRAL_ON", "order"),
    ("REFERRAL_REWARD", "3"),
];

/// Whoever makes accounts gets their gifts, and could have them paid out as what the own link earned.
#[tokio::test]
async fn what_was_given_brings_no_rewards_and_what_was_paid_in_brings_them_once() {
    let world = World::with(&BY_ORDERS).await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    let code = link(anna).await;
    comes_by(&world, 12, &code).await;
    // The gift of $5.00, what an admin gave, and what somebody else gave away: nobody paid any of it.
    admin(&world)
        .await
        .says("/grant 12 5 for a good idea")
        .await;
    world.user(13).says("/start").await;
    world.user(13).says("/tip 12 1").await;
    for _ in 0..2 {
        boris.orders("a lighthouse").await;
        world.finish().await;
    }
    assert_eq!(
        (boris.wallet().await, earned(&world, 11).await),
        ((1_080, 0), 0)
    );
    // Half a dollar is good for five orders.
    tops_up(boris).await;
    for n in 1..=6 {
        boris.orders("a lighthouse").await;
        world.finish().await;
        assert_eq!(earned(&world, 11).await, 3 * n.min(5), "{n}");
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn a_reward_is_never_more_than_was_paid() {
    let mut variables = BY_ORDERS.to_vec();
    variables.push(("REFERRAL_REWARD", "8,8"));
    let world = World::with(&variables).await;
    let (anna, boris, clara) = (world.user(11), world.user(12), world.user(13));
    anna.says("/start").await;
    let code = link(anna).await;
    comes_by(&world, 12, &code).await;
    let code = link(boris).await;
    comes_by(&world, 13, &code).await;
    tops_up(clara).await;
    clara.orders("a lighthouse").await;
    world.finish().await;
    assert_eq!((earned(&world, 12).await, earned(&world, 11).await), (8, 2));
    world.assert_clean().await;
}
