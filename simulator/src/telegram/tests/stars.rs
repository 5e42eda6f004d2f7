//! Invoices, payments and refunds in Stars.

use super::*;

fn invoice(changes: Value) -> Value {
    let mut params = json!({
        "chat_id": 5, "title": "Coins", "description": "Some coins", "payload": "p1",
        "provider_token": "", "currency": "XTR", "prices": [{"label": "Coins", "amount": 50}],
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        params[name] = value.clone();
    }
    params
}

async fn sold(bench: &Bench) -> i64 {
    bench.says(5, "/start").await;
    let sent = bench.result("sendInvoice", invoice(json!({}))).await;
    sent["message_id"].as_i64().unwrap()
}

async fn outcome(bench: &Bench) -> Value {
    let payments = bench.get("/sim/payments").await;
    let checkouts = payments["checkouts"].as_array().unwrap();
    checkouts.last().unwrap()["outcome"].clone()
}

async fn pay(bench: &Bench, message_id: i64) -> String {
    let asked = bench
        .post("/sim/users/5/pay", json!({"message_id": message_id}))
        .await;
    asked["pre_checkout_query_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn invoices_that_are_not_for_stars_are_refused() {
    let bench = Bench::new().await;
    bench.says(5, "/start").await;
    let two = json!([{"label": "A", "amount": 1}, {"label": "B", "amount": 1}]);
    for (change, refusal) in [
        (json!({"title": ""}), "parameter \"title\" is required"),
        (json!({"payload": ""}), "parameter \"payload\" is required"),
        (
            json!({"payload": "é".repeat(65)}),
            "INVOICE_PAYLOAD_INVALID",
        ),
        (json!({"title": "t".repeat(33)}), "TITLE_INVALID"),
        (json!({"prices": two}), "STARS_INVOICE_INVALID"),
        (json!({"provider_token": "x:y"}), "STARS_INVOICE_INVALID"),
        (json!({"currency": "USD"}), "PAYMENT_PROVIDER_INVALID"),
        (
            json!({"prices": [{"label": "A", "amount": 0}]}),
            "CURRENCY_TOTAL_AMOUNT_INVALID",
        ),
        (
            json!({"prices": [{"label": "", "amount": 1}]}),
            "LabeledPrice label must be non-empty",
        ),
        (
            json!({"reply_markup": {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}}),
            "REPLY_MARKUP_BUY_EMPTY",
        ),
    ] {
        let told = bench.refusal("sendInvoice", invoice(change.clone())).await;
        assert_eq!(told, format!("Bad Request: {refusal}"), "{change}");
    }
    let longest = invoice(json!({"payload": "p".repeat(128)}));
    let sent = bench.result("sendInvoice", longest).await;
    assert_eq!(sent["invoice"]["total_amount"], 50);
    assert_eq!(sent["reply_markup"]["inline_keyboard"][0][0]["pay"], true);
}

#[tokio::test]
async fn a_payment_goes_on_only_if_the_bot_says_so_in_time() {
    let bench = Bench::new().await;
    let message_id = sold(&bench).await;
    let answer =
        |id: &str, ok: bool| json!({"pre_checkout_query_id": id, "ok": ok, "error_message": "No."});
    let id = pay(&bench, message_id).await;
    bench
        .result("answerPreCheckoutQuery", answer(&id, false))
        .await;
    assert_eq!(
        outcome(&bench).await,
        json!({"state": "refused", "reason": "No."})
    );
    let id = pay(&bench, message_id).await;
    bench.sim.clock().advance(Duration::from_secs(11));
    assert_eq!(outcome(&bench).await["state"], "timed_out");
    bench
        .refusal("answerPreCheckoutQuery", answer(&id, true))
        .await;
    let id = pay(&bench, message_id).await;
    for _ in 0..2 {
        bench
            .result("answerPreCheckoutQuery", answer(&id, true))
            .await;
    }
    let paid = outcome(&bench).await;
    assert_eq!(paid["state"], "paid");
    let list = bench.result("getStarTransactions", json!({})).await;
    let list = list["transactions"].as_array().unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["id"], paid["charge_id"]);
    assert_eq!(list[0]["amount"], 50);
    assert_eq!(list[0]["source"]["invoice_payload"], "p1");
    let chat = bench.get("/sim/chats/5").await;
    let told = chat["messages"].as_array().unwrap().last().unwrap();
    assert_eq!(
        told["successful_payment"]["telegram_payment_charge_id"],
        paid["charge_id"]
    );
}

#[tokio::test]
async fn a_charge_is_refunded_once() {
    let bench = Bench::new().await;
    let message_id = sold(&bench).await;
    let untold = json!({"message_id": message_id, "untold": true});
    let paid = bench.post("/sim/users/5/pay", untold).await;
    let charge = |user: i64, id: &Value| json!({"user_id": user, "telegram_payment_charge_id": id});
    let id = &paid["charge_id"];
    let refuse = |params: Value| bench.refusal("refundStarPayment", params);
    assert_eq!(
        refuse(charge(5, &json!("none"))).await,
        "Bad Request: CHARGE_ID_INVALID"
    );
    assert_eq!(refuse(charge(6, id)).await, "Bad Request: USER_ID_INVALID");
    bench.result("refundStarPayment", charge(5, id)).await;
    assert_eq!(
        refuse(charge(5, id)).await,
        "Bad Request: CHARGE_ALREADY_REFUNDED"
    );
    let page = json!({"offset": 1, "limit": 1});
    let list = bench.result("getStarTransactions", page).await;
    assert_eq!(list["transactions"][0]["id"], *id);
    assert_eq!(list["transactions"][0]["receiver"]["user"]["id"], 5);
    let none = bench
        .result("getStarTransactions", json!({"offset": 2}))
        .await;
    assert_eq!(none["transactions"], json!([]));
}
