//! Webhooks that are lost, late, doubled, out of order, forged or wrong; and a service that dies meanwhile.

use std::time::Duration;

use bulwark::engine::payments;
use serde_json::{Value, json};

use super::{begins, books, pays, tops_up, world, world_with};
use crate::world::World;

pub async fn webhook(world: &World, body: Value) -> Value {
    let told = world.post("/sim/flutterwave/webhook", body).await;
    world.settle().await;
    told["told"].clone()
}

async fn events(world: &World, state: &str) -> i64 {
    let sql = match state {
        "done" => "select count(*) from payment_event where state = 'done'",
        "given up" => "select count(*) from payment_event where state = 'given_up'",
        _ => "select count(*) from payment_event",
    };
    world.count(sql).await
}

async fn reference(world: &World) -> String {
    let books = books(world).await;
    let links = books["links"].as_array().expect("a list");
    let link = links.last().expect("a link");
    link["tx_ref"].as_str().expect("a reference").to_owned()
}

#[tokio::test]
async fn a_webhook_that_is_lost_is_not_needed() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    pays(&world, json!({ "untold": true })).await;
    assert_eq!(anna.wallet().await, (0, 0));
    world.run_for(Duration::from_secs(60)).await;
    assert_eq!(anna.wallet().await, (500, 0));
    let rows = "select count(*) from payment where found_by = 'look_up'";
    assert_eq!(
        (world.count(rows).await, events(&world, "all").await),
        (1, 0)
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn i_have_paid_looks_at_once_and_not_too_often() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    anna.presses("I have paid").await;
    assert!(anna.notice().await.contains("Looking"));
    anna.hears("no payment has come so far").await;
    assert_eq!(world.calls("verify_by_reference").await, 1);
    pays(&world, json!({ "untold": true, "status": "pending" })).await;
    anna.presses("I have paid").await;
    anna.hears("your bank has not confirmed it yet").await;
    anna.presses("I have paid").await;
    assert!(anna.notice().await.contains("ask again in"));
    assert_eq!(world.calls("verify_by_reference").await, 2);
    pays(&world, json!({ "untold": true })).await;
    world.advance(Duration::from_secs(11)).await;
    anna.presses("I have paid").await;
    assert_eq!(anna.wallet().await, (500, 0));
    anna.hears("Your balance: $5.00").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_webhook_that_comes_again_and_again_credits_once() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let id = tops_up(anna).await;
    for version in ["v3", "v4", "v3"] {
        let again = json!({ "transaction_id": id, "version": version });
        assert_eq!(webhook(&world, again).await, 200);
    }
    world.run_for(Duration::from_secs(3 * 3600)).await;
    assert_eq!(anna.wallet().await, (500, 0));
    let told = anna.transcript().await;
    assert_eq!(told.matches("Receipt:").count(), 1, "{told}");
    // The same body is the same event.
    assert_eq!(
        (events(&world, "all").await, events(&world, "done").await),
        (2, 2)
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn webhook_and_look_up_at_the_same_time_credit_once() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    // Both are due at once, on two replicas.
    world.advance(Duration::from_secs(31)).await;
    world.post("/sim/flutterwave/pay", json!({})).await;
    let other = world.replica();
    let (one, two) = tokio::join!(world.app.drain(), other.drain());
    assert!(one.is_ok() && two.is_ok());
    world.settle().await;
    assert_eq!(anna.wallet().await, (500, 0));
    assert_eq!(world.count("select count(*) from payment").await, 1);
    world.assert_clean().await;
}

/// What a look-up that takes long says at last, when the payment has come and been credited meanwhile.
async fn credited_meanwhile(is_asked: bool) {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    let slow = json!({ "target": "flutterwave.verify_by_reference", "delay_ms": 5_000, "status": 500, "times": 1 });
    world.fault(slow).await;
    if is_asked {
        let (message, row, column) = anna.find("I have paid").await;
        anna.press_at(message, row, column).await;
        world.sim.idle().await;
    } else {
        // The last look, when the link is over.
        world.advance(Duration::from_secs(3601)).await;
    }
    let other = world.replica();
    let meanwhile = async {
        let asking =
            "select count(*) from payment_intent where due_at > created_at + interval '32 seconds'";
        while world.count(asking).await == 0 {}
        world.post("/sim/flutterwave/pay", json!({})).await;
        while events(&world, "done").await == 0 {
            other.drain().await.expect("the database");
        }
        world.advance(Duration::from_secs(5)).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        drained = world.app.drain() => drained.map(drop).expect("the database"),
        () = meanwhile => {}
    }
    world.settle().await;
    assert_eq!(anna.wallet().await, (500, 0));
    let transcript = anna.transcript().await;
    assert!(transcript.contains("has arrived"), "{transcript}");
    assert!(
        !transcript.contains("I have paid"),
        "nothing to pay twice: {transcript}"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_look_that_ends_after_the_payment_was_credited_asks_for_it_no_more() {
    credited_meanwhile(true).await;
}

#[tokio::test]
async fn a_look_that_ends_after_the_payment_was_credited_does_not_say_that_it_is_over() {
    credited_meanwhile(false).await;
}

#[tokio::test]
async fn who_asks_while_a_look_is_under_way_is_answered_by_the_next() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    let slow = json!({ "target": "flutterwave.verify_by_reference", "delay_ms": 5_000, "status": 500, "times": 1 });
    world.fault(slow).await;
    world.advance(Duration::from_secs(31)).await;
    let meanwhile = async {
        let asking =
            "select count(*) from payment_intent where due_at > created_at + interval '32 seconds'";
        while world.count(asking).await == 0 {}
        // "I have paid", as its handler does.
        let mut conn = world.pool.acquire().await.expect("a connection");
        let id = world.text_of("select id::text from payment_intent").await;
        let id = id.parse().expect("an id");
        payments::ask(&mut conn, id, Some(world.now()))
            .await
            .expect("the database");
        world.advance(Duration::from_secs(5)).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        drained = world.app.drain() => drained.map(drop).expect("the database"),
        () = meanwhile => {}
    }
    world.settle().await;
    anna.hears("no payment has come so far").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn webhooks_that_nobody_signed_are_not_believed() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    let id = pays(&world, json!({ "untold": true })).await;
    for version in ["v3", "v4"] {
        for signature in ["wrong", "missing"] {
            let forged =
                json!({ "transaction_id": id, "version": version, "signature": signature });
            assert_eq!(webhook(&world, forged).await, 401);
        }
    }
    assert_eq!(events(&world, "all").await, 0);
    let stranger = format!("http://{}/payments/other", world.address);
    let answer = world.http.post(stranger).body("{}").send().await;
    assert_eq!(answer.expect("an answer").status(), 404);
    let large = "x".repeat(300_000);
    let ours = format!("http://{}/payments/flutterwave", world.address);
    let answer = world.http.post(ours).body(large).send().await;
    assert_eq!(answer.expect("an answer").status(), 413);
    assert_eq!(anna.wallet().await, (0, 0));
}

#[tokio::test]
async fn what_a_signed_webhook_claims_is_not_believed_either() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    let reference = reference(&world).await;
    // A transaction that does not exist, one that is somebody else's, and nothing at all.
    for claims in [
        json!({ "id": 4_027, "tx_ref": reference, "amount": 8000, "currency": "NGN", "status": "successful" }),
        json!({ "id": "../../refunds", "tx_ref": reference, "status": "successful" }),
        json!({ "status": "successful" }),
    ] {
        assert_eq!(webhook(&world, json!({ "claims": claims })).await, 200);
    }
    let text = json!({ "body": "charge.completed" });
    assert_eq!(webhook(&world, text).await, 200);
    world.run_for(Duration::from_secs(1800)).await;
    assert_eq!(anna.wallet().await, (0, 0));
    assert_eq!(events(&world, "given up").await, 3);
    // The truth is a hundredth of what is claimed.
    let id = pays(&world, json!({ "amount": 80, "untold": true })).await;
    let claims = json!({ "amount": 8000, "currency": "USD", "status": "successful" });
    let event = json!({ "transaction_id": id, "claims": claims });
    assert_eq!(webhook(&world, event).await, 200);
    assert_eq!(anna.wallet().await, (5, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn events_come_out_of_order_and_late() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    let id = pays(&world, json!({ "status": "pending" })).await;
    assert_eq!(anna.wallet().await, (0, 0));
    let done = json!({ "status": "successful" });
    let path = format!("/sim/flutterwave/transactions/{id}");
    world.post(&path, done).await;
    world.settle().await;
    assert_eq!(anna.wallet().await, (500, 0));
    // That it failed once is heard after it went well.
    let claims = json!({ "status": "failed" });
    webhook(&world, json!({ "transaction_id": id, "claims": claims })).await;
    world.run_for(Duration::from_secs(7200)).await;
    assert_eq!(anna.wallet().await, (500, 0));
    let told = anna.transcript().await;
    assert!(!told.contains("did not go through"), "{told}");
    world.assert_clean().await;
}

#[tokio::test]
async fn while_the_look_up_is_ill_nothing_is_credited_and_afterwards_all() {
    for fault in [
        json!({ "target": "flutterwave.verify*", "status": 500 }),
        json!({ "target": "flutterwave.verify*", "body": "<html>Service Unavailable</html>" }),
        json!({ "target": "flutterwave.verify*", "status": 200, "body": { "status": "success", "data": {} } }),
        json!({ "target": "flutterwave.verify*", "drop_before": true }),
    ] {
        let world = world().await;
        let anna = world.user(11);
        anna.says("/start").await;
        begins(anna).await;
        world.fault(fault.clone()).await;
        pays(&world, json!({})).await;
        world.run_for(Duration::from_secs(300)).await;
        assert_eq!(anna.wallet().await, (0, 0), "{fault}");
        assert_eq!(events(&world, "given up").await, 0, "{fault}");
        world.post("/sim/faults", json!([])).await;
        world.run_for(Duration::from_secs(1200)).await;
        assert_eq!(anna.wallet().await, (500, 0), "{fault}");
        let told = anna.transcript().await;
        assert!(!told.contains("Unavailable"), "{told}");
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn nothing_is_lost_when_the_service_dies_at_any_step() {
    let mut world = world().await;
    {
        let anna = world.user(11);
        anna.says("/start").await;
        anna.says("/topup").await;
        // The link was made and its answer lost.
        world
            .fault(json!({ "target": "flutterwave.payments", "drop_after": true, "times": 1 }))
            .await;
        let (message_id, row, column) = anna.find("$5.00").await;
        anna.press_at(message_id, row, column).await;
        world.step().await;
    }
    world.restart().await;
    world.run_for(Duration::from_secs(300)).await;
    assert_eq!(
        books(&world).await["links"]
            .as_array()
            .expect("a list")
            .len(),
        2
    );
    // The event was stored and nobody has looked at it.
    world.post("/sim/flutterwave/pay", json!({})).await;
    assert_eq!(events(&world, "all").await, 1);
    world.restart().await;
    world.run_for(Duration::from_secs(300)).await;
    let anna = world.user(11);
    assert_eq!(anna.wallet().await, (500, 0));
    let told = anna.transcript().await;
    assert_eq!(told.matches("Receipt:").count(), 1, "{told}");
    world.assert_clean().await;
}

#[tokio::test]
async fn payers_are_named_by_no_address_of_theirs() {
    let world = world_with(&[]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    let link = books(&world).await["links"][0].clone();
    assert_eq!(link["email"], "user11@example.com");
    tops_up(anna).await;
    let people = "select count(*) from payment_event where kind like '%@%' or error like '%@%'";
    assert_eq!(world.count(people).await, 0);
    world.assert_clean().await;
}
