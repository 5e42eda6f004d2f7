//! Withdrawals as people see them: from the request to the reference of the payment, and every other way it can go.

mod commands;
mod desk;
mod own;
mod races;

use bulwark::catalog::Catalog;
use bulwark::config::Providers;
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};

use crate::files::picture;
use crate::world::{ADMIN, User, World};

const OFFER: &str = include_str!("withdrawals/offer.toml");
const IBAN: &str = "DE89 3704 0044 0532 0130 00";
/// A second admin.
const BORIS: i64 = 901;

/// A world in which $4.50 a day may be withdrawn, with two admins; everybody starts with $5.00.
async fn world() -> World {
    world_with(&[]).await
}

/// The same with variables of its own.
async fn world_with(more: &[(&str, &str)]) -> World {
    let catalog = Catalog::shipped_with(OFFER, Providers::NAMES).expect("the catalogue");
    let variables = [&[("ADMIN_IDS", "900,901")], more].concat();
    World::selling(catalog, &variables).await
}

/// Anna and both admins, who have all begun.
async fn people(world: &World) -> (User<'_>, User<'_>, User<'_>) {
    let all = (world.user(11), world.user(ADMIN), world.user(BORIS));
    for user in [all.0, all.1, all.2] {
        user.says("/start").await;
    }
    all
}

impl User<'_> {
    /// Answers all questions for a bank transfer, up to the summary.
    async fn fills_in(&self, amount: &str) {
        self.says("/withdraw").await;
        self.presses("Bank transfer").await;
        self.says("Anna Karenina").await;
        self.says(IBAN).await;
        self.says(amount).await;
    }

    async fn withdraws(&self, amount: &str) {
        self.fills_in(amount).await;
        self.presses("✅ Withdraw").await;
    }
}

/// The only text that a query has.
async fn text(world: &World, sql: impl Into<String>) -> String {
    let row = world.pool.fetch_one(AssertSqlSafe(sql.into())).await;
    row.expect("a row").get(0)
}

/// The short id of the newest withdrawal.
async fn newest(world: &World) -> String {
    let sql = "select short_id from withdrawal order by created_at desc, id limit 1";
    text(world, sql).await
}

async fn count(world: &World, state: &str) -> i64 {
    let sql = format!("select count(*)::text from withdrawal where state = '{state}'");
    text(world, sql).await.parse().expect("a number")
}

#[tokio::test]
async fn a_withdrawal_is_requested_approved_and_paid() {
    let world = world().await;
    let (anna, admin, boris) = people(&world).await;
    anna.says("/balance").await;
    anna.presses("💸 Withdraw").await;
    anna.hears("You can withdraw up to $5.00").await;
    anna.hears("Bank transfer: $1.00 to $4.00, fee: $0.25")
        .await;
    anna.hears("USDT on Tron: $0.50 to $4.50, fee: 1.5%").await;
    anna.presses("Bank transfer").await;
    anna.hears("Account holder").await;
    anna.says("  Anna   Karenina ").await;
    anna.hears("Such as DE89").await;
    anna.says("de89370400440532013000").await;
    anna.hears("Available: $5.00. From $1.00 to $4.00").await;
    anna.says("2").await;
    for part in [
        "$2.00 by Bank transfer",
        "Fee: $0.25",
        "You receive: $1.75",
        "Anna Karenina",
        "DE89370400440532013000",
    ] {
        anna.hears(part).await;
    }
    anna.presses("✅ Withdraw $2.00").await;
    anna.hears("Set aside").await;
    anna.hears("•••• 3000").await;
    assert_eq!(anna.wallet().await, (300, 200));
    let id = newest(&world).await;

    for who in [admin, boris] {
        who.hears("$2.00 by Bank transfer (•••• 3000)").await;
        assert!(!who.transcript().await.contains("DE8937"), "masked");
    }
    admin.presses("Whom to pay").await;
    admin.hears("DE89370400440532013000").await;
    admin.presses("Hide").await;
    admin.presses("👍 Approve").await;
    admin.hears("Approved by admin 900").await;
    boris.hears("Approved by admin 900").await;
    assert!(!boris.transcript().await.contains("<👍 Approve>"));
    anna.hears("Approved; it will be paid soon").await;
    assert_eq!(anna.wallet().await, (300, 200));

    boris.presses("It was paid").await;
    boris
        .hears("Under which reference were $1.75 paid to @user11")
        .await;
    boris.says("SEPA-77").await;
    boris.hears("Paid by admin 901").await;
    anna.hears("Reference: SEPA-77").await;
    assert!(!anna.transcript().await.contains("Take it back"));
    assert_eq!(anna.wallet().await, (300, 0));
    assert!(admin.transcript().await.contains("Paid by admin 901"));
    let statement = anna.statement().await;
    assert!(
        statement.contains(&format!("-$2.00  paid out: withdrawal {id}")),
        "{statement}"
    );
    let house = "select coalesce(sum(case when c.kind = 'payouts' then amount else -amount end), 0)::bigint from transfer t
        join account c on c.id = t.credit_id join account d on d.id = t.debit_id where 'payouts' in (c.kind, d.kind)";
    assert_eq!(world.count(house).await, 175);
    let audit = "select count(*) from admin_audit where action in ('withdrawal approved', 'withdrawal paid', 'withdrawal details')";
    assert_eq!(world.count(audit).await, 3);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_rejected_one_gives_the_money_back_with_the_reason() {
    let world = world().await;
    let (anna, admin, boris) = people(&world).await;
    anna.withdraws("1.50").await;
    admin.presses("❌ Reject").await;
    admin.hears("Why is").await;
    admin.says("The name is another one.").await;
    admin.hears("Rejected by admin 900").await;
    boris.hears("The name is another one.").await;
    anna.hears("Reason: The name is another one.").await;
    assert_eq!(anna.wallet().await, (500, 0));
    // Also after it was approved.
    anna.withdraws("1.50").await;
    admin.presses("👍 Approve").await;
    boris.presses("❌ Reject").await;
    boris.says("The bank sent it back").await;
    anna.hears("The bank sent it back").await;
    assert_eq!(
        (anna.wallet().await, count(&world, "rejected").await),
        ((500, 0), 2)
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn the_user_takes_it_back_while_nobody_has_decided() {
    let world = world().await;
    let (anna, admin, _) = people(&world).await;
    anna.withdraws("2").await;
    let (message, row, column) = anna.find("Take it back").await;
    anna.presses("Take it back").await;
    anna.hears("Taken back").await;
    assert_eq!(anna.wallet().await, (500, 0));
    admin.hears("Taken back by user 11").await;
    let id = newest(&world).await;
    for act in ["a", "r", "p"] {
        admin.presses_data(&format!("w:i:{id}:{act}")).await;
        assert!(world.calls("answerCallbackQuery").await > 0);
        assert!(
            admin.notice().await.contains("Somebody was faster"),
            "{act}"
        );
    }
    anna.withdraws("2").await;
    admin.presses("👍 Approve").await;
    let id = newest(&world).await;
    anna.presses_data(&format!("w:i:{id}:c")).await;
    assert!(anna.notice().await.contains("approved already"));
    anna.press_at(message, row, column).await;
    world.settle().await;
    assert_eq!(anna.wallet().await, (300, 200));
    assert_eq!(
        (
            count(&world, "cancelled").await,
            count(&world, "approved").await
        ),
        (1, 1)
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn what_cannot_be_meant_is_explained_and_asked_again() {
    let world = world().await;
    let (anna, ..) = people(&world).await;
    anna.says("/withdraw").await;
    anna.says("by pigeon").await;
    anna.hears("How shall we pay you?").await;
    anna.presses("Bank transfer").await;
    for (text, answer) in [("ab", "3 to 70 characters"), ("Anna", "IBAN")] {
        anna.says(text).await;
        anna.hears(answer).await;
    }
    for wrong in ["DE89 3704 0044 0532 0130 01", "12345", "DE", "👛"] {
        anna.says(wrong).await;
        anna.hears("does not look right").await;
    }
    anna.send(json!({ "photo": picture() })).await;
    anna.hears("as a text").await;
    // Every refusal has the ways out of its question.
    anna.presses("Back").await;
    anna.hears("Account holder").await;
    anna.says("Anna Karenina").await;
    anna.says(IBAN).await;
    for (amount, answer) in [
        ("much", "not an amount"),
        ("-1", "not an amount"),
        ("1.234", "not an amount"),
        ("0.99", "The least in this way is $1.00"),
        ("0", "The least in this way is $1.00"),
        ("4.01", "The most in this way is $4.00"),
        ("99999999999999999999", "not an amount"),
    ] {
        anna.says(amount).await;
        anna.hears(answer).await;
    }
    anna.says("4").await;
    anna.hears("You receive: $3.75").await;
    // A word in place of the button shows the summary again; nothing is taken by it.
    anna.says("yes please").await;
    anna.hears("Please check").await;
    assert_eq!(
        (anna.wallet().await, count(&world, "requested").await),
        ((500, 0), 0)
    );
    let logged = anna.transcript().await;
    assert!(logged.contains("Please check"));
    world.assert_clean().await;
}

#[tokio::test]
async fn back_leads_through_every_question_and_cancel_out() {
    let world = world().await;
    let (anna, ..) = people(&world).await;
    anna.fills_in("2").await;
    anna.hears("Please check").await;
    for question in [
        "How much?",
        "IBAN",
        "Account holder",
        "How shall we pay you?",
    ] {
        anna.presses("Back").await;
        anna.hears(question).await;
    }
    anna.presses("USDT on Tron").await;
    anna.says("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").await;
    anna.presses("All: $4.50").await;
    anna.hears("You receive: $4.43").await;
    anna.presses("✖️ Cancel").await;
    anna.hears("Nothing was withdrawn").await;
    let state = "select count(*) from conversation";
    assert_eq!(world.count(state).await, 0);
    // By command, at any question.
    anna.says("/withdraw").await;
    anna.presses("Bank transfer").await;
    anna.says("/cancel").await;
    anna.says(IBAN).await;
    anna.hears("I do not know what to do with that").await;
    assert_eq!(world.count(state).await, 0);
    assert_eq!(anna.wallet().await, (500, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn the_limits_of_the_day_and_of_open_ones_hold() {
    let world = world().await;
    let (anna, admin, _) = people(&world).await;
    anna.withdraws("2").await;
    anna.fills_in("2.60").await;
    anna.hears("$2.50 is left of what you can withdraw today")
        .await;
    anna.says("2").await;
    anna.presses("✅ Withdraw").await;
    anna.says("/withdraw").await;
    anna.hears("You have 2 withdrawals under way").await;
    // What was rejected does not count; what is paid does, until midnight.
    admin.presses("❌ Reject").await;
    admin.says("once is enough").await;
    anna.fills_in("2.60").await;
    anna.hears("$2.50 is left").await;
    world
        .advance(std::time::Duration::from_secs(12 * 3600))
        .await;
    anna.says("2.60").await;
    anna.presses("✅ Withdraw").await;
    assert_eq!(anna.wallet().await, (40, 460));
    anna.says("/start").await;
    let poor = world.user(12);
    poor.says("/start").await;
    admin.says("/grant 12 -4.60 a mistake").await;
    poor.says("/withdraw").await;
    poor.hears("You have $0.40; the least that can be withdrawn is $0.50")
        .await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_summary_that_is_out_of_date_takes_nothing() {
    let world = world().await;
    let (anna, admin, _) = people(&world).await;
    anna.fills_in("4").await;
    let (message, row, column) = anna.find("✅ Withdraw").await;
    admin.says("/grant 11 -2 a mistake").await;
    anna.press_at(message, row, column).await;
    world.settle().await;
    anna.hears("You have only $3.00 available").await;
    assert_eq!(anna.wallet().await, (300, 0));
    // Three quick taps on the button of one that is right are one request.
    anna.fills_in("2").await;
    let (message, row, column) = anna.find("✅ Withdraw").await;
    for _ in 0..3 {
        anna.press_at(message, row, column).await;
    }
    world.settle().await;
    assert_eq!(
        (anna.wallet().await, count(&world, "requested").await),
        ((100, 200), 1)
    );
    // A button of a draft that is gone is a kind word.
    anna.presses_data("w:y:abcdefghij").await;
    assert!(anna.notice().await.contains("out of date"));
    world.assert_clean().await;
}

#[tokio::test]
async fn without_an_offer_nothing_of_it_is_shown() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/nonsense").await;
    let unknown = anna.last_text().await;
    for command in ["/withdraw", "/withdrawals"] {
        anna.says(command).await;
        assert_eq!(anna.last_text().await, unknown, "{command}");
    }
    anna.says("/balance").await;
    assert!(!anna.transcript().await.contains("Withdraw"));
    anna.presses_data("w:b").await;
    anna.hears("not offered").await;
    let commands = world.log("setMyCommands").await;
    assert!(!format!("{commands:?}").contains("withdraw"));
    world.assert_clean().await;
}

#[tokio::test]
async fn to_others_the_desk_does_not_exist() {
    let world = world().await;
    let (anna, ..) = people(&world).await;
    let eve = world.user(66);
    eve.says("/start").await;
    anna.withdraws("2").await;
    let id = newest(&world).await;
    for data in ["s", "d", "a", "r", "p"] {
        eve.presses_data(&format!("w:i:{id}:{data}")).await;
        eve.hears("This is for admins").await;
    }
    for data in ["w:l:0", "w:e", "w:p:abcdefghij"] {
        eve.presses_data(data).await;
        eve.hears("This is for admins").await;
    }
    eve.presses_data(&format!("w:i:{id}:c")).await;
    assert!(eve.notice().await.contains("out of date"));
    assert!(!eve.transcript().await.contains("3000"));
    assert_eq!(
        (anna.wallet().await, count(&world, "requested").await),
        ((300, 200), 1)
    );
    world.assert_clean().await;
}
