//! What is offered, for how much, and how a payment that was begun may end.

use std::time::Duration;

use serde_json::json;

use super::{begins, page, pays, world, world_with};
use crate::world::World;

#[tokio::test]
async fn only_what_is_configured_is_offered() {
    let world = world_with(&[
        ("TOPUP_STARS", "50"),
        ("FLUTTERWAVE_RATES", "NGN=1600.5,UGX=3651.5"),
    ])
    .await;
    let anna = world.user(11);
    anna.says("/start").await;
    let commands = world.get("/sim/commands").await.to_string();
    assert!(commands.contains("topup"), "{commands}");
    anna.says("/topup").await;
    anna.hears("How would you like to pay").await;
    let transcript = anna.transcript().await;
    for way in [
        "<⭐ Telegram Stars>",
        "<💳 Card or bank, NGN>",
        "<💳 Card or bank, UGX>",
    ] {
        assert!(transcript.contains(way), "{way}:\n{transcript}");
    }
    // Shillings have no coins: rounded up to a whole one.
    anna.presses("UGX").await;
    anna.presses("$5.00 → 18258 UGX").await;
    anna.hears("Pay 18258 UGX for $5.00").await;
    pays(&world, json!({})).await;
    assert_eq!(anna.wallet().await, (500, 0));
    let rates = "select count(*) from payment_intent i join payment_rate r on r.id = i.rate_id
                 where r.currency = 'UGX' and r.base = 'USD' and r.micros = 3651500000";
    assert_eq!(world.count(rates).await, 1);
    anna.says("/topup").await;
    anna.presses("NGN").await;
    anna.presses("Another way").await;
    anna.presses("Telegram Stars").await;
    anna.presses("⭐ 50").await;
    anna.presses("Pay").await;
    assert_eq!(anna.wallet().await, (550, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn without_a_processor_old_buttons_of_it_lead_nowhere() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    for data in [
        "p:w:flutterwave:NGN",
        "p:a:flutterwave:NGN:500",
        "p:o:flutterwave:NGN",
    ] {
        anna.presses_data(data).await;
        anna.hears("not offered").await;
    }
    anna.presses_data("p:m:abcdefghij").await;
    anna.hears("do not know this payment").await;
    let event = world
        .http
        .post(format!("http://{}/payments/flutterwave", world.address));
    let answer = event.body("{}").send().await.expect("an answer");
    assert_eq!(answer.status(), 404);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_way_that_is_gone_leads_to_those_that_are_there() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.presses_data("p:a:flutterwave:KES:500").await;
    assert!(anna.notice().await.contains("not offered any more"));
    anna.hears("You pay in NGN").await;
    // What no button says is checked all the same.
    for (amount, told) in [
        ("199", "too little"),
        ("5001", "too much"),
        ("4294967295", "too much"),
    ] {
        anna.presses_data(&format!("p:a:flutterwave:NGN:{amount}"))
            .await;
        anna.hears(told).await;
    }
    assert_eq!(world.count("select count(*) from payment_intent").await, 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_free_amount_is_asked_for_and_has_limits() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/topup").await;
    anna.presses("Another amount").await;
    anna.hears("from $2.00 to $50.00").await;
    for (said, told) in [
        ("a lot", "not an amount"),
        ("-5", "not an amount"),
        ("7.505", "too many decimals"),
        ("1.99", "too little"),
        ("50.01", "too much"),
        ("99999999999", "too much"),
    ] {
        anna.says(said).await;
        anna.hears(told).await;
    }
    // The refusal itself leads back.
    anna.presses("Back to the amounts").await;
    anna.presses("Another amount").await;
    anna.says("$7,5").await;
    anna.hears("Pay 12000.00 NGN for $7.50").await;
    pays(&world, json!({})).await;
    assert_eq!(anna.wallet().await, (750, 0));
    // The question is answered; a number means nothing now.
    anna.says("8").await;
    let transcript = anna.transcript().await;
    assert_eq!(transcript.matches("Pay 12").count(), 0, "{transcript}");
    assert_eq!(world.count("select count(*) from payment_intent").await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn who_does_something_else_is_not_asked_any_more() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    for step in ["/start", "button", "time"] {
        anna.says("/topup").await;
        anna.presses("Another amount").await;
        match step {
            "button" => anna.presses("Back to the amounts").await,
            "time" => world.advance(Duration::from_secs(16 * 60)).await,
            command => anna.says(command).await,
        }
        anna.says("5").await;
        let asked = "select count(*) from payment_intent";
        assert_eq!(world.count(asked).await, 0, "{step}");
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn a_payment_is_cancelled_and_money_that_comes_all_the_same_is_credited() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    begins(anna).await;
    anna.presses("Cancel").await;
    anna.hears("cancelled the payment of 8000.00 NGN").await;
    let transcript = anna.transcript().await;
    assert!(!transcript.contains("<💳 Pay"), "{transcript}");
    pays(&world, json!({})).await;
    assert_eq!(anna.wallet().await, (500, 0));
    anna.hears("Your balance: $5.00").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn nobody_presses_the_buttons_of_somebody_else() {
    let world = world().await;
    let (anna, boris) = (world.user(11), world.user(12));
    anna.says("/start").await;
    boris.says("/start").await;
    begins(anna).await;
    let id: String = {
        use sqlx::{Executor as _, Row as _};
        let row = world
            .pool
            .fetch_one("select short_id from payment_intent")
            .await;
        row.expect("a row").get(0)
    };
    for press in ["m", "x"] {
        boris.presses_data(&format!("p:{press}:{id}")).await;
        boris.hears("do not know this payment").await;
    }
    let open = "select count(*) from payment_intent where state = 'open' and not is_asked";
    assert_eq!(world.count(open).await, 1);
    pays(&world, json!({})).await;
    assert_eq!(
        (anna.wallet().await, boris.wallet().await),
        ((500, 0), (0, 0))
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn only_so_many_payments_are_open_at_once() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    for _ in 0..5 {
        begins(anna).await;
    }
    anna.says("/topup").await;
    anna.presses("$5.00").await;
    anna.hears("5 payments open already").await;
    assert_eq!(world.count("select count(*) from payment_intent").await, 5);
    pays(&world, json!({})).await;
    begins(anna).await;
    assert_eq!(world.count("select count(*) from payment_intent").await, 6);
    world.assert_clean().await;
}

/// Each is looked up for days at its processor, so who begins and cancels all day would stand before everybody else's.
#[tokio::test]
async fn who_begins_and_cancels_again_and_again_has_to_wait() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    for _ in 0..20 {
        begins(anna).await;
        anna.presses("Cancel").await;
    }
    anna.says("/topup").await;
    anna.presses("$5.00").await;
    anna.hears("begun many payments").await;
    assert_eq!(world.count("select count(*) from payment_intent").await, 20);
    world.advance(Duration::from_secs(180)).await;
    begins(anna).await;
    pays(&world, json!({})).await;
    assert_eq!(anna.wallet().await, (500, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_link_that_cannot_be_made_is_tried_again_and_then_given_up() {
    for fault in [
        json!({ "target": "flutterwave.payments", "drop_after": true, "times": 2 }),
        json!({ "target": "flutterwave.payments", "status": 503, "times": 2 }),
        json!({ "target": "flutterwave.payments", "body": "<html>busy</html>", "times": 2 }),
        json!({ "target": "flutterwave.payments", "retry_after": 5, "times": 1 }),
    ] {
        let world = world().await;
        let anna = world.user(11);
        anna.says("/start").await;
        world.fault(fault.clone()).await;
        anna.says("/topup").await;
        anna.presses("$5.00").await;
        world.run_for(Duration::from_secs(30)).await;
        anna.hears("Pay 8000.00 NGN").await;
        pays(&world, json!({})).await;
        assert_eq!(anna.wallet().await, (500, 0), "{fault}");
        world.assert_clean().await;
    }
    for fault in [
        json!({ "target": "flutterwave.payments", "status": 502 }),
        json!({ "target": "flutterwave.payments", "status": 401,
                "body": { "status": "error", "message": "Invalid authorization key", "data": null } }),
    ] {
        let world = world().await;
        let anna = world.user(11);
        anna.says("/start").await;
        world.fault(fault.clone()).await;
        anna.says("/topup").await;
        anna.presses("$5.00").await;
        world.run_for(Duration::from_secs(600)).await;
        anna.hears("could not be opened").await;
        let transcript = anna.transcript().await;
        assert!(!transcript.contains("authorization"), "{transcript}");
        let failed =
            "select count(*) from payment_intent where state = 'failed' and due_at is null";
        assert_eq!(world.count(failed).await, 1, "{fault}");
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn while_the_processor_is_away_nobody_is_sent_there() {
    let world = world_with(&[("TOPUP_STARS", "50")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    let boris = world.user(12);
    boris.says("/start").await;
    for user in [anna, boris] {
        user.says("/topup").await;
        user.presses("Card or bank").await;
    }
    world
        .fault(json!({ "target": "flutterwave.*", "status": 503, "times": 3 }))
        .await;
    let (message_id, row, column) = anna.find("$5.00").await;
    anna.press_at(message_id, row, column).await;
    // Until the third failure has opened the breaker, and not longer.
    while world.calls("payments").await < 3 {
        world.step().await;
        world.advance(Duration::from_millis(500)).await;
    }
    let refused = "select count(*) from payment_intent where user_id = 12";
    let (message_id, row, column) = boris.find("$5.00").await;
    boris.press_at(message_id, row, column).await;
    world.settle().await;
    assert!(boris.notice().await.contains("cannot be taken right now"));
    assert_eq!(world.count(refused).await, 0);
    // The other way works, and is offered alone.
    boris
        .hears("Paying by card or from a bank is paused for the moment")
        .await;
    boris.presses("Telegram Stars").await;
    boris.presses("⭐ 50").await;
    boris.presses("Pay").await;
    assert_eq!(boris.wallet().await, (50, 0));
    world.run_for(Duration::from_secs(120)).await;
    assert!(page(anna).await.contains("/hosted/pay/"));
    world.assert_clean().await;
}

#[tokio::test]
async fn who_tops_up_in_the_middle_of_an_order_finds_back_to_it() {
    let world = world_with(&[("TOPUP_STARS", "50")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    anna.hears("$0.10 short").await;
    anna.says("/topup").await;
    anna.presses("Telegram Stars").await;
    anna.presses("Another way").await;
    anna.presses("Telegram Stars").await;
    anna.presses("⭐ 50").await;
    anna.presses("Pay").await;
    anna.presses("my order").await;
    anna.hears("Description: a lighthouse").await;
    anna.presses("Confirm $0.10").await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (40, 0));
    world.assert_clean().await;
}
