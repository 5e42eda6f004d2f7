//! Tips that an outside service settles: slowly, not at all, or without anybody knowing.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Executor as _, Row as _};

use crate::database;
use crate::shelf::run;
use crate::stars::admin;
use crate::world::{User, World};
use bulwark_simulator::settlement::KEY;

/// Tips that the simulated service settles.
async fn world() -> World {
    let world = World::with(&[
        ("TIP_MAX", "300"),
        ("TIP_CONFIRM_ABOVE", "100"),
        ("TIP_PER_DAY", "300"),
        ("TIP_SETTLEMENT_KEY", KEY),
    ])
    .await;
    for (id, name) in [(11, "anna"), (12, "boris"), (666, "evil")] {
        world
            .post(&format!("/sim/users/{id}"), json!({ "username": name }))
            .await;
        world.user(id).says("/start").await;
    }
    world
}

async fn transfers(world: &World) -> Vec<Value> {
    let list = world.get("/sim/settlement").await;
    list["transfers"].as_array().cloned().unwrap()
}

async fn sums(anna: User<'_>, boris: User<'_>) -> ((i64, i64), (i64, i64)) {
    (anna.wallet().await, boris.wallet().await)
}

#[tokio::test]
async fn a_slow_tip_shows_how_it_goes_and_arrives_once() {
    let world = world().await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/tip @boris 1").await;
    anna.hears("settling…").await;
    assert_eq!(sums(anna, boris).await, ((400, 100), (500, 0)));
    world.run_for(Duration::from_secs(15)).await;
    anna.hears("%").await;
    world.finish().await;
    anna.hears("@boris has got $1.00 from you. Your balance: $4.00")
        .await;
    boris
        .hears("@anna gave you $1.00. Your balance: $6.00")
        .await;
    assert_eq!(sums(anna, boris).await, ((400, 0), (600, 0)));
    assert_eq!(transfers(&world).await.len(), 1);
    let shown = anna.transcript().await;
    assert_eq!(
        shown.matches("@boris").count(),
        2,
        "one message is edited:\n{shown}"
    );
    let statement = anna.statement().await;
    assert!(statement.contains("-$1.00  tip to @boris"), "{statement}");
    let statement = boris.statement().await;
    assert!(statement.contains("+$1.00  tip from @anna"), "{statement}");
    // Above the bound: the question itself becomes the progress.
    anna.says("/tip @boris 2").await;
    anna.presses("Send").await;
    anna.hears("settling…").await;
    world.finish().await;
    anna.hears("@boris has got $2.00").await;
    assert_eq!(sums(anna, boris).await, ((200, 0), (800, 0)));
    world.assert_clean().await;
}

#[tokio::test]
async fn one_that_is_refused_comes_back_with_the_days_allowance() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/tip @evil 1").await;
    world.finish().await;
    anna.hears("could not be settled").await;
    assert_eq!(anna.wallet().await, (500, 0));
    anna.says("/tip @boris 3").await;
    anna.presses("Send").await;
    world.finish().await;
    anna.hears("@boris has got $3.00").await;
    anna.says("/tip @boris 0.01").await;
    anna.hears("a day at most").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn one_that_comes_back_and_the_next_one_do_not_wait_for_each_other() {
    let world = world().await;
    world.user(11).says("/tip @evil 1").await;
    // The next tip has taken of the day's allowance, and takes its money next.
    let mut next = world.pool.begin().await.expect("a transaction");
    next.execute("select from daily_use where user_id = 11 for update")
        .await
        .expect("the allowance");
    let meanwhile = async {
        database::until_blocked(&world.pool, 1).await;
        next.execute("select from account where owner_id = 11 for update nowait")
            .await
            .expect("nobody who waits for the allowance has the wallet");
        next.rollback().await.expect("a rollback");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = world.finish() => {}
        () = meanwhile => {}
    }
    world.user(11).hears("could not be settled").await;
    assert_eq!(world.user(11).wallet().await, (500, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_lost_answer_is_parked_never_sent_again_and_released_in_the_end() {
    for rule in [
        json!({ "target": "settlement.create", "drop_after": true, "times": 1 }),
        json!({ "target": "settlement.create", "status": 502, "body": "<html>", "times": 1 }),
    ] {
        let world = world().await;
        let (anna, boris, admin) = (world.user(11), world.user(12), admin(&world).await);
        world.fault(rule).await;
        anna.says("/tip @boris 1").await;
        anna.hears("takes longer than usual").await;
        assert_eq!(sums(anna, boris).await, ((400, 100), (500, 0)));
        world.finish().await;
        anna.hears("could not be settled").await;
        let told = admin.transcript().await;
        assert!(told.contains("Nobody knows whether the tip"), "{told}");
        assert_eq!(sums(anna, boris).await, ((500, 0), (500, 0)));
        assert_eq!(world.log("settlement.create").await.len(), 1);
        let evidence = "select count(*) from job_attempt where step = 'evidence'";
        assert!(world.count(evidence).await > 0);
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn a_parked_tip_that_an_admin_finds_there_arrives() {
    let world = world().await;
    let (anna, boris) = (world.user(11), world.user(12));
    world
        .fault(json!({ "target": "settlement.create", "drop_after": true, "times": 1 }))
        .await;
    anna.says("/tip @boris 1").await;
    anna.hears("takes longer than usual").await;
    let id = transfers(&world).await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let tip = "select id::text from tip";
    let tip: String = world.pool.fetch_one(tip).await.unwrap().get(0);
    let line = format!("jobs resolve {tip} --task {id} --as 900");
    let (good, said) = run(&world, &line).await;
    assert!(good, "{said}");
    world.finish().await;
    anna.hears("@boris has got $1.00").await;
    assert_eq!(sums(anna, boris).await, ((400, 0), (600, 0)));
    world.assert_clean().await;
}

#[tokio::test]
async fn while_the_service_is_ill_tips_are_refused_before_any_money_moves() {
    let world = world().await;
    let (anna, boris) = (world.user(11), world.user(12));
    let ill = json!({ "target": "settlement.create", "status": 503,
        "body": { "error": { "code": "maintenance", "message": "back soon" } } });
    world.fault(ill).await;
    for _ in 0..3 {
        anna.says("/tip @boris 0.10").await;
    }
    world.run_for(Duration::from_secs(60)).await;
    anna.says("/tip @boris 0.10").await;
    anna.hears("cannot be settled at the moment").await;
    world
        .control(reqwest::Method::DELETE, "/sim/faults", Value::Null)
        .await;
    world.finish().await;
    // What was under way arrives when it is well again.
    let given = world
        .count("select count(*) from tip where state = 'done'")
        .await
        * 10;
    assert!(given > 0);
    assert_eq!(
        sums(anna, boris).await,
        ((500 - given, 0), (500 + given, 0))
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn an_admin_takes_the_service_out_and_tips_under_way_arrive() {
    let world = world().await;
    let (anna, boris, evil) = (world.user(11), world.user(12), world.user(666));
    let admin = admin(&world).await;
    // One is asked about, and not confirmed yet.
    evil.says("/tip @anna 2").await;
    admin.says("/providers").await;
    admin.hears("• settlement (tips): ready").await;
    admin.presses("🎁 settlement").await;
    admin.hears("It settles tips.").await;
    admin.presses("Take it out").await;
    admin.hears("Send no more tips to settlement?").await;
    anna.says("/tip @boris 1").await;
    anna.hears("settling…").await;
    admin.presses("It does wrong things").await;
    admin.hears("🎁 settlement: taken out by an operator").await;
    admin
        .hears("Taken out by admin 900 1 second ago: it does what it should not.")
        .await;
    let settling = "select count(*) from tip where state = 'settling'";
    assert_eq!(world.count(settling).await, 1);
    world.settle().await;
    evil.presses("Send").await;
    evil.hears("Tips are paused for the moment. Nothing was taken")
        .await;
    evil.says("/tip @anna 0.10").await;
    evil.hears("Tips are paused for the moment").await;
    assert_eq!(evil.wallet().await, (500, 0), "nothing was held");
    let (_, list) = Box::pin(run(&world, "providers list")).await;
    assert!(
        list.contains("settlement provider isolated closed") && list.contains("admin 900"),
        "{list}"
    );
    world.finish().await;
    anna.hears("@boris has got $1.00").await;
    assert_eq!(sums(anna, boris).await, ((400, 0), (600, 0)));
    let recorded = "select string_agg(admin_id || ' ' || action || ' ' || target || ' ' || (detail ->> 'reason'), ', ')
        from admin_audit where action = 'isolate_provider'";
    assert_eq!(
        world.text_of(recorded).await,
        "900 isolate_provider settlement it does what it should not"
    );
    assert!(
        Box::pin(run(&world, "providers release settlement"))
            .await
            .0
    );
    world.settle().await;
    boris.says("/tip @anna 0.10").await;
    world.finish().await;
    boris.hears("@anna has got $0.10").await;
    assert_eq!(sums(anna, boris).await, ((410, 0), (590, 0)));
    world.assert_clean().await;
}
