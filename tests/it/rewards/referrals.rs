//! Links, who came by them, and what their payments bring.

use std::time::Duration;

use bulwark::engine::ledger::{self, WalletKind};
use serde_json::json;

use super::gifts::BY_ORDERS;
use crate::stars::{admin, tops_up};
use crate::world::{User, World};

const LINK: &str = "https://t.me/bulwark_sim_bot?start=";

pub const BY_TOPUPS: [(&str, &str); 6] = [
    ("TOPUP_STARS", "50,100"),
    ("TOPUP_STAR_RATE", "2"),
    ("WELCOME_GRANT", "0"),
    ("BOT_USERNAME", "bulwark_sim_bot"),
    ("REFERRAL_ON", "topup"),
    ("REFERRAL_REWARD", "10%,5%"),
];

/// Ten percent of top-ups, five for the level above; fifty Stars are a dollar.
pub async fn world() -> World {
    World::with(&BY_TOPUPS).await
}

/// The parameter of somebody's link, as their page shows it.
pub async fn link(user: User<'_>) -> String {
    user.says("/referrals").await;
    let text = user.last_text().await;
    let at = text
        .find(LINK)
        .unwrap_or_else(|| panic!("no link in: {text}"));
    let rest = &text[at + LINK.len()..];
    rest.split_whitespace().next().unwrap().to_owned()
}

/// Somebody new who comes by a link.
pub async fn comes_by(world: &World, id: i64, link: &str) -> i64 {
    world.user(id).says(&format!("/start {link}")).await;
    id
}

/// What somebody has in the wallet for earnings.
pub async fn earned(world: &World, id: i64) -> i64 {
    let mut conn = world.pool.acquire().await.unwrap();
    let wallets = ledger::wallets(&mut conn, id, "USD").await.unwrap();
    let affiliate = wallets
        .iter()
        .find(|(kind, _)| *kind == WalletKind::Affiliate);
    affiliate.map_or(0, |(_, wallet)| wallet.available.0)
}

#[tokio::test]
async fn without_a_configuration_nothing_of_it_is_shown() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start ref_0123456789").await;
    anna.hears("Hi, User 11").await;
    anna.says("/nonsense").await;
    let unknown = anna.last_text().await;
    for command in [
        "/referrals",
        "/ref",
        "/tip 12 1",
        "/send 12 1",
        "/verify 12",
    ] {
        anna.says(command).await;
        assert_eq!(anna.last_text().await, unknown, "{command}");
    }
    anna.presses_data("rf:0").await;
    anna.hears("not rewarded").await;
    anna.presses_data("rm").await;
    anna.hears("not rewarded").await;
    anna.says("/help").await;
    let help = anna.last_text().await;
    assert!(
        help.contains("/balance: Balance") && !help.contains("/referrals"),
        "{help}"
    );
    assert!(!help.contains("For admins"), "{help}");
    let admin = world.user(crate::world::ADMIN);
    admin.says("/help").await;
    admin.hears("/grant: Give or take money").await;
    let commands = world.get("/sim/commands").await.to_string();
    assert!(
        !commands.contains("referrals") && !commands.contains("tip"),
        "{commands}"
    );
    assert_eq!(world.count("select count(*) from referral_code").await, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_link_brings_somebody_in_and_their_top_ups_are_rewarded_on_two_levels() {
    let world = world().await;
    let (anna, boris, clara) = (world.user(11), world.user(12), world.user(13));
    anna.says("/start").await;
    let code = link(anna).await;
    assert!(code.starts_with("ref_") && !code.contains("11"), "{code}");
    assert_eq!(link(anna).await, code, "it stays");
    anna.hears("10 % of every top-up").await;
    anna.hears("5 % of every top-up by people they").await;
    comes_by(&world, 12, &code).await;
    let boris_code = link(boris).await;
    comes_by(&world, 13, &boris_code).await;
    tops_up(boris).await;
    anna.hears("Your link has earned you $0.10").await;
    tops_up(clara).await;
    boris.hears("Your link has earned you $0.10").await;
    anna.hears("Your link has earned you $0.05").await;
    assert_eq!(
        (earned(&world, 11).await, earned(&world, 12).await),
        (15, 10)
    );
    assert_eq!(
        (anna.wallet().await, boris.wallet().await),
        ((0, 0), (100, 0))
    );
    anna.says("/referrals").await;
    let page = anna.last_text().await;
    for line in [
        "Joined through your link: 1 person",
        "Invited by them: 1",
        "Earned in all: $0.15",
        "Available: $0.15",
        "+$0.05  level 2",
        "+$0.10  level 1",
    ] {
        assert!(page.contains(line), "no {line} in {page}");
    }
    let statement = anna.statement().await;
    assert!(
        statement.contains("Earned with your link: $0.15"),
        "{statement}"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn who_is_known_is_never_attributed_nor_brings_in_themselves() {
    let world = world().await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    boris.says("/start").await;
    let code = link(anna).await;
    let boris_code = link(boris).await;
    // Known before; their own link; a circle; no code at all; what no link of ours holds.
    for (who, parameter) in [
        (12, code.as_str()),
        (11, code.as_str()),
        (11, boris_code.as_str()),
        (21, "ref_"),
        (22, "ref_0123456789"),
        (23, "ref_'; drop table referral; --"),
        (24, "ref_ÄÖÜ"),
        (25, "REF_x"),
        (26, &format!("ref_{}", "x".repeat(60))),
    ] {
        comes_by(&world, who, parameter).await;
        world.user(who).hears("Hi, User").await;
    }
    // Seen in a group before.
    let body = json!({ "chat_id": -100, "text": "/start" });
    world.post("/sim/users/31/send", body).await;
    world.settle().await;
    comes_by(&world, 31, &code).await;
    assert_eq!(world.count("select count(*) from referral").await, 0);
    // Who came by a link stays with it.
    comes_by(&world, 32, &code).await;
    comes_by(&world, 32, &boris_code).await;
    assert_eq!(
        world
            .count("select count(*) from referral where user_id = 32 and referrer_id = 11")
            .await,
        1
    );
    assert_eq!(world.count("select count(*) from referral").await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_start_that_is_delivered_again_and_again_attributes_once() {
    let world = world().await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    boris.says("/start").await;
    let codes = [link(anna).await, link(boris).await];
    world
        .fault(json!({ "target": "webhook", "status": 500, "times": 3 }))
        .await;
    for n in 0..20 {
        let text = format!("/start {}", codes[n % 2]);
        let body = json!({ "text": text });
        world
            .post(&format!("/sim/users/{}/send", 40 + n / 4), body)
            .await;
    }
    for _ in 0..5 {
        // Telegram comes again after a while.
        world.settle().await;
        world.advance(Duration::from_secs(60)).await;
    }
    world.settle().await;
    assert_eq!(world.count("select count(*) from referral").await, 5);
    assert_eq!(
        world
            .count("select count(*) from referral where referrer_id = 11")
            .await,
        5,
        "the first one counts"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn small_payments_bring_nothing_and_large_ones_no_more_than_the_cap() {
    let mut variables = BY_TOPUPS.to_vec();
    variables.extend([("REFERRAL_MIN", "150"), ("REFERRAL_CAP", "15")]);
    let world = World::with(&variables).await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    let code = link(anna).await;
    comes_by(&world, 12, &code).await;
    tops_up(boris).await;
    assert_eq!(earned(&world, 11).await, 0);
    boris.says("/topup").await;
    boris.presses("⭐ 100").await;
    let invoice = crate::stars::invoice(boris).await;
    crate::stars::begin_to_pay(boris, invoice).await;
    world.settle().await;
    // $2.00, of which a tenth would be more.
    assert_eq!(earned(&world, 11).await, 15);
    world.assert_clean().await;
}

#[tokio::test]
async fn orders_bring_a_fixed_reward_where_it_is_set_so() {
    let world = World::with(&BY_ORDERS).await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    let code = link(anna).await;
    anna.hears("$0.03 of every order by people who join through it")
        .await;
    comes_by(&world, 12, &code).await;
    tops_up(boris).await;
    boris.orders("a lighthouse").await;
    world.finish().await;
    assert_eq!(earned(&world, 11).await, 3);
    // One that fails costs nothing, and brings nothing.
    boris.orders("a lighthouse !fail").await;
    world.finish().await;
    assert_eq!(earned(&world, 11).await, 3);
    world.assert_clean().await;
}

#[tokio::test]
async fn earnings_move_to_the_main_wallet_once_and_from_a_minimum() {
    let mut variables = BY_TOPUPS.to_vec();
    variables.push(("WALLET_TRANSFERS", "affiliate>wallet:20"));
    let world = World::with(&variables).await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    let code = link(anna).await;
    comes_by(&world, 12, &code).await;
    tops_up(boris).await;
    anna.says("/referrals").await;
    assert!(!anna.transcript().await.contains("Move to my balance"));
    anna.presses_data("rm").await;
    anna.hears("You have $0.10 to move; it takes $0.20 at least")
        .await;
    tops_up(boris).await;
    anna.says("/referrals").await;
    let (message_id, row, column) = anna.find("Move to my balance").await;
    for _ in 0..3 {
        anna.press_at(message_id, row, column).await;
    }
    world.settle().await;
    assert_eq!(
        (anna.wallet().await, earned(&world, 11).await),
        ((20, 0), 0)
    );
    assert_eq!(
        world
            .count("select count(*) from transfer where kind = 'own'")
            .await,
        1
    );
    let statement = anna.statement().await;
    assert!(
        statement.contains("+$0.20  between your balances"),
        "{statement}"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn where_no_way_is_set_earnings_stay_where_they_are() {
    let mut variables = BY_TOPUPS.to_vec();
    variables.push(("WALLET_TRANSFERS", "off"));
    let world = World::with(&variables).await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    let code = link(anna).await;
    comes_by(&world, 12, &code).await;
    for _ in 0..3 {
        tops_up(boris).await;
    }
    anna.says("/referrals").await;
    assert!(!anna.transcript().await.contains("Move to my balance"));
    anna.presses_data("rm").await;
    anna.hears("cannot be moved").await;
    assert_eq!(
        (anna.wallet().await, earned(&world, 11).await),
        ((0, 0), 30)
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn earnings_are_paged() {
    let world = world().await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    let code = link(anna).await;
    comes_by(&world, 12, &code).await;
    for _ in 0..8 {
        tops_up(boris).await;
    }
    anna.says("/referrals").await;
    assert_eq!(anna.last_text().await.matches("level 1").count(), 6);
    anna.presses("Older").await;
    assert_eq!(anna.last_text().await.matches("level 1").count(), 2);
    anna.presses("Newer").await;
    assert_eq!(anna.last_text().await.matches("level 1").count(), 6);
    anna.presses_data("rf:65535").await;
    anna.hears("Invite friends").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_payment_that_is_found_later_is_rewarded_all_the_same() {
    let world = world().await;
    let (anna, boris) = (world.user(11), world.user(12));
    let _admin = admin(&world).await;
    anna.says("/start").await;
    let code = link(anna).await;
    comes_by(&world, 12, &code).await;
    boris.says("/topup").await;
    boris.presses("⭐ 50").await;
    let message_id = crate::stars::invoice(boris).await;
    let body = json!({ "message_id": message_id, "untold": true });
    world.post("/sim/users/12/pay", body).await;
    world.settle().await;
    assert_eq!(earned(&world, 11).await, 0);
    for _ in 0..2 {
        crate::stars::reconciliation::reconciled(&world, false).await;
        world.settle().await;
    }
    assert_eq!(earned(&world, 11).await, 10);
    world.assert_clean().await;
}
