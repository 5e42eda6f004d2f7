//! The admins' side: two at once, the list, the export and its batch, what is forgotten.

use std::time::Duration;

use bulwark::base::money::Amount;
use bulwark::catalog::Catalog;
use bulwark::config::Providers;
use bulwark::engine::ledger::{self, House, HouseMove, TransferKind, WalletKey};
use sqlx::Executor as _;

use super::{IBAN, OFFER, count, newest, people, text, world, world_with};
use crate::database;
use crate::ledger::cause;
use crate::world::World;

#[tokio::test]
async fn two_admins_who_tap_at_once_pay_once() {
    let world = world().await;
    let (anna, admin, boris) = people(&world).await;
    anna.withdraws("2").await;
    let taps = [
        admin.find("👍 Approve").await,
        boris.find("👍 Approve").await,
    ];
    for (who, (message, row, column)) in [admin, boris].into_iter().zip(taps) {
        who.press_at(message, row, column).await;
    }
    world.settle().await;
    anna.hears("Approved").await;
    assert_eq!(anna.transcript().await.matches("for you):").count(), 1);
    // Both say that they have paid it; the second is told.
    admin.presses("It was paid").await;
    boris.presses("It was paid").await;
    admin.says("SEPA-1").await;
    boris.says("SEPA-2").await;
    boris.hears("Paid by admin 900").await;
    assert!(boris.transcript().await.contains("Somebody was faster"));
    anna.hears("Reference: SEPA-1").await;
    assert!(!anna.transcript().await.contains("SEPA-2"));
    assert_eq!(anna.wallet().await, (300, 0));
    assert_eq!(world.count("select count(*) from hold_resolution").await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn one_approves_while_the_user_takes_it_back_and_one_of_them_wins() {
    let world = world().await;
    let (anna, admin, boris) = people(&world).await;
    anna.withdraws("2").await;
    let (of_anna, of_admin) = (
        anna.find("Take it back").await,
        admin.find("👍 Approve").await,
    );
    let of_boris = boris.find("❌ Reject").await;
    anna.press_at(of_anna.0, of_anna.1, of_anna.2).await;
    admin.press_at(of_admin.0, of_admin.1, of_admin.2).await;
    boris.press_at(of_boris.0, of_boris.1, of_boris.2).await;
    world.settle().await;
    let (cancelled, approved) = (
        count(&world, "cancelled").await,
        count(&world, "approved").await,
    );
    assert_eq!(cancelled + approved, 1);
    let expected = if cancelled == 1 { (500, 0) } else { (300, 200) };
    assert_eq!(anna.wallet().await, expected);
    world.assert_clean().await;
}

/// `n` users who have asked for a dollar each.
async fn requests(world: &World, n: i64) {
    for id in 20..20 + n {
        let user = world.user(id);
        user.says("/start").await;
        user.withdraws("1").await;
    }
}

#[tokio::test]
async fn the_list_is_masked_and_turned_page_by_page() {
    let world = world().await;
    let (_, admin, _) = people(&world).await;
    admin.says("/withdrawals").await;
    admin.hears("No withdrawal is waiting").await;
    requests(&world, 8).await;
    admin.says("/withdrawals").await;
    let first = admin.last_text().await;
    assert_eq!(first.matches("•••• 3000").count(), 6, "{first}");
    admin.presses("Newer").await;
    let second = admin.last_text().await;
    assert_eq!(second.matches("•••• 3000").count(), 2, "{second}");
    admin.presses("Older").await;
    assert_eq!(admin.last_text().await, first);
    assert!(!admin.transcript().await.contains("DE8937"));
    admin.presses("· $1.00").await;
    admin.hears("Waits for a decision").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn what_was_exported_is_paid_together_and_nothing_else() {
    let world = world().await;
    let (anna, admin, boris) = people(&world).await;
    admin.presses_data("w:e").await;
    admin.hears("Nothing is waiting to be paid").await;
    requests(&world, 3).await;
    for _ in 0..3 {
        admin.says("/withdrawals").await;
        admin.presses("· $1.00").await;
        let requested = "select count(*) from withdrawal where state = 'requested'";
        let before = world.count(requested).await;
        let id =
            "select short_id from withdrawal where state = 'requested' order by created_at limit 1";
        let id = text(&world, id).await;
        admin.presses_data(&format!("w:i:{id}:a")).await;
        assert_eq!(world.count(requested).await, before - 1);
    }
    admin.says("/withdrawals").await;
    admin.presses("Export").await;
    admin.hears("3 to be paid, $2.25 in all").await;
    assert!(admin.transcript().await.contains("[document]"));
    let table = "select convert_from(bytes, 'UTF8') from artifact_chunk";
    let table = text(&world, table).await;
    assert!(
        table.contains("id,created_at,user_id,state,method,amount,fee,net,currency,holder,iban"),
        "{table}"
    );
    assert!(
        table.contains("bank,1.00,0.25,0.75,USD,Anna Karenina,DE89370400440532013000"),
        "{table}"
    );
    // One more is approved after the export, and one of the three is rejected meanwhile.
    anna.withdraws("2").await;
    let of_anna = "select short_id from withdrawal where user_id = 11";
    let of_anna = text(&world, of_anna).await;
    boris.presses_data(&format!("w:i:{of_anna}:a")).await;
    let first = "select short_id from withdrawal where user_id = 20";
    let first = text(&world, first).await;
    boris.presses_data(&format!("w:i:{first}:r")).await;
    boris.says("wrong person").await;
    admin.presses("All of these were paid").await;
    admin.hears("were all 2 of").await;
    admin.says("SEPA batch 7").await;
    admin
        .hears("2 marked as paid, $1.50 in all. Left as they were: 1.")
        .await;
    assert_eq!(
        (count(&world, "paid").await, count(&world, "approved").await),
        (2, 1)
    );
    world.user(21).hears("Reference: SEPA batch 7").await;
    admin.presses("All of these were paid").await;
    assert!(
        admin
            .notice()
            .await
            .contains("Nothing of this export is left")
    );
    assert_eq!(anna.wallet().await, (300, 200));
    world.assert_clean().await;
}

#[tokio::test]
async fn an_export_and_one_who_acts_on_a_part_of_it_do_not_wait_for_each_other() {
    let world = world().await;
    let (anna, admin, _) = people(&world).await;
    for amount in ["2", "1"] {
        anna.withdraws(amount).await;
        let id = newest(&world).await;
        admin.presses_data(&format!("w:i:{id}:a")).await;
        world.advance(Duration::from_secs(1)).await;
    }
    assert_eq!(count(&world, "approved").await, 2);
    admin.says("/withdrawals").await;
    admin.presses("Export").await;
    admin.presses("All of these were paid").await;
    // Another admin has the second one in hand, and takes its wallet next.
    let mut other = world.pool.begin().await.expect("a transaction");
    other
        .execute("select from withdrawal order by user_id desc, id desc limit 1 for update")
        .await
        .expect("the withdrawal");
    let meanwhile = async {
        database::until_blocked(&world.pool, 1).await;
        other
            .execute("select from account where owner_id = 11 for update nowait")
            .await
            .expect("nobody who waits for a withdrawal has the wallet");
        other.rollback().await.expect("a rollback");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = admin.says("SEPA batch 8") => {}
        () = meanwhile => {}
    }
    admin.hears("2 marked as paid").await;
    assert_eq!(anna.wallet().await, (200, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn an_export_is_text_where_that_is_wanted() {
    let world = world_with(&[("ADMIN_EXPORT_AS_ATTACHMENT", "off")]).await;
    let (anna, admin, _) = people(&world).await;
    anna.withdraws("2").await;
    admin.presses("👍 Approve").await;
    admin.says("/withdrawals").await;
    admin.presses("Export").await;
    let said = admin.transcript().await;
    assert!(
        said.contains("approved,bank,2.00,0.25,1.75,USD,Anna Karenina,DE89370400440532013000"),
        "{said}"
    );
    assert!(!said.contains("[document]"), "{said}");
    world.assert_clean().await;
}

#[tokio::test]
async fn what_was_earned_is_withdrawn_where_that_is_the_offer() {
    let offer = OFFER.replacen("from = \"wallet\"\n", "", 1);
    let catalog = Catalog::shipped_with(&offer, Providers::NAMES).expect("the catalogue");
    let world = World::selling(catalog, &[("ADMIN_IDS", "900,901")]).await;
    let (anna, admin, _) = people(&world).await;
    anna.says("/withdraw").await;
    anna.hears("What your link earns can be withdrawn: $0.00 so far. The least is $0.50")
        .await;
    let mut conn = world.pool.acquire().await.unwrap();
    let earned = HouseMove {
        kind: TransferKind::Correction,
        house: House::Corrections,
        wallet: WalletKey::affiliate(11, "USD"),
        amount: Amount(300),
    };
    ledger::with_house(&mut conn, &earned, &cause("earned"), None)
        .await
        .unwrap();
    anna.withdraws("2").await;
    admin.presses("👍 Approve").await;
    admin.presses("It was paid").await;
    admin.says("SEPA-1").await;
    anna.hears("Reference: SEPA-1").await;
    let key = WalletKey::affiliate(11, "USD");
    let left = ledger::wallet_of(&mut conn, key).await.unwrap();
    assert_eq!((left.available, left.held), (Amount(100), Amount(0)));
    assert_eq!(anna.wallet().await, (500, 0), "the main one is as it was");
    drop(conn);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_command_takes_an_admin_out_of_a_question() {
    let world = world().await;
    let (anna, admin, _) = people(&world).await;
    anna.withdraws("2").await;
    admin.presses("👍 Approve").await;
    for command in ["/balance", "/cancel", "/start"] {
        admin
            .presses_data(&format!("w:i:{}:p", newest(&world).await))
            .await;
        admin.hears("Under which reference").await;
        admin.says(command).await;
        admin.says("SEPA-9").await;
        assert_eq!(count(&world, "approved").await, 1, "{command}");
    }
    admin
        .presses_data(&format!("w:i:{}:p", newest(&world).await))
        .await;
    admin.says(&"x".repeat(201)).await;
    admin.hears("1 to 200 characters").await;
    admin.says("SEPA-10").await;
    assert_eq!(count(&world, "paid").await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn whom_to_pay_is_forgotten_after_the_end_and_never_logged() {
    let world = world().await;
    let (anna, admin, _) = people(&world).await;
    anna.withdraws("2").await;
    admin.presses("👍 Approve").await;
    admin.presses("It was paid").await;
    admin.says("SEPA-1").await;
    anna.withdraws("1").await;
    let known = "select count(*) from withdrawal where details is not null";
    world.advance(Duration::from_secs(29 * 86_400)).await;
    world.app.upkeep().await;
    assert_eq!(world.count(known).await, 2);
    world.advance(Duration::from_secs(2 * 86_400)).await;
    world.app.upkeep().await;
    assert_eq!(world.count(known).await, 1, "the one that waits is known");
    let paid = "select short_id from withdrawal where state = 'paid'";
    let paid = text(&world, paid).await;
    admin.presses_data(&format!("w:i:{paid}:d")).await;
    admin.hears("Whom it paid has been forgotten").await;
    let audited = "select count(*) from admin_audit where detail::text like '%DE8937%' or detail::text like '%Karenina%'";
    assert_eq!(world.count(audited).await, 0);
    assert!(IBAN.starts_with("DE89"));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_restart_in_the_middle_loses_nothing() {
    let mut world = world().await;
    {
        let (anna, ..) = people(&world).await;
        anna.fills_in("2").await;
        let (message, row, column) = anna.find("✅ Withdraw").await;
        anna.press_at(message, row, column).await;
    }
    world.restart().await;
    world.settle().await;
    assert_eq!(world.user(11).wallet().await, (300, 200));
    let admin = world.user(crate::world::ADMIN);
    admin.presses("👍 Approve").await;
    admin.presses("It was paid").await;
    world.restart().await;
    let admin = world.user(crate::world::ADMIN);
    admin.says("SEPA-3").await;
    assert_eq!(
        (world.user(11).wallet().await, count(&world, "paid").await),
        ((300, 0), 1)
    );
    world.assert_clean().await;
}
