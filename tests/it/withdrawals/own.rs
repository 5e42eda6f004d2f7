//! An admin's own withdrawal, and addresses that are checked.

use bulwark::catalog::Catalog;
use bulwark::config::Providers;

use super::{OFFER, count, newest, people, text, world, world_with};
use crate::world::{ADMIN, World};

/// The last admin's act on a withdrawal.
const AUDITED: &str =
    "select concat_ws(' ', admin_id, action, coalesce(detail ->> 'own', '-')) from admin_audit
    where action like 'withdrawal %' order by id desc limit 1";

#[tokio::test]
async fn an_admin_does_not_approve_the_own_withdrawal_and_another_one_does() {
    let world = world().await;
    let (_, admin, boris) = people(&world).await;
    boris.withdraws("2").await;
    boris.presses("👍 Approve").await;
    let notice = boris.notice().await;
    assert!(
        notice.contains("your own withdrawal: another admin has to approve it"),
        "{notice}"
    );
    assert_eq!(
        (count(&world, "requested").await, boris.wallet().await),
        (1, (300, 200))
    );
    assert_eq!(
        world.count("select count(*) from admin_audit").await,
        0,
        "nothing was done"
    );
    // A button from anywhere else leads nowhere either.
    let id = newest(&world).await;
    boris.presses_data(&format!("w:i:{id}:a")).await;
    assert_eq!(count(&world, "requested").await, 1);
    admin.presses("👍 Approve").await;
    admin.hears("Approved by admin 900").await;
    assert_eq!(text(&world, AUDITED).await, "900 withdrawal approved -");
    // That it arrived he may say.
    boris.presses("It was paid").await;
    boris.says("SEPA-1").await;
    boris.hears("Paid by admin 901").await;
    assert_eq!(boris.wallet().await, (300, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn an_admin_may_reject_the_own_withdrawal() {
    let world = world().await;
    let (_, _, boris) = people(&world).await;
    boris.withdraws("2").await;
    boris.presses("❌ Reject").await;
    boris.says("not needed any more").await;
    boris.hears("Rejected by admin 901").await;
    assert_eq!(boris.wallet().await, (500, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn the_only_admin_approves_the_own_withdrawal_and_the_audit_says_so() {
    let world = world_with(&[("ADMIN_IDS", "900")]).await;
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    admin.withdraws("2").await;
    admin.presses("👍 Approve").await;
    assert_eq!(count(&world, "approved").await, 1);
    assert_eq!(
        text(&world, AUDITED).await,
        "900 withdrawal approved the only admin approved the own withdrawal"
    );
    admin.presses("It was paid").await;
    admin.says("SEPA-1").await;
    assert_eq!(admin.wallet().await, (300, 0));
    world.assert_clean().await;
}

/// What is taken back counts for no other limit, and each request rings at every admin.
#[tokio::test]
async fn who_asks_and_takes_back_again_and_again_has_to_wait() {
    let world = world().await;
    let (anna, admin, _) = people(&world).await;
    for _ in 0..10 {
        anna.withdraws("2").await;
        anna.presses("Take it back").await;
    }
    anna.withdraws("2").await;
    anna.hears("asked for many withdrawals").await;
    assert_eq!(
        (
            count(&world, "cancelled").await,
            count(&world, "requested").await
        ),
        (10, 0)
    );
    let cards = admin
        .transcript()
        .await
        .matches("Taken back by user 11")
        .count();
    assert_eq!((cards, anna.wallet().await), (10, (500, 0)));
    world.advance(std::time::Duration::from_secs(1_800)).await;
    anna.presses("✅ Withdraw").await;
    assert_eq!(anna.wallet().await, (300, 200));
    world.assert_clean().await;
}

#[tokio::test]
async fn an_address_with_a_wrong_letter_is_refused_with_the_reason() {
    let offer = OFFER.replace("kind = \"tron\"", "kind = \"evm\"");
    let catalog = Catalog::shipped_with(&offer, Providers::NAMES).expect("the catalogue");
    let world = World::selling(catalog, &[]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/withdraw").await;
    anna.presses("USDT on Tron").await;
    anna.says("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD")
        .await;
    anna.hears("the capital and small letters of this address do not fit together")
        .await;
    anna.says("0x5aAeb6").await;
    anna.hears("this does not look right").await;
    let refused = anna.transcript().await;
    assert_eq!(refused.matches("bot: 💸 How much").count(), 0, "{refused}");
    // Without capital letters there is nothing to check; it is kept as a wallet shows it.
    anna.says("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")
        .await;
    anna.says("1").await;
    anna.hears("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
        .await;
    world.assert_clean().await;
}
