//! A submit whose answer was lost: what speaks for its arrival is kept, admins are asked with one tap, and one answer counts.

use std::time::Duration;

use bulwark::engine::jobs::{self, Answered, Verdict};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::database;
use crate::panels::world;
use crate::shelf::{run, text};
use crate::user::User;
use crate::world::{ADMIN, World};

const SECOND_ADMIN: i64 = 901;
/// When admins are asked, with a little more.
const ASKED: Duration = Duration::from_secs(135);

fn lost_after() -> Value {
    json!({ "target": "panel.add", "times": 1, "drop_after": true })
}

fn lost_before() -> Value {
    json!({ "target": "panel.add", "times": 1, "drop_before": true })
}

/// A world with two admins, in which Anna's order for 100 members is lost as `fault` says.
async fn lost(fault: Value) -> World {
    let admins = format!("{ADMIN},{SECOND_ADMIN}");
    let world = world(&[("ADMIN_IDS", admins.as_str())]).await;
    for (admin, name) in [(ADMIN, "Ada"), (SECOND_ADMIN, "Bob")] {
        let hello = json!({ "text": "/start", "username": name, "first_name": name });
        world.user(admin).send(hello).await;
    }
    // Something of ours is there before.
    let ben = world.user(12);
    ben.orders_members("t.me/before", "100").await;
    world.run_for(Duration::from_secs(60)).await;
    world.fault(fault).await;
    let anna = world.user(11);
    anna.orders_members("t.me/fox", "100").await;
    anna.hears("I am checking whether your order got through")
        .await;
    world
}

/// Both admins have been asked.
async fn asked(fault: Value) -> World {
    let world = lost(fault).await;
    world.run_for(ASKED).await;
    for admin in [ADMIN, SECOND_ADMIN] {
        let admin = world.user(admin);
        admin.hears("Did this order get through?").await;
        admin.hears("Channel members, $0.09").await;
    }
    world.user(11).hears("I have asked the team to look").await;
    world
}

/// The newest order at the panel.
async fn newest(world: &World) -> String {
    let order = world.panel_orders().await.last().cloned().expect("one");
    order["order"].to_string()
}

async fn resolved(world: &World) -> i64 {
    world
        .count("select count(*) from admin_audit where action = 'resolve'")
        .await
}

fn both(world: &World) -> (User<'_>, User<'_>) {
    (world.user(ADMIN), world.user(SECOND_ADMIN))
}

#[tokio::test]
async fn one_tap_on_the_order_that_it_may_be_and_it_goes_on() {
    let world = asked(lost_after()).await;
    let (ada, bob) = both(&world);
    let order = newest(&world).await;
    ada.hears("It looks as if it did.").await;
    ada.hears("Our balance there:").await;
    ada.hears(&format!("belong to no job of ours: {order}"))
        .await;
    ada.presses(&format!("It went through: {order}")).await;
    assert!(world.user(ADMIN).notice().await.contains("Thank you"));
    for admin in [ada, bob] {
        admin
            .hears(&format!("@Ada: it went through as {order}."))
            .await;
        admin
            .hears(&format!("The provider has it as {order}"))
            .await;
    }
    let anna = world.user(11);
    anna.hears("your order did get through").await;
    world.finish().await;
    let transcript = anna.transcript().await;
    assert!(transcript.contains("Done: 100 of 100"), "{transcript}");
    assert_eq!(anna.wallet().await, (491, 0));
    assert_eq!(world.calls("add").await, 2, "sent once");
    assert_eq!(resolved(&world).await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn it_did_not_and_the_money_is_back() {
    let world = asked(lost_before()).await;
    let (ada, bob) = both(&world);
    ada.hears("It looks as if it did not.").await;
    bob.presses("It did not").await;
    for admin in [ada, bob] {
        admin.hears("@Bob: it did not go through.").await;
        admin.hears("its money is settled").await;
    }
    let anna = world.user(11);
    anna.hears("never reached the service").await;
    anna.hears("$0.09 is back on your balance: $5.00").await;
    assert_eq!(anna.wallet().await, (500, 0));
    assert_eq!(world.calls("add").await, 2, "sent once");
    assert_eq!(resolved(&world).await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn of_two_that_were_lost_together_nothing_speaks_for_the_one_that_may_be_the_other() {
    let world = lost(lost_before()).await;
    world.fault(lost_after()).await;
    world.user(12).orders_members("t.me/wolf", "100").await;
    world.run_for(ASKED).await;
    // Our balance fell, and there is an order that is nobody's: Ben's.
    let annas = "select q.evidence ->> 'arrived' from job_question q join job j on j.id = q.job_id where j.user_id = 11";
    assert_eq!(text(&world, annas).await, "unclear");
    let (ada, _) = both(&world);
    let transcript = ada.transcript().await;
    assert!(
        !transcript.contains("It looks as if it did."),
        "{transcript}"
    );
    world.finish().await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_task_that_was_named_for_one_order_is_no_other_orders() {
    let world = lost(lost_after()).await;
    world.fault(lost_before()).await;
    world.user(12).orders_members("t.me/wolf", "100").await;
    world.run_for(ASKED).await;
    let job_of = async |user: i64| {
        let sql = format!("select id::text from job where user_id = {user}");
        world.text_of(&sql).await.parse::<Uuid>().expect("an id")
    };
    let (annas, bens) = (job_of(11).await, job_of(12).await);
    // Both questions name it, and two admins choose it at the same moment.
    let verdict = Verdict::WentThrough(newest(&world).await);
    let now = Some(world.now());
    let mut first = world.pool.begin().await.expect("a transaction");
    let taken = jobs::answer(&mut first, annas, &verdict, ADMIN, now).await;
    assert_eq!(taken.expect("the database"), Answered::Taken);
    let mut second = JoinSet::new();
    let (pool, same) = (world.pool.clone(), verdict.clone());
    second.spawn(async move {
        let mut tx = pool.begin().await.expect("a transaction");
        let answered = jobs::answer(&mut tx, bens, &same, SECOND_ADMIN, now).await;
        tx.commit().await.expect("a commit");
        answered.expect("the database")
    });
    tokio::select! {
        () = database::until_blocked(&world.pool, 1) => {}
        early = second.join_next() => panic!("it did not wait: {early:?}"),
    }
    first.commit().await.expect("a commit");
    assert_eq!(second.join_all().await, [Answered::OfAnother(annas)]);
    // Nor is it later, before anybody has acted upon the first answer.
    let (_, bob) = both(&world);
    bob.presses("It did not").await;
    world.finish().await;
    assert_eq!(world.user(11).wallet().await, (491, 0), "delivered");
    assert_eq!(world.user(12).wallet().await, (491, 0), "never there");
    world.assert_clean().await;
}

#[tokio::test]
async fn of_two_who_tap_at_once_one_counts() {
    let world = asked(lost_after()).await;
    let (ada, bob) = both(&world);
    let order = newest(&world).await;
    let (yes, row, column) = ada.find(&format!("It went through: {order}")).await;
    ada.press_at(yes, row, column).await;
    let (no, row, column) = bob.find("It did not").await;
    bob.press_at(no, row, column).await;
    world.settle().await;
    assert_eq!(resolved(&world).await, 1, "{}", ada.transcript().await);
    let notices = world.log("answerCallbackQuery").await;
    let said = |words: &str| {
        let holds = |call: &&Value| {
            let text = call["params"]["text"].as_str();
            text.is_some_and(|text| text.contains(words))
        };
        notices.iter().filter(holds).count()
    };
    assert_eq!((said("Thank you"), said("Too late.")), (1, 1));
    world.finish().await;
    let anna = world.user(11);
    let (available, held) = anna.wallet().await;
    let went_through = ada.last_text().await.contains("it went through as");
    let expected = if went_through { 491 } else { 500 };
    assert_eq!((available, held), (expected, 0));
    assert_eq!(world.calls("add").await, 2, "sent once");
    world.assert_clean().await;
}

#[tokio::test]
async fn an_id_is_typed_and_what_is_wrong_with_it_is_said() {
    let world = asked(lost_after()).await;
    let (ada, bob) = both(&world);
    let order = newest(&world).await;
    let before = (order.parse::<u64>().expect("a number") - 1).to_string();
    bob.presses("type its id").await;
    bob.hears("Send me the id of this order").await;
    bob.says("I think it is the last one").await;
    bob.hears("That does not look like an id").await;
    bob.says(&before).await;
    bob.hears("That is the order of job").await;
    bob.says("999999").await;
    world.run_for(Duration::from_secs(40)).await;
    for admin in [ada, bob] {
        let transcript = admin.transcript().await;
        assert!(
            transcript.contains("The provider knows no 999999"),
            "{transcript}"
        );
    }
    bob.presses("type its id").await;
    bob.says(&order).await;
    let transcript = ada.transcript().await;
    assert!(
        transcript.contains(&format!("@Bob: it went through as {order}.")),
        "{transcript}"
    );
    world.finish().await;
    assert_eq!(world.user(11).wallet().await, (491, 0));
    assert_eq!(
        resolved(&world).await,
        2,
        "the wrong one, and the right one"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_restart_between_question_and_answer_loses_neither_evidence_nor_question() {
    let mut world = lost(lost_after()).await;
    world.restart().await;
    world.run_for(ASKED).await;
    let order = newest(&world).await;
    let ada = world.user(ADMIN);
    ada.hears("Our balance there: 99.91 before, 99.82 now.")
        .await;
    ada.hears("It looks as if it did.").await;
    world.restart().await;
    let ada = world.user(ADMIN);
    ada.presses(&format!("It went through: {order}")).await;
    world.finish().await;
    assert_eq!(world.user(11).wallet().await, (491, 0));
    assert_eq!(world.calls("add").await, 2, "sent once");
    world.assert_clean().await;
}

#[tokio::test]
async fn without_an_answer_the_money_goes_back_and_the_question_is_closed() {
    let world = asked(lost_after()).await;
    world.finish().await;
    let anna = world.user(11);
    anna.hears("did not confirm your order").await;
    assert_eq!(anna.wallet().await, (500, 0));
    let (ada, bob) = both(&world);
    for admin in [ada, bob] {
        let transcript = admin.transcript().await;
        assert!(
            transcript.contains("ended without an answer"),
            "{transcript}"
        );
        assert!(!transcript.contains("<✖️ It did not"), "{transcript}");
    }
    // A button that was pressed before it vanished.
    let short = text(&world, "select short_id from job_question").await;
    ada.presses_data(&format!("in:{short}")).await;
    assert!(ada.notice().await.contains("settled itself meanwhile"));
    assert_eq!(resolved(&world).await, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refused_duplicate_speaks_for_the_order_before_it() {
    let world = lost(json!({ "target": "panel.add", "times": 1, "drop_after": true })).await;
    let ben = world.user(12);
    ben.orders_members("t.me/fox", "100").await;
    ben.hears("Another order for this link").await;
    world.run_for(ASKED).await;
    let ada = world.user(ADMIN);
    ada.hears("refused as a duplicate").await;
    ada.presses("It did not").await;
    world.finish().await;
    assert_eq!(world.user(11).wallet().await, (500, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_callback_after_the_question_settles_it_and_later_answers_change_nothing() {
    let world = World::with(&[("UNKNOWN_ASK_S", "10")]).await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    anna.says("/start").await;
    // It is slow, so that its callback comes after the question.
    world
        .post("/sim/kie/settings", json!({ "speed": 0.1 }))
        .await;
    world
        .fault(json!({ "target": "kie.createTask", "drop_after": true, "times": 1 }))
        .await;
    anna.orders("a lighthouse").await;
    world.run_for(Duration::from_secs(25)).await;
    admin.hears("Did this order get through?").await;
    admin.hears("Nothing here tells").await;
    world.finish().await;
    assert!(
        anna.last().await["media"].is_object(),
        "{}",
        anna.transcript().await
    );
    assert_eq!(anna.wallet().await, (490, 0));
    admin.hears("the order goes on").await;
    let short = text(
        &world,
        "select short_id from job_question where closed_at is not null",
    )
    .await;
    admin.presses_data(&format!("in:{short}")).await;
    assert!(admin.notice().await.contains("settled itself meanwhile"));
    assert_eq!(anna.wallet().await, (490, 0));
    assert_eq!(world.tasks().await.len(), 1, "submitted once");
    world.assert_clean().await;
}

#[tokio::test]
async fn a_command_that_says_it_first_closes_the_question() {
    let world = asked(lost_before()).await;
    let job = text(&world, "select job_id::text from job_question").await;
    let line = format!("jobs resolve {job} --release --reason looked_there --as 900");
    assert!(run(&world, &line).await.0);
    world.settle().await;
    let (ada, _) = both(&world);
    ada.hears("ended without an answer").await;
    world.user(11).hears("never reached the service").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn others_than_admins_cannot_answer_and_everybody_reads_their_own_language() {
    let world = lost(lost_after()).await;
    let bob = world.user(SECOND_ADMIN);
    bob.presses_data("ls:ru").await;
    world.run_for(ASKED).await;
    bob.hears("Дошёл ли этот заказ?").await;
    world.user(ADMIN).hears("Did this order get through?").await;
    let short = text(&world, "select short_id from job_question").await;
    let ben = world.user(12);
    ben.presses_data(&format!("in:{short}")).await;
    ben.hears("Only admins can do that").await;
    assert_eq!(world.user(11).wallet().await, (491, 9), "nothing happened");
    bob.presses("Не дошёл").await;
    world.finish().await;
    assert_eq!(world.user(11).wallet().await, (500, 0));
    world.assert_clean().await;
}
